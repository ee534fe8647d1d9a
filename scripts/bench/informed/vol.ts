import type { SsviSlice } from "../../../sdk/pricing/ssvi.ts";
import { fromWad } from "../../../sdk/units.ts";
import { createRandom } from "../../../simulator/path/random.ts";
import { DEFAULT_PARAMETERS } from "../../../deployments/parameters.ts";
import { type DayOptions, type DayResult, type InformedTrade, listedAt, recorded } from "./day.ts";
import { ModelMarket, type Terms, valueOf } from "./market.ts";
import { BLOCK, type DayPath } from "./path.ts";
import { Sources } from "./reading.ts";
import { bestTrade } from "./trader.ts";

/** Seconds that the informed trader is ahead. */
export const AHEAD = 600;
/** The poster posts as often as the surface takes posts. */
const POST_EVERY = DEFAULT_PARAMETERS.surface.minInterval;

/** How vol moves on a bad day, points of 30-day implied vol. */
export interface VolMoves {
  /** Standard deviation of ten minutes. */
  readonly step: number;
  /** Jumps a day, up or down, from `smallest` to `largest` points. */
  readonly jumps: number;
  readonly smallest: number;
  readonly largest: number;
  /** `root`: an expiry's vol moves with √(30 days / T), at most twice as much as that of 30 days. `parallel`: all alike. */
  readonly term: (typeof TERMS)[number];
}

export const TERMS = ["root", "parallel"] as const;
export const BAD_DAY: VolMoves = { step: 0.4, jumps: 12, smallest: 1, largest: 3, term: "root" };

const DAY = 86_400;
/** How much of the distance from where it began vol comes back in ten minutes. */
const REVERSION = 0.02;
const LOWEST = 0.2;
const TRADES_PER_STEP = 6;
const SIZED = 6;
const STEEPEST = 2;
/** SurfaceBudget: a tenth of the budget at once, nine tenths over a day. */
const AT_ONCE = 0.1;

/** 30-day implied vol every ten minutes of a day, midnights included: an AR(1) around `vol` with jumps. */
export function volPath(vol: number, { step, jumps, smallest, largest }: VolMoves, seed: number): number[] {
  const random = createRandom(seed);
  const steps = DAY / AHEAD;
  const path = [vol];
  for (let k = 0; k < steps; k++) {
    const last = path.at(-1) ?? vol;
    const jump = random.next() < jumps / steps ? random.between(smallest, largest) * random.pick([1, -1]) : 0;
    const moved = last - REVERSION * (last - vol) + (step * random.normal() + jump) / 100;
    path.push(Math.max(LOWEST, moved));
  }
  return path;
}

/**
 * A day of somebody who knows vol ten minutes before it can be posted. The poster posts honestly, every half hour; references follow as
 * SurfaceEngine lets them, asked every ten minutes. Of the price he knows what the pool shows. Gains count at the vol of ten minutes later.
 */
