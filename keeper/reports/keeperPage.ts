import { hedgeCost } from "../../sdk/portfolio/attribution.ts";
import type { Timeline, TimelineHedge } from "../../sdk/portfolio/timeline.ts";
import { type Html, html } from "./html.ts";
import { deltaChart, navChart, profitChart, spotChart } from "./keeperFigures.ts";
import { type Column, type Section, figures, legend, renderPage, table, tiles } from "./page.ts";
import { COLORS } from "./style.ts";

/** What a keeper's page shows. */
export interface KeeperView {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly hours: number;
  readonly markets: readonly Timeline[];
  /** What a running keeper knows about itself; none for a look back. */
  readonly checks?: readonly { readonly name: string; readonly passes: boolean; readonly detail: string }[];
  readonly refreshSeconds?: number;
}

const SHOWN_HEDGES = 20;
const TIMES = [
  ["hour", 1],
  ["day", 24],
  ["week", 168],
  ["month", 720],
] as const;
const HEDGE_COLUMNS: readonly Column[] = [
  { heading: "time (UTC)", align: "left" },
  { heading: "side", align: "left" },
  { heading: "amount" },
  { heading: "price" },
  { heading: "cost" },
  { heading: "gas" },
  { heading: "transaction", align: "left" },
];

const NOTHING: Section = {
  heading: "Markets",
  body: html`<p class="note">A dry run records nothing: "keel activate" makes this keeper act, and remember.</p>`,
};

/** Every market's net delta, hedges, NAV and profits at a glance: a self-contained page. */
export function keeperPage({ at, hours, markets, checks, refreshSeconds }: KeeperView): string {
  return renderPage({
    title: "Keel keeper",
    lead: `The last ${span(hours)} until ${minute(at)} UTC.`,
    sections: [
      ...(checks ? [stateSection(checks)] : []),
      ...(markets.length > 0 ? markets.flatMap(marketSections) : [NOTHING]),
    ],
    footer:
      "Times are the machine's. Where moments are many, each stretch of time shows the one with the largest net delta.",
    ...(refreshSeconds !== undefined && { refreshSeconds }),
  });
}

function stateSection(checks: NonNullable<KeeperView["checks"]>): Section {
  const failed = checks.filter(({ passes }) => !passes);
  if (failed.length === 0) {
    return {
      heading: "Ready",
      note: `All checks pass: ${checks.map(({ name }) => name).join(", ")}.`,
      body: otherTimes(),
    };
  }
  const columns = ["check", "what is wrong"].map((heading): Column => ({ heading, align: "left" }));
  const rows = failed.map(({ name, detail }) => [name, detail]);
  const heading = `Not ready: ${String(failed.length)} of ${String(checks.length)} checks fail`;
  return { heading, body: html`${table(columns, rows)} ${otherTimes()}` };
}

function otherTimes(): Html {
  const links = TIMES.map(([name, hours]) => html`<a href="/?hours=${hours}">${name}</a> `);
  return html`<p class="note">Show the last: ${links}</p>`;
}

function marketSections(timeline: Timeline): Section[] {
  const { market, moments, hedges } = timeline;
  if (moments.length === 0) {
    return [{ heading: market, body: html`<p class="note">Nothing was recorded in this time.</p>` }];
  }
  const sections: Section[] = [
    { heading: market, body: html`${summary(timeline)} ${deltaLegend()} ${charts(timeline)}` },
  ];
  if (hedges.length > 0) sections.push({ heading: `Hedges of ${market}`, body: hedgeTable(hedges) });
  return sections;
}

function summary({ moments, hedges, profits }: Timeline): Html {
  const [first, last] = [moments[0], moments.at(-1)];
  if (!first || !last) return html``;
  const furthest = moments.reduce((most, moment) =>
    Math.abs(moment.netDelta) > Math.abs(most.netDelta) ? moment : most,
  );
  const capital = profits.get("capital") ?? 0;
  const sum = (valueOf: (hedge: TimelineHedge) => number) => hedges.reduce((total, hedge) => total + valueOf(hedge), 0);
  return tiles([
    { label: "Net delta", value: signed(last.netDelta, 2), detail: `no-trade band ±${last.band.toFixed(2)}` },
    {
      label: "Net asset value",
      value: dollars(last.nav, 0),
      detail: `${signed(last.nav - first.nav - capital, 2)} without deposits and withdrawals`,
    },
    { label: "Price", value: dollars(last.spot), detail: `${signed(100 * (last.spot / first.spot - 1), 2)} %` },
    {
      label: "Hedges",
      value: String(hedges.length),
      detail: `${sum(({ amount }) => Math.abs(amount)).toFixed(2)} traded`,
    },
    {
      label: "Cost of hedging",
      value: dollars(sum(hedgeCost)),
      detail: `fees and slippage; gas ${dollars(sum(({ gas }) => gas))}`,
    },
    {
      label: "Furthest from neutral",
      value: signed(furthest.netDelta, 2),
      detail: `at ${minute(furthest.at)}, band ±${furthest.band.toFixed(2)}`,
    },
  ]);
}

function deltaLegend(): Html {
  return legend([
    { label: "net delta", color: COLORS.accent, shape: "line" },
    { label: "no-trade band, price", color: COLORS.quiet, shape: "line" },
    { label: "bought", color: COLORS.accent, shape: "dot" },
    { label: "sold", color: COLORS.second, shape: "dot" },
    { label: "net asset value", color: COLORS.third, shape: "line" },
  ]);
}

function charts(timeline: Timeline): Html {
  return figures(
    [
      { title: "Net delta", caption: "ether, with the band", chart: deltaChart(timeline) },
      { title: "Price and hedges", caption: "dollars", chart: spotChart(timeline) },
      { title: "Net asset value", caption: "dollars", chart: navChart(timeline) },
      ...(timeline.profits.size > 0
        ? [{ title: "Profit and loss by cause", caption: "dollars", chart: profitChart(timeline) }]
        : []),
    ],
    { wide: true },
  );
}

function hedgeTable(hedges: readonly TimelineHedge[]): Html {
  const rows = hedges
    .slice(0, SHOWN_HEDGES)
    .map((hedge) => [
      new Date(hedge.at).toISOString().slice(0, 19).replace("T", " "),
      sideOf(hedge),
      Math.abs(hedge.amount).toFixed(4),
      hedge.amount === 0 ? "" : (hedge.cash / Math.abs(hedge.amount)).toFixed(2),
      hedgeCost(hedge).toFixed(2),
      hedge.gas.toFixed(2),
      hedge.tx,
    ]);
  const more = hedges.length - rows.length;
  return html`${table(HEDGE_COLUMNS, rows)} ${more > 0 ? html`<p class="note">And ${more} before.</p>` : ""}`;
}

function sideOf({ amount }: TimelineHedge): string {
  if (amount === 0) return "nothing";
  return amount > 0 ? "bought" : "sold";
}

function span(hours: number): string {
  return hours === 1 ? "hour" : `${String(hours)} hours`;
}

function minute(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? "−" : "+"}${grouped(Math.abs(value), digits)}`;
}

function dollars(value: number, digits = 2): string {
  return `${value < 0 ? "−" : ""}$${grouped(Math.abs(value), digits)}`;
}

function grouped(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
