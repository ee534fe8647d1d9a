import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import { UserError, messageOf } from "../keeper/errors.ts";
import { runCommand } from "./command.ts";
import { type Mutant, defends, readMutants } from "./mutants/patches.ts";
import { type Outcome, compile, runTests } from "./mutants/tests.ts";
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
  readonly json: boolean;
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
    .option("--json", "print results as JSON on stdout, and progress on stderr", false)
    .action(run),
);

async function run({ only, json }: Flags): Promise<void> {
  const wanted = only?.split(",");
  const mutants = readMutants(`${ROOT}/${FOLDER}`).filter(
    ({ name, row }) => wanted === undefined || wanted.some((text) => row === text || name.includes(text)),
  );
  if (mutants.length === 0) throw new UserError(`No patch of ${FOLDER} matches "${only ?? ""}".`);
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  const workspace = createWorkspace(ROOT);
  const results: Result[] = [];
  try {
    say(pc.dim("Compiling the project as it is …"));
    const complaint = await compile(workspace.root);
    if (complaint !== undefined) throw new UserError(`The project does not compile:\n${complaint}`);
    workspace.keep();
    for (const [test, group] of byTest(mutants)) {
      const healthy = await runTests(workspace.root, test, grepOf(group));
      for (const mutant of group) {
        const result = await tryMutant(workspace, mutant, healthy);
        results.push(result);
        say(line(result, `${results.length}/${mutants.length}`));
      }
    }
  } finally {
    workspace.remove();
  }
  report(results, json);
}

/** Applies one mutant, runs its test, and takes the mutant back. */
async function tryMutant(workspace: Workspace, mutant: Mutant, healthy: Outcome): Promise<Result> {
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
    const complaint = await compile(workspace.root);
    if (complaint !== undefined) return done("error", `the mutant does not compile: ${lastLines(complaint)}`);
    const { passed, failed, output } = await runTests(workspace.root, mutant.test, grepOf([mutant]));
    const killer = failed.find((title) => defenders.includes(title));
    if (killer !== undefined) return done("killed", killer);
    if (passed.some((title) => defenders.includes(title))) return done("survived", defenders.join(" · "));
    return done("error", `the tests did not run: ${lastLines(output)}`);
  } finally {
    workspace.restore(mutant.path);
  }
}

function byTest(mutants: readonly Mutant[]): Map<string, Mutant[]> {
  const groups = new Map<string, Mutant[]>();
  for (const mutant of mutants) groups.set(mutant.test, [...(groups.get(mutant.test) ?? []), mutant]);
  return groups;
}

/** A regular expression that finds at least the tests that defend these mutants' rows. */
function grepOf(mutants: readonly Mutant[]): string {
  return mutants.map(({ row }) => row.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
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
