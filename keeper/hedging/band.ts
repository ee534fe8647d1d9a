import type { HedgePolicy } from "./policy.ts";

/** What the width of the band depends on. */
export interface BandInput {
  /** Dollars per unit of underlying. */
  readonly spot: number;
  /** Net gamma of the book, per dollar; its sign does not matter. */
  readonly gamma: number;
  /** Cost in proportion to the notional, basis points; the policy's unless more is known. */
  readonly costBps?: number;
}

const BPS = 10_000;

/**
 * Half-width of the no-trade band around a net delta of zero (Whalley & Wilmott 1997): (3/2 · c·S·Γ²/λ)^(1/3) with
 * proportional cost c and risk aversion λ, and never below the policy's floor.
 */
export function bandHalfWidth({ spot, gamma, costBps }: BandInput, policy: HedgePolicy): number {
  const cost = (costBps ?? policy.costBps) / BPS;
  return Math.max(policy.bandFloor, Math.cbrt((1.5 * cost * spot * gamma * gamma) / policy.riskAversion));
}
