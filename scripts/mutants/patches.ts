import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../sdk/userError.ts";

/** A protection taken away, and the test that must notice. */
export interface Mutant {
  readonly name: string;
  /** Path of the patch. */
  readonly path: string;
  /** Path of the test file, from the project's root: `.test.ts` or `.t.sol`. */
  readonly test: string;
  /** A row of docs/threats.md such as T34, or how the test's title begins. */
  readonly row: string;
  /** The files that it changes, from the project's root. */
  readonly changes: readonly string[];
}

const HEADER = /^# (test|grep): (.+)$/gm;
const CHANGED = /^\+\+\+ b\/(.+)$/gm;
const ROWS = /^T\d+(?:, ?T\d+)*/;

/** Reads every `*.patch` of a folder, in alphabetical order. @throws UserError when one does not say what it needs to. */
export function readMutants(folder: string): Mutant[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".patch"))
    .sort()
    .map((file) => parseMutant(file.slice(0, -".patch".length), join(folder, file)));
}

function parseMutant(name: string, path: string): Mutant {
  const text = readFileSync(path, "utf8");
  const header = new Map([...text.matchAll(HEADER)].map(([, key, value]) => [key, value]));
  const test = header.get("test");
  const grep = header.get("grep");
  if (test !== undefined && grep !== undefined) {
    return { name, path, test, row: grep, changes: [...text.matchAll(CHANGED)].map(([, file = ""]) => file) };
  }
  throw new UserError(
    `${path} must begin with the lines "# test: <test file>" and "# grep: <row of the threats page>".`,
  );
}

/** Whether a test of this title defends the row: its title begins with a list of rows that names it, or with the text. */
export function defends(title: string, row: string): boolean {
  const rows = ROWS.exec(title)?.[0].split(/, ?/) ?? [];
  if (ROWS.test(row)) return rows.includes(row) || new RegExp(`^(testFuzz|test|invariant)_(\\w+_)?${row}_`).test(title);
  return title.startsWith(row);
}
