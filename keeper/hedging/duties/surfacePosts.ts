import { type SsviSlice, type TimedSlice, yearsOf } from "../../../sdk/pricing/index.ts";
import type { SlicePost, SliceReason, SurfaceDuty } from "./duty.ts";
import {
  type SurfaceLimits,
  firstSlice,
  isArbitrageFree,
  reachableShare,
  stepTowards,
  withinBounds,
} from "./surfaceStep.ts";

/** When a slice is posted anew. */
export interface SurfacePolicy {
  /** Differences between calibrated and posted slice that are tolerated; `wing` is curvature in units of the deviation. */
  readonly volDeviation: number;
  readonly skewDeviation: number;
  readonly wingDeviation: number;
  readonly carryDeviation: number;
  /** Age at which a slice is posted however little it moved, seconds: well below the age at which it counts as stale. */
  readonly heartbeatSeconds: number;
}

export const DEFAULT_SURFACE_POLICY: SurfacePolicy = {
  volDeviation: 0.01,
  skewDeviation: 0.03,
  wingDeviation: 0.05,
  carryDeviation: 0.02,
  heartbeatSeconds: 4 * 3600,
};

export interface TargetSlice {
  readonly expiry: number;
  /** What calibration says. */
  readonly slice: SsviSlice;
}

export interface PostedSlice extends TargetSlice {
  readonly updatedAt: number;
}

export interface SurfaceState {
  /** Unix seconds of the block. */
  readonly now: number;
  readonly posted: readonly PostedSlice[];
  /** Calibrated slices; none when there are no quotes that can be trusted. */
  readonly targets: readonly TargetSlice[];
  readonly limits: SurfaceLimits;
}

/** How much of the reachable step is tried, in this order, until the whole surface is free of arbitrage. */
const SHARES = [1, 0.5, 0.25, 0.1] as const;

interface Candidate extends PostedSlice {
  /** The calibrated slice, inside the bounds; the posted one when there is none. */
  readonly target: SsviSlice;
  readonly isNew: boolean;
  /** Why it is due, if it is. */
  readonly reason: SliceReason | undefined;
}

/**
 * The next post, if one is due: all due slices, each as far towards its target as the step limits allow, and all together
 * free of arbitrage with those that stay. Where the way there is blocked it goes less far, takes the slices beside along,
 * and leaves new expiries for later; at last it only renews what would go stale.
 */
export function planSurface(state: SurfaceState, policy: SurfacePolicy): SurfaceDuty | undefined {
  const candidates = candidatesOf(state, policy);
  const due = candidates.filter(({ reason }) => reason);
  if (due.length === 0) return undefined;
  const groups = [due, candidates, due.filter(({ isNew }) => !isNew), candidates.filter(({ isNew }) => !isNew)];
  for (const group of groups) {
    if (group.length === 0) continue;
    for (const share of SHARES) {
      const posts = group.map((candidate) => postOf(candidate, share, state));
      if (isPostable(posts, state)) return { kind: "post-surface", slices: posts };
    }
  }
  const stale = due.filter(({ isNew, updatedAt }) => !isNew && state.now - updatedAt >= policy.heartbeatSeconds);
  const renewed = stale.map((candidate) => postOf(candidate, 0, state));
  return renewed.length > 0 && isPostable(renewed, state) ? { kind: "post-surface", slices: renewed } : undefined;
}

/** Every slice that may be posted now, ascending by expiry. */
function candidatesOf(state: SurfaceState, policy: SurfacePolicy): Candidate[] {
  const { now, limits } = state;
  const live = state.posted.filter(({ expiry }) => expiry > now);
  const byExpiry = new Map(state.targets.map(({ expiry, slice }) => [expiry, withinBounds(slice, limits)]));
  const known = live
    .filter(({ updatedAt }) => now >= updatedAt + limits.minInterval)
    .map((posted): Candidate => {
      const target = byExpiry.get(posted.expiry) ?? posted.slice;
      return { ...posted, target, isNew: false, reason: reasonFor(posted, target, now, policy) };
    });
  const listed = new Set(live.map(({ expiry }) => expiry));
  const fresh = [...byExpiry]
    .filter(([expiry]) => !listed.has(expiry) && expiry > now && expiry <= now + limits.maxTenor)
    .sort(([a], [b]) => a - b)
    .slice(0, Math.max(0, limits.maxExpiries - live.length))
    .map(([expiry, target]): Candidate => ({
      expiry,
      slice: target,
      updatedAt: now,
      target,
      isNew: true,
      reason: { code: "new-expiry" },
    }));
  return [...known, ...fresh].sort((a, b) => a.expiry - b.expiry);
}

function reasonFor(
  posted: PostedSlice,
  target: SsviSlice,
  now: number,
  policy: SurfacePolicy,
): SliceReason | undefined {
  const { slice, expiry, updatedAt } = posted;
  const deviation = slice.atmVol * Math.sqrt(yearsOf(expiry - now));
  const rows: readonly [keyof SsviSlice, by: number, allowed: number][] = [
    ["atmVol", Math.abs(target.atmVol - slice.atmVol), policy.volDeviation],
    ["skew", Math.abs(target.skew - slice.skew), policy.skewDeviation],
    ["curvature", Math.abs(target.curvature - slice.curvature) * deviation, policy.wingDeviation],
    ["carry", Math.abs(target.carry - slice.carry), policy.carryDeviation],
  ];
  const [worst] = rows.filter(([, by, allowed]) => by >= allowed).sort((a, b) => b[1] / b[2] - a[1] / a[2]);
  if (worst) return { code: "deviation", parameter: worst[0], by: worst[1], allowed: worst[2] };
  const ageSeconds = now - updatedAt;
  return ageSeconds >= policy.heartbeatSeconds ? { code: "heartbeat", ageSeconds } : undefined;
}

function postOf(candidate: Candidate, portion: number, { now, posted, limits }: SurfaceState): SlicePost {
  const { expiry, slice, target, isNew, reason = { code: "beside-others" } as const } = candidate;
  const timeToExpiry = expiry - now;
  if (isNew) {
    const first = firstSlice(target, timeToExpiry, timed(posted, now), limits);
    return { expiry, slice: first, share: 1, reason };
  }
  const share = portion * reachableShare(slice, target, timeToExpiry, limits);
  return { expiry, slice: stepTowards(slice, target, share), share, reason };
}

function isPostable(posts: readonly SlicePost[], { now, posted }: SurfaceState): boolean {
  const next = new Map(posts.map(({ expiry, slice }) => [expiry, slice]));
  const staying = posted.filter(({ expiry }) => !next.has(expiry));
  return isArbitrageFree(timed([...staying, ...posts], now));
}

function timed(slices: readonly TargetSlice[], now: number): TimedSlice[] {
  return slices
    .filter(({ expiry }) => expiry > now)
    .map(({ expiry, slice }) => ({ slice, timeToExpiry: expiry - now }))
    .sort((a, b) => a.timeToExpiry - b.timeToExpiry);
}
