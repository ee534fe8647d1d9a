import { yearsOf } from "./time.ts";

/**
 * One expiry of the extended SSVI surface (Gatheral & Jacquier 2014; Hendriks & Martini 2019), as posted on-chain. With
 * T the years to expiry, θ = atmVol²·T and k = ln(K/F), total variance is
 *
 *     w(k) = θ/2 · (1 + ρφk + √((φk + ρ)² + 1 − ρ²))
 */
export interface SsviSlice {
  /** σ₀: implied volatility at the forward, > 0. */
  readonly atmVol: number;
  /** ρ: correlation-like skew, in (−1, 1). */
  readonly skew: number;
  /** φ: curvature, > 0. */
  readonly curvature: number;
  /** b: forward basis per year, F = S·exp(b·T). */
  readonly carry: number;
}

/** A slice with the seconds that remain until its expiry. */
export interface TimedSlice {
  readonly slice: SsviSlice;
  readonly timeToExpiry: number;
}

/** θ: total variance at the forward. */
export function atmVariance({ slice, timeToExpiry }: TimedSlice): number {
  return slice.atmVol * slice.atmVol * yearsOf(timeToExpiry);
}

/** w(k)/θ, the shape of the smile, from k = ln(K/F). One at the forward. */
export function smileShape(slice: SsviSlice, logMoneyness: number): number {
  const { skew, curvature } = slice;
  const z = curvature * logMoneyness;
  const root = Math.sqrt((z + skew) * (z + skew) + (1 - skew) * (1 + skew));
  return addToOnePlus(skew * z, root) / 2;
}

/** w(k), total implied variance at k = ln(K/F). */
export function totalVariance(timed: TimedSlice, logMoneyness: number): number {
  return atmVariance(timed) * smileShape(timed.slice, logMoneyness);
}

/** √(w(k)/T). Does not depend on the time that remains. */
export function smileVol(slice: SsviSlice, logMoneyness: number): number {
  return slice.atmVol * Math.sqrt(smileShape(slice, logMoneyness));
}

/** F = S·exp(b·T). */
export function forwardPrice(slice: SsviSlice, spot: number, timeToExpiry: number): number {
  return slice.carry === 0 ? spot : spot * Math.exp(slice.carry * yearsOf(timeToExpiry));
}

/** 1 + p + r; at |ρ| near 1 and far out 1 + p nearly cancels r, and adding in this order keeps it non-negative. */
function addToOnePlus(p: number, root: number): number {
  return Math.max(0, 1 + p + root);
}
