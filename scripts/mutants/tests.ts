import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RESULTS, type Titles } from "./reporter.ts";

/** The tests that ran. */
export interface Outcome extends Titles {
  /** What the runner printed. */
  readonly output: string;
}

/** What is long enough for any compilation or test file, and short enough for an endless loop. */
const TIMEOUT_MS = 600_000;

const SOLIDITY_LINE = /^\s*(✔|\d+\)) ((?:test|invariant)\w*)/gm;

/** Compiles a project, if it is not. Returns what went wrong, or undefined. */
export async function build(root: string): Promise<string | undefined> {
  const { code, output } = await hardhat(root, ["build"]);
  return code === 0 ? undefined : output;
}

/** Runs the tests of a file whose titles match a regular expression. */
export async function runTests(root: string, file: string, grep: string): Promise<Outcome> {
  const isSolidity = file.endsWith(".sol");
  rmSync(join(root, RESULTS), { force: true });
  const kind = isSolidity ? "solidity" : "mocha";
  const { output } = await hardhat(root, ["test", kind, "--no-compile", "--grep", grep, file]);
  if (isSolidity) return solidityOutcome(output);
  return { ...resultsOf(root), output };
}

/** Runs tests of several mocha files, up to the first that fails. @param listen Is told every line of the output. */
export async function runMocha(
  root: string,
  files: readonly string[],
  { grep, bail, listen }: { readonly grep?: string; readonly bail: boolean; readonly listen?: (line: string) => void },
): Promise<Outcome> {
  rmSync(join(root, RESULTS), { force: true });
  const flags = [...(bail ? ["--bail"] : []), ...(grep === undefined ? [] : ["--grep", grep])];
  const { output } = await hardhat(root, ["test", "mocha", "--no-compile", ...flags, ...files], listen);
  return { ...resultsOf(root), output };
}

function resultsOf(root: string): Titles {
  const path = join(root, RESULTS);
  if (!existsSync(path)) return NOTHING;
  return JSON.parse(readFileSync(path, "utf8")) as Titles;
}

const NOTHING: Titles = { passed: [], failed: [], passedTests: [], failedTests: [] };

function solidityOutcome(output: string): Outcome {
  const lines = [...output.matchAll(SOLIDITY_LINE)].map(([, mark, title]) => ({
    passes: mark === "✔",
    title: title ?? "",
  }));
  const titles = (passes: boolean) => lines.filter((line) => line.passes === passes).map(({ title }) => title);
  return { ...NOTHING, passed: titles(true), failed: titles(false), output };
}

/** Runs Hardhat in a project. @param listen Is told every line, which then is not kept. */
export async function hardhat(
  root: string,
  args: readonly string[],
  listen?: (line: string) => void,
): Promise<{ code: number | null; output: string }> {
  const cli = join(root, "node_modules/hardhat/dist/src/cli.js");
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
    timeout: listen ? 6 * TIMEOUT_MS : TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  if (listen) createInterface({ input: child.stdout }).on("line", listen);
  else child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
