import { access, constants, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError, messageOf } from "../../sdk/userError.ts";

/**
 * Makes sure that a file can be written, before minutes are spent on what goes into it.
 * @throws UserError when its folder is missing or not writable, or when it is a folder itself.
 */
export async function checkReportPath(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new UserError(`${path} is a folder. Name the file that --report should write.`);
  const folder = dirname(path);
  const holder = await stat(folder).catch(() => undefined);
  if (!holder?.isDirectory()) {
    throw new UserError(`The folder ${folder} does not exist. Make it, or choose another place for --report.`);
  }
  const probe = `${path}.${process.pid}.tmp`;
  try {
    if (there) await access(path, constants.W_OK);
    await writeFile(probe, "");
  } catch (cause) {
    throw new UserError(`Cannot write ${path} (${messageOf(cause)}). Choose another place for --report.`, { cause });
  } finally {
    await rm(probe, { force: true });
  }
}
