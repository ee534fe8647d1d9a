import type { HoldReason } from "../hedging/planner.ts";
import type { TickEvent } from "./events.ts";

/** Reasons to hold for which no hedge is overdue, although the net delta may be outside the band. */
const NOTHING_DUE: readonly string[] = [
  "inside-band",
  "tapering",
  "below-min-clip",
  "just-hedged",
] satisfies readonly HoldReason["code"][];

/** How long a market has wanted a hedge. */
export interface OutsideBand {
  /** Block time at which the net delta was first seen outside; undefined while no hedge is due. */
  readonly since: number | undefined;
  /** Whether the tick leaves it outside, and for how many seconds it has been. */
  readonly isOutside: boolean;
  readonly seconds: number;
}

/**
 * Follows a market from tick to tick. Hedges go to the band's edge, so that a moment later the net delta is a trifle outside:
 * what the planner leaves alone on purpose counts as inside.
 * @param since What the tick before said.
 */
export function outsideBand(since: number | undefined, event: TickEvent): OutsideBand {
  const { netDelta, netDeltaAfter, decision, reason, blockTime } = event;
  const isDue = decision === "hedge" || !NOTHING_DUE.includes(reason.code);
  if (!isDue || !isBeyond(netDelta, event)) return { since: undefined, isOutside: false, seconds: 0 };
  const left = since ?? blockTime;
  const isOutside = isBeyond(netDeltaAfter, event);
  return { since: left, isOutside, seconds: isOutside ? blockTime - left : 0 };
}

function isBeyond(delta: number, { band }: TickEvent): boolean {
  return Math.abs(delta) > band * (1 + 1e-9);
}
