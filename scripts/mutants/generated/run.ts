import { join } from "node:path";
import pc from "picocolors";
import { UserError } from "../../../keeper/errors.ts";
import { startSolc } from "../../compile/solc.ts";
import type { TestName } from "../reporter.ts";
import { runMocha } from "../tests.ts";
import { type Lab, createLab } from "./lab.ts";
import {
  ARITHMETIC_FILE,
  KILLERS_FILE,
  REASONS_FILE,
  complaints,
  killerText,
  parseKiller,
  readRecord,
  writeRecord,
} from "./record.ts";
import { type Mutation, type Site, mutate, readSources } from "./sites.ts";
import { type Trace, fails, keyOf, mochaFiles, rankOf, runSolidity, runSome, solidityFiles, trace } from "./tests.ts";

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

/** Tests of one run: the first few almost always notice. */
const FIRST = 8;
const MOST = 60;

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
  for (const site of wanted) {
    const result = await bench.attempt(site, killers.get(site.id), reasons.get(site.id));
    results.push(result);
    say(line(result, `${results.length}/${wanted.length}`));
    if (result.verdict === "killed") killers.set(site.id, result.by);
    else killers.delete(site.id);
    writeRecord(root, file, killers, ids);
  }
  const isWhole = flags.only === undefined && !flags.arithmetic;
  report(results, isWhole ? complaints(ids, killers, reasons) : [], flags.json);
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

interface Bench {
  readonly attempt: (site: Site, killer: string | undefined, reason: string | undefined) => Promise<Result>;
}

function createBench(lab: Lab, sites: readonly Site[], folder: string, say: (line: string) => void): Bench {
  let traced: Promise<Trace> | undefined;
  const traceOnce = (): Promise<Trace> => {
    if (traced === undefined) say(pc.dim("Running all tests once, to see which mutants they would notice …"));
    return (traced ??= trace(lab, sites, join(folder, "reached")));
  };
  const healthySolidity = new Map<string, readonly string[]>();

  const known = async (site: Site, killer: string): Promise<string | undefined> => {
    const { file, title } = parseKiller(killer);
    lab.select(site.number);
    return (await fails(lab, file, title)) ? killer : undefined;
  };
  const mocha = async (site: Site): Promise<string | undefined> => {
    const { passing, candidates } = await traceOnce();
    const tests = site.kind === "arithmetic" ? [] : candidates(site).slice(0, MOST);
    for (const part of [tests.slice(0, FIRST), tests.slice(FIRST)].filter(({ length }) => length > 0)) {
      lab.select(site.number);
      const { failedTests } = await runSome(lab, part);
      const killer = failedTests.find((test) => passing.has(keyOf(test))) ?? suiteOf(failedTests, part);
      if (killer !== undefined) return killerText(killer);
    }
    return undefined;
  };
  const solidity = async (site: Site): Promise<string | undefined> => {
    for (const file of solidityFiles(lab.root)) {
      if (rankOf(lab.root, file, site.name, site.contract) === 2) continue;
      if (!healthySolidity.has(file)) {
        lab.select(0);
        healthySolidity.set(file, await runSolidity(lab, file));
      }
      lab.select(site.number);
      const failed = await runSolidity(lab, file);
      const killer = failed.find((title) => !healthySolidity.get(file)!.includes(title));
      if (killer !== undefined) return killerText({ file, title: killer });
    }
    return undefined;
  };
  const arithmetic = async (site: Site): Promise<string | undefined> => {
    const { passing } = await traceOnce();
    const files = mochaFiles(lab.root).filter((file) => rankOf(lab.root, file, site.name, site.contract) < 2);
    lab.select(site.number);
    for (const file of files) {
      const { failedTests } = await runMocha(lab.root, [file], { bail: true });
      const killer = failedTests.find((test) => passing.has(keyOf(test)));
      if (killer !== undefined) return killerText(killer);
    }
    return undefined;
  };
  return {
    async attempt(site, killer, reason) {
      const start = performance.now();
      const by =
        (killer === undefined ? undefined : await known(site, killer)) ??
        (await (site.kind === "arithmetic" ? arithmetic(site) : mocha(site))) ??
        (await solidity(site));
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      const where = `${site.path}:${site.line}`;
      if (by !== undefined) return { id: site.id, where, verdict: "killed", by, seconds };
      if (reason !== undefined) return { id: site.id, where, verdict: "excused", by: reason, seconds };
      return { id: site.id, where, verdict: "survived", by: await triedOf(site, traceOnce), seconds };
    },
  };
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

async function triedOf(site: Site, traceOnce: () => Promise<Trace>): Promise<string> {
  if (site.kind === "arithmetic") return "";
  const { length } = (await traceOnce()).candidates(site);
  return length === 0 ? "no test gets there" : `reached by ${length} tests, none of which notices`;
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
  return `${progress.padStart(7)}  ${mark}  ${id}  ${seconds} s  ${pc.dim(by)}`;
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
