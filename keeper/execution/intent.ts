import type { Address, Hash, Hex } from "viem";
import type { Fees } from "./fees.ts";
import type { BlockRef, Call } from "./call.ts";
import type { Urgency } from "./ports.ts";

/** Anything that can be written down: bigints are allowed (store/document.ts). */
export type Document =
  string | number | boolean | bigint | null | undefined | readonly Document[] | { readonly [key: string]: Document };

/**
 * Something that the keeper wants done exactly once. However often its transaction is signed anew, all of them share one
 * nonce, so that the chain can take only one.
 */
export interface Intent {
  readonly id: string;
  readonly chainId: number;
  readonly account: Address;
  /** What there is only one of in flight, such as `hedge:WETH/USDC`. */
  readonly slot: string;
  readonly urgency: Urgency;
  readonly call: Call;
  /** The predicted effect, for the check of the receipt. */
  readonly expected: Document;
  /** Unix seconds after which it must not be mined any more. */
  readonly expiresAt: number | undefined;
  readonly nonce: number | undefined;
  /** Every signed transaction, oldest first. */
  readonly attempts: readonly Attempt[];
  /** Block at which the first of them was handed over. */
  readonly firstSent: bigint | undefined;
  /** Somebody asked to take it back. */
  readonly withdrawn: boolean;
  /** It has been confirmed once, or is over: its slot is free for the next one. */
  readonly confirmed: boolean;
  readonly state: State;
  /** How many events it has seen. */
  readonly version: number;
}

/** One signed transaction. */
export interface Attempt {
  readonly hash: Hash;
  readonly raw: Hex;
  /** `cancel`: sends nothing to oneself, so that the nonce is used up. */
  readonly purpose: "order" | "cancel";
  readonly fees: Fees;
  readonly gas: bigint;
}

/** Where a transaction was mined. */
export interface Inclusion {
  readonly block: BlockRef;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly gasCost: bigint;
}

/** What a mined transaction did. */
export type Outcome =
  | { readonly kind: "effected"; readonly details: Document }
  /** It failed on the chain: it cost gas and changed nothing. */
  | { readonly kind: "reverted" }
  /** The attempt to take it back was mined in its place. */
  | { readonly kind: "cancelled" }
  /** The receipt does not say what was predicted. The keeper must not go on by itself. */
  | { readonly kind: "unexpected"; readonly problem: string };

/** Where an intent stands. docs/keeper.md has the diagram. */
export type State =
  /** Written down; nothing is signed. */
  | { readonly tag: "planned" }
  /** Signed and stored; as far as the journal knows, nobody has it. */
  | { readonly tag: "signed"; readonly hash: Hash }
  /** As signed, after an earlier attempt: both may still be mined. */
  | { readonly tag: "replaced"; readonly hash: Hash; readonly previous: Hash }
  /** Handed over at block `since`. */
  | { readonly tag: "broadcast"; readonly hash: Hash; readonly since: bigint }
  /** A node has it in its pool. */
  | { readonly tag: "seen"; readonly hash: Hash; readonly since: bigint }
  /** No node knows it. `nonceTaken`: something else was mined with its nonce, as one node says. */
  | {
      readonly tag: "dropped";
      readonly hash: Hash;
      readonly since: bigint;
      readonly at: bigint;
      readonly nonceTaken: boolean;
    }
  | { readonly tag: "mined"; readonly hash: Hash; readonly inclusion: Inclusion; readonly outcome: Outcome }
  /** The block that it was mined in has left the chain. */
  | { readonly tag: "reorganised"; readonly hash: Hash; readonly since: bigint; readonly lost: Inclusion }
  | { readonly tag: "final"; readonly hash: Hash; readonly inclusion: Inclusion; readonly outcome: Outcome }
  | { readonly tag: "cancelled"; readonly hash: Hash; readonly inclusion: Inclusion }
  /** Given up before anything was signed. */
  | { readonly tag: "refused"; readonly reason: string }
  /** Another transaction has the nonce for good: somebody else uses the key. */
  | { readonly tag: "displaced"; readonly nonce: number };

export type Tag = State["tag"];

/** Whether nothing will ever happen to it any more. */
export function isOver({ state }: Pick<Intent, "state">): boolean {
  return ["final", "cancelled", "refused", "displaced"].includes(state.tag);
}

/** The transaction that is meant to be mined now. */
export function currentAttempt({ attempts }: Pick<Intent, "attempts">): Attempt | undefined {
  return attempts.at(-1);
}

/** An intent at its beginning. */
export function plan(
  request: Pick<Intent, "id" | "chainId" | "account" | "slot" | "urgency" | "call" | "expected"> & {
    readonly expiresAt?: number | undefined;
  },
): Intent {
  return {
    ...request,
    expiresAt: request.expiresAt,
    nonce: undefined,
    attempts: [],
    firstSent: undefined,
    withdrawn: false,
    confirmed: false,
    state: { tag: "planned" },
    version: 0,
  };
}
