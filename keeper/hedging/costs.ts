import type { HedgeConditions } from "./conditions.ts";
import type { HedgePolicy } from "./policy.ts";

/** What a hedge costs, as the plan weighs it. */
export interface HedgeCosts {
  /** Cost in proportion to the notional, basis points: fee, impact and funding. */
  readonly costBps: number;
  /** Dollars of gas for one transaction. */
  readonly gasCost: number;
  /** Smallest order that is worth its gas, contracts; never below the policy's. */
  readonly minClip: number;
}

const BPS = 10_000;
const HOURS_PER_YEAR = 8760;
/** Funding that is saved makes a trade cheaper, but never free: the pool's fee is paid whatever happens later. */
const LEAST_COST_SHARE = 0.25;

/**
 * Costs of the next order. Funding counts over the policy's holding time, against a trade that makes the hedge larger and for
 * one that makes it smaller.
 * @param spot Dollars.
 * @param growsHedge Whether the order would make |hedge| larger.
 */
export function costsOf(
  policy: HedgePolicy,
  conditions: HedgeConditions,
  spot: number,
  growsHedge: boolean,
): HedgeCosts {
  const { gasCost = 0, impactBps = 0, fundingRate = 0 } = conditions;
  const fundingBps = ((fundingRate * policy.holdingHours) / HOURS_PER_YEAR) * BPS * (growsHedge ? 1 : -1);
  const costBps = Math.max(policy.costBps * LEAST_COST_SHARE, policy.costBps + impactBps + fundingBps);
  const gasClip = gasCost / (policy.gasShare * (costBps / BPS) * spot);
  return { costBps, gasCost, minClip: Math.max(policy.minClip, gasClip) };
}
