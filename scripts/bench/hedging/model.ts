import { planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { netGreeks, valuePositions } from "../../../keeper/portfolio/netGreeks.ts";
import { encodeSeries } from "../../../keeper/portfolio/seriesId.ts";
import type { MarkReading, Position, SliceReading, Snapshot } from "../../../keeper/portfolio/snapshot.ts";
import { fromWad, toWad } from "../../../keeper/units.ts";
import { standardDeviation } from "./statistics.ts";

/** What one way of hedging did over a path. */
export interface HedgingRun {
  /** Standard deviation of the hourly P&L over that of the same book unhedged. */
  readonly risk: number;
  /** Dollars paid for hedging. */
  readonly cost: number;
  readonly hedges: number;
}

export interface Path {
  readonly times: readonly number[];
  readonly closes: readonly number[];
}

export interface BookOptions {
  /** Implied vol that the book is sold and marked at. */
  readonly vol: number;
  /** Contracts of each series. */
  readonly contracts: number;
}

const DAY = 86_400;
const TENORS = [7, 14, 30] as const;
const MONEYNESS = [0.9, 1, 1.1, 1.25] as const;
/** Pool fee, and the spread of a small order. */
const COST_BPS = 6;
const ROUTING = { venue: "0x0000000000000000000000000000000000000001", route: "0x" } as const;
const RICH = 10n ** 15n;

interface Sold {
  readonly days: number;
  readonly expiry: number;
  readonly strike: number;
}

/**
 * Runs the keeper's own planner over hourly prices: short one call at each of four strikes for each of three tenors, rolled
 * at expiry. Fills are at the close, for the fee alone; several orders an hour where the planner cuts one in clips.
 */
export function runHedging(path: Path, policy: Partial<HedgePolicy>, { vol, contracts }: BookOptions): HedgingRun {
  const whole: HedgePolicy = { ...DEFAULT_POLICY, costBps: COST_BPS, ...policy };
  let sold = TENORS.flatMap((days) => sell(path, 0, days));
  let hedge = 0n;
  let cost = 0;
  let hedges = 0;
  const hedged: number[] = [];
  const unhedged: number[] = [];
  for (let i = 0; i + 1 < path.times.length; i++) {
    const [time = 0, spot = 0, nextTime = 0, next = 0] = [
      path.times[i],
      path.closes[i],
      path.times[i + 1],
      path.closes[i + 1],
    ];
    sold = roll(sold, path, i);
    let paid = 0;
    for (;;) {
      const plan = planHedge(snapshotAt(sold, spot, time, hedge, { vol, contracts }), whole, ROUTING);
      if (plan.decision === "hold") break;
      hedge += plan.order.amount;
      paid += (Math.abs(fromWad(plan.order.amount)) * spot * COST_BPS) / 10_000;
      hedges += 1;
    }
    cost += paid;
    const options = valueAt(sold, next, nextTime, { vol, contracts }) - valueAt(sold, spot, time, { vol, contracts });
    unhedged.push(options);
    hedged.push(options + fromWad(hedge) * (next - spot) - paid);
  }
  return { risk: standardDeviation(hedged) / standardDeviation(unhedged), cost, hedges };
}

function sell({ times, closes }: Path, i: number, days: number): Sold[] {
  const [time = 0, spot = 0] = [times[i], closes[i]];
  return MONEYNESS.map((moneyness) => ({
    days,
    expiry: time + days * DAY,
    strike: Math.round((moneyness * spot) / 10) * 10,
  }));
}

/** What has expired is sold anew, for as long as it was sold for. */
function roll(sold: readonly Sold[], path: Path, i: number): Sold[] {
  const live = sold.filter(({ expiry }) => expiry > (path.times[i] ?? 0));
  const due = TENORS.filter((tenor) => live.every(({ days }) => days !== tenor));
  return [...live, ...due.flatMap((days) => sell(path, i, days))];
}

function snapshotAt(sold: readonly Sold[], spot: number, time: number, hedge: bigint, options: BookOptions): Snapshot {
  const { book, slices, mark } = bookAt(sold, spot, time, options);
  const vault = { cash: RICH, owed: 0n, freeCash: RICH, nav: toWad(1e9), shares: toWad(1e9) };
  return {
    block: { number: 1n, hash: `0x${"00".repeat(32)}`, time },
    oracle: { spot: toWad(spot), updatedAt: time, range: undefined },
    vault: { ...vault, epoch: 1n, epochEndsAt: time + DAY },
    mark,
    hedge: { delta: hedge, maxSlippageBps: 100 },
    book,
    slices,
  };
}

function valueAt(sold: readonly Sold[], spot: number, time: number, options: BookOptions): number {
  return netGreeks(valuePositions(bookAt(sold, spot, time, options))).value;
}

function bookAt(sold: readonly Sold[], spot: number, time: number, { vol, contracts }: BookOptions) {
  const book = sold.map(({ expiry, strike }): Position => ({
    id: encodeSeries({ expiry, strike: toWad(strike), kind: "call" }),
    quantity: toWad(-contracts),
  }));
  const expiries = [...new Set(sold.map(({ expiry }) => expiry))].sort((a, b) => a - b);
  const slices = expiries.map((expiry): SliceReading => ({
    expiry,
    atmVol: toWad(vol),
    skew: 0n,
    curvature: 0n,
    carry: 0n,
    updatedAt: time,
  }));
  const blank: MarkReading = {
    ...{ value: 0n, delta: 0n, gamma: 0n, weightedVega: 0n, grossVega: 0n },
    ...{ spot: toWad(spot), time },
  };
  const { value, delta, gamma, weightedVega } = netGreeks(valuePositions({ book, slices, mark: blank }));
  const wads = { value: toWad(value), delta: toWad(delta), gamma: toWad(gamma), weightedVega: toWad(weightedVega) };
  return { book, slices, mark: { ...blank, ...wads } };
}
