import type { QuotedPool } from "../../../keeper/hedging/route.ts";
import { toWad } from "../../../sdk/units.ts";

/** A pool whose liquidity is spread over all prices, in plain numbers: what theory knows in closed form. */
export interface TheoreticalPool {
  /** Share of one. */
  readonly fee: number;
  /** Units of underlying that its liquidity is at `price`. */
  readonly reserve: number;
  /** Dollars per unit, before the fee. */
  readonly price: number;
}

/** Dollars that buying `size` costs, or selling it brings. */
export function theoreticalCash({ fee, reserve, price }: TheoreticalPool, size: number, isBuy: boolean): number {
  const dollars = reserve * price;
  if (isBuy) return (dollars * size) / (reserve - size) / (1 - fee);
  const net = size * (1 - fee);
  return (dollars * net) / (reserve + net);
}

/** Dollars for the next unit after `size`, fee included. */
export function theoreticalMarginal({ fee, reserve, price }: TheoreticalPool, size: number, isBuy: boolean): number {
  if (isBuy) return (price * (reserve / (reserve - size)) ** 2) / (1 - fee);
  return price * (reserve / (reserve + size * (1 - fee))) ** 2 * (1 - fee);
}

/** The cheapest way to trade `size` over the pools: the same marginal price in each that gets some. */
export function theoreticalSplit(pools: readonly TheoreticalPool[], size: number, isBuy: boolean): number[] {
  const sizesAt = (marginal: number) =>
    pools.map(({ fee, reserve, price }) => {
      const kept = 1 - fee;
      const taken = isBuy
        ? reserve * (1 - Math.sqrt(price / (kept * marginal)))
        : (reserve / kept) * (Math.sqrt((price * kept) / marginal) - 1);
      return Math.max(0, taken);
    });
  const total = (sizes: readonly number[]) => sizes.reduce((sum, one) => sum + one, 0);
  const starts = pools.map((pool) => theoreticalMarginal(pool, 0, isBuy));
  let [near, far] = isBuy
    ? [Math.min(...starts), Math.max(...starts) * 1e3]
    : [Math.max(...starts), Math.min(...starts) / 1e3];
  for (let i = 0; i < 200; i++) {
    const middle = (near + far) / 2;
    if (total(sizesAt(middle)) < size) near = middle;
    else far = middle;
  }
  return sizesAt(far);
}

/** What a quoter would answer for such pools. */
export function quotesOf(
  pools: readonly TheoreticalPool[],
  sizes: readonly bigint[],
  isBuy: boolean,
): readonly QuotedPool[] {
  return pools.map((pool) => ({
    feeTier: Math.round(pool.fee * 1e6),
    quotes: sizes
      .map((amount) => ({ amount, size: Number(amount) / 1e18 }))
      .filter(({ size }) => !isBuy || size < pool.reserve * 0.99)
      .map(({ amount, size }) => ({
        amount,
        cash: toWad(theoreticalCash(pool, size, isBuy)) / 10n ** 12n,
        marginal: theoreticalMarginal(pool, size, isBuy),
      })),
  }));
}
