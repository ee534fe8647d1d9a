import { BPS, WAD_PER_USDC_UNIT, abs, fromUsdc, fromWad, least, toWad } from "../../sdk/units.ts";
import { type PoolDepth, splitOrder } from "./split.ts";

/** What a pool answered for one size. */
export interface Quote {
  /** WAD, positive: bought or sold. */
  readonly amount: bigint;
  /** USDC for all of it, fee included: spent or received. */
  readonly cash: bigint;
  /** Dollars that the next unit would cost or bring after that, fee included. */
  readonly marginal: number;
}

/** One pool's answers for one side of the market, by ascending size. A size that the pool cannot fill is left out. */
export interface QuotedPool {
  /** Its fee in hundredths of a basis point: what names it within its venue. */
  readonly feeTier: number;
  readonly quotes: readonly Quote[];
}

/** What one pool gets of an order. */
export interface RoutePart {
  readonly feeTier: number;
  /** WAD, signed as the order. */
  readonly amount: bigint;
  /** Of the whole; the parts' shares add up to 10,000. */
  readonly shareBps: bigint;
}

/** An order spread over pools. */
export interface Route {
  /** WAD: positive buys, negative sells. Less than was asked for where the pools are too thin within the bound. */
  readonly amount: bigint;
  readonly parts: readonly RoutePart[];
  /** USDC that it is expected to cost or bring, fees included. */
  readonly cash: bigint;
  /** How much worse than the oracle that is, basis points; negative when better. */
  readonly slippageBps: number;
}

/** What a route may not exceed. */
export interface RouteBounds {
  /** Dollars per unit: the oracle's price. */
  readonly spot: number;
  /** How far from it any pool may be traded. */
  readonly slippageBps: number;
  /** As many pools as the venue takes in one order; four unless it says otherwise. */
  readonly maxParts?: number;
}

/** A stretch of a pool's price curve, and whose it is. */
interface Segment extends PoolDepth {
  readonly pool: number;
}

const MAX_PARTS = 4;

/**
 * Spreads `amount` (WAD: positive buys, negative sells) over pools so that the next unit would cost the same in each: between
 * two quotes a pool's price is taken to change evenly, so every stretch is a small pool of its own.
 */
export function findRoute(amount: bigint, pools: readonly QuotedPool[], bounds: RouteBounds): Route {
  const isBuy = amount > 0n;
  const sizes = sizesOf(amount, pools, bounds);
  const largest = [...sizes.keys()].sort((a, b) => compare(sizes[b] ?? 0n, sizes[a] ?? 0n));
  const { maxParts = MAX_PARTS } = bounds;
  if (sizes.filter((size) => size > 0n).length > maxParts) {
    const kept = pools.filter((_, i) => largest.indexOf(i) < maxParts);
    return findRoute(amount, kept, bounds);
  }
  const filled = sizes.reduce((sum, size) => sum + size, 0n);
  if (filled === 0n) return { amount: 0n, parts: [], cash: 0n, slippageBps: 0 };
  const sign = isBuy ? 1n : -1n;
  const shares = sharesOf(sizes, filled);
  const cash = pools.reduce((sum, pool, i) => sum + cashFor(pool, sizes[i] ?? 0n, isBuy), 0n);
  return {
    amount: sign * filled,
    parts: pools.flatMap(({ feeTier }, i) => {
      const shareBps = shares[i] ?? 0n;
      return shareBps === 0n ? [] : [{ feeTier, amount: sign * (sizes[i] ?? 0n), shareBps }];
    }),
    cash,
    slippageBps: slippageOf(sign * filled, cash, bounds.spot),
  };
}

/** The most that the pools take within the bound, WAD. */
export function depthOf(isBuy: boolean, pools: readonly QuotedPool[], bounds: RouteBounds): bigint {
  return segmentsOf(isBuy, pools, bounds).reduce((sum, { depth }) => sum + depth, 0n);
}

/**
 * By how much an order of `amount` (WAD, signed) fills worse than its first unit would, basis points: what it moves the
 * pools' prices against itself. Zero where no pool has answered.
 */
export function impactOf(amount: bigint, pools: readonly QuotedPool[], bounds: RouteBounds): number {
  const isBuy = amount > 0n;
  const starts = pools.flatMap(({ quotes: [first] }) => (first ? [costOf(first.marginal, isBuy, bounds.spot)] : []));
  const route = findRoute(amount, pools, bounds);
  return route.amount === 0n ? 0 : Math.max(0, route.slippageBps - Math.min(...starts));
}

