/**
 * Risk against cost of hedging a short book over real hourly prices, by the keeper's own planner.
 *
 *   npm run bench:hedging -- --prices FILE [--from 2021-04-01] [--to 2021-07-01] [--plot docs/images/hedging.svg] [--json]
 *
 * FILE is a CSV with the columns timestamp, low, high, close. The book: short one call at 0.9, 1, 1.1 and 1.25 times spot for
 * each of 7, 14 and 30 days, rolled at expiry, at a vol of 110 %. Fills are at the hour's close for a fee of 6 bp; the pools'
 * depth, gas and delays come on top. Risk is the standard deviation of the hourly P&L over that of the same book unhedged,
 * cost what hedges pay over what hedging to zero every hour pays.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DEFAULT_POLICY } from "../../keeper/hedging/policy.ts";
import { textTable } from "../../keeper/reports/textTable.ts";
import { readPriceFile } from "../demo/priceFile.ts";
import { runHedging } from "./hedging/model.ts";
import { type CurvePoint, curveSvg } from "./hedging/plot.ts";

const BOOK = { vol: 1.1, contracts: 1 } as const;
const RISK_AVERSIONS = [3e-5, 1e-4, 3e-4, 1e-3, DEFAULT_POLICY.riskAversion, 1e-2, 3e-2];
/** The limits that the default policy is held to. */
const MOST = { risk: 0.09, cost: 0.4 } as const;
/** Small orders are allowed, since the book is one contract of each. */
const FINE = { bandFloor: 0.001, minClip: 0.001 } as const;
const EVERY_HOUR = { target: "neutral", riskAversion: 1e12, bandFloor: 1e-6, minClip: 1e-6, taperSeconds: 0 } as const;

const { values: flags } = parseArgs({
  options: {
    prices: { type: "string" },
    from: { type: "string", default: "2021-04-01" },
    to: { type: "string", default: "2021-07-01" },
    plot: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
if (flags.prices === undefined) {
  console.error("Name a file of hourly prices with --prices.");
  process.exit(2);
}
const window = { from: Date.parse(flags.from) / 1000, to: Date.parse(flags.to) / 1000 };
const { bars } = readPriceFile(flags.prices, window);
const path = { times: bars.map(({ time }) => time), closes: bars.map(({ close }) => close) };

const everyHour = runHedging(path, EVERY_HOUR, BOOK);
const curve = RISK_AVERSIONS.map((riskAversion): CurvePoint => {
  const { risk, cost, hedges } = runHedging(path, { ...FINE, riskAversion }, BOOK);
  return { riskAversion, risk, cost: cost / everyHour.cost, hedges };
});
const chosen = curve.find(({ riskAversion }) => riskAversion === DEFAULT_POLICY.riskAversion);
const passes = chosen !== undefined && chosen.risk <= MOST.risk && chosen.cost <= MOST.cost;

if (flags.plot !== undefined) writeFileSync(flags.plot, curveSvg(curve, everyHour.risk, DEFAULT_POLICY.riskAversion));
if (flags.json) {
  const period = { from: flags.from, to: flags.to, hours: bars.length };
  console.log(JSON.stringify({ period, everyHour, curve, chosen, limits: MOST, passes }, null, 2));
} else {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  console.log(`${bars.length} hours from ${flags.from} to ${flags.to}\n`);
  console.log(
    textTable(
      ["λ", "risk", "cost", "hedges"].map((heading) => ({ heading, align: "right" as const })),
      [
        ...curve.map((one) => [`${one.riskAversion}`, percent(one.risk), percent(one.cost), `${one.hedges}`]),
        ["every hour", percent(everyHour.risk), percent(1), `${everyHour.hedges}`],
      ],
    ),
  );
  console.log(
    `\nλ = ${DEFAULT_POLICY.riskAversion} is ${passes ? "within" : "beyond"} 9 % of the risk at 40 % of the cost.`,
  );
}
if (!passes) process.exitCode = 1;
