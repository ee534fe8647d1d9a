import { expect } from "chai";
import type { InformedReport, Taken } from "../../scripts/bench/informed/measure.ts";
import { openChain } from "../../scripts/bench/informed/chain.ts";
import { type DayOptions, UNPROTECTED, listedAt, runDay } from "../../scripts/bench/informed/day.ts";
import { CHARGED, type Impact, ModelMarket } from "../../scripts/bench/informed/market.ts";
import { ordinaryCosts } from "../../scripts/bench/informed/ordinary.ts";
import {
  BLOCK,
  type DayPath,
  bridge,
  dayNamed,
  daysOf,
  realisedVol,
  wildest,
} from "../../scripts/bench/informed/path.ts";
import { Sources } from "../../scripts/bench/informed/reading.ts";
import { passes } from "../../scripts/bench/informed/report.ts";
import { bestTrade } from "../../scripts/bench/informed/trader.ts";
import { BAD_DAY, runVolDay, volPath } from "../../scripts/bench/informed/vol.ts";
import { type Bar, DAY, HOUR } from "../../simulator/path/prices.ts";
import { DEFAULT_PARAMETERS } from "../../deployments/parameters.ts";
import { expectClose } from "../helpers/numbers.ts";

const START = Date.UTC(2026, 0, 5) / 1000;
const SLICE = { atmVol: 0.7, skew: -0.1, curvature: 1, carry: 0 };
const NAV = 3_000_000;
const OPTIONS: DayOptions = {
  ...{ terms: DEFAULT_PARAMETERS, window: 120, nav: NAV, slice: SLICE, hedgeBand: 1e9 },
  ...{ gas: 0.1, patience: 0, usdcFirst: true },
};
const SEARCH = { gas: 0.1, patience: 0, sized: 5, straddles: false };

/** Hours of closes from `START` on, each `factors` times the last. */
function bars(factors: readonly number[]): Bar[] {
  let close = 3000;
  return factors.map((factor, i) => {
    close *= factor;
    return { time: START + i * HOUR, low: close, high: close, close };
  });
}

/** Two days: one of moves of 0.1 %, one of moves of 1 %. */
const TWO_DAYS = bars(Array.from({ length: 49 }, (_, i) => 1 + (i % 2 === 0 ? 1 : -1) * (i <= 24 ? 0.001 : 0.01)));

const pathOf = (prices: readonly number[]): DayPath => ({
  day: "2026-01-05",
  start: START,
  prices,
  vol: 1,
  distance: 0,
});
const marketOf = (impact?: Impact): ModelMarket =>
  new ModelMarket({
    series: listedAt(START, 3000),
    ...{ terms: DEFAULT_PARAMETERS, nav: NAV, posted: () => SLICE, impact },
  });
/** The price of a moment, alone. */
const at = (spot: number) => ({ spot, low: spot, high: spot });

