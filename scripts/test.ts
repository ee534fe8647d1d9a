import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { RESULTS, readThieves } from "./thieves.ts";

/** A part of the tests that runs in a process of its own. */
interface Shard {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const HARDHAT = fileURLToPath(new URL("../node_modules/hardhat/dist/src/cli.js", import.meta.url));
const FILES = (readdirSync("test", { recursive: true }) as string[]).filter((file) => file.endsWith(".test.ts"));
const KEEPER = FILES.filter((file) => file.startsWith("keeper"));
const OTHERS = FILES.filter((file) => !KEEPER.includes(file));

const SOLIDITY = ["test", "solidity", "--no-compile"];
const DEEP = process.env.KEEL_DEEP === "1";
const FOLDER = "test/solidity/campaign";
const THIEVES = join(FOLDER, "Thieves.t.sol");
/** Deep, a campaign takes hours: it runs in parts of 1,000 × 500 calls, and first. */
function campaigns(file: string, parts: number): Shard[] {
  const names = readFileSync(file, "utf8").match(/\binvariant_\w+/g) ?? [];
  return names.flatMap((name) =>
    Array.from({ length: parts }, (_, part) => ({
      name: `campaign ${name}, part ${part + 1} of ${parts}`,
      args: [...SOLIDITY, file, "--grep", name],
      env: { KEEL_CAMPAIGN_PART: String(part) },
    })),
  );
}

/** Three campaigns: 10.5 million calls. Five of thieves: 10 million. */
const PARTS = DEEP ? [...campaigns(join(FOLDER, "Campaign.t.sol"), 7), ...campaigns(THIEVES, 4)] : [];

/** The longest first. */
const SHARDS: readonly Shard[] = [
  ...PARTS,
  { name: "keeper", args: ["test", "mocha", "--no-compile", ...KEEPER.map(inTest)] },
  { name: "contracts, scripts and demo", args: ["test", "mocha", "--no-compile", ...OTHERS.map(inTest)] },
  {
    name: DEEP ? "fuzz tests" : "fuzz tests and campaigns",
    args: [...SOLIDITY, "--grep-exclude", DEEP ? "invariant_" : "[tT]hief"],
  },
  // A few runs: what thieves do costs more than what honest people do.
  ...(DEEP ? [] : [{ name: "thieves", args: [...SOLIDITY, THIEVES], env: { KEEL_CAMPAIGN_RUNS: "5" } }]),
];

function inTest(file: string): string {
  return join("test", file);
}

/** Runs Hardhat. @returns Its exit code, and what it has said. */
function hardhat(
  args: readonly string[],
  env: Shard["env"] = {},
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [HARDHAT, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") }));
  });
}

async function run({ name, args, env }: Shard): Promise<boolean> {
  const start = Date.now();
  console.log(pc.dim(`${name}: running …`));
  const { code, output } = await hardhat(args, env);
  const minutes = ((Date.now() - start) / 60_000).toFixed(1);
  console.log(`${output}\n${code === 0 ? pc.green("passed") : pc.red("failed")} after ${minutes} min: ${name}\n`);
  return code === 0;
}

// Compiled once, before the shards, which share what it leaves.
const build = spawn(process.execPath, [HARDHAT, "build"], { stdio: ["ignore", "inherit", "inherit"] });
const [built] = (await once(build, "close")) as [number | null];
if (built !== 0) process.exit(1);
rmSync(RESULTS, { force: true });
const waiting = [...SHARDS];
const passed: boolean[] = [];
async function work(): Promise<void> {
  for (let shard = waiting.shift(); shard; shard = waiting.shift()) passed.push(await run(shard));
}
await Promise.all(Array.from({ length: Math.min(availableParallelism(), SHARDS.length) }, work));
console.log(readThieves() ?? "");
process.exit(passed.every(Boolean) ? 0 : 1);
