import { density, mills, real, type Real } from "../../scripts/fit/functions.ts";

/** An option in the integers that Solidity gets: WAD, seconds, WAD. */
export interface WadOption {
  forward: bigint;
  strike: bigint;
  timeToExpiry: bigint;
  vol: bigint;
}

export interface ReferenceGreeks {
  call: Real;
  put: Real;
  callDelta: Real;
  vega: Real;
  gamma: Real;
  theta: Real;
}

export const fromWad = (x: bigint): Real => real(x.toString()).div("1e18");
export const yearsOf = (seconds: bigint): Real => real(seconds.toString()).div(31_536_000);

/** Φ(d), to the last of sixty digits. */
export function cdf(d: Real): Real {
  const tail = density(d).times(mills(d.abs()));
  return d.isNegative() ? tail : real(1).minus(tail);
}

/** Black's formula with sixty digits, for positive time and vol. */
export function referenceGreeks(option: WadOption): ReferenceGreeks {
  const forward = fromWad(option.forward);
  const strike = fromWad(option.strike);
  const years = yearsOf(option.timeToExpiry);
  const vol = fromWad(option.vol);
  const deviation = vol.times(years.sqrt());
  const d1 = forward.div(strike).ln().div(deviation).plus(deviation.div(2));
  const d2 = d1.minus(deviation);
  const call = forward.times(cdf(d1)).minus(strike.times(cdf(d2)));
  const weight = forward.times(density(d1));
  return {
    call,
    put: call.minus(forward).plus(strike),
    callDelta: cdf(d1),
    vega: weight.times(years.sqrt()),
    gamma: density(d1).div(forward.times(deviation)),
    theta: weight.times(vol).div(years.sqrt()).div(-2),
  };
}
