import { type Hash, keccak256 } from "viem";
import { type FeePolicy, firstFees, replacementFees } from "./fees.ts";
import { type Attempt, type Inclusion, type Intent, type Outcome, currentAttempt, isOver } from "./intent.ts";
import { nextAction } from "./nextAction.ts";
import type { BlockRef, Call } from "./call.ts";
import type { Broadcaster, ChainView, Head, Journal, Receipt, Signer, VerifyEffect } from "./ports.ts";
import { type Depths, type Event, type Observation, transition } from "./transition.ts";

/** What the driver works with. Everything that does I/O comes in from outside. */
export interface DriverOptions {
  readonly chain: ChainView;
  readonly signer: Signer;
  readonly broadcaster: Broadcaster;
  readonly journal: Journal;
  readonly verify: VerifyEffect;
  readonly fees: FeePolicy;
  readonly depths: Depths;
  /** A transaction that needs more is not understood and not sent. */
  readonly maxGas: bigint;
}

/** What became of a request to do something. */
export type Submission =
  | { readonly outcome: "accepted"; readonly intent: Intent }
  /** The slot is taken; an emergency has made its holder more urgent instead. */
  | { readonly outcome: "busy"; readonly intent: Intent }
  /**
   * The chain would not take it, or it was planned on a block that has left the chain, or from before something that its slot
   * did. Nothing is written down.
   */
  | { readonly outcome: "refused"; readonly reason: string };

/** Carries intents out: the thin layer of I/O around `transition` and `nextAction`. */
export interface TransactionDriver {
  /**
   * Writes `intent` down and takes its first steps, unless its slot is taken.
   * @param plannedAt The block whose state it was planned from.
   */
  submit(intent: Intent, plannedAt: BlockRef): Promise<Submission>;
  /**
   * Looks at every open intent and takes the next step of each. Never waits for a block: call it at every one, and before
   * anything else, to take up whatever the journal holds.
   */
  step(): Promise<Intent[]>;
}

/** What a call would do now: why it would fail, or what it would take. */
type Trial = { readonly refusal: string } | { readonly refusal: undefined; readonly gas: bigint };

/** Gas sent beyond the estimate, in percent: state changes between the estimate and the block. */
const GAS_MARGIN = 25n;
const TRANSFER_GAS = 21_000n;
const RANK = { routine: 0, urgent: 1, emergency: 2 } as const;

