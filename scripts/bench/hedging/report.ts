import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import { type TextColumn, textTable } from "../../../keeper/reports/textTable.ts";
import type { ChainRun } from "../../../simulator/scenarios/hedgedBook.ts";
import { type Curve, MOST, defaultPoint, isWithinLimits } from "./curve.ts";

/** What one call of the benchmark found. */
export interface HedgingReport {
  readonly period: { readonly from: string; readonly to: string; readonly prices: number };
  readonly model: Curve;
  readonly chain?: Curve<ChainRun> & { readonly gasGwei: number };
}

/** Whether the keeper's default λ keeps the limits, on the chain if that was asked for. */
export function passes({ model, chain }: HedgingReport): boolean {
  return isWithinLimits(defaultPoint(chain ?? model));
}

/** The report for a terminal. */
export function hedgingText(report: HedgingReport): string {
  const { period, model, chain } = report;
  const verdict = passes(report) ? "within" : "beyond";
  return [
    `${period.prices} prices from ${period.from} to ${period.to}`,
    "",
    "Model: every fill at the hour's close, for 6 bp",
    modelTable(model),
    ...(chain ? ["", `Local chain, gas at ${chain.gasGwei} gwei`, chainTable(chain), ...unfilledLines(chain)] : []),
    "",
    `λ = ${DEFAULT_POLICY.riskAversion} is ${verdict} ${percent(MOST.risk, 0)} of the risk at ${percent(MOST.cost, 0)} of the cost` +
      `${chain ? " on the chain" : ""}.`,
  ].join("\n");
}

/** The report for machines: without the chain's single hours. */
export function hedgingJson(report: HedgingReport): string {
  const brief = (key: string, value: unknown): unknown => (key === "hours" ? undefined : value);
  return JSON.stringify({ ...report, limits: MOST, passes: passes(report) }, brief, 2);
}

function modelTable({ everyHour, points }: Curve): string {
  return textTable(columns("λ", "risk", "cost", "hedges"), [
    ...points.map((one) => [`${one.riskAversion}`, percent(one.risk), percent(one.cost), `${one.hedges}`]),
    ["every hour", percent(everyHour.risk), percent(1), `${everyHour.hedges}`],
  ]);
}

function chainTable({ everyHour, points }: Curve<ChainRun>): string {
  const row = (name: string, share: number, { risk, hedges, turnover, slippage, gas, gasUsed }: ChainRun) => [
    ...[name, percent(risk), percent(share), percent(slippage / everyHour.slippage), `${hedges}`],
    ...[dollars(turnover), dollars(slippage), dollars(gas), Math.round(gasUsed / hedges).toLocaleString("en")],
  ];
  return textTable(columns("λ", "risk", "cost", "without gas", "hedges", "traded", "slippage", "gas", "gas a hedge"), [
    ...points.map(({ riskAversion, cost, run }) => row(`${riskAversion}`, cost, run)),
    row("every hour", 1, everyHour),
  ]);
}

/** Hedges that did not happen would make a run look cheaper than it is. */
function unfilledLines({ everyHour, points }: Curve<ChainRun>): string[] {
  const runs = [everyHour, ...points.map(({ run }) => run)];
  const unfilled = runs.flatMap((run) => run.unfilled);
  return unfilled.length === 0 ? [] : [`${unfilled.length} hedges did not fill at first, e.g.: ${unfilled[0]}`];
}

function columns(...headings: string[]): TextColumn[] {
  return headings.map((heading) => ({ heading, align: "right" }));
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

function dollars(amount: number): string {
  return `$${Math.round(amount).toLocaleString("en")}`;
}
