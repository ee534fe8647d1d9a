import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Runnable, Runner, Test } from "mocha";

/** Where {@link TitleReporter} writes, from the project's root. */
export const RESULTS = "mutants.json";

/** Begins a line that says which test begins: {@link TestName} as JSON. */
export const BEGINS = "test begins: ";

/** One test of one file. */
export interface TestName {
  /** From the project's root. */
  readonly file: string;
  /** With those of the suites that it is in. */
  readonly fullTitle: string;
  readonly title: string;
}

/** Titles of the tests and hooks that passed or failed. */
export interface Titles {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** The same tests, with their files; of a hook that failed its suite. */
  readonly passedTests: readonly TestName[];
  readonly failedTests: readonly TestName[];
}

/** A mocha reporter that keeps titles alone (mocha's own JSON stumbles over the bigints of failed comparisons). */
class TitleReporter {
  constructor(runner: Runner) {
    const passed: string[] = [];
    const failed: string[] = [];
    const passedTests: TestName[] = [];
    const failedTests: TestName[] = [];
    const begin = (runnable: Runnable) => console.log(BEGINS + JSON.stringify(nameOf(runnable)));
    runner.on("test", begin);
    runner.on("hook", begin);
    runner.on("pass", (test: Test) => {
      passed.push(test.title);
      passedTests.push(nameOf(test));
    });
    runner.on("fail", (test: Runnable, error: Error) => {
      const { title } = test;
      failed.push(title);
      failedTests.push(nameOf(test));
      console.log(`${title}: ${error.message}`);
    });
    runner.once("end", () =>
      writeFileSync(RESULTS, JSON.stringify({ passed, failed, passedTests, failedTests } satisfies Titles)),
    );
  }
}

/** A hook before or after each test is a part of the test; one for all is named after its suite. */
function nameOf(runnable: Runnable): TestName {
  const isHook = (runnable as { readonly type?: string }).type === "hook";
  const isOfOne = isHook && /^"(before|after) each" hook/.test(runnable.title);
  const owner = isOfOne ? runnable.ctx?.currentTest : isHook ? runnable.parent : runnable;
  return {
    file: relative(process.cwd(), runnable.ctx?.currentTest?.file ?? runnable.file ?? ""),
    fullTitle: owner?.fullTitle() ?? "",
    title: owner?.title ?? "",
  };
}

// Mocha calls require() for its reporters and expects a constructor; Node gives it the export of this name.
export { TitleReporter as "module.exports" };
