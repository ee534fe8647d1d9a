import type { SsviSlice } from "../../../sdk/pricing/ssvi.ts";
import { DAY } from "../../../simulator/path/prices.ts";
import { DEFAULT_PARAMETERS } from "../../../deployments/parameters.ts";
import { type Impact, ModelMarket, type Series, type Terms } from "./market.ts";
import { BLOCK, type DayPath } from "./path.ts";
import { type Reading, Sources } from "./reading.ts";
import { type Found, bestTrade } from "./trader.ts";

/** A trade of somebody who knew what came next. */
export interface InformedTrade {
  readonly time: number;
  readonly days: number;
  /** Strike over spot. */
  readonly moneyness: number;
  readonly kind: "call" | "put" | "straddle";
  readonly side: "buys" | "sells";
  readonly contracts: number;
  /** |delta| in dollars. */
  readonly notional: number;
  /** Dollars, after gas. */
  readonly gain: number;
}

/** What was traded in the end, and its gain in dollars. */
export type Taken = Pick<Found, "lines" | "gain">;

/** Where trades are made: by the model alone, or by contracts that have the last word. */
export interface Venue {
  /** A block in which pools are at `price` and reporters have seen `reported`. */
  readonly block: (time: number, price: number, reported: number | undefined) => Promise<void>;
  /** Makes a trade, of a size near what was found, if it pays by the venue's own prices; undefined if it was refused or does not. */
  readonly take: (found: Found, fair: (series: number) => number, time: number) => Promise<Taken | undefined>;
  /** A keeper hedges, as the model has; the pool is back at `price` after that. */
  readonly hedge: (time: number, price: number) => Promise<void>;
}

export interface DayOptions {
  readonly terms: Terms;
  /** Seconds of the pool's past in the range. */
  readonly window: number;
  /** Dollars in the pool. */
  readonly nav: number;
  readonly slice: SsviSlice;
  readonly impact?: Impact;
  /** Net delta notional, as a share of NAV, beyond which a keeper hedges at the next block; never beyond 1e9. */
  readonly hedgeBand: number;
  /** Dollars of gas for each trade. */
  readonly gas: number;
  /** See Search. */
  readonly patience: number;
  readonly usdcFirst: boolean;
  readonly onProgress?: (done: number) => void;
}

export interface DayResult {
  readonly day: string;
  readonly trades: readonly InformedTrade[];
  /** Dollars. */
  readonly taken: number;
}

const TENORS = [1, 2, 7, 30, 90, 180, 360] as const;
const MONEYNESS = [0.5, 0.65, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 2] as const;
const EXPIRY_HOUR = 8 * 3600;
/** Listings are daily so far ahead, and on Fridays beyond. */
const DAILIES = 30 * DAY;
const FRIDAY = 1;
const THURSDAY_EPOCH_DAYS = 7;
/** The poster posts the same slices anew so often, seconds. */
export const POSTS = 3600;
const TRADES_PER_BLOCK = 4;
const TRADES_AT_A_JUMP = 30;
const SIZED = 5;
/** A keeper's largest order, ether. */
const CLIP = 250;
const BPS = 10_000;

/** Series from a day to a year ahead, half to twice the price; a call and a put at each strike, next to each other. */
export function listedAt(start: number, price: number): Series[] {
  return TENORS.flatMap((days) => {
    let expiry = start + days * DAY + EXPIRY_HOUR;
    if (days * DAY > DAILIES) while (Math.floor(expiry / DAY) % THURSDAY_EPOCH_DAYS !== FRIDAY) expiry += DAY;
    const strikes = [...new Set(MONEYNESS.map((m) => threeDigits(m * price)))];
    return strikes.flatMap((strike) => [true, false].map((isCall) => ({ expiry, strike, isCall })));
  });
}

