import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { UserError } from "../../sdk/userError.ts";
import { Secret } from "../secret.ts";
import { passwordFile } from "../signing/passwordFile.ts";

/** Asks a person on the terminal. @throws UserError when there is none. */
export async function ask(question: string, fallback?: string): Promise<string> {
  requireTerminal(question);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const hint = fallback === undefined || fallback === "" ? "" : ` [${fallback}]`;
  const answer = (await terminal.question(`${question}${hint}: `)).trim();
  terminal.close();
  return answer === "" ? (fallback ?? "") : answer;
}

/** Asks for something that must not be seen: what is typed is not shown. */
export async function askSecret(question: string): Promise<Secret> {
  requireTerminal(question);
  process.stderr.write(`${question}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const answer = await terminal.question("");
  terminal.close();
  process.stderr.write("\n");
  return new Secret(answer);
}

/**
 * A secret from a file, where one is named, else from an environment variable, else from the terminal. Never from an argument:
 * other users of the machine see those.
 */
export async function readSecret(
  question: string,
  from: { readonly file?: string | undefined; readonly variable: string; readonly twice?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Promise<Secret> {
  if (from.file !== undefined) return passwordFile(from.file);
  const text = env[from.variable];
  if (text !== undefined && text !== "") return new Secret(text);
  if (!process.stdin.isTTY) {
    throw new UserError(`${question} is not given: name a file that holds it, or set ${from.variable}.`);
  }
  const secret = await askSecret(question);
  if (from.twice && (await askSecret(`${question}, again`)).reveal() !== secret.reveal()) {
    throw new UserError(`${question}: the two are not the same. Try again.`);
  }
  return secret;
}

function requireTerminal(question: string): void {
  if (process.stdin.isTTY) return;
  throw new UserError(
    `There is no terminal to ask "${question}" on. Use the flags instead (--yes, where a default or a yes will do), see --help.`,
  );
}
