import { BEGINS, type TestName } from "../reporter.ts";
import type { Kind } from "./guards.ts";

/** The tests in which a mutant would have made a difference, by its number. */
export type Reach = ReadonlyMap<number, readonly TestName[]>;

/** What {@link BASE} + the number of a mutant on a line of its own means: Mutants.sol. */
const BASE = 7_000_000_000;
const TOLD = /^\s*(7\d{9})\s*$/;

/** A call is made whether or not it reverts: a refusal has to follow within so many events. */
const SOON = 8;

/** Reads what tests print with the switch at its end. */
export function createReach(kindOf: (number: number) => Kind | undefined): {
  readonly listen: (line: string) => void;
  /** By file, and there by number. */
  readonly finish: () => ReadonlyMap<string, Reach>;
} {
  const files = new Map<string, Map<number, TestName[]>>();
  let test: TestName | undefined;
  let seen = new Set<number>();
  let calls: number[] = [];
  const note = (number: number): void => {
    if (test === undefined || seen.has(number)) return;
    seen.add(number);
    const ofFile = files.get(test.file) ?? new Map<number, TestName[]>();
    files.set(test.file, ofFile.set(number, [...(ofFile.get(number) ?? []), test]));
  };
  return {
    listen(line) {
      if (line.startsWith(BEGINS)) {
        test = JSON.parse(line.slice(BEGINS.length)) as TestName;
        seen = new Set();
        calls = [];
        return;
      }
      const told = TOLD.exec(line);
      if (told === null) return;
      const number = Number(told[1]) - BASE;
      const kind = kindOf(number);
      if (kind === "call" || kind === "modifier") {
        calls = [...calls.slice(1 - SOON), number];
        return;
      }
      note(number);
      if (kind === "revert") calls.forEach(note);
    },
    finish: () => files,
  };
}

/** Candidates of several files together, in order and each once. */
export function testsOf(reaches: Iterable<Reach>, number: number): TestName[] {
  const tests = [...reaches].flatMap((reach) => reach.get(number) ?? []);
  return [...new Map(tests.map((test) => [`${test.file} ${test.fullTitle}`, test])).values()];
}
