import pc from "picocolors";
import { textTable } from "../../keeper/reports/textTable.ts";
import { money, period, signedMoney } from "./lines.ts";
import type { DemoResult } from "../../simulator/ledger/result.ts";

const LABEL_WIDTH = 34;

/** The end of the demo on a terminal. */
export function summaryOf(result: DemoResult): string {
  return [
    section("The market", path(result)),
    section("The vault", vault(result)),
    section("Who was paid what", `${traders(result)}\n\n${lps(result)}`),
    section("Gas", gas(result)),
    section("Accounts", checks(result)),
    pc.dim(`Played in ${result.seconds.toFixed(0)} s.`),
  ].join("\n\n");
}

function section(title: string, body: string): string {
  const indented = body
    .split("\n")
    .map((line) => (line ? `  ${line}` : ""))
    .join("\n");
  return `${pc.bold(title)}\n${indented}`;
}

function path({ path: p }: DemoResult): string {
  const move = `${(100 * p.largestMove).toFixed(1)} %`.replace("-", "−");
  return [
    row("Prices", `${p.source}, ${p.bars} bars, ${period(p)}`),
    row("ETH", `${money(p.first)} → ${money(p.last)}, low ${money(p.low)}, high ${money(p.high)}`),
    row("Largest move between two bars", move),
  ].join("\n");
}

function vault({ pnl, hourlyStd, income, hedging }: DemoResult): string {
  return [
    row("", "hedged".padStart(16) + "unhedged".padStart(18)),
    row("P&L at the end of the path", pair(signedMoney(pnl.hedged), signedMoney(pnl.unhedged))),
    row("P&L when all is settled", pair(signedMoney(pnl.final.hedged), signedMoney(pnl.final.unhedged))),
    row("Std of hourly changes", pair(money(hourlyStd.hedged), money(hourlyStd.unhedged))),
    row("Ratio of the two", pc.bold(`${(100 * hourlyStd.ratio).toFixed(1)} %`.padStart(16))),
    "",
    row("Premiums, net of sales back", money(income.premiums).padStart(16)),
    row("  of which fees", money(income.fees).padStart(16)),
    row("  of which spread and charges", money(income.charges).padStart(16)),
    row("Pay-offs", money(income.payoffs).padStart(16)),
    row(
      "Cost of hedging",
      `${money(hedging.cost).padStart(16)}  ${hedging.count} swaps, ${hedging.costBps.toFixed(1)} bp of ${money(hedging.turnover)}`,
    ),
  ].join("\n");
}

function traders({ payouts }: DemoResult): string {
  const columns = [
    { heading: "trader", align: "left" },
    ...["paid", "sold back", "pay-offs", "net"].map(heading),
  ] as const;
  return textTable(
    columns,
    payouts.traders.map((t) => [t.name, money(t.premiumPaid), money(t.soldBack), money(t.payoffs), signedMoney(t.net)]),
  );
}

function lps({ payouts }: DemoResult): string {
  const columns = [{ heading: "LP", align: "left" }, ...["paid in", "paid out", "net", "return"].map(heading)] as const;
  return textTable(
    columns,
    payouts.lps.map((lp) => [
      lp.name.padEnd(6),
      money(lp.paidIn),
      money(lp.paidOut),
      signedMoney(lp.net),
      `${(100 * lp.return).toFixed(2)} %`.replace("-", "−"),
    ]),
  );
}

function gas({ gas: operations }: DemoResult): string {
  const columns = [{ heading: "operation", align: "left" }, ...["count", "min", "mean", "max"].map(heading)] as const;
  const rows = Object.entries(operations).sort(([a], [b]) => a.localeCompare(b));
  return textTable(
    columns,
    rows.map(([operation, { count, min, mean, max }]) => [
      operation,
      ...[count, min, mean, max].map((value) => value.toLocaleString("en-US")),
    ]),
  );
}

function checks({ accounting }: DemoResult): string {
  return accounting.checks
    .map(({ what, holds, detail }) => `${holds ? pc.green("✔") : pc.red("✘")} ${what} ${pc.dim(`(${detail})`)}`)
    .join("\n");
}

function row(label: string, value: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${value}`;
}

function pair(hedged: string, unhedged: string): string {
  return hedged.padStart(16) + unhedged.padStart(18);
}

function heading(text: string) {
  return { heading: text, align: "right" } as const;
}
