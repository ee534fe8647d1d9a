import { decodeSeries, expiryName, seriesName } from "../../sdk/series.ts";
import { fromWad } from "../../sdk/units.ts";
import type { CapName } from "./caps.ts";
import type { Duty, SlicePost } from "./duties/duty.ts";
import type { Plan } from "./planner.ts";

const LIMITS: Readonly<Record<CapName, string>> = {
  cash: "the vault's free cash pays for no more",
  inventory: "the desk holds no more to sell",
  "health-factor": "a larger loan would take the health factor below its minimum",
  depth: "the pools take no more within the slippage bound",
  "turnover-budget": "the desk's turnover budget is nearly used up",
  "loss-budget": "the desk's loss budget would not cover the slippage of more",
  "max-clip": "it is the largest single order; the rest follows at the next block",
};

/** Why the keeper did or did not trade, as sentences: what was found, what was decided, what bound it. */
export function explainPlan(plan: Plan): string[] {
  return [situation(plan), decisionOf(plan), ...consequences(plan)];
}

function situation({ netDelta, taperedDelta, band, costs }: Plan): string {
  const net = signed(fromWad(netDelta));
  const tapered =
    taperedDelta === netDelta ? "" : ` (${signed(fromWad(taperedDelta))} without what is about to expire)`;
  const cost = `${costs.costBps.toFixed(1)} bp a trade and ${costs.gasCost.toFixed(2)} USDC of gas`;
  return `The net delta is ${net}${tapered}; the no-trade band is ±${fromWad(band).toFixed(4)}, from costs of ${cost}.`;
}

function decisionOf(plan: Plan): string {
  if (plan.decision === "hedge") {
    const { amount } = plan.order;
    const order = `${amount > 0n ? "buy" : "sell"} ${size(amount)}`;
    if (plan.reason.code === "unwind") return `Decision: ${order}, since there are no options left to hedge.`;
    const how = plan.urgency === "routine" ? "" : ` as ${plan.urgency === "urgent" ? "urgent" : "an emergency"}`;
    return `Decision: ${order}${how}, which brings it towards the edge of the band.`;
  }
  const { reason } = plan;
  switch (reason.code) {
    case "inside-band":
      return "Decision: hold. Inside the band a trade costs more than the risk that it removes.";
    case "tapering":
      return "Decision: hold. What is outside the band is delta of series about to expire, which is not followed any more.";
    case "below-min-clip":
      return `Decision: hold. ${reason.amount.toFixed(4)} is outside the band, less than the ${reason.minClip.toFixed(4)} that are worth their gas.`;
    case "just-hedged":
      return (
        `Decision: hold. ${reason.amount.toFixed(4)} is outside the band, ${duration(reason.secondsAgo)} after a hedge: less than the ` +
        `${reason.least.toFixed(4)} that are worth another one so soon.`
      );
    case "prices-apart":
      return (
        `Decision: hold. The oracle says ${reason.spot.toFixed(2)} and the pool's average is ${reason.average.toFixed(2)}, further ` +
        "apart than `hedging.maxGapBps`: one is behind the market, or pushed. What is not urgent waits."
      );
    case "cannot-short":
      return `Decision: hold. ${reason.amount.toFixed(4)} should be sold, but the desk holds nothing and may not borrow.`;
    case "insufficient-cash":
      return `Decision: hold. ${reason.amount.toFixed(4)} should be bought, but the free cash pays for ${reason.affordable.toFixed(4)} only.`;
    case "limited":
      return `Decision: hold. ${reason.amount.toFixed(4)} should be traded, but only ${reason.allowed.toFixed(4)} may: ${LIMITS[reason.by]}.`;
    case "mark-disagrees":
      return (
        `Decision: hold. The chain's ${reason.figure} is ${reason.onChain}, ours is ${reason.own}, and more than ` +
        `${reason.allowed.toPrecision(2)} apart; nothing is done until they agree.`
      );
  }
}

function consequences(plan: Plan): string[] {
  if (plan.decision === "hold" || plan.reason.limitedBy === undefined) return [];
  return [`The band asks for ${size(plan.wanted)}, but ${LIMITS[plan.reason.limitedBy]}.`];
}

/** One duty as a sentence. */
export function explainDuty(duty: Duty): string {
  switch (duty.kind) {
    case "settle":
      return `Settle ${expiryName(duty.expiry)} with round ${duty.roundId}: it expired ${duration(duty.reason.secondsAgo)} ago.`;
    case "exercise-for":
      return `Pay ${counted(duty.holders.length, "holder")} of ${seriesName(decodeSeries(duty.id))} ${duty.reason.payout.toFixed(2)} USDC.`;
    case "unwind":
      return `Unwind the hedge of ${signed(duty.hedge)}: there are no options left.`;
    case "post-surface":
      return `Post ${counted(duty.slices.length, "slice")}: ${duty.slices.map(sliceText).join("; ")}.`;
    case "mark":
      return duty.reason.code === "age"
        ? `Mark the book: the last mark is ${duration(duty.reason.ageSeconds)} old.`
        : `Mark the book: spot has moved by ${duty.reason.moveBps.toFixed(0)} bp since the last mark.`;
    case "process-epoch":
      return `Close epoch ${duty.epoch}: it ended ${duration(duty.reason.secondsAgo)} ago.`;
    case "list-series": {
      const why = duty.reason.code === "new-expiry" ? "the calendar opens this expiry" : "spot has moved away";
      return `List ${expiryName(duty.expiry)} at ${duty.strikes.join(", ")}: ${why}.`;
    }
  }
}

function sliceText({ expiry, share, reason }: SlicePost): string {
  const partly = share < 1 ? `, ${(share * 100).toFixed(0)} % of the way` : "";
  return `${expiryName(expiry)} (${sliceReason(reason)}${partly})`;
}

function sliceReason(reason: SlicePost["reason"]): string {
  switch (reason.code) {
    case "new-expiry":
      return "new";
    case "deviation":
      return `${reason.parameter} is off by ${reason.by.toPrecision(3)}`;
    case "heartbeat":
      return `${duration(reason.ageSeconds)} old`;
    case "beside-others":
      return "so that there is no arbitrage beside the others";
  }
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}

function size(wad: bigint): string {
  return Math.abs(fromWad(wad)).toFixed(4);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
