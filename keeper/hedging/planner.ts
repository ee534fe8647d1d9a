import { type CrossCheck, crossCheck } from "../../sdk/portfolio/crossCheck.ts";
import { netDeltaOf } from "../../sdk/portfolio/snapshot.ts";
import { BPS, abs, fromWad, least, toWad } from "../../sdk/units.ts";
import { bandHalfWidth } from "./band.ts";
import type { Cap, CapName } from "./caps.ts";
import { type HedgeCosts, costsOf, leastCostBps } from "./costs.ts";
import type { HedgePolicy } from "./policy.ts";
import { ladder } from "./route.ts";
import { sizeOrder } from "./sizing.ts";
import { type HedgeState, isFlat } from "./state.ts";
import { type Taper, taperOf } from "./taper.ts";
import { type Urgency, slippageFor, urgencyOf } from "./urgency.ts";
import { type VenueRoute, leastImpact } from "./venues.ts";

/** What `HedgeDesk.rebalance` is asked for, besides the way that the order takes. */
export interface Order {
  /** WAD: positive buys, negative sells. */
  readonly amount: bigint;
  /** USDC: the most to spend or the least to receive. */
  readonly cashLimit: bigint;
  /** Unix seconds. */
  readonly deadline: number;
}

export type HoldReason =
  | { readonly code: "inside-band" }
  /** What is outside the band is delta of series about to expire, which is not followed any more. */
  | { readonly code: "tapering"; readonly taperedDelta: number }
  | { readonly code: "below-min-clip"; readonly amount: number; readonly minClip: number }
  /** What is left or came up right after a hedge is too little of the band to be followed by another one at once. */
  | { readonly code: "just-hedged"; readonly amount: number; readonly least: number; readonly secondsAgo: number }
  /** Oracle and DEX average (dollars) are too far apart for an order that can wait: one is behind the market, or pushed. */
  | { readonly code: "prices-apart"; readonly spot: number; readonly average: number }
  /** The net delta is positive with nothing left to sell, and nothing may be borrowed. */
  | { readonly code: "cannot-short"; readonly amount: number; readonly allowed: number }
  /** The free cash buys less than the smallest order. */
  | { readonly code: "insufficient-cash"; readonly amount: number; readonly affordable: number }
  /** Another rule lets through less than the smallest order. */
  | { readonly code: "limited"; readonly by: CapName; readonly amount: number; readonly allowed: number }
  /** Two readings differ, the vault's mark or the desk's net delta from our own: nothing is done until they agree. */
  | ({ readonly code: "mark-disagrees" } & Disagreement);

/** A figure that the chain and the keeper both compute, and do not agree on. */
export type Disagreement = Omit<Extract<CrossCheck, { agrees: false }>, "agrees" | "figure"> & {
  readonly figure: Extract<CrossCheck, { agrees: false }>["figure"] | "netDelta";
};

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
      /** Through which pools, and what they are expected to give. */
      readonly route: VenueRoute;
      /** WAD that the band asks for; the order is at most that. */
      readonly wanted: bigint;
    });

/** What the venues are asked. */
export interface WantedQuotes {
  readonly isBuy: boolean;
  /** WAD, ascending. */
  readonly sizes: readonly bigint[];
}

/** Quotes per pool: an order's price impact is followed in steps of a sixteenth. */
const LADDER_STEPS = 16;

/** What to ask the venues before planning; undefined when nothing would be ordered whatever they answer. */
export function wantedQuotes(state: Pick<HedgeState, "snapshot">, policy: HedgePolicy): WantedQuotes | undefined {
  const { snapshot } = state;
  const netDelta = netDeltaOf(snapshot);
  const taper = taperOf(snapshot, policy.taperSeconds);
  const tapered = netDelta + toWad(taper.delta);
  if (netDelta === 0n || abs(tapered) <= bandOf(state, policy, taper, leastCostBps(policy))) return undefined;
  const size = least(abs(netDelta), toWad(policy.maxClip));
  const clip = usualClip(state, policy, taper);
  return { isBuy: netDelta < 0n, sizes: ladder(size > clip ? size : clip, LADDER_STEPS) };
}

/** Decides from its inputs alone, so that a tick can be replayed: no clock, no chain, no memory. */
export function planHedge(state: HedgeState, policy: HedgePolicy): Plan {
  const { snapshot, average } = state;
  const figures = weigh(state, policy);
  const { netDelta, taperedDelta, band, urgency, costs } = figures;
  const hold = (reason: HoldReason): Plan => ({ ...figures, decision: "hold", reason });

  const disagreement = disagreementIn(state, policy.markTolerance);
  if (disagreement) return hold({ code: "mark-disagrees", ...disagreement });
  if (abs(taperedDelta) <= band) return hold({ code: "inside-band" });
  if (netDelta === 0n || netDelta < 0n !== taperedDelta < 0n) {
    return hold({ code: "tapering", taperedDelta: fromWad(taperedDelta) });
  }

  const residual = policy.target === "edge" ? band : least(band, toWad(policy.bandFloor));
  const wanted = least(abs(taperedDelta) - residual, abs(netDelta));
  // A remainder that is not worth its gas would hold up every LP who leaves: redemptions are paid in cash alone.
  const minClip = isFlat(state) ? 1n : toWad(urgency === "routine" ? costs.minClip : policy.minClip);
  if (wanted < minClip) {
    return hold({ code: "below-min-clip", amount: fromWad(wanted), minClip: fromWad(minClip) });
  }
  const crumb = crumbOf(state, policy, figures);
  if (crumb && wanted < crumb.least) {
    const { least: atLeast, secondsAgo } = crumb;
    return hold({ code: "just-hedged", amount: fromWad(wanted), least: fromWad(atLeast), secondsAgo });
  }

  const { spot } = snapshot.mark;
  if (urgency === "routine" && average !== undefined && isApart(average, spot, policy)) {
    return hold({ code: "prices-apart", spot: fromWad(spot), average: fromWad(average) });
  }

  const slippageBps = slippageFor(urgency, policy, state.desk.rules.maxSlippageBps);
  const sized = sizeOrder(state, policy, netDelta < 0n ? wanted : -wanted, slippageBps);
  const { amount, cashLimit, route, binding } = sized;
  // What a rule leaves is worth an order when it is worth the gas of one, however little of the whole it is.
  if (binding && abs(amount) < minClip) return hold(limitedReason(binding, wanted));
  if (!route) throw new Error("A hedge has no venue to go to.");

  return {
    ...figures,
    decision: "hedge",
    reason: { code: isFlat(state) ? "unwind" : "outside-band", ...(binding && { limitedBy: binding.name }) },
    wanted,
    order: { amount, cashLimit, deadline: snapshot.block.time + policy.deadlineSeconds },
    route,
  };
}

