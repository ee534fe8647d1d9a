import { writeFileSync } from "node:fs";
import type { Runner, Test } from "mocha";

/** Where {@link TitleReporter} writes, from the project's root. */
export const RESULTS = "mutants.json";

/** Titles of the tests and hooks that passed or failed. */
export interface Titles {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** A mocha reporter that keeps titles alone (mocha's own JSON stumbles over the bigints of failed comparisons). */
class TitleReporter {
  constructor(runner: Runner) {
    const passed: string[] = [];
    const failed: string[] = [];
    runner.on("pass", ({ title }: Test) => passed.push(title));
    runner.on("fail", ({ title }: { title: string }, error: Error) => {
      failed.push(title);
      console.log(`${title}: ${error.message}`);
    });
    runner.once("end", () => writeFileSync(RESULTS, JSON.stringify({ passed, failed } satisfies Titles)));
  }
}

// Mocha calls require() for its reporters and expects a constructor; Node gives it the export of this name.
export { TitleReporter as "module.exports" };
