import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { BPS, WAD, WAD_PER_USDC_UNIT, abs, toWad } from "../../sdk/units.ts";
import type { HedgeConditions } from "./conditions.ts";
import { lossPrice } from "./lossPrice.ts";
import type { HedgePolicy } from "./policy.ts";

/** What can make an order smaller than is wanted. */
export type CapName = "cash" | "inventory" | "health-factor" | "depth" | "turnover-budget" | "loss-budget" | "max-clip";

/** The most that one rule lets through, WAD. */
export interface Cap {
  readonly name: CapName;
  readonly amount: bigint;
}

/** How far from the oracle an order may fill, basis points. */
export interface FillBounds {
  /** Whatever the pools say. */
  readonly slippageBps: bigint;
  /** With what they say: the order's own limit. Never more, and negative where the fill has to be better than the oracle. */
  readonly limitBps: bigint;
}

/** All the rules that bound an order, hardest first: of two that bind alike the first is named. */
export function capsOf(
  isBuy: boolean,
  snapshot: Snapshot,
  policy: HedgePolicy,
  conditions: HedgeConditions,
  { slippageBps, limitBps }: FillBounds,
): readonly Cap[] {
  const { depth, budgets, average } = conditions;
  const spot = snapshot.mark.spot;
  const caps: Cap[] = [isBuy ? cashCap(snapshot, limitBps) : inventoryCap(snapshot, conditions)];
  if (depth) caps.push({ name: "depth", amount: isBuy ? depth.buy : depth.sell });
  if (budgets?.turnover !== undefined) {
    caps.push({ name: "turnover-budget", amount: unitsFor(budgets.turnover, spot, slippageBps) });
  }
  // All between the limit and the price that the desk judges by may be lost; what is left of the budget has to cover it.
  const atRisk = spot * limitBps + abs(lossPrice(isBuy, spot, average) - spot) * BPS;
  if (budgets?.loss !== undefined && atRisk > 0n) {
    caps.push({ name: "loss-budget", amount: (budgets.loss * WAD_PER_USDC_UNIT * WAD * BPS) / atRisk });
  }
  caps.push({ name: "max-clip", amount: toWad(policy.maxClip) });
  return caps;
}

/** What the free cash buys at the worst price that is accepted: the desk draws the whole limit before it swaps. */
function cashCap({ vault, mark }: Snapshot, limitBps: bigint): Cap {
  return { name: "cash", amount: unitsFor(vault.freeCash, mark.spot, limitBps) };
}

/** What is held, and beyond it what may be borrowed to sell. */
function inventoryCap({ hedge }: Snapshot, { shortable = 0n }: HedgeConditions): Cap {
  const held = hedge.delta > 0n ? hedge.delta : 0n;
  return shortable > 0n ? { name: "health-factor", amount: held + shortable } : { name: "inventory", amount: held };
}

/** Units that `cash` (USDC) buys at `spot` worsened by `bps`, WAD, rounded down. */
function unitsFor(cash: bigint, spot: bigint, bps: bigint): bigint {
  return (cash * WAD_PER_USDC_UNIT * WAD * BPS) / (spot * (BPS + bps));
}
