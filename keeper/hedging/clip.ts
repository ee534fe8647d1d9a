import type { Order } from "./planner.ts";

/**
 * The same order at half the size, for a pool that is too shallow for all of it; undefined once that is below `minAmount`
 * (WAD). What is left is planned anew at the next block.
 */
export function halveOrder(order: Order, minAmount: bigint): Order | undefined {
  const amount = order.amount / 2n;
  if ((amount < 0n ? -amount : amount) < minAmount) return undefined;
  // The price limit per unit must not loosen: spend less when buying, ask for more when selling.
  const scaled = order.cashLimit * amount;
  const cashLimit = scaled / order.amount + (amount < 0n && scaled % order.amount !== 0n ? 1n : 0n);
  return { ...order, amount, cashLimit };
}
