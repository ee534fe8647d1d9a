/**
 * What somebody takes from LPs who knows more than the market's sources: the outside price a block before pool and feed follow, or
 * implied vol ten minutes before it is posted.
 *
 *   npm run bench:informed -- [--prices FILE] [--days 3 | --day 2023-08-17] [--from …] [--to …] [--seed 1]
 *                             [--no-chain] [--no-compile]
 *                             [--impact 0.1,0.2 --tau 600 --rule sides] [--flat-bps 20] [--json]
 *
 * FILE is a CSV with the columns timestamp, low, high, close, an hour a row; without one the demo's own week is measured. Hourly
 * closes are bridged to blocks of 12 s. Every block the trader looks at every series from a day to a year, half to twice the price, and makes
 * the trade that gains most, as long as one gains more than its gas. A model in TypeScript, which agrees with the contracts to a
 * hundredth of a basis point, tries several ways and takes the best; the contracts are asked for that one on a local chain. The control is
 * the same without charges and without the pool's past. It fails when anybody takes more than 0.1 % of NAV in a day.
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { UserError } from "../../sdk/userError.ts";
import { parsePositive, runCommand } from "../command.ts";
import { parseTime, readPriceFile } from "../../simulator/path/priceFile.ts";
import { BUNDLED, type PricePath, generatePath } from "../../simulator/path/prices.ts";
import { IMPACT_RULES, type Impact } from "./informed/market.ts";
import {
  type DayReport,
  type InformedReport,
  measureDay,
  measureJumps,
  measureOrdinary,
  runsOf,
} from "./informed/measure.ts";
import { type DayOfCloses, bridge, dayNamed, daysOf, wildest } from "./informed/path.ts";
import { informedJson, informedText, passes } from "./informed/report.ts";
import { BAD_DAY, TERMS } from "./informed/vol.ts";

interface Flags {
  readonly prices?: string;
  readonly from?: number;
  readonly to?: number;
  readonly day?: string;
  readonly days: number;
  readonly seed: number;
  readonly nav: number;
  readonly vol: number;
  readonly gas: number;
  readonly term: (typeof TERMS)[number];
  readonly impact: readonly number[];
  readonly tau: readonly number[];
  readonly rule: readonly Impact["rule"][];
  readonly flatBps: number;
  readonly vegaPoints: number;
  readonly chain: boolean;
  readonly json: boolean;
}

const PERCENT = 100;

if (import.meta.url === `file://${process.argv[1]}`) {
  await runCommand(
    new Command("bench:informed")
      .description("Measures what somebody takes who sees prices a block, or vol ten minutes, before the market does")
      .option("--prices <file>", "CSV file with the columns timestamp (unix seconds), low, high, close")
      .option("--from <time>", "first moment of the prices that count", parseMoment)
      .option("--to <time>", "their end, not included", parseMoment)
      .option("--day <date>", "one day (UTC), such as 2023-08-17", parseDay)
      .option("--days <number>", "so many days, those that moved most", parseCount, 3)
      .option("--seed <number>", "of the noise between closes", parseSeed, 1)
      .option("--nav <dollars>", "in the pool", parsePositive, 3_000_000)
      .option("--vol <percent>", "implied vol at the money", parsePositive, 70)
      .option("--gas <dollars>", "what a trade's gas costs", parsePositive, 0.1)
      .addOption(
        new Option("--term <shape>", "how vol of other expiries moves with that of 30 days")
          .choices(TERMS)
          .default("root"),
      )
      .option("--impact <list>", "what if: κ of a charge on directional flow, e.g. 0.1,0.2", parseList, [])
      .option("--tau <list>", "what if: seconds in which flow is forgotten", parseList, [600])
      .option("--rule <list>", `what if: how flow is counted, of ${IMPACT_RULES.join(", ")}`, parseRules, ["sides"])
      .option("--flat-bps <number>", "what if: basis points of each trade's delta besides", parsePositive, 0)
      .option(
        "--vega-points <number>",
        "what if: vol points for a flow of vega as large as its capacity",
        parsePositive,
        0,
      )
      .option("--no-chain", "by the model alone: minutes instead of a quarter of an hour a day")
      .option("--no-compile", "take the contracts as they were compiled last")
      .option("--json", "print the figures as JSON", false)
      .action(bench),
  );
}

async function bench(flags: Flags): Promise<void> {
  const { path, days } = daysFor(flags);
  const impacts = impactsOf(flags);
  const options = { ...flags, vol: flags.vol / PERCENT, impacts, moves: { ...BAD_DAY, term: flags.term } };
  const started = Date.now();
  const all = days.length * runsOf(options);
  let begun = 0;
  const onStep = (step: string): void => {
    const left = begun > 0 ? `, about ${minutes(((Date.now() - started) / begun) * (all - begun))} left` : "";
    console.error(`${++begun} of ${all}: ${step}${left}`);
  };
  const reports: DayReport[] = [];
  for (const day of days) {
    const found = await measureDay(bridge(day, flags.seed), { ...options, onStep });
    reports.push(found);
    const { share } = found.chain ?? found.price;
    console.error(
      `${found.day}: ${(PERCENT * share).toFixed(3)} % of NAV by price, ${(PERCENT * found.vol.share).toFixed(3)} % by vol`,
    );
  }
  const [{ closes: [spot = 0] = [], start = 0 } = {}] = days;
  const report: InformedReport = {
    ...{ source: path.source, nav: flags.nav, seed: flags.seed, days: reports },
    jumps: measureJumps(spot, start, { ...options, onStep }),
    ...measureOrdinary(spot, { ...options, onStep }),
  };
  console.log(flags.json ? informedJson(report) : informedText(report));
  if (!passes(report)) process.exitCode = 1;
}

function daysFor({ prices, from, to, day, days: count }: Flags): { path: PricePath; days: DayOfCloses[] } {
  if (prices === undefined && (from !== undefined || to !== undefined)) {
    throw new UserError("--from and --to cut a window out of a price file. Name one with --prices <file>.");
  }
  const window = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const path = prices === undefined ? generatePath(BUNDLED.seed) : readPriceFile(prices, window);
  const days = daysOf(path.bars);
  if (days.length === 0) throw new UserError(`${path.source} holds no whole day (UTC) of prices in this window.`);
  return { path, days: day === undefined ? wildest(days, count) : [dayNamed(days, day)] };
}

/** Every κ with every τ and rule; or the other charges alone. */
function impactsOf({ impact, tau, rule, flatBps, vegaPoints }: Flags): Impact[] {
  const kappas = impact.length > 0 ? impact : flatBps > 0 || vegaPoints > 0 ? [0] : [];
  return kappas.flatMap((kappa) =>
    tau.flatMap((seconds) => rule.map((one) => ({ kappa, tau: seconds, rule: one, flatBps, vegaPoints }))),
  );
}

function minutes(milliseconds: number): string {
  return `${Math.max(1, Math.round(milliseconds / 60_000))} min`;
}

function parseMoment(text: string): number {
  const time = parseTime(text);
  if (time === undefined) throw new InvalidArgumentError("A date such as 2023-08-17 or unix seconds were expected.");
  return time;
}

function parseDay(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && parseTime(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be a date such as 2023-08-17.");
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 on.");
}

function parseSeed(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("A seed is a whole number of at most nine digits.");
}

function parseList(text: string): number[] {
  const values = text.split(",").map(Number);
  if (values.every((value) => value > 0 && Number.isFinite(value))) return values;
  throw new InvalidArgumentError("It must be positive numbers such as 0.1,0.2.");
}

function parseRules(text: string): Impact["rule"][] {
  const rules = text.split(",");
  const known = rules.flatMap((rule) => IMPACT_RULES.filter((one) => one === rule));
  if (known.length === rules.length) return known;
  throw new InvalidArgumentError(`It must be of ${IMPACT_RULES.join(", ")}.`);
}
