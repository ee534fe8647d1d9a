import type { HedgePolicy } from "./policy.ts";

/** How soon an order has to be mined: what it may pay in fees and slippage follows from it. */
export type Urgency = "routine" | "urgent" | "emergency";

/**
 * By how far outside the band the net delta is, and for how long it has been.
 * @param bands Distance from zero in half-widths of the band.
 * @param secondsOutside Since it left the band; 0 when that is not known.
 */
export function urgencyOf(bands: number, secondsOutside: number, policy: HedgePolicy): Urgency {
  if (bands >= policy.emergencyBands) return "emergency";
  return bands >= policy.urgentBands || secondsOutside >= policy.urgentAfterSeconds ? "urgent" : "routine";
}

/** How far from the oracle an order of this urgency may fill: never further than the desk allows. */
export function slippageFor(urgency: Urgency, policy: HedgePolicy, deskBps: number): bigint {
  const own = urgency === "routine" ? policy.slippageBps : Math.max(policy.slippageBps, policy.urgentSlippageBps);
  return BigInt(Math.min(own, deskBps));
}

/**
 * How far from the oracle an order may fill, so that whoever trades around it gains little: what the pool would give now,
 * worsened by the policy's margin, and never further than `slippageBps`; negative where it has to be better than the oracle.
 * @param expectedBps Undefined when the pool gave no answer: then `slippageBps` alone.
 */
export function limitFor(expectedBps: number | undefined, policy: HedgePolicy, slippageBps: bigint): bigint {
  if (expectedBps === undefined) return slippageBps;
  return BigInt(Math.min(Number(slippageBps), Math.ceil(expectedBps) + policy.fillMarginBps));
}