describe("Whoever knows prices or vol before the market", () => {
  describe("a day in blocks", () => {
    const days = daysOf(TWO_DAYS);

    it("is a whole one, and the wildest comes first", () => {
      expect(days.map(({ start }) => start)).to.deep.equal([START, START + DAY]);
      expect(wildest(days, 1)[0]?.start).to.equal(START + DAY);
      expect(dayNamed(days, "2026-01-05").start).to.equal(START);
      expect(() => dayNamed(days, "2026-02-01")).to.throw("whole days from 2026-01-05 to 2026-01-06");
      expect(daysOf(TWO_DAYS.slice(5)).map(({ start }) => start)).to.deep.equal([START + DAY]);
    });

    it("goes through every close, with noise of the day's own volatility between them", () => {
      const day = days[1]!;
      const { prices, vol } = bridge(day, 1);
      expect(prices).to.have.length(DAY / BLOCK + 1);
      for (const [i, close] of day.closes.entries()) expectClose(prices[(i * HOUR) / BLOCK]!, close, 1e-9);
      expect(vol).to.equal(realisedVol(day));
      const squares = prices.slice(1).reduce((sum, price, i) => sum + Math.log(price / prices[i]!) ** 2, 0);
      // The bridge's ends add a 300th of an hour's move to what the noise has.
      expectClose(Math.sqrt(squares * 365), vol, 0.03 * vol);
    });

    it("depends on seed and day alone", () => {
      expect(bridge(days[0]!, 1)).to.deep.equal(bridge(days[0]!, 1));
      expect(bridge(days[0]!, 2).prices).not.to.deep.equal(bridge(days[0]!, 1).prices);
    });
  });

  it("the range holds the feed, the pool and its last two minutes", () => {
    const sources = new Sources(3000, START, true);
    for (let n = 0; n < 20; n++) sources.trade(n === 15 ? 3010 : 3001, START + n * BLOCK);
    const now = START + 20 * BLOCK - 1;
    expect(sources.read(now).spot).to.equal(3000);
    expect(sources.read(now).low).to.equal(3000);
    expectClose(sources.read(now).high, 3010, 0.5);
    expect(sources.read(now + 240).high).to.equal(3001);
    expect(sources.report(3010, now)).to.equal(false);
    expect(sources.report(3016, now)).to.equal(true);
    expect(sources.read(now).spot).to.equal(3016);
  });

  describe("the search", () => {
    it("finds nothing where the next price is inside what a trade costs", () => {
      const market = marketOf();
      market.refresh(at(3000), START);
      const fair = (series: number): number => market.value(series, 3001, START);
      expect(bestTrade(market, at(3000), START, fair, SEARCH)).to.equal(undefined);
    });

    it("finds deep options where it is beyond, and sells them back when it turns", () => {
      const market = marketOf();
      market.refresh(at(3000), START);
      const up = bestTrade(market, at(3000), START, (series) => market.value(series, 3012, START), SEARCH);
      expect(up?.lines[0]?.quantity).to.be.greaterThan(1);
      expect(up?.gain).to.be.greaterThan(100);
      expect(market.series[up!.lines[0]!.series]?.isCall).to.equal(true);
      market.trade(up!.lines, up!.cost, START);
      const down = bestTrade(market, at(3012), START, (series) => market.value(series, 2990, START), SEARCH);
      expect(down?.gain).to.be.greaterThan(100);
    });

    it("takes more where nothing protects, and less where flow is charged", async () => {
      const prices = Array.from({ length: 60 }, (_, n) => 3000 * (1 + 0.004 * Math.sin(n / 4)));
      const { taken } = await runDay(pathOf(prices), OPTIONS);
      const control = await runDay(pathOf(prices), { ...OPTIONS, terms: UNPROTECTED, window: 1 });
      const impact = { kappa: 0.2, tau: 600, rule: "sides" } as const;
      const charged = await runDay(pathOf(prices), { ...OPTIONS, impact });
      expect(control.taken).to.be.greaterThan(5 * taken);
      expect(charged.taken).to.be.lessThan(taken / 2);
    });

    it("knows vol, too: buys before a rise, and the lag of references costs him", () => {
      const prices = Array.from({ length: 301 }, () => 3000);
      const vols = [0.7, 0.7, 0.7, 0.76, 0.76, 0.7, 0.7];
      const known = { ...OPTIONS, terms: UNPROTECTED, lags: false };
      const bare = runVolDay(pathOf(prices), vols, BAD_DAY, known);
      const real = runVolDay(pathOf(prices), vols, BAD_DAY, { ...OPTIONS, lags: true });
      expect(bare.trades[0]?.side).to.equal("buys");
      expect(bare.taken).to.be.greaterThan(3 * real.taken);
      expect(volPath(0.7, BAD_DAY, 1))
        .to.deep.equal(volPath(0.7, BAD_DAY, 1))
        .and.have.length(145);
    });
  });

  describe("the charge on flow that the contracts do not have", () => {
    /** What a call and its like on the other side are charged one after the other, κ = 1 and 1 % of NAV each. */
    function charges(rule: Impact["rule"], seconds = 0): number[] {
      const market = marketOf({ kappa: 1, tau: 600, rule });
      const call = market.series.findIndex(({ isCall, strike }) => isCall && strike === 1500);
      let now = START;
      return [1, -2, 1].map((side) => {
        market.refresh(at(3000), now);
        if (side < 0) market.held[call]! += 10; // held since before the flow that counts
        const lines = [{ series: call, quantity: 10 * side }];
        const cost = market.quote(lines, at(3000), now)!;
        market.trade(lines, cost, now);
        now += seconds;
        return cost.impact;
      });
    }
    const alone = 30_000 ** 2 / (2 * NAV);

    it("net: nothing for turning the flow around", () => {
      const [first, second, third] = charges("net");
      expectClose(first!, alone, 0.01 * alone);
      expectClose(second!, 0, 0.01 * alone);
      expectClose(third!, 0, 0.01 * alone);
    });

    it("rises: what goes beyond zero", () => {
      expectClose(charges("rises")[1]!, alone, 0.01 * alone);
    });

    it("sides: each direction for itself, and forgotten in time", () => {
      const [, second, third] = charges("sides");
      expectClose(second!, 4 * alone, 0.02 * alone);
      expectClose(third!, 3 * alone, 0.02 * alone);
      expectClose(charges("sides", 600)[2]!, alone, 0.01 * alone);
    });
  });

  it("ordinary trades pay five basis points for hedging and a point of spread", () => {
    const rows = ordinaryCosts({ terms: DEFAULT_PARAMETERS, nav: NAV, slice: SLICE }, 3000);
    for (const row of rows) {
      expectClose(row.hedgingBps, 5, 1e-9);
      expectClose(row.spreadPoints, 1, 0.02);
      expect(row.impactBps).to.equal(0);
    }
    const call = rows.find(({ kind }) => kind === "25-delta call");
    expectClose((call?.notional ?? 0) / 3000, 0.25, 0.02);
  });

  it("fails by the contracts, where they were asked", () => {
    const taken = (share: number) => ({ share }) as Taken;
    const report = (price: number, chain?: number): InformedReport =>
      ({
        days: [{ price: taken(price), vol: taken(0), ...(chain !== undefined && { chain: taken(chain) }) }],
      }) as never;
    expect(passes(report(0.0009))).to.equal(true);
    expect(passes(report(0.0011))).to.equal(false);
    expect(passes(report(0.0011, 0.0009))).to.equal(true);
    expect(passes(report(0.0009, 0.0011))).to.equal(false);
  });

  it("the model reads prices and quotes as the contracts do", async function () {
    this.timeout(600_000);
    const series = listedAt(START, 3000);
    const stage = await openChain({
      ...{ start: START, price: 3000, middle: 3000, series, slice: SLICE, terms: DEFAULT_PARAMETERS },
      ...{ window: 120, gas: 0.1, nav: NAV },
    });
    try {
      const sources = new Sources(3000, START - 2 * HOUR, true);
      sources.report(3000, START - 1);
      let postedAt = START;
      const market = new ModelMarket({
        ...{ series, terms: DEFAULT_PARAMETERS, nav: NAV, posted: () => SLICE, impact: CHARGED },
        surfaceAge: (now) => now - postedAt,
      });
      for (let n = 0; n < 16; n++) {
        const time = START + n * BLOCK;
        const price = 3000 * (1 + 0.003 * Math.sin(n / 2));
        sources.trade(price, time);
        await stage.block(time, price, undefined);
        if (n === 0) postedAt = time + 2;
        if (n % 5 !== 0) continue;
        const now = n === 0 ? time + 2 : time;
        const [mine, theirs] = [sources.read(now), await stage.reading()];
        for (const end of ["spot", "low", "high"] as const) expectClose(mine[end], theirs[end], 1e-3);
        market.refresh(theirs, now, true); // nobody trades: the chain values its book anew for each quote
        // From little, over what capital is charged for, to what is refused.
        for (const [index, quantity] of [0, 13, 46, 71, 96, 110, 131, 153].flatMap((i) =>
          [1, 60, 250, 900].map((size) => [i, size] as const),
        )) {
          const lines = [{ series: index, quantity }];
          const [cost, total] = [market.quote(lines, theirs, now)?.total, await stage.quote(series, lines)];
          const what = `${quantity} of ${JSON.stringify(series[index])}`;
          expect(cost === undefined, what).to.equal(total === undefined);
          if (cost !== undefined) expectClose(cost, total ?? 0, 1e-6 * 3000 * quantity + 0.01);
        }
      }
    } finally {
      await stage.close();
    }
  });
});
