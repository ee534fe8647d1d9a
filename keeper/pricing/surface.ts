import { type TimedSlice, totalVariance } from "./ssvi.ts";
import { yearsOf } from "./time.ts";

/** Slices in ascending order of time to expiry; none expired. */
export type Surface = readonly [TimedSlice, ...TimedSlice[]];

/** Checks the order of `slices`; throws a RangeError when there is none, or one is expired or out of order. */
export function surfaceOf(slices: readonly TimedSlice[]): Surface {
  const [first, ...rest] = slices;
  if (first === undefined) throw new RangeError("a surface needs at least one slice");
  let previous = 0;
  for (const { timeToExpiry } of slices) {
    if (!(timeToExpiry > previous)) throw new RangeError("slices must be unexpired and in ascending order of expiry");
    previous = timeToExpiry;
  }
  return [first, ...rest];
}

/**
 * Total variance at any expiry and k = ln(K/F): linear in time between the two slices around it at the same k, so it never
 * falls in time where neither slice pair does. Before the first slice and after the last one the vol stays as it is.
 */
export function surfaceVariance(surface: Surface, timeToExpiry: number, logMoneyness: number): number {
  let near = surface[0];
  if (timeToExpiry <= near.timeToExpiry) return scaledVariance(near, timeToExpiry, logMoneyness);
  for (const far of surface) {
    if (timeToExpiry < far.timeToExpiry) {
      const share = (timeToExpiry - near.timeToExpiry) / (far.timeToExpiry - near.timeToExpiry);
      return totalVariance(near, logMoneyness) * (1 - share) + totalVariance(far, logMoneyness) * share;
    }
    near = far;
  }
  return scaledVariance(near, timeToExpiry, logMoneyness);
}

/** Implied volatility at any unexpired time and k = ln(K/F). */
export function surfaceVol(surface: Surface, timeToExpiry: number, logMoneyness: number): number {
  return Math.sqrt(surfaceVariance(surface, timeToExpiry, logMoneyness) / yearsOf(timeToExpiry));
}

/** The slice's smile with its variance in proportion to time: constant vol at each k. */
function scaledVariance(timed: TimedSlice, timeToExpiry: number, logMoneyness: number): number {
  return totalVariance({ slice: timed.slice, timeToExpiry }, logMoneyness);
}
