import { type Intent, currentAttempt } from "./intent.ts";
import type { FeePolicy } from "./fees.ts";

/** What to do about an intent now. */
export type Action =
  /** Simulate, price, sign, store and send it for the first time. */
  | { readonly type: "prepare" }
  /** Hand the newest signed bytes over (again). */
  | { readonly type: "send" }
  /** Sign it anew with higher fees. */
  | { readonly type: "replace" }
  /** Use its nonce up for nothing. */
  | { readonly type: "cancel" }
  | { readonly type: "wait" };

export interface Moment {
  /** Number and time (unix seconds) of the newest block. */
  readonly head: bigint;
  readonly time: number;
}

/** Decides from what is known alone, so that a restart decides the same. */
export function nextAction(intent: Intent, { head, time }: Moment, fees: FeePolicy): Action {
  const { state, withdrawn, expiresAt, urgency } = intent;
  if (state.tag === "planned") return { type: "prepare" };
  // Bytes that are stored count as sent, since nobody can know that they are not.
  if (state.tag === "signed" || state.tag === "replaced") return { type: "send" };
  const isUnmined = "since" in state;
  if (!isUnmined || (state.tag === "dropped" && state.nonceTaken)) return { type: "wait" };

  const attempt = currentAttempt(intent);
  const isCancelling = attempt?.purpose === "cancel";
  const isExpired = expiresAt !== undefined && time > expiresAt;
  if (!isCancelling && (withdrawn || isExpired)) return { type: "cancel" };
  if (head - state.since >= fees[urgency].replaceAfterBlocks) return { type: isCancelling ? "cancel" : "replace" };
  const isOut = state.tag === "seen" && state.hash === attempt?.hash;
  return { type: isOut ? "wait" : "send" };
}
