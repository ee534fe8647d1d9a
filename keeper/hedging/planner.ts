import type { Routing } from "../../sdk/route.ts";
import { type CrossCheck, crossCheck } from "../../sdk/portfolio/crossCheck.ts";
import { type Snapshot, netDeltaOf } from "../../sdk/portfolio/snapshot.ts";
import { BPS, WAD, WAD_PER_USDC_UNIT, abs, fromWad, least, toWad } from "../../sdk/units.ts";
import { bandHalfWidth } from "./band.ts";
import { type Cap, type CapName, capsOf } from "./caps.ts";
import type { HedgeConditions } from "./conditions.ts";
import { type HedgeCosts, costsOf } from "./costs.ts";
import type { HedgePolicy } from "./policy.ts";
import { taperOf } from "./taper.ts";
import { type Urgency, limitFor, slippageFor, urgencyOf } from "./urgency.ts";

/** What `HedgeDesk.rebalance` is asked for. */
export interface Order {
  /** WAD: positive buys, negative sells. */
  readonly amount: bigint;
  /** USDC: the most to spend or the least to receive. */
  readonly cashLimit: bigint;
  readonly venue: `0x${string}`;
  readonly route: `0x${string}`;
  /** Unix seconds. */
  readonly deadline: number;
}

export type HoldReason =
  | { readonly code: "inside-band" }
  /** What is outside the band is delta of series about to expire, which is not followed any more. */
  | { readonly code: "tapering"; readonly taperedDelta: number }
  | { readonly code: "below-min-clip"; readonly amount: number; readonly minClip: number }
  /** Oracle and DEX average (dollars) are too far apart for an order that can wait: one is behind the market, or pushed. */
  | { readonly code: "prices-apart"; readonly spot: number; readonly average: number }
  /** The net delta is positive with nothing left to sell, and nothing may be borrowed. */
  | { readonly code: "cannot-short"; readonly amount: number }
  /** The free cash buys less than the smallest order. */
  | { readonly code: "insufficient-cash"; readonly amount: number; readonly affordable: number }
  /** Another rule lets through less than the smallest order. */
  | { readonly code: "limited"; readonly by: CapName; readonly amount: number; readonly allowed: number }
  /** The chain's mark and our own Greeks differ: nothing is done until they agree. */
  | ({ readonly code: "mark-disagrees" } & Omit<Extract<CrossCheck, { agrees: false }>, "agrees">);

export interface HedgeReason {
  /** `unwind`: there are no options left, so there is nothing to hedge. */
  readonly code: "outside-band" | "unwind";
  /** What made the order smaller than the band asks for. */
  readonly limitedBy?: CapName;
}

/** What was weighed, whatever was decided. */
export interface PlanFigures {
  /** Book delta plus hedge, WAD. */
  readonly netDelta: bigint;
  /** The same without what tapering ignores: what is held to the band. */
  readonly taperedDelta: bigint;
  /** Half-width of the no-trade band, WAD. */
  readonly band: bigint;
  readonly urgency: Urgency;
  readonly costs: HedgeCosts;
}

/** What to do at one block, and why. */
export type Plan =
  | (PlanFigures & { readonly decision: "hold"; readonly reason: HoldReason })
  | (PlanFigures & {
      readonly decision: "hedge";
      readonly reason: HedgeReason;
      readonly order: Order;
      /** WAD that the band asks for; the order is at most that. */
      readonly wanted: bigint;
    });

