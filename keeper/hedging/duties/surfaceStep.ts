import {
  type SsviSlice,
  type TimedSlice,
  isButterflyFree,
  isCalendarFree,
  surfaceOf,
  surfaceVol,
  yearsOf,
} from "../../../sdk/pricing/index.ts";
import { roundToOnChainUnits } from "../../../sdk/pricing/calibration/index.ts";

/** `IVolSurface.Limits` in numbers: vols, skews and curvature as shares of one, times in seconds. */
export interface SurfaceLimits {
  readonly minVol: number;
  readonly maxVol: number;
  readonly maxSkew: number;
  readonly maxCurvature: number;
  readonly maxCarry: number;
  readonly maxVolStep: number;
  readonly maxSkewStep: number;
  readonly maxWingStep: number;
  readonly maxCarryStep: number;
  readonly minInterval: number;
  readonly maxTenor: number;
  readonly maxExpiries: number;
}

/** Kept back of every step limit, so that the last digit of a WAD decides nothing. */
const MARGIN = 1e-6;

/** The target moved inside the bounds. */
export function withinBounds(target: SsviSlice, limits: SurfaceLimits): SsviSlice {
  return {
    atmVol: clamp(target.atmVol, limits.minVol * (1 + MARGIN), limits.maxVol * (1 - MARGIN)),
    skew: clamp(target.skew, -limits.maxSkew * (1 - MARGIN), limits.maxSkew * (1 - MARGIN)),
    curvature: clamp(target.curvature, 0, limits.maxCurvature * (1 - MARGIN)),
    carry: clamp(target.carry, -limits.maxCarry * (1 - MARGIN), limits.maxCarry * (1 - MARGIN)),
  };
}

/** The largest share of the way from `last` to `target` that keeps every parameter within its step limit: 1 is all of it. */
export function reachableShare(
  last: SsviSlice,
  target: SsviSlice,
  timeToExpiry: number,
  limits: SurfaceLimits,
): number {
  // The wing's step is measured with the new vol, which is at most the larger of the two on the way.
  const deviation = Math.max(last.atmVol, target.atmVol) * Math.sqrt(yearsOf(timeToExpiry));
  return Math.min(
    shareOf(target.atmVol - last.atmVol, limits.maxVolStep),
    shareOf(target.skew - last.skew, limits.maxSkewStep),
    shareOf((target.curvature - last.curvature) * deviation, limits.maxWingStep),
    shareOf(target.carry - last.carry, limits.maxCarryStep),
  );
}

/** A slice `share` of the way, as the contract will store it. */
export function stepTowards(last: SsviSlice, target: SsviSlice, share: number): SsviSlice {
  const between = (from: number, to: number) => (share === 1 ? to : from + share * (to - from));
  return roundToOnChainUnits({
    atmVol: between(last.atmVol, target.atmVol),
    skew: between(last.skew, target.skew),
    curvature: between(last.curvature, target.curvature),
    carry: between(last.carry, target.carry),
  });
}

/** The first slice of an expiry: as near to the target as the vol that the surface already gives there allows. */
export function firstSlice(
  target: SsviSlice,
  timeToExpiry: number,
  posted: readonly TimedSlice[],
  limits: SurfaceLimits,
): SsviSlice {
  const last = posted.at(-1);
  if (!last || timeToExpiry > last.timeToExpiry) return roundToOnChainUnits(target);
  const vol = surfaceVol(surfaceOf(posted), timeToExpiry, 0);
  const step = limits.maxVolStep * (1 - MARGIN);
  return roundToOnChainUnits({ ...target, atmVol: clamp(target.atmVol, vol - step, vol + step) });
}

/** Whether a whole surface, ascending by expiry, holds neither a butterfly nor a calendar arbitrage. */
export function isArbitrageFree(surface: readonly TimedSlice[]): boolean {
  return surface.every((far, i) => {
    const near = surface[i - 1];
    return isButterflyFree(far) && (near === undefined || isCalendarFree(near, far));
  });
}

function shareOf(distance: number, limit: number): number {
  const far = Math.abs(distance);
  return far <= limit * (1 - MARGIN) ? 1 : (limit * (1 - MARGIN)) / far;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
