import type { HedgePolicy } from "./policy.ts";

/** What a hedge costs, as the plan weighs it. */
export interface HedgeCosts {
  /** Cost in proportion to the notional, basis points: fee, impact and funding. */
  readonly costBps: number;
  /** Of that, by how much an order as large as the band is wide moves the pools' price against itself. */
  readonly impactBps: number;
  /** Of that, what a larger hedge costs until it is undone, or a smaller one saves. */
  readonly fundingBps: number;
  /** Dollars of gas for one transaction. */
  readonly gasCost: number;
  /** Smallest order that is worth its gas, contracts; never below the policy's. */
  readonly minClip: number;
}

/** What costs are reckoned from. */
export interface CostInputs {
  /** Dollars. */
  readonly spot: number;
  readonly gasCost: number;
  readonly impactBps: number;
  /** Yearly rate, a share of one, that the hedge costs while it is held. */
  readonly fundingRate: number;
  /** Whether the order would make |hedge| larger. */
  readonly growsHedge: boolean;
}

const BPS = 10_000;
const HOURS_PER_YEAR = 8760;
/** Funding that is saved makes a trade cheaper, but never free: the pool's fee is paid whatever happens later. */
const LEAST_COST_SHARE = 0.25;

/**
 * Costs of the next order. Funding counts over the policy's holding time, against a trade that makes the hedge larger and for
 * one that makes it smaller.
 */
export function costsOf(policy: HedgePolicy, inputs: CostInputs): HedgeCosts {
  const { spot, gasCost, impactBps, fundingRate, growsHedge } = inputs;
  const fundingBps = ((fundingRate * policy.holdingHours) / HOURS_PER_YEAR) * BPS * (growsHedge ? 1 : -1);
  const costBps = Math.max(leastCostBps(policy), policy.costBps + impactBps + fundingBps);
  const gasClip = gasCost / (policy.gasShare * (costBps / BPS) * spot);
  return { costBps, impactBps, fundingBps, gasCost, minClip: Math.max(policy.minClip, gasClip) };
}

/** What a trade costs at the very least, basis points: the band is never narrower than with it. */
export function leastCostBps({ costBps }: HedgePolicy): number {
  return costBps * LEAST_COST_SHARE;
}