/** How much worse than `spot` a fill of `amount` (WAD, signed) for `cash` (USDC) is, basis points. */
export function slippageOf(amount: bigint, cash: bigint, spot: number): number {
  const price = fromUsdc(cash) / fromWad(abs(amount));
  return (amount > 0n ? price / spot - 1 : 1 - price / spot) * Number(BPS);
}

/** What each pool gets. */
function sizesOf(amount: bigint, pools: readonly QuotedPool[], bounds: RouteBounds): bigint[] {
  const segments = segmentsOf(amount > 0n, pools, bounds);
  // The split counts costs from zero up: from where the best pool begins.
  const best = Math.min(0, ...segments.map(({ feeBps }) => feeBps));
  const { amounts } = splitOrder(
    abs(amount),
    segments.map((segment) => ({ ...segment, feeBps: segment.feeBps - best })),
  );
  const sizes = pools.map(() => 0n);
  segments.forEach(({ pool }, i) => {
    sizes[pool] = (sizes[pool] ?? 0n) + (amounts[i] ?? 0n);
  });
  return sizes;
}

/** Every pool's curve as stretches along which its price changes evenly, cut off at the bound. */
function segmentsOf(isBuy: boolean, pools: readonly QuotedPool[], { spot, slippageBps }: RouteBounds): Segment[] {
  return pools.flatMap(({ quotes }, pool) => {
    const segments: Segment[] = [];
    let [from, before] = [0n, costOf(quotes[0]?.marginal ?? 0, isBuy, spot)];
    for (const quote of quotes) {
      if (before >= slippageBps) break;
      const after = Math.max(before, costOf(quote.marginal, isBuy, spot));
      const length = fromWad(quote.amount - from);
      const slope = length > 0 ? (after - before) / length : 0;
      const room = after > slippageBps ? toWad((slippageBps - before) / slope) : quote.amount - from;
      segments.push({ pool, feeBps: before, slopeBps: slope, depth: least(room, quote.amount - from) });
      [from, before] = [quote.amount, after];
    }
    return segments;
  });
}

/** How much worse than `spot` the next unit is, basis points. */
function costOf(marginal: number, isBuy: boolean, spot: number): number {
  return (isBuy ? marginal / spot - 1 : 1 - marginal / spot) * Number(BPS);
}

/** What a pool takes or pays for `size`: exact at a quote, and between two along the cubic through both (Hermite). */
function cashFor({ quotes }: QuotedPool, size: bigint, isBuy: boolean): bigint {
  if (size === 0n) return 0n;
  const at = quotes.findIndex(({ amount }) => amount >= size);
  const above = quotes[at] ?? quotes.at(-1);
  if (above === undefined) return 0n;
  const below = quotes[at - 1];
  const [fromAmount, fromCash] = [below?.amount ?? 0n, below?.cash ?? 0n];
  const length = fromWad(above.amount - fromAmount);
  const rise = fromUsdc(above.cash - fromCash);
  // Before the smallest quote the price is taken to change evenly.
  const start = (below?.marginal ?? (2 * rise) / length - above.marginal) * length;
  const end = above.marginal * length;
  const t = fromWad(size - fromAmount) / length;
  const cash = t * (start + t * (3 * rise - 2 * start - end + t * (start + end - 2 * rise)));
  return fromCash + toWad(cash) / WAD_PER_USDC_UNIT + (isBuy ? 1n : 0n); // the pool rounds for itself
}

/** Shares in basis points, rounded; the largest part takes what rounding leaves. */
function sharesOf(sizes: readonly bigint[], whole: bigint): bigint[] {
  const shares = sizes.map((size) => (size * BPS * 2n + whole) / (whole * 2n));
  const largest = sizes.reduce((best, size, i) => (size > (sizes[best] ?? 0n) ? i : best), 0);
  shares[largest] = (shares[largest] ?? 0n) + BPS - shares.reduce((sum, share) => sum + share, 0n);
  return shares;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sizes that pools are asked about: dense enough that a price hardly bends between two of them. */
export function ladder(amount: bigint, steps: number): bigint[] {
  const size = abs(amount);
  const first = size / 1000n > 0n ? size / 1000n : 1n;
  const even = Array.from({ length: steps }, (_, i) => (size * BigInt(i + 1)) / BigInt(steps));
  return [first, ...even.filter((step) => step > first)];
}
