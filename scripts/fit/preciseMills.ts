import { Decimal } from "decimal.js";

/** Digits carried. The series below loses up to 18 of them near x = 9; more than 50 stay. */
export const PRECISION = 70;

/** Decimal arithmetic with its own precision, so that no other user of the library is affected. */
export const Precise = Decimal.clone({ precision: PRECISION, maxE: 9e15, minE: -9e15 });

/** The exact value of a double; the library's own constructor takes the shortest decimal that rounds to it. */
export function precise(value: number): Decimal {
  return new Precise(value.toPrecision(100));
}

export const PI = Precise.acos(-1);
export const SQRT_TWO_PI = PI.times(2).sqrt();

const ZERO = new Precise(0);
const ONE = new Precise(1);
const SERIES_LIMIT = 9;
const FRACTION_TERMS = 300;

/** Standard normal density, more than 50 digits. */
export function preciseDensity(x: Decimal): Decimal {
  return x.times(x).div(-2).exp().div(SQRT_TWO_PI);
}

/**
 * Mills' ratio M(x) = Φ(−x)/φ(x) to more than 50 digits. Up to 9 by the series Φ(x) − ½ = φ(x)·Σ x^(2n+1)/(2n+1)!!
 * (Abramowitz & Stegun 26.2.11), beyond by Laplace's continued fraction 1/(x + 1/(x + 2/(x + …))) (26.2.14).
 */
export function preciseMills(x: Decimal): Decimal {
  return x.greaterThan(SERIES_LIMIT) ? millsByFraction(x) : millsBySeries(x);
}

/** Normal distribution function Φ(x) to more than 50 digits. */
export function preciseCdf(x: Decimal): Decimal {
  const tail = preciseDensity(x).times(preciseMills(x.abs()));
  return x.isNegative() ? tail : ONE.minus(tail);
}

function millsBySeries(x: Decimal): Decimal {
  const square = x.times(x);
  const negligible = new Precise(10).pow(-PRECISION);
  let term = x;
  let sum = x;
  for (let odd = 3; term.abs().greaterThan(negligible); odd += 2) {
    term = term.times(square).div(odd);
    sum = sum.plus(term);
  }
  return SQRT_TWO_PI.div(2).times(square.div(2).exp()).minus(sum);
}

function millsByFraction(x: Decimal): Decimal {
  let tail = ZERO;
  for (let n = FRACTION_TERMS; n >= 1; n--) tail = new Precise(n).div(x.plus(tail));
  return ONE.div(x.plus(tail));
}
