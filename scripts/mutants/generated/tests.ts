import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { UserError } from "../../../sdk/userError.ts";
import { closureOf } from "../imports.ts";
import type { TestName } from "../reporter.ts";
import { type Outcome, runMocha, runTests } from "../tests.ts";
import type { Lab } from "./lab.ts";
import { type Reach, createReach, testsOf } from "./reach.ts";
import { killerText } from "./record.ts";
import type { Site } from "./sites.ts";

const FOLDERS = ["test/contracts", "test/libraries", "test/attacks", "test/integration", "test/scripts"];
const SOLIDITY = "test/solidity";

/** Of test/scripts only what is about contracts. */
const SCRIPTS = ["governance.test.ts"];

/** Files whose tests can notice a mutant. */
export function mochaFiles(root: string): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".test.ts") && (folder !== "test/scripts" || SCRIPTS.includes(name)))
      .sort()
      .map((name) => posix.join(folder, name)),
  );
}

/** Without the campaigns, which take minutes. */
export function solidityFiles(root: string): string[] {
  return readdirSync(join(root, SOLIDITY))
    .filter((name) => name.endsWith(".t.sol"))
    .sort()
    .map((name) => posix.join(SOLIDITY, name));
}

interface Traced {
  readonly passed: readonly string[];
  readonly reached: readonly (readonly [number, readonly TestName[]])[];
}

/** Which tests pass in a lab without a mutant, and which mutants would have made a difference in them. */
export interface Trace {
  readonly passing: ReadonlySet<string>;
  /** Tests in which a mutant would make a difference: `first` (see killerText), then those that are likely to notice. */
  readonly candidates: (site: Site, first?: string) => TestName[];
  readonly reaches: (site: Site, test: TestName) => boolean;
}

export function keyOf({ file, fullTitle }: TestName): string {
  return `${file} ${fullTitle}`;
}

/** Runs all mocha files once, but those that are what they were the last time. */
export async function trace(lab: Lab, sites: readonly Site[], folder: string): Promise<Trace> {
  const code = mochaFiles(lab.root).map((file) => ({ file, key: fingerprint(lab.root, file, sites) }));
  mkdirSync(folder, { recursive: true });
  const pathOf = (key: string) => join(folder, `${key}.json`);
  const missing = code.filter(({ key }) => !existsSync(pathOf(key)));
  if (missing.length > 0) {
    lab.tell();
    const reach = createReach((number) => sites[number - 1]?.kind);
    const files = missing.map(({ file }) => file);
    const { passedTests, output } = await runMocha(lab.root, files, { bail: false, listen: reach.listen });
    if (passedTests.length === 0) throw new UserError(`No test passes with the mutants off:\n${output}`);
    const found = reach.finish();
    for (const { file, key } of missing) {
      const passed = passedTests.filter((test) => test.file === file).map(keyOf);
      const traced: Traced = { passed, reached: [...(found.get(file) ?? [])] };
      writeFileSync(pathOf(key), JSON.stringify(traced));
    }
  }
  const traced = code.map(({ key }) => JSON.parse(readFileSync(pathOf(key), "utf8")) as Traced);
  const reaches: Reach[] = traced.map(({ reached }) => new Map(reached));
  const breadth = new Map<string, number>();
  for (const tests of reaches.flatMap((reach) => [...reach.values()])) {
    for (const test of tests) breadth.set(keyOf(test), (breadth.get(keyOf(test)) ?? 0) + 1);
  }
  return {
    passing: new Set(traced.flatMap(({ passed }) => passed)),
    candidates: (site, first) => {
      const tests = inOrder(lab.root, site, testsOf(reaches, site.number), breadth);
      const isFirst = (test: TestName) => killerText(test) === first;
      return [...tests.filter(isFirst), ...tests.filter((test) => !isFirst(test))];
    },
    reaches: ({ number }, { file, fullTitle }) =>
      testsOf(reaches, number).some((test) => test.file === file && fullTitle.startsWith(test.fullTitle)),
  };
}

function fingerprint(root: string, file: string, sites: readonly Site[]): string {
  const hash = createHash("sha256").update(JSON.stringify(sites.map(({ id }) => id)));
  for (const path of closureOf(root, file)) hash.update(readFileSync(join(root, path)));
  return hash.digest("hex").slice(0, 32);
}

/**
 * Files that name the error first, then those that name the contract; and of these the tests in which few mutants would make
 * a difference: they are quick, and about the one.
 */
function inOrder(
  root: string,
  { name, contract }: Site,
  tests: readonly TestName[],
  breadth: ReadonlyMap<string, number>,
): TestName[] {
  const rank = new Map<string, number>();
  for (const { file } of tests) if (!rank.has(file)) rank.set(file, rankOf(root, file, name, contract));
  const breadthOf = (test: TestName) => breadth.get(keyOf(test)) ?? 0;
  return [...tests].sort((a, b) => rank.get(a.file)! - rank.get(b.file)! || breadthOf(a) - breadthOf(b));
}

/** 0: names the error. 1: names the contract. 2: neither. */
export function rankOf(root: string, file: string, name: string, contract: string): number {
  const text = readFileSync(join(root, file), "utf8");
  return text.includes(name) ? 0 : new RegExp(contract, "i").test(text) ? 1 : 2;
}

/** Runs some tests, up to the first that fails if `bail`. */
export async function runSome(lab: Lab, tests: readonly TestName[], bail: boolean): Promise<Outcome> {
  const files = [...new Set(tests.map(({ file }) => file))];
  const outcome = await runMocha(lab.root, files, {
    bail,
    grep: `^(${tests.map((test) => escape(test.fullTitle)).join("|")})`,
  });
  const { passedTests, failedTests, output } = outcome;
  if (passedTests.length + failedTests.length === 0)
    console.error(`No test ran, so this says nothing: ${output.slice(-400)}`);
  return outcome;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** @returns The first test of a Solidity file that fails. */
export async function runSolidity(lab: Lab, file: string): Promise<readonly string[]> {
  return (await runTests(lab.root, file, ".")).failed;
}
