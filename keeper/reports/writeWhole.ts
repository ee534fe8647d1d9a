import { rename, rm, writeFile } from "node:fs/promises";
import { UserError, messageOf } from "../errors.ts";

/** Writes a file in one step: beside it first, then renamed over it, so that nobody ever sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${String(process.pid)}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new UserError(`Cannot write ${path}: ${messageOf(cause)}.`, { cause });
  }
}
