import type { SsviSlice } from "../../../sdk/pricing/index.ts";

/** Something that the keeper should do besides hedging. Its reason is data, so that it can be explained and tested. */
export type Duty = SettleDuty | ExerciseDuty | UnwindDuty | SurfaceDuty | MarkDuty | EpochDuty | ListDuty;

/** Fix the price of an expiry: everything else of that expiry waits for it. */
export interface SettleDuty {
  readonly kind: "settle";
  readonly expiry: number;
  /** Proxy round id of the first round at or after expiry. */
  readonly roundId: bigint;
  readonly reason: { readonly code: "expired"; readonly secondsAgo: number };
}

/** Pay holders of one series who have asked to be paid without doing anything. */
export interface ExerciseDuty {
  readonly kind: "exercise-for";
  readonly id: bigint;
  readonly holders: readonly `0x${string}`[];
  readonly reason: { readonly code: "worth-its-gas"; readonly payout: number };
}

/** Bring the hedge to zero; `planHedge` makes the order. It is listed so that it comes before the epoch that needs the cash. */
export interface UnwindDuty {
  readonly kind: "unwind";
  /** Units of underlying, signed as the hedge. */
  readonly hedge: number;
  readonly reason: { readonly code: "no-options" };
}

/** One slice of a post, and why it is in it. */
export interface SlicePost {
  readonly expiry: number;
  /** In whole units of what the contract stores. */
  readonly slice: SsviSlice;
  /** Share of the way from the posted slice to the calibrated one: below 1 when a step limit, or arbitrage, allows no more. */
  readonly share: number;
  readonly reason: SliceReason;
}

export type SliceReason =
  | { readonly code: "new-expiry" }
  /** A parameter is further from the calibrated one than the policy tolerates. */
  | { readonly code: "deviation"; readonly parameter: keyof SsviSlice; readonly by: number; readonly allowed: number }
  | { readonly code: "heartbeat"; readonly ageSeconds: number }
  /** Moved along because the slices that are due would not be free of arbitrage beside its old one. */
  | { readonly code: "beside-others" };

/** One post of all slices that move. */
export interface SurfaceDuty {
  readonly kind: "post-surface";
  /** Ascending by expiry. */
  readonly slices: readonly SlicePost[];
}

/** Value the book anew. */
export interface MarkDuty {
  readonly kind: "mark";
  readonly reason:
    | { readonly code: "age"; readonly ageSeconds: number; readonly allowed: number }
    | { readonly code: "spot-move"; readonly moveBps: number; readonly allowed: number };
}

/** Price the LPs' requests of an epoch that is over. */
export interface EpochDuty {
  readonly kind: "process-epoch";
  readonly epoch: bigint;
  readonly reason: { readonly code: "epoch-over"; readonly secondsAgo: number };
}

/** Open new series of one expiry. */
export interface ListDuty {
  readonly kind: "list-series";
  readonly expiry: number;
  readonly strikes: readonly number[];
  readonly reason: { readonly code: "new-expiry" | "spot-moved" };
}
