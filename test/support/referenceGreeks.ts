import type { Greeks, OptionInput, OptionKind } from "../../sdk/pricing/index.ts";
import { BITS, ONE, SQRT_TWO_PI, divide, exponential, fixed, logarithm, multiply, squareRoot } from "./fixedPoint.ts";

/** Same fields as `Greeks`, in fixed point. */
export type ReferenceGreeks = { readonly [name in keyof Greeks]: bigint };

const HALF = ONE >> 1n;
const YEAR = 31_536_000n;
/** Beyond this the tail is below 1e-64. */
const TAIL_LIMIT = 17n * ONE;

/**
 * Every Greek to more than 40 digits of its scale, straight from the textbook formulas. Needs a positive time and vol;
 * the doubles of the input are taken as exact.
 */
export function referenceGreeks(kind: OptionKind, input: OptionInput): ReferenceGreeks {
  const forward = fixed(input.forward);
  const strike = fixed(input.strike);
  const vol = fixed(input.vol);
  const years = fixed(input.timeToExpiry) / YEAR;
  const rootTime = squareRoot(years);
  const s = multiply(vol, rootTime);
  const d1 = divide(logarithm(divide(forward, strike)), s) + (s >> 1n);
  const d2 = d1 - s;
  const density = referenceDensity(d1);
  const cdf1 = referenceCdf(d1);
  const cdf2 = referenceCdf(d2);
  const isCall = kind === "call";
  const call = multiply(forward, cdf1) - multiply(strike, cdf2);
  const vega = multiply(multiply(forward, density), rootTime);
  return {
    price: isCall ? call : call - forward + strike,
    delta: isCall ? cdf1 : cdf1 - ONE,
    gamma: divide(density, multiply(forward, s)),
    vega,
    theta: -divide(multiply(vega, vol), 2n * years),
    rho: multiply(multiply(strike, years), isCall ? cdf2 : cdf2 - ONE),
    vanna: -divide(multiply(density, d2), vol),
    volga: divide(multiply(vega, multiply(d1, d2)), vol),
    charm: divide(multiply(density, d2), 2n * years),
  };
}

export function referenceDensity(x: bigint): bigint {
  return divide(exponential(-(multiply(x, x) >> 1n)), SQRT_TWO_PI);
}

/** ½ + φ(x)·Σ x^(2n+1)/(2n+1)!! (Abramowitz & Stegun 26.2.11) */
export function referenceCdf(x: bigint): bigint {
  if (x > TAIL_LIMIT) return ONE;
  if (x < -TAIL_LIMIT) return 0n;
  const square = (x * x) >> BITS;
  let term = x;
  let sum = x;
  for (let odd = 3n; term !== 0n && term !== -1n; odd += 2n) {
    term = ((term * square) >> BITS) / odd;
    sum += term;
  }
  return HALF + multiply(referenceDensity(x), sum);
}
