import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../sdk/userError.ts";

const FILE = "keel.lock";
/** Folders that this process has open: its own id in a file cannot tell that from a file left behind by a container. */
const held = new Set<string>();

/**
 * Claims a data folder for this process: PGlite has no defence of its own against two processes that write the same files.
 * A file left behind by a process that is gone does not count.
 * @throws UserError naming the process that has it.
 */
export function lockFolder(folder: string): { release(): void } {
  const path = join(resolve(folder), FILE);
  const owner = ownerOf(path);
  if (owner !== undefined) {
    throw new UserError(
      `The data folder ${folder} is in use by process ${owner}. Stop it first, or keep the store in PostgreSQL ` +
        `(KEEL_DATABASE_URL), which several processes can use. If there is no such keeper, delete ${path}.`,
    );
  }
  rmSync(path, { force: true });
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
  } catch (cause) {
    throw new UserError(`The data folder ${folder} cannot be locked. Is another keeper starting in it?`, { cause });
  }
  held.add(path);
  return {
    release() {
      if (held.delete(path)) rmSync(path, { force: true });
    },
  };
}

/** Process that holds the folder, if it is alive. */
function ownerOf(path: string): number | undefined {
  if (held.has(path)) return process.pid;
  if (!existsSync(path)) return undefined;
  const pid = Number(readFileSync(path, "utf8"));
  return Number.isInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
