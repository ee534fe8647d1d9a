import { type Html, html } from "../../keeper/reports/html.ts";
import { type Column, type Section, renderPage, table, tiles } from "../../keeper/reports/page.ts";
import { type Point, timeChart, twoColumns } from "./figures.ts";
import type { Sample } from "../../simulator/ledger/ledger.ts";
import { moment, money, period, seriesName, signedMoney } from "./lines.ts";
import type { DemoResult } from "../../simulator/ledger/result.ts";

/** The demo as a self-contained page. */
export function demoPage(result: DemoResult): string {
  const { path, trades, hedges, accounting } = result;
  const sections: Section[] = [
    { heading: "At a glance", body: glance(result) },
    {
      heading: "The story",
      note:
        "Every point is the vault after the keeper is done with a price. Unhedged is the same book without the desk: P&L less what the desk has earned. " +
        "Traders come for calls above all, so the desk holds ether for most of the story; what it is short of it borrows.",
      body: plots(result),
    },
    {
      heading: "Who was paid what",
      body: html`${traderTable(result)}
        <p></p>
        ${lpTable(result)}`,
    },
    {
      heading: "Every cent",
      note: "Amounts are in the tokens' smallest units. Balances are added up over every account that can hold any; issued is what their events say was minted or wrapped.",
      body: html`${checkTable(result)}
        <p></p>
        ${tokenTable(result)}`,
    },
    {
      heading: "Timeline of trades",
      note: "Deltas are the vault's net delta in ether; the keeper hedges after each trade.",
      body: tradeTable(result),
    },
    { heading: "Gas", body: gasTable(result) },
  ];
  return renderPage({
    title: "Keel: an options vault that hedges itself",
    lead:
      `ETH from ${period(path)} (${path.source}), ${trades.length} trades and ${hedges.length} hedges on a local chain, ` +
      `${accounting.checks.every(({ holds }) => holds) ? "everyone paid and every cent accounted for" : "and something does not add up"}.`,
    sections,
    footer:
      "After the last bar the price stands still until every option is settled, every holder is paid and every LP has left. Made by npm run demo.",
  });
}

function glance({ hourlyStd, pnl, hedging, accounting, path }: DemoResult): Html {
  return tiles([
    {
      label: "Hourly swings, hedged to unhedged",
      value: percent(hourlyStd.ratio),
      detail: `${money(hourlyStd.hedged)} against ${money(hourlyStd.unhedged)}`,
    },
    {
      label: "P&L, hedged",
      value: roundMoney(pnl.hedged),
      detail: `${roundMoney(pnl.final.hedged)} when all is settled`,
    },
    {
      label: "P&L, had it not hedged",
      value: roundMoney(pnl.unhedged),
      detail: `${roundMoney(pnl.final.unhedged)} in the end`,
    },
    {
      label: "Cost of hedging",
      value: roundMoney(hedging.cost).replace("+", ""),
      detail: `${hedging.count} swaps, ${hedging.costBps.toFixed(1)} bp`,
    },
    { label: "Largest move", value: percent(path.largestMove), detail: `low ${money(path.low)}` },
    { label: "Unaccounted for", value: String(accounting.residual), detail: "units of USDC and WETH" },
  ]);
}

function plots({ samples, trades, hourlyStd }: DemoResult): Html {
  const story = samples.filter(({ part }) => part === "story");
  const points = (value: (sample: Sample) => number | undefined): Point[] =>
    story.flatMap((sample) => {
      const y = value(sample);
      return y === undefined ? [] : [[sample.time, y] as const];
    });
  const marks = {
    name: "trades (up: vault sells options)",
    up: trades.filter(({ cash, time }) => cash >= 0 && isIn(story, time)).map((t): Point => [t.time, t.spot]),
    down: trades.filter(({ cash, time }) => cash < 0 && isIn(story, time)).map((t): Point => [t.time, t.spot]),
  };
  return twoColumns([
    {
      title: "Price of ether",
      chart: timeChart(
        [{ name: "ETH", color: "accent", points: points((s) => s.price) }],
        { format: wholeDollars },
        marks,
      ),
    },
    {
      title: "P&L of the vault",
      caption: `hourly std ${percent(hourlyStd.ratio)} of unhedged`,
      chart: timeChart(
        [
          { name: "hedged", color: "accent", points: points((s) => s.pnlHedged) },
          { name: "unhedged", color: "second", points: points((s) => s.pnlUnhedged) },
        ],
        { format: wholeDollars, fromZero: true },
      ),
    },
    {
      title: "Net delta, before and after the keeper",
      caption: "ether",
      chart: timeChart(
        [
          { name: "before", color: "second", points: points((s) => s.netDeltaBefore), area: true },
          { name: "after", color: "accent", points: points((s) => s.netDelta) },
        ],
        { format: plain, fromZero: true },
      ),
    },
    {
      title: "The hedge and what it hedges",
      caption: "ether",
      chart: timeChart(
        [
          { name: "ether held", color: "accent", points: points((s) => s.inventory), area: true },
          { name: "delta sold to traders", color: "second", points: points((s) => -s.bookDelta), dashed: true },
        ],
        { format: plain, fromZero: true },
      ),
    },
    {
      title: "NAV per share",
      caption: "USDC",
      chart: timeChart([{ name: "NAV per share", color: "third", points: points((s) => s.navPerShare) }], {
        format: (value) => value.toFixed(4),
      }),
    },
    {
      title: "Changes from bar to bar",
      caption: "dollars",
      chart: timeChart(
        [
          { name: "unhedged", color: "second", points: stepChanges(story, (s) => s.pnlUnhedged), area: true },
          { name: "hedged", color: "accent", points: stepChanges(story, (s) => s.pnlHedged) },
        ],
        { format: wholeDollars, fromZero: true },
      ),
    },
  ]);
}

