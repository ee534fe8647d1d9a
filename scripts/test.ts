import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pc from "picocolors";

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
/** Deep, a campaign takes hours: it runs in parts of 1,000 × 500 calls, and first. Three campaigns: 10.5 million calls. */
const CAMPAIGNS =
  process.env.KEEL_DEEP === "1"
    ? (readFileSync("test/solidity/campaign/Campaign.t.sol", "utf8").match(/\binvariant_\w+/g) ?? [])
    : [];
const PARTS = Array.from({ length: 7 }, (_, part) => part);
const REST = CAMPAIGNS.length > 0 ? ["--grep-exclude", "invariant_"] : [];

/** The longest first. */
const SHARDS: readonly Shard[] = [
  ...CAMPAIGNS.flatMap((name) =>
    PARTS.map((part) => ({
      name: `campaign ${name}, part ${part + 1} of ${PARTS.length}`,
      args: [...SOLIDITY, "--grep", name],
      env: { KEEL_CAMPAIGN_PART: String(part) },
    })),
  ),
  { name: "keeper", args: ["test", "mocha", "--no-compile", ...KEEPER.map(inTest)] },
  { name: "contracts, scripts and demo", args: ["test", "mocha", "--no-compile", ...OTHERS.map(inTest)] },
  { name: REST.length > 0 ? "fuzz tests" : "fuzz tests and campaigns", args: [...SOLIDITY, ...REST] },
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
const waiting = [...SHARDS];
const passed: boolean[] = [];
async function work(): Promise<void> {
  for (let shard = waiting.shift(); shard; shard = waiting.shift()) passed.push(await run(shard));
}
await Promise.all(Array.from({ length: Math.min(availableParallelism(), SHARDS.length) }, work));
process.exit(passed.every(Boolean) ? 0 : 1);
