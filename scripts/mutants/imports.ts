import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a TypeScript or Solidity file imports of its own project: `from "./x.ts"`, `import "../x.sol"`, `import("./x.ts")`. */
const RELATIVE_IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** A file and everything of the project that it imports, directly or not, as paths from the project's root. */
export function closureOf(root: string, file: string, found = new Set<string>()): Set<string> {
  if (found.has(file) || !existsSync(join(root, file))) return found;
  found.add(file);
  for (const [, path = ""] of readFileSync(join(root, file), "utf8").matchAll(RELATIVE_IMPORT)) {
    closureOf(root, join(dirname(file), path), found);
  }
  return found;
}