/** A day of somebody who sees the outside price a block before pool and feed follow. */
export async function runDay(
  path: DayPath,
  options: DayOptions,
  venueOf?: (m: ModelMarket) => Venue,
): Promise<DayResult> {
  const { terms, slice, gas, hedgeBand } = options;
  const { prices, start } = path;
  const [first = 0] = prices;
  const market = new ModelMarket({
    series: listedAt(start, first),
    ...{ terms, nav: options.nav, impact: options.impact },
    posted: () => slice,
    surfaceAge: (now) => (now - start) % POSTS,
  });
  const venue = venueOf?.(market);
  const sources = new Sources(first, start - 3600, options.usdcFirst, options.window);
  sources.report(first, start);
  const search = { gas, patience: options.patience, sized: SIZED, straddles: false };
  const trades: InformedTrade[] = [];
  for (let n = 0; n + 1 < prices.length; n++) {
    const [price = 0, next = 0] = [prices[n], prices[n + 1]];
    const time = start + n * BLOCK;
    sources.trade(price, time);
    const seen = prices[n - 1] ?? price;
    const wrote = sources.report(seen, time);
    await venue?.block(time, price, wrote ? seen : undefined);
    const now = time + BLOCK;
    const reading = sources.read(now - 1);
    market.refresh(reading, now);
    if (Math.abs(market.netDelta * market.spot) > hedgeBand * market.nav()) {
      market.hedge(CLIP);
      await venue?.hedge(time, price);
    }
    if (!mayPay(reading, next, terms)) continue;
    const fair = fairAt(market, next, now);
    for (let k = 0; k < TRADES_PER_BLOCK; k++) {
      const found = bestTrade(market, reading, now, fair, search);
      if (!found) break;
      const taken = venue ? await venue.take(found, fair, now) : found;
      if (!taken) break;
      const cost = taken.lines === found.lines ? found.cost : market.quote(taken.lines, reading, now, true);
      if (!cost) break;
      market.trade(taken.lines, cost, now);
      trades.push(recorded(market, { ...taken, cost }, now, next));
    }
    options.onProgress?.((n + 1) / prices.length);
  }
  return { day: path.day, trades, taken: trades.reduce((sum, { gain }) => sum + gain, 0) };
}

/**
 * What one block takes in which the price will be `jump` higher or lower (a share), whichever is more: hourly closes do not show such
 * blocks. The book is empty, and he buys until nothing pays.
 */
export function takenByJump(jump: number, spot: number, start: number, options: DayOptions): number {
  const { terms, slice, gas, patience } = options;
  const reading = { spot, low: spot, high: spot };
  const taken = [spot * (1 + jump), spot * (1 - jump)].map((next) => {
    const market = new ModelMarket({
      ...{ series: listedAt(start, spot), terms, nav: options.nav, impact: options.impact },
      posted: () => slice,
    });
    market.refresh(reading, start);
    const fair = fairAt(market, next, start);
    let sum = 0;
    for (let k = 0; k < TRADES_AT_A_JUMP; k++) {
      const found = bestTrade(market, reading, start, fair, { gas, patience, sized: SIZED, straddles: false });
      if (!found) break;
      market.trade(found.lines, found.cost, start);
      sum += found.gain;
    }
    return sum;
  });
  return Math.max(...taken);
}

/** The fee, of which no option with a delta is free, is more than what the price moves beyond the range: most blocks end here. */
function mayPay({ low, high }: Reading, next: number, { pricing }: Terms): boolean {
  const fee = pricing.feeBps / BPS;
  return next > high * (1 + fee) || next < low * (1 - fee);
}

function fairAt(market: ModelMarket, price: number, now: number): (series: number) => number {
  const known: number[] = [];
  return (series) => (known[series] ??= market.value(series, price, now));
}

export function recorded(
  market: ModelMarket,
  { lines, cost, gain }: Pick<Found, "lines" | "cost" | "gain">,
  time: number,
  price: number,
): InformedTrade {
  const [{ series: index, quantity } = { series: 0, quantity: 0 }] = lines;
  const { expiry, strike, isCall } = market.series[index]!;
  return {
    time,
    days: (expiry - time) / DAY,
    moneyness: strike / price,
    kind: lines.length > 1 ? "straddle" : isCall ? "call" : "put",
    side: quantity > 0 ? "buys" : "sells",
    contracts: Math.abs(quantity),
    notional: Math.abs(cost.delta) * market.spot,
    gain,
  };
}

function threeDigits(price: number): number {
  return Number(price.toPrecision(3));
}

/** Terms without protection, as far as a governor can set them. */
export const UNPROTECTED: Terms = {
  pricing: {
    ...DEFAULT_PARAMETERS.pricing,
    spread: { base: 0n, agePerDay: 0n, atCapacity: 0n, atExpiry: 0n },
    maxSkew: 0n,
    minFee: 0,
    hedgeCostBps: 0,
    feeBps: 0,
  },
  limits: { ...DEFAULT_PARAMETERS.limits, capitalRateBps: 0 },
};
