import { readFileSync } from "node:fs";
import { constants, type Fit } from "./coefficients.ts";

const LIBRARIES = ["FixedPoint", "Gaussian", "BlackScholes"];

/** How often each fitted function is written out. */
const OCCURRENCES: Record<string, number> = { mills: 2, millsTail: 1, exponential: 2, logarithm: 1 };

/** Hexadecimal literals of the pricing libraries that are long enough to be a coefficient, with their number. */
export function literalsInSolidity(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const library of LIBRARIES) {
    const source = readFileSync(new URL(`../../contracts/libraries/${library}.sol`, import.meta.url), "utf8");
    for (const [hex] of source.matchAll(/0x[0-9a-f]{10,}/g)) counts.set(hex, (counts.get(hex) ?? 0) + 1);
  }
  return counts;
}

/** What differs between the coefficients that were fitted and those that the libraries hold; empty when nothing does. */
export function differences(fits: readonly Pick<Fit, "name" | "literals">[]): string[] {
  const left = literalsInSolidity();
  const found: string[] = [];
  for (const { name, literals } of fits)
    for (const [coefficient, hex] of Object.entries(literals)) {
      const count = left.get(hex) ?? 0;
      left.delete(hex);
      if (count !== OCCURRENCES[name])
        found.push(`${name} ${coefficient} = ${hex} occurs ${count} times instead of ${OCCURRENCES[name]}`);
    }
  const known = new Set(Object.values(constants()));
  for (const hex of left.keys()) if (!known.has(hex)) found.push(`${hex} is in the libraries and comes from nowhere`);
  return found;
}
