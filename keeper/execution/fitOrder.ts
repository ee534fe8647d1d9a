import type { Address } from "viem";
import type { Reader } from "../chain/clients.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import { type Revert, isPriceRevert, revertOf } from "../../sdk/reverts.ts";
import { halveOrder } from "../hedging/clip.ts";
import type { Order } from "../hedging/planner.ts";

/** The order that the desk would take now, or why it would take none. */
export type Fit =
  { readonly passes: true; readonly order: Order } | { readonly passes: false; readonly revert: Revert };

/** The call that carries out an order. */
export function rebalanceCall({ desk }: Pick<KeelContracts, "desk">, order: Order) {
  const { amount, cashLimit, venue, route, deadline } = order;
  const args = [{ amount, cashLimit, venue, route, deadline: BigInt(deadline) }] as const;
  return { ...desk, functionName: "rebalance", args } as const;
}

/**
 * Tries an order at the newest block, and cuts it in halves until the pool fills it within the price limit.
 * @param minAmount WAD; nothing smaller is tried.
 */
export async function fitOrder(
  client: Reader,
  contracts: Pick<KeelContracts, "desk">,
  from: Address,
  whole: Order,
  minAmount: bigint,
): Promise<Fit> {
  for (let order = whole; ;) {
    try {
      await client.estimateContractGas({ ...rebalanceCall(contracts, order), account: from });
      return { passes: true, order };
    } catch (error) {
      const revert = revertOf(error);
      if (!revert) throw error;
      const half = isPriceRevert(revert) ? halveOrder(order, minAmount) : undefined;
      if (!half) return { passes: false, revert };
      order = half;
    }
  }
}