export function runVolDay(path: DayPath, vols: readonly number[], moves: VolMoves, options: VolOptions): DayResult {
  const { terms, slice, gas, patience, lags } = options;
  const { prices, start } = path;
  const [first = 0] = prices;
  const sources = new Sources(first, start - 3600, options.usdcFirst, options.window);
  const shapes = new Map<string, SsviSlice>();
  /** One object for equal slices, as the market compares them by identity. */
  const shaped = (atmVol: number): SsviSlice => {
    const key = atmVol.toFixed(10);
    const known = shapes.get(key) ?? { ...slice, atmVol };
    shapes.set(key, known);
    return known;
  };
  const slope = (expiry: number): number =>
    moves.term === "parallel" ? 1 : Math.min(STEEPEST, Math.sqrt((30 * DAY) / (expiry - start)));
  const volFor = (vol: number, expiry: number): number => slice.atmVol + slope(expiry) * (vol - slice.atmVol);

  const series = listedAt(start, first);
  const expiries = [...new Set(series.map(({ expiry }) => expiry))];
  const posted = new Map(expiries.map((expiry) => [expiry, slice.atmVol]));
  const anchors = new Map(posted);
  const budget = new Budget(terms, options.nav);
  let postedAt = start;
  const market = new ModelMarket({
    ...{ series, terms, nav: options.nav, impact: options.impact },
    posted: ({ expiry }) => shaped(posted.get(expiry)!),
    reference: ({ expiry }) => shaped((lags ? anchors : posted).get(expiry)!),
    surfaceAge: (now) => now - postedAt,
    allowance: () => budget.left,
  });
  const trades: InformedTrade[] = [];
  for (let n = 0; n < prices.length; n++) {
    const [price = 0, seen = price] = [prices[n], prices[n - 1]];
    const time = start + n * BLOCK;
    sources.trade(price, time);
    sources.report(seen, time);
    if ((n * BLOCK) % AHEAD !== 0) continue;
    const k = (n * BLOCK) / AHEAD;
    const [vol, next] = [vols[k], vols[k + 1]];
    if (vol === undefined || next === undefined) break;
    budget.refill(AHEAD);
    if (lags) follow(market, anchors, posted, budget, terms);
    if ((k * AHEAD) % POST_EVERY === 0) {
      for (const expiry of expiries) posted.set(expiry, volFor(vol, expiry));
      postedAt = time;
    }
    const reading = sources.read(time + 1);
    market.refresh(reading, time, true);
    market.hedge();
    const known: number[] = [];
    const fair = (i: number): number =>
      (known[i] ??= valueOf(series[i]!, shaped(volFor(next, series[i]!.expiry)), price, time));
    for (let trade = 0; trade < TRADES_PER_STEP; trade++) {
      const found = bestTrade(market, reading, time, fair, { gas, patience, sized: SIZED, straddles: true });
      if (!found) break;
      market.trade(found.lines, found.cost, time);
      budget.left -= found.cost.allowed;
      trades.push(recorded(market, found, time, price));
    }
  }
  return { day: path.day, trades, taken: trades.reduce((sum, { gain }) => sum + gain, 0) };
}

/** @param lags Whether references lag behind posts, as they do. */
export type VolOptions = DayOptions & { readonly lags: boolean };

/** Dollars that posts may cost. */
class Budget {
  left: number;
  private readonly whole: number;
  private readonly aDay: number;

  constructor({ limits }: Terms, nav: number) {
    const budget = (nav * limits.surfaceLossBps) / 10_000;
    [this.whole, this.aDay] = [AT_ONCE * budget, (1 - AT_ONCE) * budget];
    this.left = this.whole;
  }

  get aboveHalf(): number {
    return Math.max(0, this.left - this.whole / 2);
  }

  refill(seconds: number): void {
    this.left = Math.min(this.whole, this.left + (this.aDay * seconds) / DAY);
  }
}

/** What SurfaceEngine.follow does after ten minutes: rises as the budget pays for what people hold, falls as its upper half pays. */
function follow(
  market: ModelMarket,
  anchors: Map<number, number>,
  posted: ReadonlyMap<number, number>,
  budget: Budget,
  { limits }: Terms,
): void {
  const { maxFollow, followWindow } = DEFAULT_PARAMETERS.surface;
  const most = (fromWad(maxFollow) * AHEAD) / followWindow;
  const moves = [...anchors].map(([expiry, at]) => {
    const way = Math.max(-most, Math.min(most, posted.get(expiry)! - at));
    const held = market.vegaOf(expiry);
    const capacity = (market.nav() * limits.vegaCapacityBps) / 10_000;
    return { expiry, at, way, cost: way > 0 ? way * held : -way * capacity };
  });
  for (const side of [1, -1]) {
    const chosen = moves.filter(({ way }) => way * side > 0);
    const cost = chosen.reduce((sum, move) => sum + move.cost, 0);
    const room = side > 0 ? budget.left : budget.aboveHalf;
    const share = cost > room ? room / cost : 1;
    for (const { expiry, at, way } of chosen) {
      anchors.set(
        expiry,
        share === 1 && Math.abs(posted.get(expiry)! - at) <= most ? posted.get(expiry)! : at + share * way,
      );
    }
    budget.left -= share * cost;
  }
}
