import { UserError, messageOf } from "../sdk/userError.ts";

/** What file systems refuse that a person can mend, by the code of the error. */
const FILE_REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "this user may not use it. Change its permissions, or choose another place",
  EPERM: "this user may not use it. Change its permissions, or choose another place",
  EROFS: "it is on a file system that cannot be written to. Choose another place",
  ENOENT: "it, or the folder that it is in, does not exist. Make the folder, or choose another place",
  ENOTDIR: "a file is where a folder is needed. Choose another place",
  EISDIR: "it is a folder, and a file is needed. Choose another place",
  EEXIST: "a file is where a folder is needed. Choose another place",
  ENOSPC: "the disk is full. Make room",
  EDQUOT: "the disk quota is used up. Make room",
};

/** One sentence for whoever ran a command that failed: what a person can mend says how, anything else is a bug. */
export function failureText(error: unknown): string {
  if (error instanceof UserError) return error.message;
  const { code = "", path } = (error ?? {}) as NodeJS.ErrnoException;
  const refusal = FILE_REFUSALS[code];
  if (refusal !== undefined && path !== undefined) return `${path} cannot be used (${code}): ${refusal}.`;
  return `unexpected error (please report it): ${messageOf(error)}`;
}
