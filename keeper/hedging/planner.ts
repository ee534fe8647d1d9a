import { type CrossCheck, crossCheck } from "../portfolio/crossCheck.ts";
import { type Snapshot, netDeltaOf } from "../portfolio/snapshot.ts";
import { BPS, WAD, WAD_PER_USDC_UNIT, abs, fromWad, least, toWad } from "../units.ts";
import { bandHalfWidth } from "./band.ts";
import type { HedgePolicy } from "./policy.ts";

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

/** Where orders go. */
export interface Routing {
  readonly venue: `0x${string}`;
  readonly route: `0x${string}`;
}

export type HoldReason =
  | { readonly code: "inside-band" }
  | { readonly code: "below-min-clip"; readonly amount: number; readonly minClip: number }
  /** The net delta is positive with nothing left to sell: the desk cannot go short yet. */
  | { readonly code: "cannot-short"; readonly amount: number }
  /** The free cash buys less than the smallest order. */
  | { readonly code: "insufficient-cash"; readonly amount: number; readonly affordable: number }
  /** The chain's mark and our own Greeks differ: nothing is done until they agree. */
  | ({ readonly code: "mark-disagrees" } & Omit<Extract<CrossCheck, { agrees: false }>, "agrees">);

export interface HedgeReason {
  /** `unwind`: there are no options left, so there is nothing to hedge. */
  readonly code: "outside-band" | "unwind";
  /** What made the order smaller than the band asks for. */
  readonly limitedBy?: "max-clip" | "cash" | "inventory";
}

interface PlanFigures {
  /** Book delta plus hedge, WAD. */
  readonly netDelta: bigint;
  /** Half-width of the no-trade band, WAD. */
  readonly band: bigint;
}

/** What to do at one block, and why. */
export type Plan =
  | (PlanFigures & { readonly decision: "hold"; readonly reason: HoldReason })
  | (PlanFigures & { readonly decision: "hedge"; readonly reason: HedgeReason; readonly order: Order });

/** Decides from a snapshot alone, so that a tick can be replayed: no clock, no chain, no memory. */
export function planHedge(snapshot: Snapshot, policy: HedgePolicy, routing: Routing): Plan {
  const netDelta = netDeltaOf(snapshot);
  const isFlat = snapshot.book.every(({ quantity }) => quantity === 0n);
  const band = isFlat ? 0n : bandOf(snapshot, policy);
  const figures = { netDelta, band };
  const hold = (reason: HoldReason): Plan => ({ ...figures, decision: "hold", reason });

  const check = crossCheck(snapshot, policy.markTolerance);
  if (!check.agrees) {
    const { figure, onChain, own, allowed } = check;
    return hold({ code: "mark-disagrees", figure, onChain, own, allowed });
  }
  if (abs(netDelta) <= band) return hold({ code: "inside-band" });

  const residual = policy.target === "edge" ? band : least(band, toWad(policy.bandFloor));
  const wanted = abs(netDelta) - residual;
  // A remainder that is not worth its gas would hold up every LP who leaves: redemptions are paid in cash alone.
  const minClip = isFlat ? 1n : toWad(policy.minClip);
  if (wanted < minClip) {
    return hold({ code: "below-min-clip", amount: fromWad(wanted), minClip: policy.minClip });
  }

  const slippageBps = BigInt(Math.min(policy.slippageBps, snapshot.hedge.maxSlippageBps));
  const isBuy = netDelta < 0n;
  const reachable = isBuy ? affordable(snapshot, slippageBps) : snapshot.hedge.delta;
  const size = least(wanted, reachable, toWad(policy.maxClip));
  if (size < minClip) {
    return isBuy
      ? hold({ code: "insufficient-cash", amount: fromWad(wanted), affordable: fromWad(reachable) })
      : hold({ code: "cannot-short", amount: fromWad(wanted) });
  }

  const amount = isBuy ? size : -size;
  return {
    ...figures,
    decision: "hedge",
    reason: { code: isFlat ? "unwind" : "outside-band", ...limitOf(size, wanted, reachable, isBuy) },
    order: {
      amount,
      cashLimit: cashLimitOf(amount, snapshot.mark.spot, slippageBps),
      ...routing,
      deadline: snapshot.block.time + policy.deadlineSeconds,
    },
  };
}

function bandOf({ mark }: Snapshot, policy: HedgePolicy): bigint {
  return toWad(bandHalfWidth({ spot: fromWad(mark.spot), gamma: fromWad(mark.gamma) }, policy));
}

/** What the free cash buys at the worst price that is accepted: the desk draws the whole limit before it swaps. */
function affordable({ vault, mark }: Snapshot, slippageBps: bigint): bigint {
  return (vault.freeCash * WAD_PER_USDC_UNIT * WAD * BPS) / (mark.spot * (BPS + slippageBps));
}

/** The oracle's price for `amount`, worsened by the slippage, and rounded to the stricter side. */
function cashLimitOf(amount: bigint, spot: bigint, slippageBps: bigint): bigint {
  const unit = WAD * WAD_PER_USDC_UNIT * BPS;
  if (amount > 0n) return (amount * spot * (BPS + slippageBps)) / unit;
  const least = -amount * spot * (BPS - slippageBps);
  return (least + unit - 1n) / unit;
}

function limitOf(
  size: bigint,
  wanted: bigint,
  reachable: bigint,
  isBuy: boolean,
): { readonly limitedBy?: "max-clip" | "cash" | "inventory" } {
  if (size === wanted) return {};
  if (size === reachable) return { limitedBy: isBuy ? "cash" : "inventory" };
  return { limitedBy: "max-clip" };
}
