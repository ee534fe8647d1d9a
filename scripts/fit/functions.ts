import { Decimal } from "decimal.js";

/** Sixty digits: the fits keep about eighteen, and their normal equations square the condition. */
export const Real = Decimal.clone({ precision: 60, toExpNeg: -100, toExpPos: 100 });
export type Real = Decimal;

/** Wide enough that cancellation in `mills` at x = 14, where φ is 1e-43, leaves sixty digits. */
const Wide = Decimal.clone({ precision: 120 });

export const real = (x: Decimal.Value): Real => new Real(x);
export const LN2 = Real.ln(2);
export const SQRT_2PI = Real.acos(-1).times(2).sqrt();

/** φ(x), the normal density. */
export const density = (x: Real): Real => x.times(x).div(-2).exp().div(SQRT_2PI);

/** Mills' ratio Φ(−x)/φ(x) for x ≥ 0: the series of Φ below 8, the continued fraction 1/(x + 1/(x + 2/(x + …))) above. */
export function mills(x: Real): Real {
  if (x.gte(8)) {
    let tail = real(0);
    for (let n = 300; n > 0; n--) tail = real(n).div(x.plus(tail));
    return real(1).div(x.plus(tail));
  }
  // Φ(x) − ½ = φ(x)·(x + x³/3 + x⁵/15 + …), so that M = ½/φ − (x + x³/3 + …)
  const wide = new Wide(x.toString());
  const square = wide.times(wide);
  const half = Wide.acos(-1).times(2).sqrt().div(2).times(square.div(2).exp());
  let term = wide;
  let sum = wide;
  for (let n = 3; term.gt("1e-80"); n += 2) {
    term = term.times(square).div(n);
    sum = sum.plus(term);
  }
  return real(half.minus(sum).toString());
}

/** 2·atanh(√u)/√u, which turns t into the logarithm of (1 + t)/(1 − t). */
export function logarithm(u: Real): Real {
  const t = u.sqrt();
  return t.plus(1).div(real(1).minus(t)).ln().div(t);
}

/** tanh(√u·ln2/2)/√u, the reciprocal of s with 2^g = (s + g)/(s − g). */
export function exponential(u: Real): Real {
  const g = u.sqrt();
  const power = real(2).pow(g);
  return power.minus(1).div(power.plus(1)).div(g);
}

/** x·M(x) as a function of u = 1/x². */
export function scaledMills(u: Real): Real {
  const x = real(1).div(u.sqrt());
  return x.times(mills(x));
}