/** The one place that has transactions signed and sent. Its methods never overlap: each waits for the one before. */
export function createDriver(options: DriverOptions): TransactionDriver {
  const { chain, signer, broadcaster, journal, fees, depths } = options;

  async function submit(intent: Intent, plannedAt: BlockRef): Promise<Submission> {
    const known = await journal.find(intent.id);
    if (known) return { outcome: "accepted", intent: isOver(known) ? known : await advance(known) };
    const stale = await staleness(intent.slot, plannedAt);
    if (stale) return { outcome: "refused", reason: stale };
    const isTaken = (await journal.open()).some(({ slot, confirmed }) => slot === intent.slot && !confirmed);
    const trial = isTaken ? undefined : await tryOut(intent);
    if (trial?.refusal !== undefined) return { outcome: "refused", reason: trial.refusal };
    const holder = await journal.begin(intent);
    if (holder.id === intent.id) return { outcome: "accepted", intent: await advance(holder, trial) };
    if (intent.urgency !== "emergency" || RANK[holder.urgency] >= RANK.emergency) {
      return { outcome: "busy", intent: holder };
    }
    return { outcome: "busy", intent: await advance(await apply(holder, { type: "escalated", urgency: "emergency" })) };
  }

  /**
   * Why a plan made at `plannedAt` cannot be trusted: what its slot did before must be part of the state it was made from.
   * Otherwise the same hedge would be planned twice.
   */
  async function staleness(slot: string, plannedAt: BlockRef): Promise<string | undefined> {
    for (const open of await journal.open()) if (open.slot === slot) await observe(open);
    const last = await journal.lastInclusion(slot);
    if (last !== undefined && last > plannedAt.number) {
      return `it was planned at block ${plannedAt.number}, before block ${last} in which the one before it was mined`;
    }
    const hash = await chain.blockHash(plannedAt.number);
    return hash === plannedAt.hash ? undefined : `block ${plannedAt.number} has left the chain`;
  }

  async function step(): Promise<Intent[]> {
    const moved: Intent[] = [];
    for (const intent of await journal.open()) moved.push(await advance(intent));
    return moved;
  }

  /** What a call would do at the newest block. */
  async function tryOut({ account, call }: Intent): Promise<Trial> {
    const simulation = await chain.simulate(account, call);
    if (!simulation.passes) return { refusal: simulation.reason };
    const { gas } = simulation;
    const isDear = gas > options.maxGas;
    return isDear ? { refusal: `it would take ${gas} gas, more than ${options.maxGas}` } : { refusal: undefined, gas };
  }

  /** One look at the chain and the one action that follows. @param trial What the call would do, where that is known already. */
  async function advance(intent: Intent, trial?: Trial): Promise<Intent> {
    const { head, intent: seen } = await observe(intent);
    const action = nextAction(seen, { head: head.number, time: head.time }, fees);
    switch (action.type) {
      case "prepare":
        return prepare(seen, head, trial);
      case "send":
        return send(seen, head);
      case "replace":
        return replace(seen, head);
      case "cancel":
        return signAndSend(seen, head, "cancel");
      case "wait":
        return seen;
    }
  }

  async function observe(intent: Intent): Promise<{ readonly head: Head; readonly intent: Intent }> {
    const [head, minedNonce] = await Promise.all([chain.head(), chain.minedNonce(intent.account)]);
    const inclusion = await findInclusion(intent, head);
    const known = inclusion ? undefined : await newestKnown(intent);
    const observation: Observation = { head: head.number, minedNonce, inclusion, known };
    return { head, intent: await apply(intent, { type: "observed", observation }) };
  }

  /** Any attempt may have been mined, not only the newest. A receipt of a block that is not in the chain counts for nothing. */
  async function findInclusion(intent: Intent, head: Head): Promise<Observation["inclusion"]> {
    for (const attempt of intent.attempts.toReversed()) {
      const receipt = await chain.receipt(attempt.hash);
      if (!receipt || receipt.block.number > head.number) continue;
      if ((await chain.blockHash(receipt.block.number)) !== receipt.block.hash) continue;
      return { hash: attempt.hash, ...inclusionOf(receipt), outcome: outcomeOf(intent, attempt, receipt) };
    }
    return undefined;
  }

  async function newestKnown({ attempts }: Intent): Promise<Hash | undefined> {
    for (const { hash } of attempts.toReversed()) if (await chain.knows(hash)) return hash;
    return undefined;
  }

  function outcomeOf(intent: Intent, { purpose }: Attempt, receipt: Receipt): Outcome {
    if (purpose === "cancel") return { kind: "cancelled" };
    return receipt.succeeded ? options.verify(intent, receipt) : { kind: "reverted" };
  }

  async function prepare(intent: Intent, head: Head, known?: Trial): Promise<Intent> {
    const { withdrawn, expiresAt } = intent;
    if (withdrawn) return giveUp(intent, head, "it was withdrawn");
    if (expiresAt !== undefined && head.time > expiresAt) return giveUp(intent, head, "its deadline has passed");
    const trial = known ?? (await tryOut(intent));
    if (trial.refusal !== undefined) return giveUp(intent, head, trial.refusal);
    return signAndSend(intent, head, "order", trial.gas);
  }

  /** A nonce that a later transaction waits behind cannot simply be handed back. */
  async function giveUp(intent: Intent, head: Head, reason: string): Promise<Intent> {
    const { nonce } = intent;
    const open = nonce === undefined ? [] : await journal.open();
    const isGap = open.some((other) => other.nonce !== undefined && nonce !== undefined && other.nonce > nonce);
    return isGap ? signAndSend(intent, head, "cancel") : apply(intent, { type: "refused", reason });
  }

  /** What waits is simulated again: what would fail by now is taken back instead of made dearer. */
  async function replace(intent: Intent, head: Head): Promise<Intent> {
    const trial = await tryOut(intent);
    if (trial.refusal !== undefined) return signAndSend(intent, head, "cancel");
    return signAndSend(intent, head, "order", trial.gas);
  }

  /** Stored before it is sent, always. Unchanged when the fees that it would take are above the cap. */
  async function signAndSend(intent: Intent, head: Head, purpose: Attempt["purpose"], gas = 0n): Promise<Intent> {
    const price = await priceOf(intent, head, purpose);
    if (!price) return keepOut(intent, head);
    const numbered = await journal.allocateNonce(intent, await chain.minedNonce(intent.account));
    const call: Call = purpose === "order" ? intent.call : { to: intent.account, data: "0x", value: 0n };
    const limit = purpose === "order" ? (call.gas ?? (gas * (100n + GAS_MARGIN)) / 100n) : TRANSFER_GAS;
    const { to, data, value } = call;
    const { chainId, nonce = 0 } = numbered;
    const raw = await signer.signTransaction({ chainId, nonce, to, data, value, gas: limit, ...price });
    const attempt: Attempt = { hash: keccak256(raw), raw, purpose, fees: price, gas: limit };
    return send(await apply(numbered, { type: "signed", attempt }), head);
  }

  async function priceOf(intent: Intent, head: Head, purpose: Attempt["purpose"]) {
    // A nonce that is stuck holds everything up: taking back may pay what an emergency may.
    const lane = fees[purpose === "cancel" ? "emergency" : intent.urgency];
    const market = { baseFee: head.baseFee, suggestedTip: await chain.suggestedTip() };
    const previous = currentAttempt(intent);
    return previous ? replacementFees(previous.fees, market, lane) : firstFees(market, lane);
  }

  /** No dearer attempt is allowed: what was signed before stays out. */
  async function keepOut(intent: Intent, head: Head): Promise<Intent> {
    return currentAttempt(intent) && intent.state.tag !== "seen" ? send(intent, head) : intent;
  }

  async function send(intent: Intent, head: Head): Promise<Intent> {
    const { state, attempts, urgency } = intent;
    const hash = state.tag === "reorganised" ? state.hash : currentAttempt(intent)?.hash;
    const attempt = attempts.find((candidate) => candidate.hash === hash);
    if (!attempt) return intent;
    const blocksWaiting = Number(head.number - (intent.firstSent ?? head.number));
    await broadcaster.broadcast(attempt.raw, { urgency, blocksWaiting });
    return apply(intent, { type: "sent", at: head.number });
  }

  /** Changes the state, and stores it if it did change. */
  async function apply(intent: Intent, event: Event): Promise<Intent> {
    const next = transition(intent, event, depths);
    if (next !== intent) await journal.record(next);
    return next;
  }

  const oneAtATime = createQueue();
  return {
    submit: (intent, plannedAt) => oneAtATime(() => submit(intent, plannedAt)),
    step: () => oneAtATime(step),
  };
}

function inclusionOf({ block, gasUsed, gasPrice }: Receipt): Inclusion {
  return { block, gasUsed, gasCost: gasUsed * gasPrice };
}

/** Runs what it is given one after the other, failures included. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
