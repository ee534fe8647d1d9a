import { rename, rm, stat, writeFile } from "node:fs/promises";
import { UserError, messageOf } from "../../sdk/userError.ts";

/** Writes a file in one step: beside it first, then renamed over it, so that nobody ever sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  // Root would put it in the place of a device: /dev/stdout is soon typed.
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) throw new UserError(`Cannot write ${path}: it is there, and is not a file.`);
  const beside = `${path}.${String(process.pid)}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined); // what cannot be written may not be looked for either
    throw new UserError(`Cannot write ${path}: ${messageOf(cause)}.`, { cause });
  }
}
