import type { TestName } from "../reporter.ts";
import type { Site } from "./sites.ts";

/** A mutant, and the tests of one file that it is tried on. */
export interface Plan {
  readonly site: Site;
  readonly tests: readonly TestName[];
}

/**
 * Puts plans of one file together, so that they share a run: in no test of the others would a mutant make a difference, so
 * that a test that fails says which mutant it noticed. The largest first.
 */
export function batchesOf(
  plans: readonly Plan[],
  reaches: (site: Site, test: TestName) => boolean,
  most: number,
): Plan[][] {
  const batches: Plan[][] = [];
  const disturbs = (a: Plan, b: Plan) => b.tests.some((test) => reaches(a.site, test));
  for (const plan of plans) {
    const batch = batches.find(
      (others) =>
        others.length < most &&
        others.every((other) => fileOf(other) === fileOf(plan) && isQuiet(other) && isQuiet(plan)) &&
        others.every((other) => !disturbs(other, plan) && !disturbs(plan, other)),
    );
    if (batch) batch.push(plan);
    else batches.push([plan]);
  }
  return batches.sort((a, b) => b.length - a.length);
}

function fileOf({ tests }: Plan): string {
  return tests[0]!.file;
}

/** A call may do more than revert, with what it was given in memory: then it makes a difference without saying so. */
function isQuiet({ site }: Plan): boolean {
  return site.kind !== "call" || site.name.startsWith("_require");
}
