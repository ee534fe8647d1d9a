import type { Hash } from "viem";
import type { Fill } from "./fill.ts";
import { type Intent, currentAttempt } from "./intent.ts";
import { fillOf } from "./requests.ts";

/** How an order stands. */
export type Execution =
  | { readonly outcome: "filled"; readonly fill: Fill }
  /** A duty was mined. */
  | { readonly outcome: "done"; readonly tx: Hash; readonly gasUsed: bigint; readonly gasCost: bigint }
  /** Nothing was sent: the simulation failed, or the plan was out of date. */
  | { readonly outcome: "refused"; readonly message: string }
  /** It was mined and failed: it cost gas and changed nothing. */
  | { readonly outcome: "reverted"; readonly tx: Hash; readonly gasUsed: bigint; readonly gasCost: bigint }
  /** It was taken back before it was mined. */
  | { readonly outcome: "cancelled"; readonly tx: Hash }
  /** It, or the transaction before it, is not mined yet. */
  | { readonly outcome: "in-flight"; readonly tx?: Hash }
  /** The chain does not say what was ordered. The keeper must not go on by itself. */
  | { readonly outcome: "unexpected"; readonly tx?: Hash; readonly problem: string };

/** How an intent's order stands. */
export function executionOf(intent: Intent): Execution {
  const { state } = intent;
  const fill = fillOf(intent);
  if (fill) return { outcome: "filled", fill };
  switch (state.tag) {
    case "mined":
    case "final": {
      const { hash: tx, outcome } = state;
      const { gasUsed, gasCost } = state.inclusion;
      if (outcome.kind === "unexpected") return { outcome: "unexpected", tx, problem: outcome.problem };
      if (outcome.kind === "cancelled") return { outcome: "cancelled", tx };
      return { outcome: outcome.kind === "effected" ? "done" : "reverted", tx, gasUsed, gasCost };
    }
    case "cancelled":
      return { outcome: "cancelled", tx: state.hash };
    case "refused":
      return { outcome: "refused", message: state.reason };
    case "displaced": {
      const problem = `another transaction has its nonce ${state.nonce}: somebody else uses the keeper's key`;
      return { outcome: "unexpected", problem };
    }
    default: {
      const tx = currentAttempt(intent)?.hash;
      return { outcome: "in-flight", ...(tx && { tx }) };
    }
  }
}
