/**
 * Risk against cost of hedging a short book over real hourly prices.
 *
 *   npm run bench:hedging -- --prices FILE [--from 2021-04-01] [--to 2021-07-01] [--hours N]
 *                            [--chain] [--risk-aversions 0.001,0.01] [--gas-price 0.1] [--plot FILE] [--json]
 *
 * FILE is a CSV with the columns timestamp, low, high, close. The book: short one call at 0.9, 1, 1.1 and 1.25 times spot for
 * each of 7, 14 and 30 days to 08:00 UTC, rolled at expiry, at a vol of 110 %. The keeper's planner hedges it first by model:
 * fills at the hour's close for 6 bp. With --chain the keeper itself does, with its default configuration, through the
 * contracts and Uniswap v3 on a local chain. Risk is the standard deviation of the hourly P&L over that of the same book
 * unhedged; cost is what hedges lose against the oracle (fee, impact) and their gas, over the same of hedging to zero every
 * hour. It fails when the keeper's default λ is beyond 9 % of the risk or 40 % of the cost.
 */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { UserError } from "../../sdk/userError.ts";
import { DEFAULT_POLICY } from "../../keeper/hedging/policy.ts";
import { parsePositive, runCommand } from "../command.ts";
import { parseTime, readPriceFile } from "../../simulator/path/priceFile.ts";
import type { Path } from "../../simulator/people/book.ts";
import { BOOK, MOST, curveOf } from "./hedging/curve.ts";
import { runHedging } from "./hedging/model.ts";
import { curveSvg } from "./hedging/plot.ts";
import { type HedgingReport, hedgingJson, hedgingText, passes } from "./hedging/report.ts";

interface Flags {
  readonly prices?: string;
  readonly from: string;
  readonly to: string;
  readonly hours?: number;
  readonly chain: boolean;
  readonly riskAversions: readonly number[];
  readonly gasPrice: number;
  readonly plot?: string;
  readonly json: boolean;
}

const MODEL_RISK_AVERSIONS = [3e-5, 1e-4, 3e-4, 1e-3, DEFAULT_POLICY.riskAversion, 1e-2, 3e-2];
const PROGRESS_HOURS = 100;

await runCommand(
  new Command("bench:hedging")
    .description("Measures risk against cost of hedging a short book over hourly prices, by model and on a local chain")
    .option("--prices <file>", "CSV file with the columns timestamp (unix seconds), low, high, close")
    .option("--from <time>", "first moment of the window", "2021-04-01")
    .option("--to <time>", "end of the window, not included", "2021-07-01")
    .option("--hours <number>", "only the first so many prices", parseCount)
    .option("--chain", "hedge on a local chain, too: some ten minutes for each λ, and for every hour", false)
    .option("--risk-aversions <list>", "further values of λ to hedge with on the chain, e.g. 0.001,0.01", parseList, [])
    .option("--gas-price <gwei>", "what gas is taken to cost on the chain", parsePositive, 0.1)
    .option("--plot <file>", "write the curve as an SVG")
    .option("--json", "print the figures as JSON", false)
    .action(bench),
);

async function bench(flags: Flags): Promise<void> {
  const path = readPath(flags);
  const model = await curveOf(MODEL_RISK_AVERSIONS, (policy) => runHedging(path, policy, BOOK));
  const period = { from: flags.from, to: flags.to, prices: path.times.length };
  const report: HedgingReport = { period, model, ...(flags.chain && { chain: await chainCurve(path, flags) }) };
  if (flags.plot !== undefined) {
    const { chain } = report;
    writeFileSync(flags.plot, curveSvg(model, { chosen: DEFAULT_POLICY.riskAversion, limits: MOST, chain }));
  }
  console.log(flags.json ? hedgingJson(report) : hedgingText(report));
  if (!passes(report)) process.exitCode = 1;
}

/** The chain's machinery is loaded only when it is asked for. */
async function chainCurve(path: Path, { riskAversions, gasPrice: gasGwei }: Flags) {
  const { hedgeBook } = await import("../../simulator/scenarios/hedgedBook.ts");
  const { DEVNET_FILES, compileFiles } = await import("../compile/files.ts");
  await compileFiles(DEVNET_FILES);
  const curve = await curveOf([...new Set([DEFAULT_POLICY.riskAversion, ...riskAversions])], (policy, name) =>
    hedgeBook(path, policy, {
      ...{ book: BOOK, gasGwei },
      onProgress: (hours) => {
        if (hours % PROGRESS_HOURS === 0) console.error(`${name}: ${hours} of ${path.times.length} hours`);
      },
    }),
  );
  return { ...curve, gasGwei };
}

function readPath({ prices, hours, ...window }: Flags): Path {
  if (prices === undefined) {
    throw new UserError(
      "There are no prices. Name a CSV file of hourly prices, with the columns timestamp, low, high and close, by --prices.",
    );
  }
  const { bars } = readPriceFile(prices, { from: moment("from", window.from), to: moment("to", window.to) });
  const used = bars.slice(0, hours);
  return { times: used.map(({ time }) => time), closes: used.map(({ close }) => close) };
}

function moment(flag: "from" | "to", text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new UserError(`--${flag} is "${text}"; a date such as 2021-04-01 or unix seconds were expected.`);
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 3) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 3 on: a deviation takes two hours.");
}

function parseList(text: string): number[] {
  const values = text.split(",").map(Number);
  if (values.every((value) => value > 0 && Number.isFinite(value))) return values;
  throw new InvalidArgumentError("It must be positive numbers such as 0.001,0.003.");
}
