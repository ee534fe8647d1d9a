import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestName } from "../reporter.ts";

/** Who noticed each mutant (`file: title`), by its id. */
export type Killers = ReadonlyMap<string, string>;
/** Why no test can notice a mutant, by its id. */
export type Reasons = ReadonlyMap<string, string>;

export const KILLERS_FILE = "test/mutants/reverts.json";
/** The same of limits' arithmetic, where nothing has to be on record. */
export const ARITHMETIC_FILE = "test/mutants/arithmetic.json";
export const REASONS_FILE = "test/mutants/reasons.json";
/** What is still to do: mutants that were not tried yet, or that nobody notices though somebody should. It may only shrink. */
export const OPEN_FILE = "test/mutants/open.json";

export function readRecord(root: string, file: string): Map<string, string> {
  const path = join(root, file);
  if (!existsSync(path)) return new Map();
  return new Map(Object.entries(JSON.parse(readFileSync(path, "utf8")) as Record<string, string>));
}

/** Writes a record in the order of the ids given, without what is not among them. */
export function writeRecord(root: string, file: string, record: Killers, ids: readonly string[]): void {
  const kept = ids.flatMap((id) => (record.has(id) ? [[id, record.get(id)!] as const] : []));
  writeFileSync(join(root, file), `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}

export function killerText({ file, title }: Pick<TestName, "file" | "title">): string {
  return `${file}: ${title}`;
}

/** @returns The file and the title of a killer. */
export function parseKiller(text: string): { readonly file: string; readonly title: string } {
  const at = text.indexOf(": ");
  return { file: text.slice(0, at), title: text.slice(at + 2) };
}

/** What is wrong with a record, in sentences: nothing if every mutant has a killer or a reason, and no entry is for one that is gone. */
export function complaints(
  ids: readonly string[],
  killers: Killers,
  reasons: Reasons,
  open: Reasons = new Map(),
): string[] {
  const known = new Set(ids);
  return [
    ...ids
      .filter((id) => !killers.has(id) && !reasons.has(id) && !open.has(id))
      .map((id) => `${id}: no test is known to notice when it is gone, and there is no reason why.`),
    ...ids.filter((id) => killers.has(id) && reasons.has(id)).map((id) => `${id}: has a reason, yet a test notices.`),
    ...[...open.keys()].filter((id) => killers.has(id) || reasons.has(id)).map((id) => `${id}: is not open any more.`),
    ...[...open.keys()].filter((id) => !known.has(id)).map((id) => `${id}: in ${OPEN_FILE}, but not there.`),
    ...[...killers.keys()].filter((id) => !known.has(id)).map((id) => `${id}: in ${KILLERS_FILE}, but not there.`),
    ...[...reasons.keys()].filter((id) => !known.has(id)).map((id) => `${id}: in ${REASONS_FILE}, but not there.`),
  ];
}
