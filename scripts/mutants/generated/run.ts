import { join } from "node:path";
import pc from "picocolors";
import { UserError } from "../../../sdk/userError.ts";
import { startSolc } from "../../compile/solc.ts";
import type { TestName } from "../reporter.ts";
import { runMocha } from "../tests.ts";
import { type Plan, batchesOf } from "./batches.ts";
import { type Lab, MOST, createLab } from "./lab.ts";
import {
  ARITHMETIC_FILE,
  KILLERS_FILE,
  OPEN_FILE,
  type Killers,
  REASONS_FILE,
  type Reasons,
  complaints,
  killerText,
  readRecord,
  writeRecord,
} from "./record.ts";
import { type Mutation, type Site, mutate, readSources } from "./sites.ts";
import { type Trace, keyOf, mochaFiles, rankOf, runSolidity, runSome, solidityFiles, trace } from "./tests.ts";

export interface GeneratedFlags {
  readonly only?: string;
  readonly json: boolean;
  readonly list: boolean;
  /** Mutants of limits, instead of guards. */
  readonly arithmetic: boolean;
  /** Those alone that have neither a killer nor a reason. */
  readonly missing: boolean;
}

interface Result {
  readonly id: string;
  readonly where: string;
  readonly verdict: "killed" | "survived" | "excused";
  /** The test that failed, the reason, or what was tried. */
  readonly by: string;
  readonly seconds: number;
}

/** Tests that a mutant is tried on together with others: the first few almost always notice. */
const FIRST = 3;
/** Tests that it is tried on alone, if need be: a few, and then all others up to so many. */
const NEXT = 8;
const MOST_TESTS = 60;

/** Tries the generated mutants: every guard, or (`arithmetic`) what limits are worked out with. */
export async function runGenerated(root: string, flags: GeneratedFlags): Promise<void> {
  const mutation = await findMutants(root);
  const sites = mutation.sites.filter(({ kind }) => (kind === "arithmetic") === flags.arithmetic);
  const ids = sites.map(({ id }) => id);
  const file = flags.arithmetic ? ARITHMETIC_FILE : KILLERS_FILE;
  const killers = readRecord(root, file);
  const reasons = flags.arithmetic ? new Map<string, string>() : readRecord(root, REASONS_FILE);
  const wanted = wantedOf(sites, flags, new Set([...killers.keys(), ...reasons.keys()]));
  if (wanted.length === 0) throw new UserError("No mutant matches.");
  if (flags.list) return list(wanted, flags.json);
  const say = (line: string) => (flags.json ? console.error(line) : console.log(line));
  say(pc.dim("Compiling the contracts with all mutants in them …"));
  const folder = join(root, "cache/mutants");
  const bench = createBench(await createLab(root, folder, mutation), mutation.sites, folder, say);
  const results: Result[] = [];
  const done = (result: Result): void => {
    results.push(result);
    say(line(result, `${results.length}/${wanted.length}`));
    note(root, result, file, ids, flags.arithmetic);
  };
  await bench.attempt(wanted, { killers, reasons, done });
  const isWhole = flags.only === undefined && !flags.arithmetic;
  report(results, isWhole ? complaints(ids, readRecord(root, file), reasons) : [], flags.json);
}