/** Decides from its inputs alone, so that a tick can be replayed: no clock, no chain, no memory. */
export function planHedge(
  snapshot: Snapshot,
  policy: HedgePolicy,
  routing: Routing,
  conditions: HedgeConditions = {},
): Plan {
  const isFlat = snapshot.book.every(({ quantity }) => quantity === 0n);
  const figures = weigh(snapshot, policy, conditions, isFlat);
  const { netDelta, taperedDelta, band, urgency, costs } = figures;
  const hold = (reason: HoldReason): Plan => ({ ...figures, decision: "hold", reason });

  const check = crossCheck(snapshot, policy.markTolerance);
  if (!check.agrees) {
    const { figure, onChain, own, allowed } = check;
    return hold({ code: "mark-disagrees", figure, onChain, own, allowed });
  }
  if (abs(taperedDelta) <= band) return hold({ code: "inside-band" });
  if (netDelta === 0n || netDelta < 0n !== taperedDelta < 0n) {
    return hold({ code: "tapering", taperedDelta: fromWad(taperedDelta) });
  }

  const residual = policy.target === "edge" ? band : least(band, toWad(policy.bandFloor));
  const wanted = least(abs(taperedDelta) - residual, abs(netDelta));
  // A remainder that is not worth its gas would hold up every LP who leaves: redemptions are paid in cash alone.
  const minClip = isFlat ? 1n : toWad(urgency === "routine" ? costs.minClip : policy.minClip);
  if (wanted < minClip) {
    return hold({ code: "below-min-clip", amount: fromWad(wanted), minClip: fromWad(minClip) });
  }

  const { spot } = snapshot.mark;
  const { average, expectedBps } = conditions;
  if (urgency === "routine" && average !== undefined && isApart(average, spot, policy)) {
    return hold({ code: "prices-apart", spot: fromWad(spot), average: fromWad(average) });
  }

  const slippageBps = slippageFor(urgency, policy, snapshot.hedge.maxSlippageBps);
  const limitBps = limitFor(expectedBps, policy, slippageBps);
  const isBuy = netDelta < 0n;
  const caps = capsOf(isBuy, snapshot, policy, conditions, { slippageBps, limitBps });
  const size = least(wanted, ...caps.map(({ amount }) => amount));
  const binding = size === wanted ? undefined : caps.find(({ amount }) => amount === size);
  // What a rule leaves is worth an order when it is worth the gas of one, however little of the whole it is.
  if (binding && size < minClip) return hold(limitedReason(binding, wanted));

  const amount = isBuy ? size : -size;
  return {
    ...figures,
    decision: "hedge",
    reason: { code: isFlat ? "unwind" : "outside-band", ...(binding && { limitedBy: binding.name }) },
    wanted,
    order: {
      amount,
      cashLimit: cashLimitOf(amount, spot, limitBps),
      ...routing,
      deadline: snapshot.block.time + policy.deadlineSeconds,
    },
  };
}

function weigh(snapshot: Snapshot, policy: HedgePolicy, conditions: HedgeConditions, isFlat: boolean): PlanFigures {
  const { mark, hedge, block } = snapshot;
  const spot = fromWad(mark.spot);
  const netDelta = netDeltaOf(snapshot);
  const taper = taperOf(snapshot, policy.taperSeconds);
  const taperedDelta = netDelta + toWad(taper.delta);
  const growsHedge = taperedDelta === 0n || taperedDelta < 0n === hedge.delta >= 0n;
  const costs = costsOf(policy, conditions, spot, growsHedge);
  const gamma = fromWad(mark.gamma) + taper.gamma;
  const band = isFlat ? 0n : toWad(bandHalfWidth({ spot, gamma, costBps: costs.costBps }, policy));
  const { outsideSince = block.time } = conditions;
  const bands = isFlat ? 1 : fromWad(abs(taperedDelta)) / fromWad(band);
  return { netDelta, taperedDelta, band, urgency: urgencyOf(bands, block.time - outsideSince, policy), costs };
}

function limitedReason({ name, amount: cap }: Cap, wanted: bigint): HoldReason {
  const amount = fromWad(wanted);
  if (name === "cash") return { code: "insufficient-cash", amount, affordable: fromWad(cap) };
  if (name === "inventory") return { code: "cannot-short", amount };
  return { code: "limited", by: name, amount, allowed: fromWad(cap) };
}

function isApart(average: bigint, spot: bigint, { maxGapBps }: HedgePolicy): boolean {
  return abs(average - spot) * BPS > spot * BigInt(maxGapBps);
}

/** The oracle's price for `amount`, worsened by the limit, and rounded to the stricter side. */
function cashLimitOf(amount: bigint, spot: bigint, limitBps: bigint): bigint {
  const unit = WAD * WAD_PER_USDC_UNIT * BPS;
  if (amount > 0n) return (amount * spot * (BPS + limitBps)) / unit;
  const least = -amount * spot * (BPS - limitBps);
  return (least + unit - 1n) / unit;
}
