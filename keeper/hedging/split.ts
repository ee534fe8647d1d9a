import { abs, fromWad, toWad } from "../../sdk/units.ts";

/** How one pool takes an order: its price worsens in proportion to the amount. */
export interface PoolDepth {
  readonly feeBps: number;
  /** Basis points by which the marginal price worsens per unit of underlying. */
  readonly slopeBps: number;
  /** The most it takes within the slippage bound, WAD. */
  readonly depth: bigint;
}

/** One order over several pools. */
export interface Split {
  /** Signed as the whole, WAD, one for each pool in the order given. */
  readonly amounts: readonly bigint[];
  /** What no pool takes, WAD; the amounts and this add up to the whole exactly. */
  readonly unfilled: bigint;
}

/** Halvings of the interval in which the common marginal price lies: past the precision of a double. */
const BISECTIONS = 100;

/**
 * Splits an order so that the last unit costs the same in every pool that gets some, which is the cheapest way to fill it.
 * @param amount WAD: positive buys, negative sells.
 */
export function splitOrder(amount: bigint, pools: readonly PoolDepth[]): Split {
  const size = abs(amount);
  const wanted = fromWad(size);
  let low = 0;
  let high = Math.max(0, ...pools.map((pool) => marginalCost(pool, fromWad(pool.depth)))) + 1;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    const filled = pools.reduce((sum, pool) => sum + fromWad(pool.depth) * shareAt(pool, middle), 0);
    if (filled <= wanted) low = middle;
    else high = middle;
  }
  const costAt = ({ pool, i }: { pool: PoolDepth; i: number }) => marginalCost(pool, fromWad(amounts[i] ?? 0n));
  let left = size;
  const amounts = pools.map(() => 0n);
  // Full pools first, and to the wei: what a double loses is then left to those that have room.
  const fullestFirst = pools
    .map((pool, i) => ({ pool, i, share: shareAt(pool, low) }))
    .sort((a, b) => b.share - a.share);
  for (const { pool, i, share } of fullestFirst) {
    const part = share === 1 ? pool.depth : toWad(fromWad(pool.depth) * share);
    const taken = [part, pool.depth, left].reduce((a, b) => (b < a ? b : a));
    amounts[i] = taken;
    left -= taken;
  }
  // A pool whose price does not move takes all of its depth at one cost: what is left belongs to it, and else is rounding.
  const cheapestFirst = pools
    .map((pool, i) => ({ pool, i, isFlat: pool.slopeBps === 0 && pool.feeBps <= high }))
    .sort((a, b) => Number(b.isFlat) - Number(a.isFlat) || costAt(a) - costAt(b));
  for (const { pool, i } of cheapestFirst) {
    const room = pool.depth - (amounts[i] ?? 0n);
    const more = left < room ? left : room;
    amounts[i] = (amounts[i] ?? 0n) + more;
    left -= more;
  }
  const sign = amount < 0n ? -1n : 1n;
  return { amounts: amounts.map((part) => sign * part), unfilled: sign * left };
}

/** Basis points that the next unit costs in a pool that has taken `filled`. */
export function marginalCost({ feeBps, slopeBps }: PoolDepth, filled: number): number {
  return feeBps + slopeBps * filled;
}

/** Share of a pool's depth that costs no more than `cost` at the margin. */
function shareAt({ feeBps, slopeBps, depth }: PoolDepth, cost: number): number {
  if (cost <= feeBps) return 0;
  return slopeBps === 0 ? 1 : Math.min(1, (cost - feeBps) / (slopeBps * fromWad(depth)));
}
