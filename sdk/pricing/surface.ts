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
 * Total variance at an expiry and k = ln(K/F): linear in time between the two slices around it at the same k, so it never
 * falls in time where neither slice pair does. Before the first slice vol is the first's. After the last there is no
 * answer, as on-chain, but a RangeError: growing θ could break the butterfly conditions.
 */
export function surfaceVariance(surface: Surface, timeToExpiry: number, logMoneyness: number): number {
  const { near, far, farShare } = bracket(surface, timeToExpiry);
  if (near === undefined) return totalVariance({ slice: far.slice, timeToExpiry }, logMoneyness);
  return totalVariance(near, logMoneyness) * (1 - farShare) + totalVariance(far, logMoneyness) * farShare;
}

/** Implied volatility at a time and k = ln(K/F), by `surfaceVariance`. */
export function surfaceVol(surface: Surface, timeToExpiry: number, logMoneyness: number): number {
  return Math.sqrt(surfaceVariance(surface, timeToExpiry, logMoneyness) / yearsOf(timeToExpiry));
}

/** Forward at an expiry: S·exp(b·T), with b·T linear in time between slices and b the first's before the first. */
export function surfaceForward(surface: Surface, timeToExpiry: number, spot: number): number {
  const { near, far, farShare } = bracket(surface, timeToExpiry);
  const growth =
    near === undefined
      ? far.slice.carry * yearsOf(timeToExpiry)
      : growthOf(near) * (1 - farShare) + growthOf(far) * farShare;
  return growth === 0 ? spot : spot * Math.exp(growth);
}

interface Bracket {
  /** Missing when `far` answers alone: at its own expiry, or before the first. */
  readonly near?: TimedSlice;
  readonly far: TimedSlice;
  readonly farShare: number;
}

function bracket(surface: Surface, timeToExpiry: number): Bracket {
  if (!(timeToExpiry > 0)) throw new RangeError(`time to expiry must be positive, not ${String(timeToExpiry)}`);
  let near: TimedSlice | undefined;
  for (const far of surface) {
    if (timeToExpiry === far.timeToExpiry || (near === undefined && timeToExpiry < far.timeToExpiry)) {
      return { far, farShare: 1 };
    }
    if (near !== undefined && timeToExpiry < far.timeToExpiry) {
      const farShare = (timeToExpiry - near.timeToExpiry) / (far.timeToExpiry - near.timeToExpiry);
      return { near, far, farShare };
    }
    near = far;
  }
  throw new RangeError("no slice at or after this expiry");
}

function growthOf({ slice, timeToExpiry }: TimedSlice): number {
  return slice.carry * yearsOf(timeToExpiry);
}
