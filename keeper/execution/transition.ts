import type { Hash } from "viem";
import { type Attempt, type Inclusion, type Intent, type Outcome, type State, type Tag, isOver } from "./intent.ts";
import type { Urgency } from "./ports.ts";

/** What the chain said of an intent, all of it asked at about one moment. */
export interface Observation {
  /** Number of the newest block. */
  readonly head: bigint;
  /** Lowest nonce of the account that no mined transaction has. */
  readonly minedNonce: number;
  /** The attempt whose receipt lies in the present chain, if any. */
  readonly inclusion: (Inclusion & { readonly hash: Hash; readonly outcome: Outcome }) | undefined;
  /** The newest attempt that a node knows, if any. */
  readonly known: Hash | undefined;
}

/** What can happen to an intent. */
export type Event =
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "signed"; readonly attempt: Attempt }
  /** The newest attempt was handed over; whether anybody took it is for observations to say. */
  | { readonly type: "sent"; readonly at: bigint }
  | { readonly type: "observed"; readonly observation: Observation }
  | { readonly type: "escalated"; readonly urgency: Urgency }
  | { readonly type: "withdrawn" };

/** How many blocks mean what. */
export interface Depths {
  /** Blocks, its own included, after which a mined transaction frees its slot. */
  readonly confirmations: bigint;
  /** Blocks after which it is never looked at again. No reorganisation may be deeper. */
  readonly finality: bigint;
  /** Blocks that a transaction may be unknown to the nodes before it counts as dropped: a private relay hides it. */
  readonly patience: bigint;
}

/** An event that the state does not allow: a mistake in the program. */
export class IllegalTransition extends Error {
  override readonly name = "IllegalTransition";

  constructor(intent: Pick<Intent, "id" | "state">, event: Event) {
    super(`Intent ${intent.id} is ${intent.state.tag}, which allows no event "${event.type}".`);
  }
}

/** From which states an attempt may be signed: first from `planned`, then in place of one that waits. */
const SIGNABLE: readonly Tag[] = ["planned", "broadcast", "seen", "dropped", "reorganised"];
const SENDABLE: readonly Tag[] = ["signed", "replaced", "broadcast", "seen", "dropped", "reorganised"];

/**
 * The intent after `event`. The only place where a state changes; it reads no clock and no chain.
 * @throws IllegalTransition
 */
export function transition(intent: Intent, event: Event, depths: Depths): Intent {
  const { state } = intent;
  const allow = (allowed: boolean): void => {
    if (!allowed) throw new IllegalTransition(intent, event);
  };
  switch (event.type) {
    case "refused":
      allow(state.tag === "planned");
      return to({ ...intent, nonce: undefined, confirmed: true }, { tag: "refused", reason: event.reason });
    case "signed":
      allow(SIGNABLE.includes(state.tag) && intent.nonce !== undefined);
      return to({ ...intent, attempts: [...intent.attempts, event.attempt] }, signedState(intent, event.attempt));
    case "sent":
      allow(SENDABLE.includes(state.tag));
      return to({ ...intent, firstSent: intent.firstSent ?? event.at }, sentState(state, event.at));
    case "observed":
      return observed(intent, event.observation, depths);
    case "escalated":
      allow(!isOver(intent));
      return to({ ...intent, urgency: event.urgency }, state);
    case "withdrawn":
      allow(!isOver(intent));
      return to({ ...intent, withdrawn: true }, state);
  }
}

function to(intent: Intent, state: State): Intent {
  return { ...intent, state, version: intent.version + 1 };
}

function signedState({ attempts }: Intent, { hash }: Attempt): State {
  const previous = attempts.at(-1);
  return previous ? { tag: "replaced", hash, previous: previous.hash } : { tag: "signed", hash };
}

/** Handing the same bytes over again does not set the clock back: what is stuck must be replaced some day. */
function sentState(state: State, at: bigint): State {
  if (state.tag === "signed" || state.tag === "replaced") return { tag: "broadcast", hash: state.hash, since: at };
  if (state.tag === "dropped" || state.tag === "reorganised") {
    return { tag: "broadcast", hash: state.hash, since: state.since };
  }
  return state;
}

/** The same intent when the chain said nothing new. */
function observed(intent: Intent, observation: Observation, depths: Depths): Intent {
  const { state } = intent;
  if (isOver(intent) || intent.attempts.length === 0) return intent;
  const { inclusion } = observation;
  const next = inclusion ? included(inclusion, observation.head, depths) : missing(intent, observation, depths);
  const confirmed = intent.confirmed || isConfirmed(next, observation.head, depths);
  return sameState(state, next) && confirmed === intent.confirmed ? intent : to({ ...intent, confirmed }, next);
}

function included(found: NonNullable<Observation["inclusion"]>, head: bigint, { finality }: Depths): State {
  const { hash, outcome, ...inclusion } = found;
  if (depthOf(inclusion, head) < finality) return { tag: "mined", hash, inclusion, outcome };
  return outcome.kind === "cancelled"
    ? { tag: "cancelled", hash, inclusion }
    : { tag: "final", hash, inclusion, outcome };
}

/** No attempt is in the chain. */
function missing({ state, nonce, attempts }: Intent, observation: Observation, { patience, finality }: Depths): State {
  const { head, minedNonce, known } = observation;
  const newest = attempts.at(-1)?.hash ?? "0x";
  switch (state.tag) {
    case "mined":
      return { tag: "reorganised", hash: state.hash, since: head, lost: state.inclusion };
    case "broadcast":
    case "seen":
    case "dropped":
    case "reorganised": {
      const { since } = state;
      if (known) return { tag: "seen", hash: known, since };
      const nonceTaken = nonce !== undefined && minedNonce > nonce;
      const at = state.tag === "dropped" && state.nonceTaken === nonceTaken ? state.at : head;
      // One reading may come from a node that lies or lags: only what stays so is believed.
      if (nonceTaken && state.tag === "dropped" && head - at >= finality) return { tag: "displaced", nonce };
      if (!nonceTaken && state.tag !== "dropped" && head - since < patience) return state;
      return { tag: "dropped", hash: newest, since, at, nonceTaken };
    }
    default:
      return state;
  }
}

function isConfirmed(state: State, head: bigint, { confirmations }: Depths): boolean {
  return isOver({ state }) || (state.tag === "mined" && depthOf(state.inclusion, head) >= confirmations);
}

/** Blocks on top of the inclusion, its own included. */
function depthOf({ block }: Inclusion, head: bigint): bigint {
  return head - block.number + 1n;
}

function sameState(a: State, b: State): boolean {
  if (a === b) return true;
  if (a.tag !== b.tag) return false;
  if (a.tag === "mined" && b.tag === "mined")
    return a.hash === b.hash && a.inclusion.block.hash === b.inclusion.block.hash;
  if (a.tag === "seen" && b.tag === "seen") return a.hash === b.hash && a.since === b.since;
  if (a.tag === "dropped" && b.tag === "dropped")
    return a.nonceTaken === b.nonceTaken && a.at === b.at && a.hash === b.hash;
  return false;
}