/** Whether the net delta is outside the band in a way that asks for a hedge, now or as soon as it can be had. */
export function isOutside(plan: Plan): boolean {
  return abs(plan.taperedDelta) > plan.band && plan.reason.code !== "just-hedged";
}

function weigh(state: HedgeState, policy: HedgePolicy): PlanFigures {
  const { snapshot, desk, memory, venues } = state;
  const { mark, hedge, block } = snapshot;
  const spot = fromWad(mark.spot);
  const netDelta = netDeltaOf(snapshot);
  const taper = taperOf(snapshot, policy.taperSeconds);
  const taperedDelta = netDelta + toWad(taper.delta);
  const isBuy = taperedDelta < 0n;
  const clip = usualClip(state, policy, taper);
  const growsHedge = hedge.delta === 0n || isBuy === hedge.delta > 0n;
  // A hedge that is long costs what its cash would earn; one that is short, or is about to be, what borrowing costs.
  const isShort = hedge.delta < 0n || (hedge.delta === 0n && !isBuy);
  const costs = costsOf(policy, {
    spot,
    gasCost: state.gasCost,
    impactBps: leastImpact(netDelta < 0n ? clip : -clip, venues, { spot, slippageBps: desk.rules.maxSlippageBps }),
    fundingRate: isShort ? (desk.loan?.borrowRate ?? 0) : policy.cashRate,
    growsHedge,
  });
  const band = bandOf(state, policy, taper, costs.costBps);
  const { outsideSince = block.time } = memory;
  const bands = isFlat(state) ? 1 : fromWad(abs(taperedDelta)) / fromWad(band);
  return { netDelta, taperedDelta, band, urgency: urgencyOf(bands, block.time - outsideSince, policy), costs };
}

/** Half-width of the no-trade band, WAD; none without options. */
function bandOf(state: Pick<HedgeState, "snapshot">, policy: HedgePolicy, taper: Taper, costBps: number): bigint {
  if (isFlat(state)) return 0n;
  const { mark } = state.snapshot;
  const gamma = fromWad(mark.gamma) + taper.gamma;
  return toWad(bandHalfWidth({ spot: fromWad(mark.spot), gamma, costBps }, policy));
}

/**
 * The order whose price impact counts, WAD: one as large as the band is wide. It must not depend on how far outside the net
 * delta is: the band would be narrower right after an order than it was before it, and ask for another one.
 */
function usualClip(state: Pick<HedgeState, "snapshot">, policy: HedgePolicy, taper: Taper): bigint {
  return least(bandOf(state, policy, taper, policy.costBps), toWad(policy.maxClip));
}

/** What an order has to be worth right after another one; undefined when there was none, or this one cannot wait. */
function crumbOf(
  state: HedgeState,
  policy: HedgePolicy,
  { band, urgency }: PlanFigures,
): { readonly least: bigint; readonly secondsAgo: number } | undefined {
  const { hedgedAt } = state.memory;
  if (hedgedAt === undefined || urgency !== "routine" || isFlat(state)) return undefined;
  const secondsAgo = state.snapshot.block.time - hedgedAt;
  if (secondsAgo >= policy.urgentAfterSeconds) return undefined;
  return { least: toWad(fromWad(band) * policy.crumbShare), secondsAgo };
}

/** What the chain and we ourselves do not agree on: the book's mark, or the desk's net delta. */
function disagreementIn({ snapshot, desk }: HedgeState, tolerance: number): Disagreement | undefined {
  const check = crossCheck(snapshot, tolerance);
  if (!check.agrees) {
    const { figure, onChain, own, allowed } = check;
    return { figure, onChain, own, allowed };
  }
  const { inventory, debt } = desk.holdings;
  const own = snapshot.mark.delta + inventory - debt;
  // Relative to all that is hedged, so that a net delta near zero is not held to its own last digits.
  const allowed = tolerance * Math.max(1, fromWad(inventory + debt + abs(desk.netDelta)));
  if (Math.abs(fromWad(desk.netDelta - own)) <= allowed) return undefined;
  return { figure: "netDelta", onChain: fromWad(desk.netDelta), own: fromWad(own), allowed };
}

function limitedReason({ name, amount: cap }: Cap, wanted: bigint): HoldReason {
  const amount = fromWad(wanted);
  if (name === "cash") return { code: "insufficient-cash", amount, affordable: fromWad(cap) };
  if (name === "inventory") return { code: "cannot-short", amount, allowed: fromWad(cap) };
  return { code: "limited", by: name, amount, allowed: fromWad(cap) };
}

function isApart(average: bigint, spot: bigint, { maxGapBps }: HedgePolicy): boolean {
  return abs(average - spot) * BPS > spot * BigInt(maxGapBps);
}
