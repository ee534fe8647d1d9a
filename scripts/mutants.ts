import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { UserError, messageOf } from "../sdk/userError.ts";
import { runCommand } from "./command.ts";
import { runGenerated } from "./mutants/generated/run.ts";
import { type Mutant, defends, readMutants } from "./mutants/patches.ts";
import { type Unpatched, affected, recompile } from "./mutants/artifacts.ts";
import { type Solc, startSolc } from "./compile/solc.ts";
import { type Outcome, build, runTests } from "./mutants/tests.ts";
import { type Workspace, createWorkspace } from "./mutants/workspace.ts";

/** killed: the named test noticed. survived: it did not. error: nothing was learned. */
interface Result {
  readonly mutant: string;
  readonly row: string;
  readonly test: string;
  readonly verdict: "killed" | "survived" | "error";
  /** The test that failed, or why there is no verdict. */
  readonly by: string;
  readonly seconds: number;
}

interface Flags {
  readonly only?: string;
  readonly jobs: number;
  readonly json: boolean;
  readonly reverts: boolean;
  readonly arithmetic: boolean;
  readonly list: boolean;
  readonly missing: boolean;
}

/** Where one mutant at a time is tried. */
interface Bench {
  readonly workspace: Workspace;
  readonly solc: Solc;
  readonly unpatched: Unpatched;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const FOLDER = "test/mutants";

await runCommand(
  new Command("test:mutants")
    .description(
      "Takes one protection after another away in a copy of the project (the patches of test/mutants), and expects the test that " +
        "defends it to fail. Exit code 1 when a mutant survives, or a patch no longer applies.",
    )
    .option("--only <text>", "only mutants of these rows (T34,T36) or with one of these texts in their name")
    .option("--jobs <count>", "mutants tried at a time, each in a copy of its own", parseJobs, 1)
    .option("--reverts", "instead of the patches: every guard of the contracts taken out, one by one", false)
    .option("--arithmetic", "the same for what limits are worked out with: max, min and constants", false)
    .option("--list", "of these, say which there are, and try none", false)
    .option("--missing", "of these, try only those with neither a killer on record nor a reason", false)
    .option("--json", "print results as JSON on stdout, and progress on stderr", false)
    .action(run),
);

async function run(flags: Flags): Promise<void> {
  const { only, jobs, json } = flags;
  if (flags.reverts || flags.arithmetic) return runGenerated(ROOT, flags);
  const wanted = only?.split(",").filter((text) => text !== "");
  const mutants = readMutants(`${ROOT}/${FOLDER}`).filter(
    ({ name, row }) => wanted === undefined || wanted.some((text) => row === text || name.includes(text)),
  );
  if (mutants.length === 0) throw new UserError(`No patch of ${FOLDER} matches "${only ?? ""}".`);
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  say(pc.dim("Compiling the project as it is …"));
  const complaint = await build(ROOT);
  if (complaint !== undefined) throw new UserError(`The project does not compile:\n${complaint}`);
  const results: Result[] = [];
  const queue = sameTestTogether(mutants);
  const healthy = new Map<string, Promise<Outcome>>();
  const work = async (bench: Bench): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const { test } = mutant;
      const outcome =
        healthy.get(test) ?? runTests(bench.workspace.root, test, grepOf(mutants.filter((m) => m.test === test)));
      healthy.set(test, outcome);
      const result = await tryMutant(bench, mutant, await outcome);
      results.push(result);
      say(line(result, `${results.length}/${mutants.length}`));
    }
  };
  const benches = Array.from({ length: jobs }, () => ({
    workspace: createWorkspace(ROOT),
    solc: startSolc(),
    unpatched: new Map<string, string>(),
  }));
  try {
    await Promise.all(benches.map(work));
  } finally {
    for (const { workspace, solc } of benches) {
      await solc.close();
      workspace.remove();
    }
  }
  report(results, json);
}

/** Applies one mutant, runs its test, and takes the mutant back. */
async function tryMutant({ workspace, solc, unpatched }: Bench, mutant: Mutant, healthy: Outcome): Promise<Result> {
  const start = performance.now();
  const done = (verdict: Result["verdict"], by: string): Result => ({
    mutant: mutant.name,
    row: mutant.row,
    test: mutant.test,
    verdict,
    by,
    seconds: Math.round((performance.now() - start) / 1000),
  });
  const defenders = healthy.passed.filter((title) => defends(title, mutant.row));
  if (defenders.length === 0) {
    return done("error", `without the patch no test of ${mutant.test} passes whose title starts with ${mutant.row}`);
  }
  try {
    workspace.apply(mutant.path);
  } catch (error) {
    return done("error", messageOf(error));
  }
  try {
    const contracts = await recompile(
      workspace,
      affected(workspace.root, mutant.test, mutant.changes),
      solc,
      unpatched,
    );
    if (contracts.length === 0 && mutant.changes.some((file) => file.endsWith(".sol"))) {
      return done("error", `the patch changes no contract that ${mutant.test} names`);
    }
    const { passed, failed, output } = await runTests(workspace.root, mutant.test, grepOf([mutant]));
    const killer = failed.find((title) => defenders.includes(title));
    if (killer !== undefined) return done("killed", killer);
    if (passed.some((title) => defenders.includes(title))) return done("survived", defenders.join(" · "));
    return done("error", `the tests did not run: ${lastLines(output)}`);
  } catch (error) {
    if (error instanceof UserError) return done("error", lastLines(error.message));
    throw error;
  } finally {
    workspace.restore(mutant.path);
  }
}

/** In their order, but those of one test in a row, so that two jobs rarely wait for the same run without patches. */
function sameTestTogether(mutants: readonly Mutant[]): Mutant[] {
  const tests = [...new Set(mutants.map(({ test }) => test))];
  return tests.flatMap((test) => mutants.filter((mutant) => mutant.test === test));
}

/** A regular expression that finds the tests that defend these mutants' rows, and few others. */
function grepOf(mutants: readonly Mutant[]): string {
  const rows = new Set(mutants.map(({ row }) => row.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return `(${[...rows].join("|")})([^0-9]|$)`;
}

function parseJobs(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 to 99.");
  return Number(text);
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-4).join(" ").slice(0, 400);
}

function line({ verdict, mutant, row, by, seconds }: Result, progress: string): string {
  const mark = { killed: pc.green("✔ killed  "), survived: pc.red("✗ SURVIVED"), error: pc.red("! error   ") }[verdict];
  return `${progress.padStart(7)}  ${mark}  ${row.padEnd(4)} ${mutant.padEnd(44)} ${String(seconds).padStart(4)} s  ${pc.dim(by)}`;
}

function report(results: readonly Result[], json: boolean): void {
  const count = (verdict: Result["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const bad = results.filter(({ verdict }) => verdict !== "killed");
  if (bad.length > 0) process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify({ ok: bad.length === 0, results }, null, 2));
    return;
  }
  console.log(`\n${count("killed")} killed, ${count("survived")} survived, ${count("error")} without a verdict`);
  for (const result of bad)
    console.log(`  ${result.verdict}: ${result.mutant} (${result.row}, ${result.test}): ${result.by}`);
}