function stepChanges(story: readonly Sample[], value: (sample: Sample) => number): Point[] {
  return story.slice(1).map((sample, i): Point => {
    const before = story[i];
    return [sample.time, before ? value(sample) - value(before) : 0];
  });
}

function traderTable({ payouts }: DemoResult): Html {
  return table(
    columns("trader", "premiums paid", "sold back", "pay-offs", "net"),
    payouts.traders.map((t) => [t.name, money(t.premiumPaid), money(t.soldBack), money(t.payoffs), signedMoney(t.net)]),
  );
}

function lpTable({ payouts }: DemoResult): Html {
  return table(
    columns("LP", "paid in", "paid out", "net", "return"),
    payouts.lps.map((lp) => [lp.name, money(lp.paidIn), money(lp.paidOut), signedMoney(lp.net), percent(lp.return, 2)]),
  );
}

function checkTable({ accounting }: DemoResult): Html {
  return table(
    [
      { heading: "check", align: "left" },
      { heading: "", align: "left" },
      { heading: "detail", align: "left" },
    ],
    accounting.checks.map(({ what, holds, detail }) => [what, holds ? "holds" : "FAILS", detail]),
  );
}

function tokenTable({ accounting }: DemoResult): Html {
  const names = Object.keys(accounting.tokens[0]?.holders ?? {});
  const rows = names.map((name) => [name, ...accounting.tokens.map(({ holders }) => grouped(holders[name] ?? "0"))]);
  return table(columns("account", ...accounting.tokens.map(({ symbol }) => symbol)), [
    ...rows,
    ["issued", ...accounting.tokens.map(({ issued }) => grouped(issued))],
    ["residual", ...accounting.tokens.map(({ residual }) => grouped(residual))],
  ]);
}

function tradeTable({ trades }: DemoResult): Html {
  return table(
    [
      ...columns("time (UTC)"),
      { heading: "trader", align: "left" },
      { heading: "what", align: "left" },
      ...columns("", "spot", "paid", "net delta before", "after").slice(1),
    ],
    trades.map((t) => [
      moment(t.time),
      t.trader,
      t.legs
        .map((leg) => `${leg.quantity > 0 ? "+" : "−"}${Math.abs(leg.quantity).toFixed(2)} ${seriesName(leg)}`)
        .join(", "),
      money(t.spot),
      signedMoney(t.cash),
      plain(t.netDeltaBefore, 2),
      plain(t.netDeltaAfter, 2),
    ]),
  );
}

function gasTable({ gas }: DemoResult): Html {
  const rows = Object.entries(gas).sort(([a], [b]) => a.localeCompare(b));
  return table(
    columns("operation", "count", "min", "mean", "max"),
    rows.map(([operation, { count, min, mean, max }]) => [
      operation,
      ...[count, min, mean, max].map((n) => n.toLocaleString("en-US")),
    ]),
  );
}

/** The first column holds names, the others figures. */
function columns(first: string, ...others: readonly string[]): Column[] {
  return [{ heading: first, align: "left" }, ...others.map((heading): Column => ({ heading, align: "right" }))];
}

function isIn(story: readonly Sample[], time: number): boolean {
  return time <= (story.at(-1)?.time ?? 0);
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`.replace("-", "−");
}

function roundMoney(amount: number): string {
  return signedMoney(Math.round(amount)).replace(/\.00$/, "");
}

function wholeDollars(value: number): string {
  return money(value).replace(/\.\d\d$/, "");
}

function plain(value: number, digits = 0): string {
  return value.toFixed(digits).replace("-", "−");
}

function grouped(units: string): string {
  return units.replace(/\B(?=(\d{3})+$)/g, ",");
}
