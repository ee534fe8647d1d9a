/**
 * What a tick of the keeper takes.
 *
 *   npm run bench:keeper [-- --json] [-- --ticks 10000]
 *
 * Greeks, stress grid and plan are timed on a book of 10,000 series, beside the bare Greeks of 10,000 options in the same run: the limit
 * is on the ratio of their processor times, which neither a slow nor a busy machine changes. Whole ticks, store and reports included, run on the remembered answers of a local chain with 128 series:
 * resident memory must not grow after the first three tenths of them.
 */
import { Command, InvalidArgumentError } from "commander";
import { runCommand } from "../command.ts";
import { timeDecision } from "./keeper/decide.ts";
import { measureTicks } from "./keeper/memory.ts";

const SERIES = 10_000;
const REPETITIONS = 200;
const LIMITS = { decisionRatio: 25, growth: 0.1 } as const;
const WARM_UP = 3;

await runCommand(
  new Command("bench:keeper")
    .description("Times a tick of the keeper, and watches its memory over many; exit code 1 if it is too slow or grows")
    .option("--ticks <number>", "whole ticks", parseTicks, 10_000)
    .option("--json", "print the report as JSON", false)
    .action(bench),
);

async function bench(flags: { readonly ticks: number; readonly json: boolean }): Promise<void> {
  const decision = timeDecision(SERIES, REPETITIONS);
  const ticks = await measureTicks(flags.ticks, (done, residentMb) => {
    if (!flags.json) console.error(`${done} ticks, ${residentMb} MB`);
  });
  const settled = ticks.residentMb.slice(WARM_UP);
  const growth = (settled.at(-1) ?? 0) / (settled[0] ?? 1) - 1;
  const passes = decision.ratio <= LIMITS.decisionRatio && growth <= LIMITS.growth;
  const report = { decision: { series: SERIES, ...decision }, ticks, growth, limits: LIMITS, passes };

  if (flags.json) console.log(JSON.stringify(report, null, 2));
  else {
    const { median, fastest, processor, batch, ratio } = decision;
    console.log(`Greeks, stress and plan of ${SERIES} series: ${processor.toFixed(1)} ms of processor time`);
    console.log(
      `  ${ratio.toFixed(1)} times their bare Greeks in a batch (${batch.toFixed(2)} ms), at most ${LIMITS.decisionRatio}`,
    );
    console.log(`  by the clock: median ${median.toFixed(1)} ms, fastest ${fastest.toFixed(1)} ms`);
    console.log(
      `All that a decision about ${ticks.series} series is made from: ${ticks.stateCalls} calls, which an endpoint gets in two requests`,
    );
    console.log(`A tick without the node: ${ticks.tickMs.toFixed(1)} ms`);
    console.log(`Resident memory: ${ticks.residentMb.join(", ")} MB, growth ${(100 * growth).toFixed(1)} %`);
  }
  if (!passes) process.exitCode = 1;
}

function parseTicks(text: string): number {
  const ticks = Number(text);
  if (/^\d+$/.test(text) && ticks >= 10 && ticks <= 1_000_000) return ticks;
  throw new InvalidArgumentError("It must be a whole number from 10 to 1000000.");
}
