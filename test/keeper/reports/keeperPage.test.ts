import { expect } from "chai";
import type { Timeline } from "../../../sdk/portfolio/timeline.ts";
import { keeperPage } from "../../../keeper/reports/keeperPage.ts";

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 0, 9, 12);

const timeline: Timeline = {
  ...{ market: "eth", from: AT - 24 * HOUR, to: AT },
  moments: [
    { at: AT - 2 * HOUR, spot: 3000, nav: 1_000_000, netDelta: 0.25, band: 0.5 },
    { at: AT - HOUR, spot: 3030, nav: 1_005_000, netDelta: -2, band: 0.5 },
  ],
  hedges: [
    { at: AT - HOUR, tx: "0xaa", amount: 1.5, cash: 4547.25, spot: 3030, gas: 0.4 },
    { at: AT - 2 * HOUR, tx: "0xbb", amount: -1, cash: 2997, spot: 3000, gas: 0.6 },
  ],
  profits: new Map([
    ["capital", 10_000],
    ["delta", -5_000],
  ]),
};
const view = { at: AT, hours: 24, markets: [timeline] };
/** What is written, without the markup around it. */
const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>|<svg.*?<\/svg>/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

describe("Keeper's page", () => {
  it("tells profit from deposits, and what hedging cost from what it traded", () => {
    const text = textOf(keeperPage(view));
    expect(text).to.include("Net delta −2.00 no-trade band ±0.50");
    expect(text).to.include("Net asset value $1,005,000 −5,000.00 without deposits and withdrawals");
    expect(text).to.include("Price $3,030.00 +1.00 %");
    expect(text).to.include("Hedges 2 2.50 traded");
    expect(text).to.include("Cost of hedging $5.25 fees and slippage; gas $1.00");
    expect(text).to.include("Furthest from neutral −2.00 at 2026-01-09 11:00, band ±0.50");
    expect(text).to.include("2026-01-09 11:00:00 bought 1.5000 3031.50 2.25 0.40 0xaa");
  });

  it("says no price of a hedge that moved nothing", () => {
    const hedges = [{ at: AT - HOUR, tx: "0xaa", amount: 0, cash: 0, spot: 3030, gas: 0.4 }];
    const text = textOf(keeperPage({ ...view, markets: [{ ...timeline, hedges }] }));
    expect(text).to.include("2026-01-09 11:00:00 nothing 0.0000 0.00 0.40 0xaa").and.not.match(/NaN|∞/);
  });

  it("lists the twenty newest hedges and says how many there were before", () => {
    const [hedge] = timeline.hedges;
    const hedges = Array.from({ length: 23 }, (_, i) => ({ ...hedge!, tx: `0xhedge${i}.` }));
    const text = textOf(keeperPage({ ...view, markets: [{ ...timeline, hedges }] }));
    expect(text).to.include("0xhedge19.").and.include("And 3 before.").and.not.include("0xhedge20.");
  });

  it("shows which checks fail, first of all", () => {
    const checks = [
      { name: "loop", passes: true, detail: "last 1 s ago" },
      { name: "eth:latch", passes: false, detail: "<b>stopped</b>" },
    ];
    const page = keeperPage({ ...view, checks, refreshSeconds: 15 });
    expect(textOf(page)).to.include("Not ready: 1 of 2 checks fail check what is wrong eth:latch");
    expect(page).to.include("&lt;b&gt;stopped&lt;/b&gt;").and.include('http-equiv="refresh" content="15"');
    expect(textOf(keeperPage({ ...view, checks: checks.slice(0, 1) }))).to.include("Ready All checks pass: loop.");
  });

  it("says when nothing was recorded", () => {
    const empty = { ...timeline, moments: [], hedges: [], profits: new Map<string, number>() };
    expect(textOf(keeperPage({ ...view, markets: [empty] }))).to.include("eth Nothing was recorded in this time.");
    expect(textOf(keeperPage({ ...view, markets: [] }))).to.include("A dry run records nothing");
  });
});