/** Puts a result on record at once, into what is there by now: an interrupted run loses nothing. */
function note(root: string, { id, verdict, by }: Result, file: string, ids: readonly string[], limits: boolean): void {
  const killers = readRecord(root, file);
  if (verdict === "killed") killers.set(id, by);
  else killers.delete(id);
  writeRecord(root, file, killers, ids);
  const open = limits ? new Map<string, string>() : readRecord(root, OPEN_FILE);
  if (!open.has(id)) return;
  if (verdict === "survived") open.set(id, sentence(by));
  else open.delete(id);
  writeRecord(root, OPEN_FILE, open, ids);
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

export async function findMutants(root: string): Promise<Mutation> {
  const solc = startSolc();
  try {
    return mutate(await readSources(root, solc));
  } finally {
    await solc.close();
  }
}

function wantedOf(sites: readonly Site[], flags: GeneratedFlags, known: ReadonlySet<string>): readonly Site[] {
  const texts = flags.only?.split(",").filter((text) => text !== "");
  return sites
    .filter(({ id, path }) => texts === undefined || texts.some((text) => id.includes(text) || path.includes(text)))
    .filter(({ id }) => !flags.missing || !known.has(id));
}

interface Task {
  readonly killers: Killers;
  readonly reasons: Reasons;
  readonly done: (result: Result) => void;
}

interface Bench {
  readonly attempt: (wanted: readonly Site[], task: Task) => Promise<void>;
}

function createBench(lab: Lab, sites: readonly Site[], folder: string, say: (line: string) => void): Bench {
  const healthySolidity = new Map<string, readonly string[]>();

  /** Several mutants in one run. @returns Who noticed each, if anybody. */
  const together = async (batch: readonly Plan[], { passing }: Trace): Promise<(string | undefined)[]> => {
    lab.select(batch.map(({ site }) => site.number));
    const { failedTests } = await runSome(
      lab,
      batch.flatMap(({ tests }) => tests),
      batch.length === 1,
    );
    const failed = new Set(failedTests.map(keyOf));
    return batch.map(({ tests }) => {
      const killer = tests.find((test) => failed.has(keyOf(test)) && passing.has(keyOf(test)));
      return killer && killerText(killer);
    });
  };
  const alone = async (site: Site, tests: readonly TestName[], { passing }: Trace): Promise<string | undefined> => {
    if (tests.length === 0) return undefined;
    lab.select([site.number]);
    const { failedTests } = await runSome(lab, tests, true);
    const killer = failedTests.find((test) => passing.has(keyOf(test))) ?? suiteOf(failedTests, tests);
    return killer && killerText(killer);
  };
  const solidity = async (site: Site): Promise<string | undefined> => {
    for (const file of solidityFiles(lab.root)) {
      if (rankOf(lab.root, file, site.name, site.contract) === 2) continue;
      if (!healthySolidity.has(file)) {
        lab.select([]);
        healthySolidity.set(file, await runSolidity(lab, file));
      }
      lab.select([site.number]);
      const failed = await runSolidity(lab, file);
      const killer = failed.find((title) => !healthySolidity.get(file)!.includes(title));
      if (killer !== undefined) return killerText({ file, title: killer });
    }
    return undefined;
  };
  const arithmetic = async (site: Site, { passing }: Trace): Promise<string | undefined> => {
    const files = mochaFiles(lab.root).filter((file) => rankOf(lab.root, file, site.name, site.contract) < 2);
    lab.select([site.number]);
    for (const file of files) {
      const { failedTests } = await runMocha(lab.root, [file], { bail: true });
      const killer = failedTests.find((test) => passing.has(keyOf(test)));
      if (killer !== undefined) return killerText(killer);
    }
    return undefined;
  };
  return {
    async attempt(wanted, { killers, reasons, done }) {
      say(pc.dim("Running tests without a mutant, to see in which each would make a difference …"));
      const traced = await trace(lab, sites, join(folder, "reached"));
      const finish = (site: Site, by: string | undefined, seconds: number): void => {
        const reason = reasons.get(site.id);
        const where = `${site.path}:${site.line}`;
        if (by !== undefined) done({ id: site.id, where, verdict: "killed", by, seconds });
        else if (reason !== undefined) done({ id: site.id, where, verdict: "excused", by: reason, seconds });
        else done({ id: site.id, where, verdict: "survived", by: triedOf(site, traced), seconds });
      };
      const plans = wanted.flatMap((site): Plan[] => {
        const tests = traced.candidates(site, killers.get(site.id)).filter((test) => traced.passing.has(keyOf(test)));
        const ofOneFile = tests.filter(({ file }) => file === tests[0]!.file).slice(0, FIRST);
        return ofOneFile.length > 0 ? [{ site, tests: ofOneFile }] : [];
      });
      const killed = new Set<Site>();
      for (const batch of batchesOf(plans, traced.reaches, MOST)) {
        const start = performance.now();
        const found = await together(batch, traced);
        const seconds = since(start) / batch.length;
        batch.forEach(({ site }, i) => {
          if (found[i] === undefined) return;
          killed.add(site);
          finish(site, found[i], seconds);
        });
      }
      for (const site of wanted.filter((one) => !killed.has(one))) {
        const start = performance.now();
        const tests = traced.candidates(site).slice(0, MOST_TESTS);
        const by =
          (await alone(site, tests.slice(0, NEXT), traced)) ??
          (await alone(site, tests.slice(NEXT), traced)) ??
          (site.kind === "arithmetic" ? await arithmetic(site, traced) : undefined) ??
          (await solidity(site));
        finish(site, by, since(start));
      }
    },
  };
}

function since(start: number): number {
  return (performance.now() - start) / 1000;
}

/** A hook that failed, of a suite with tests that were to run: the first of these stands for it. */
function suiteOf(failed: readonly TestName[], tests: readonly TestName[]): TestName | undefined {
  return tests.find((test) =>
    failed.some(
      ({ file, fullTitle }) =>
        file === test.file && test.fullTitle.startsWith(fullTitle) && fullTitle !== test.fullTitle,
    ),
  );
}

function triedOf(site: Site, traced: Trace): string {
  if (site.kind === "arithmetic") return "";
  const { length } = traced.candidates(site);
  return length === 0 ? "no test gets there" : `${length} tests get there, and none notices`;
}

function list(sites: readonly Site[], json: boolean): void {
  const rows = sites.map(({ id, kind, path, line }) => ({ id, kind, where: `${path}:${line}` }));
  if (json) console.log(JSON.stringify(rows, null, 2));
  else for (const { id, kind, where } of rows) console.log(`${kind.padEnd(10)} ${where.padEnd(42)} ${id}`);
}

function line({ verdict, id, by, seconds }: Result, progress: string): string {
  const mark = {
    killed: pc.green("✔ killed  "),
    survived: pc.red("✗ SURVIVED"),
    excused: pc.yellow("- excused "),
  }[verdict];
  return `${progress.padStart(7)}  ${mark}  ${id}  ${seconds.toFixed(1)} s  ${pc.dim(by)}`;
}

function report(results: readonly Result[], wrong: readonly string[], json: boolean): void {
  const of = (verdict: Result["verdict"]) => results.filter((result) => result.verdict === verdict);
  const ok = of("survived").length === 0 && wrong.length === 0;
  if (!ok) process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify({ ok, results, complaints: wrong }, null, 2));
    return;
  }
  const counts = (["killed", "survived", "excused"] as const).map((verdict) => `${of(verdict).length} ${verdict}`);
  console.log(`\n${counts.join(", ")}`);
  for (const { id, where, by } of of("survived")) console.log(`  survived: ${id} (${where}): ${by}`);
  for (const sentence of wrong) console.log(`  ${sentence}`);
}
