import type { Duty, EpochDuty, ExerciseDuty, MarkDuty, SettleDuty, UnwindDuty } from "./duty.ts";
import { DEFAULT_LISTING_POLICY, type ListingPolicy, type ListingState, planListings } from "./listing.ts";
import { DEFAULT_SURFACE_POLICY, type SurfacePolicy, type SurfaceState, planSurface } from "./surfacePosts.ts";

/** When the keeper does what is not hedging. */
export interface DutyPolicy {
  readonly surface: SurfacePolicy;
  readonly listing: ListingPolicy;
  /** Age of the stored mark, seconds, and move of spot since it, basis points, at which the book is marked anew. */
  readonly markAgeSeconds: number;
  readonly markMoveBps: number;
  /** Dollars per payment of gas below which nobody is paid unasked. */
  readonly minPayout: number;
  /** Holders paid in one transaction. */
  readonly holdersPerCall: number;
}

export const DEFAULT_DUTY_POLICY: DutyPolicy = {
  surface: DEFAULT_SURFACE_POLICY,
  listing: DEFAULT_LISTING_POLICY,
  markAgeSeconds: 1800,
  markMoveBps: 100,
  minPayout: 5,
  holdersPerCall: 20,
};

/** A holder who may be paid without asking. */
export interface UnpaidHolder {
  readonly id: bigint;
  readonly holder: `0x${string}`;
  /** Dollars. */
  readonly payout: number;
}

/** What the duties are decided from, at one block. */
export interface DutyState {
  readonly now: number;
  /** Dollars. */
  readonly spot: number;
  /** The vault's stored mark, as it was before this block. */
  readonly mark: { readonly time: number; readonly spot: number };
  readonly epoch: { readonly number: bigint; readonly endsAt: number };
  /** Expiries that have passed and are not settled, with the deciding round once the feed has one. */
  readonly expired: readonly { readonly expiry: number; readonly roundId?: bigint }[];
  readonly unpaid: readonly UnpaidHolder[];
  /** Units of underlying, and whether the book holds any option at all. */
  readonly hedge: number;
  readonly hasOptions: boolean;
  readonly surface: Omit<SurfaceState, "now">;
  readonly listed: ListingState["listed"];
  readonly volAt: ListingState["volAt"];
}

/**
 * Everything that is due, in the order in which it has to be done: prices of what expired are fixed before holders are paid
 * and the hedge goes, the surface is posted before the book is marked with it, and an epoch is closed over all of that. New
 * series come last.
 */
export function planDuties(state: DutyState, policy: DutyPolicy): Duty[] {
  const { now, spot } = state;
  const surface = planSurface({ ...state.surface, now }, policy.surface);
  return [
    ...settlements(state),
    ...payments(state, policy),
    ...unwind(state),
    ...(surface ? [surface] : []),
    ...marks(state, policy),
    ...epochs(state),
    ...planListings({ now, spot, listed: state.listed, volAt: state.volAt }, policy.listing),
  ];
}

function settlements({ expired, now }: DutyState): SettleDuty[] {
  return expired
    .flatMap(({ expiry, roundId }) => (roundId === undefined ? [] : [{ expiry, roundId }]))
    .sort((a, b) => a.expiry - b.expiry)
    .map(({ expiry, roundId }) => {
      const reason = { code: "expired", secondsAgo: now - expiry } as const;
      return { kind: "settle", expiry, roundId, reason };
    });
}

/** Largest payments first, in as few calls as it takes; those not worth their gas are left for the holder to ask for. */
function payments({ unpaid }: DutyState, { minPayout, holdersPerCall }: DutyPolicy): ExerciseDuty[] {
  const worth = unpaid.filter(({ payout }) => payout >= minPayout).sort((a, b) => b.payout - a.payout);
  const bySeries = new Map<bigint, UnpaidHolder[]>();
  for (const one of worth) bySeries.set(one.id, [...(bySeries.get(one.id) ?? []), one]);
  return [...bySeries].flatMap(([id, holders]) =>
    chunk(holders, holdersPerCall).map((part): ExerciseDuty => {
      const payout = part.reduce((sum, one) => sum + one.payout, 0);
      return {
        kind: "exercise-for",
        id,
        holders: part.map(({ holder }) => holder),
        reason: { code: "worth-its-gas", payout },
      };
    }),
  );
}

function unwind({ hedge, hasOptions }: DutyState): UnwindDuty[] {
  return hasOptions || hedge === 0 ? [] : [{ kind: "unwind", hedge, reason: { code: "no-options" } }];
}

function marks({ now, spot, mark, hasOptions }: DutyState, policy: DutyPolicy): MarkDuty[] {
  if (!hasOptions) return []; // an empty book is worth nothing at any price
  const ageSeconds = now - mark.time;
  const moveBps = mark.spot > 0 ? (Math.abs(spot - mark.spot) / mark.spot) * 10_000 : Infinity;
  if (moveBps >= policy.markMoveBps) {
    return [{ kind: "mark", reason: { code: "spot-move", moveBps, allowed: policy.markMoveBps } }];
  }
  if (ageSeconds < policy.markAgeSeconds) return [];
  return [{ kind: "mark", reason: { code: "age", ageSeconds, allowed: policy.markAgeSeconds } }];
}

/** The vault refuses to close an epoch over an expiry without a price: one that has no round yet holds it up. */
function epochs({ now, epoch, expired }: DutyState): EpochDuty[] {
  const isBlocked = expired.some(({ roundId }) => roundId === undefined);
  if (now < epoch.endsAt || isBlocked) return [];
  const reason = { code: "epoch-over", secondsAgo: now - epoch.endsAt } as const;
  return [{ kind: "process-epoch", epoch: epoch.number, reason }];
}

function chunk<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < list.length; i += size) parts.push(list.slice(i, i + size));
  return parts;
}
