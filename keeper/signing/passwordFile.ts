import { readFileSync } from "node:fs";
import { UserError } from "../../sdk/userError.ts";
import { Secret } from "../secret.ts";

/** The first line of a file, as a secret. @throws UserError when it cannot be read. */
export function passwordFile(path: string): Secret {
  try {
    return new Secret(readFileSync(path, "utf8").split(/\r?\n/, 1)[0] ?? "");
  } catch (error) {
    throw new UserError(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
  }
}
