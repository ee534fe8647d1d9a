import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Solc } from "../../compile/solc.ts";
import { findArithmetic } from "./arithmetic.ts";
import { type Found, type Guards, findGuards } from "./guards.ts";
import { render } from "./render.ts";
import { type Source, fromBytes, parse } from "./syntax.ts";

/** A mutant: a number to switch it on by, and an id that is unique. */
export interface Site extends Found {
  /** Counted from 1, anew with each run. */
  readonly number: number;
  readonly line: number;
}

export interface Mutation {
  readonly sites: readonly Site[];
  /** All files that change, with all mutants in them, switched by {@link MUTANTS}. */
  readonly files: ReadonlyMap<string, string>;
}

/** Where the library that switches mutants is put, from the project's root. */
export const MUTANTS = "contracts/Mutants.sol";

/** All sources that are mutated: neither interfaces nor what only a local chain has. */
export async function readSources(root: string, solc: Solc): Promise<Source[]> {
  const paths = (readdirSync(join(root, "contracts"), { recursive: true }) as string[])
    .map((path) => posix.join("contracts", path.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".sol") && !/^contracts\/(devnet|examples|interfaces)\//.test(path))
    .sort();
  return parse(new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")])), solc);
}

/** Finds every mutant of some sources, and writes them all into these. */
export function mutate(sources: readonly Source[]): Mutation {
  const guards: Guards = findGuards(sources);
  const found = [...guards.sites, ...findArithmetic(sources)];
  const sites = numbered(found, sources);
  const files = new Map<string, string>();
  for (const source of sources) {
    const edits = [
      ...guards.support.filter(({ path }) => path === source.path),
      ...sites
        .filter(({ path }) => path === source.path)
        .map(({ start, end, number, rewrite }) => ({
          start,
          end,
          replace: (text: string, part: Parameters<Found["rewrite"]>[2]) => rewrite(number, text, part),
        })),
    ];
    if (edits.length > 0) files.set(source.path, fromBytes(withImport(source, render(source.text, edits))));
  }
  return { sites, files };
}

/** Of several with the same id, the second is called (2). */
function numbered(found: readonly Found[], sources: readonly Source[]): Site[] {
  const seen = new Map<string, number>();
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  return found.map((site, i) => {
    const count = (seen.get(site.id) ?? 0) + 1;
    seen.set(site.id, count);
    const line = texts.get(site.path)!.slice(0, site.start).split("\n").length;
    return { ...site, id: count > 1 ? `${site.id} (${count})` : site.id, number: i + 1, line };
  });
}

function withImport({ path }: Source, text: string): string {
  const to = posix.relative(dirname(path), MUTANTS);
  return text.replace(/^pragma .*;$/m, `$&\nimport {Mutants} from "${to.startsWith(".") ? to : `./${to}`}";`);
}
