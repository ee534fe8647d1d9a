import { type SsviSlice, type TimedSlice, atmVariance } from "./ssvi.ts";

/**
 * How far a slice is from each limit: 0 is at the limit, 1 far away, negative is a violation. Every entry is the share of
 * the limit that is unused, so headroom for rounding can be asked of all of them alike.
 */
export interface ButterflyHeadroom {
  /** 1 − ψ(1+|ρ|)/4 */
  readonly wing: number;
  /** 1 − ψφ(1+|ρ|)/4 */
  readonly density: number;
}

export interface CalendarHeadroom {
  /** 1 − θ₁/θ₂ */
  readonly atm: number;
  /** 1 − (least allowed ψ₂/ψ₁)/(actual ψ₂/ψ₁) */
  readonly wings: number;
  /** 1 − φ₂/φ₁ */
  readonly curvature: number;
}

/** Sufficient conditions for a non-negative density at one expiry (Gatheral & Jacquier 2014, theorem 4.2). */
export function butterflyHeadroom(timed: TimedSlice): ButterflyHeadroom {
  const { skew, curvature } = timed.slice;
  const steepness = wingSlope(timed) * (1 + Math.abs(skew));
  return { wing: 1 - steepness / 4, density: 1 - (steepness * curvature) / 4 };
}

/** Conditions for total variance not to fall from `near` to `far` at any strike (Hendriks & Martini 2019, prop. 3.5). */
export function calendarHeadroom(near: TimedSlice, far: TimedSlice): CalendarHeadroom {
  const least = leastSlopeRatio(near.slice, far.slice);
  return {
    atm: 1 - atmVariance(near) / atmVariance(far),
    wings: 1 - (least * wingSlope(near)) / wingSlope(far),
    curvature: 1 - far.slice.curvature / near.slice.curvature,
  };
}

/** True when ψ(1+|ρ|) < 4 and ψφ(1+|ρ|) ≤ 4. */
export function isButterflyFree(timed: TimedSlice): boolean {
  const { wing, density } = butterflyHeadroom(timed);
  return wing > 0 && density >= 0;
}

/** True when θ₂ ≥ θ₁, φ₂ ≤ φ₁ and ψ₂/ψ₁ ≥ max((1+ρ₁)/(1+ρ₂), (1−ρ₁)/(1−ρ₂)). */
export function isCalendarFree(near: TimedSlice, far: TimedSlice): boolean {
  const { atm, wings, curvature } = calendarHeadroom(near, far);
  return atm >= 0 && wings >= 0 && curvature >= 0;
}

/** ψ = θφ: twice the sum of the slopes of the two wings in total variance. */
export function wingSlope(timed: TimedSlice): number {
  return atmVariance(timed) * timed.slice.curvature;
}

/** The least ψ₂/ψ₁ at which neither wing of the far slice falls below that of the near one. */
export function leastSlopeRatio(near: SsviSlice, far: SsviSlice): number {
  return Math.max((1 + near.skew) / (1 + far.skew), (1 - near.skew) / (1 - far.skew));
}
