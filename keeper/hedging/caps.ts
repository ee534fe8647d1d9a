import type { Snapshot } from "../portfolio/snapshot.ts";
import { BPS, WAD, WAD_PER_USDC_UNIT, toWad } from "../units.ts";
import type { HedgeConditions } from "./conditions.ts";
import type { HedgePolicy } from "./policy.ts";

/** What can make an order smaller than is wanted. */
export type CapName = "cash" | "inventory" | "health-factor" | "depth" | "turnover-budget" | "loss-budget" | "max-clip";

/** The most that one rule lets through, WAD. */
export interface Cap {
  readonly name: CapName;
  readonly amount: bigint;
}

/** All the rules that bound an order, hardest first: of two that bind alike the first is named. */
export function capsOf(
  isBuy: boolean,
  snapshot: Snapshot,
  policy: HedgePolicy,
  conditions: HedgeConditions,
  slippageBps: bigint,
): readonly Cap[] {
  const { depth, budgets } = conditions;
  const spot = snapshot.mark.spot;
  const caps: Cap[] = [isBuy ? cashCap(snapshot, slippageBps) : inventoryCap(snapshot, conditions)];
  if (depth) caps.push({ name: "depth", amount: isBuy ? depth.buy : depth.sell });
  if (budgets?.turnover !== undefined) {
    caps.push({ name: "turnover-budget", amount: unitsFor(budgets.turnover, spot, slippageBps) });
  }
  if (budgets?.loss !== undefined && slippageBps > 0n) {
    // The whole slippage may be lost; what is left of the budget has to cover it.
    const amount = (budgets.loss * WAD_PER_USDC_UNIT * WAD * BPS) / (spot * slippageBps);
    caps.push({ name: "loss-budget", amount });
  }
  caps.push({ name: "max-clip", amount: toWad(policy.maxClip) });
  return caps;
}

/** What the free cash buys at the worst price that is accepted: the desk draws the whole limit before it swaps. */
function cashCap({ vault, mark }: Snapshot, slippageBps: bigint): Cap {
  return { name: "cash", amount: unitsFor(vault.freeCash, mark.spot, slippageBps) };
}

/** What is held, and beyond it what may be borrowed to sell. */
function inventoryCap({ hedge }: Snapshot, { shortable = 0n }: HedgeConditions): Cap {
  const held = hedge.delta > 0n ? hedge.delta : 0n;
  return shortable > 0n ? { name: "health-factor", amount: held + shortable } : { name: "inventory", amount: held };
}

/** Units that `cash` (USDC) buys at the worst accepted price, WAD, rounded down. */
function unitsFor(cash: bigint, spot: bigint, slippageBps: bigint): bigint {
  return (cash * WAD_PER_USDC_UNIT * WAD * BPS) / (spot * (BPS + slippageBps));
}
