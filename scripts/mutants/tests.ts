import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
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
  const results = join(root, RESULTS);
  rmSync(results, { force: true });
  const kind = isSolidity ? "solidity" : "mocha";
  const { output } = await hardhat(root, ["test", kind, "--no-compile", "--grep", grep, file]);
  if (isSolidity) return solidityOutcome(output);
  if (!existsSync(results)) return { passed: [], failed: [], output };
  return { ...(JSON.parse(readFileSync(results, "utf8")) as Titles), output };
}

function solidityOutcome(output: string): Outcome {
  const lines = [...output.matchAll(SOLIDITY_LINE)].map(([, mark, title]) => ({
    passes: mark === "✔",
    title: title ?? "",
  }));
  const titles = (passes: boolean) => lines.filter((line) => line.passes === passes).map(({ title }) => title);
  return { passed: titles(true), failed: titles(false), output };
}

async function hardhat(root: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const cli = join(root, "node_modules/hardhat/dist/src/cli.js");
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
