import type { Address, Hash, Hex, Log } from "viem";
import type { Urgency } from "../hedging/urgency.ts";
import type { BlockRef, Call } from "./call.ts";
import type { Intent, Outcome } from "./intent.ts";

export type { Signer, UnsignedTransaction } from "../signing/signer.ts";
export type { Urgency } from "../hedging/urgency.ts";

/** What became of an attempt to hand a transaction over. */
export interface Broadcast {
  /** Endpoints that took it, or had it already. */
  readonly accepted: readonly string[];
  /** The others, and why. A reply that never came may still mean that it was taken. */
  readonly failed: readonly { readonly endpoint: string; readonly problem: string }[];
}

/** Hands signed transactions to the network. */
export interface Broadcaster {
  /**
   * Never throws: whether anybody took it is found out by looking at the chain.
   * @param blocksWaiting Blocks since anything was first handed over for the same intent: dearer bytes do not start anew.
   */
  broadcast(raw: Hex, lane: { readonly urgency: Urgency; readonly blocksWaiting: number }): Promise<Broadcast>;
}

export interface Head extends BlockRef {
  /** Unix seconds. */
  readonly time: number;
  /** Wei. */
  readonly baseFee: bigint;
}

export interface Receipt {
  readonly hash: Hash;
  readonly block: BlockRef;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly gasPrice: bigint;
  readonly logs: readonly Log[];
}

export type Simulation =
  { readonly passes: true; readonly gas: bigint } | { readonly passes: false; readonly reason: string };

/** What the transaction machine asks a chain. Every method may throw when the line fails; none changes anything. */
export interface ChainView {
  head(): Promise<Head>;
  /** Transactions of `account` that are mined at the newest block: the lowest nonce that is free. */
  minedNonce(account: Address): Promise<number>;
  /** Priority fee that gets a transaction into one of the next blocks, wei. */
  suggestedTip(): Promise<bigint>;
  /** Runs a call against the newest block. A gas limit that `call` names is not exceeded. */
  simulate(from: Address, call: Call): Promise<Simulation>;
  receipt(hash: Hash): Promise<Receipt | undefined>;
  /** Whether the node knows the transaction, mined or waiting. */
  knows(hash: Hash): Promise<boolean>;
  /** Hash of the block at this height of the chain that is now the longest; undefined above its end. */
  blockHash(number: bigint): Promise<Hash | undefined>;
}

/** Compares a receipt with what the intent predicted. Pure, so that it can be asked again after a restart. */
export type VerifyEffect = (intent: Intent, receipt: Receipt) => Exclude<Outcome, { kind: "cancelled" | "reverted" }>;

/** Whoever needs the time or has to wait takes this, so that tests decide how time passes. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `milliseconds`; never rejects. */
  sleep(milliseconds: number): Promise<void>;
}

/** The memory of the transaction machine. What a method has returned from is on disk. */
export interface Journal {
  /**
   * Writes a new intent down, unless its slot is taken or its id is there already.
   * @returns The intent that holds the slot: `intent` itself when it was free.
   */
  begin(intent: Intent): Promise<Intent>;
  /** Intents that are not over, oldest first. */
  open(): Promise<Intent[]>;
  find(id: string): Promise<Intent | undefined>;
  /**
   * Reserves the lowest nonce that no intent has and that is not below `floor`; the same one when asked again.
   * @returns The intent with its nonce.
   */
  allocateNonce(intent: Intent, floor: number): Promise<Intent>;
  /**
   * Writes down what `next` has more than what is stored: its state, and attempts that are new.
   * @throws JournalConflict when somebody else has changed the intent meanwhile.
   */
  record(next: Intent): Promise<void>;
  /** Block of the newest inclusion in `slot`; undefined when there was none. */
  lastInclusion(slot: string): Promise<bigint | undefined>;
}
