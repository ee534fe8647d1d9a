import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import pc from "picocolors";
import { UserError } from "../../sdk/userError.ts";
import { runCommand } from "../command.ts";
import { DEVNET_FILES, compileFiles } from "../compile/files.ts";
import { startDevnet } from "../../simulator/chain/node.ts";
import { FIGURES, FLAT, type Figure, type FigureId, type Gas, growth } from "./gas/figures.ts";
import { measureAll } from "./gas/measure.ts";
import { gasPage } from "./gas/page.ts";

interface Flags {
  readonly json: boolean;
  readonly check: boolean;
}

const PAGE = new URL("../../docs/gas.md", import.meta.url);
const BASELINE = new URL("../../test/fixtures/gas.json", import.meta.url);
/** How much a figure may grow over the baseline. */
const TOLERANCE = 0.02;

await runCommand(
  new Command("bench:gas")
    .description(
      "Measures what every operation costs on a local chain with the real protocols, and writes docs/gas.md and the baseline " +
        "test/fixtures/gas.json.",
    )
    .option("--json", "print the figures as JSON on stdout, and progress on stderr", false)
    .option("--check", "write nothing; fail when a figure has grown by more than 2 % over the baseline", false)
    .action(run),
);

async function run({ json, check }: Flags): Promise<void> {
  const say = (text: string) => (json ? console.error(text) : console.log(text));
  await compileFiles(DEVNET_FILES);
  const devnet = await startDevnet({ port: 0 });
  let gas: Gas;
  try {
    gas = await measureAll(devnet, (step) => say(pc.dim(`Measuring ${step} …`)));
  } finally {
    await devnet.close();
  }
  const baseline = readBaseline();
  if (json) console.log(JSON.stringify(summary(gas), null, 2));
  else print(gas, baseline);
  if (check) {
    requireNoGrowth(gas, baseline);
    return;
  }
  writeFileSync(BASELINE, `${JSON.stringify(gas, null, 2)}\n`);
  writeFileSync(PAGE, await gasPage(gas));
}

function readBaseline(): Partial<Gas> {
  try {
    return JSON.parse(readFileSync(BASELINE, "utf8")) as Partial<Gas>;
  } catch {
    return {};
  }
}

function summary(gas: Gas) {
  return {
    figures: (FIGURES as readonly Figure[]).map(({ id, operation, target }) => {
      const used = gas[id as FigureId];
      const met = target === undefined || used === undefined ? null : used <= target;
      return { id, operation, gas: used ?? null, target: target ?? null, met };
    }),
    flat: FLAT.map(({ ids, share }) => {
      const by = growth(gas, ids);
      return { ids, growth: by ?? null, target: share, met: by === undefined ? null : by <= share };
    }),
  };
}

function print(gas: Gas, baseline: Partial<Gas>): void {
  const { figures, flat } = summary(gas);
  for (const { id, operation, gas: used, target, met } of figures) {
    const before = baseline[id as FigureId];
    const change = used === null || before === undefined ? "" : `${(100 * (used / before - 1)).toFixed(1)} %`;
    const verdict = met === null ? "" : met ? pc.green("met") : pc.red("missed");
    const value = used === null ? "not there yet" : used.toLocaleString("en-US");
    const bound = target === null ? "" : `≤ ${target.toLocaleString("en-US")}`;
    console.log(
      `${operation.padEnd(62)} ${value.padStart(14)} ${bound.padStart(13)}  ${verdict.padEnd(8)} ${pc.dim(change.padStart(8))}`,
    );
  }
  for (const { ids, growth: by, target, met } of flat) {
    const verdict = met === null ? "" : met ? pc.green("met") : pc.red("missed");
    const value = by === null ? "not there yet" : `${(100 * by).toFixed(2)} %`;
    console.log(
      `${ids.join(" / ").padEnd(62)} ${value.padStart(14)} ${`≤ ${100 * target} %`.padStart(13)}  ${verdict}`,
    );
  }
}

function requireNoGrowth(gas: Gas, baseline: Partial<Gas>): void {
  const grown = FIGURES.flatMap(({ id, operation }) => {
    const [used, before] = [gas[id], baseline[id]];
    if (before === undefined) return [];
    if (used === undefined) return [`${operation}: not measured any more`];
    if (used <= before * (1 + TOLERANCE)) return [];
    return [`${operation}: ${before} → ${used} (+${(100 * (used / before - 1)).toFixed(1)} %)`];
  });
  if (grown.length === 0) return;
  throw new UserError(
    `Gas has grown by more than ${100 * TOLERANCE} % over test/fixtures/gas.json:\n  ${grown.join("\n  ")}\n` +
      `If that is meant, run "npm run bench:gas" and commit what it writes.`,
  );
}
