import { planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { netGreeks, valuePositions } from "../../../sdk/portfolio/netGreeks.ts";
import { seriesId } from "../../../sdk/series.ts";
import type { MarkReading, Position, SliceReading, Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { fromWad, toWad } from "../../../sdk/units.ts";
import { ampleState } from "./ampleState.ts";
import { type BookOptions, type Path, type Sold, missingSeries } from "../../../simulator/people/book.ts";
import { type HourlyPnl, riskOf } from "../../../simulator/ledger/hourlyPnl.ts";

/** What one way of hedging did over a path. */
export interface HedgingRun {
  /** Standard deviation of the hourly P&L over that of the same book unhedged. */
  readonly risk: number;
  /** Dollars paid for hedging. */
  readonly cost: number;
  readonly hedges: number;
  readonly hours: readonly HourlyPnl[];
}

/** Pool fee, and the spread of a small order. */
const COST_BPS = 6;
const RICH = 10n ** 15n;
const EPOCH = 86_400;

/**
 * Runs the keeper's own planner over hourly prices: short one call at each of four strikes for each of three tenors, rolled
 * at expiry. Fills are at the close, for the fee alone; several orders an hour where the planner cuts one in clips.
 */
export function runHedging(path: Path, policy: Partial<HedgePolicy>, { vol, contracts }: BookOptions): HedgingRun {
  const whole: HedgePolicy = { ...DEFAULT_POLICY, costBps: COST_BPS, ...policy };
  let sold: readonly Sold[] = [];
  let hedge = 0n;
  let hedgedAt: number | undefined;
  let cost = 0;
  let hedges = 0;
  const hours: HourlyPnl[] = [];
  for (let i = 0; i + 1 < path.times.length; i++) {
    const [time = 0, spot = 0, nextTime = 0, next = 0] = [
      path.times[i],
      path.closes[i],
      path.times[i + 1],
      path.closes[i + 1],
    ];
    sold = [...sold.filter(({ expiry }) => expiry > time), ...missingSeries(sold, time, spot)];
    let paid = 0;
    for (;;) {
      const state = ampleState(snapshotAt(sold, spot, time, hedge, { vol, contracts }), whole, COST_BPS);
      const memory = hedgedAt === undefined ? {} : { hedgedAt };
      const plan = planHedge({ ...state, memory }, whole);
      if (plan.decision === "hold") break;
      hedge += plan.order.amount;
      hedgedAt = time;
      paid += (Math.abs(fromWad(plan.order.amount)) * spot * COST_BPS) / 10_000;
      hedges += 1;
    }
    cost += paid;
    const unhedged = valueAt(sold, next, nextTime, { vol, contracts }) - valueAt(sold, spot, time, { vol, contracts });
    hours.push({ hedged: unhedged + fromWad(hedge) * (next - spot) - paid, unhedged });
  }
  return { risk: riskOf(hours), cost, hedges, hours };
}

function snapshotAt(sold: readonly Sold[], spot: number, time: number, hedge: bigint, options: BookOptions): Snapshot {
  const { book, slices, mark } = bookAt(sold, spot, time, options);
  const vault = { cash: RICH, owed: 0n, freeCash: RICH, nav: toWad(1e9), shares: toWad(1e9) };
  return {
    block: { number: 1n, hash: `0x${"00".repeat(32)}`, time },
    oracle: { spot: toWad(spot), updatedAt: time, range: undefined },
    vault: { ...vault, epoch: 1n, epochEndsAt: time + EPOCH },
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
    id: seriesId(expiry, toWad(strike), "call"),
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
