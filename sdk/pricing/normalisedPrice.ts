import { millsRatio, millsSlope } from "./mills.ts";
import { normalDensity } from "./normal.ts";

/**
 * Price of an out-of-the-money call over its forward, from x = ln(F/K) ≤ 0 and total volatility s = σ√T > 0. An
 * out-of-the-money put is the same function of −x, over its strike.
 *
 * Right in relative terms: a price of 1e-100 has as many good digits as one of 0.1, up to the rounding of x and s that
 * the exponential magnifies. With a = −d1 and b = −d2 = a + s:
 *
 *     price = Φ(−a) − Φ(−b)·φ(a)/φ(b) = φ(a)·(M(a) − M(b)) = φ(a)·∫ₐᵇ −M′(y) dy
 *
 * The difference is taken directly where it keeps its digits, and by quadrature of the positive function −M′ where the
 * interval is short.
 */
export function normalisedPrice(x: number, s: number): number {
  const a = -x / s - s / 2;
  const b = a + s;
  const density = normalDensity(a);
  if (density === 0) return a > 0 ? 0 : 1;
  if (s < SHORT_INTERVAL * (1 + Math.max(a, 0))) return density * integralOfSlope(a, s);
  if (a >= 0) return density * (millsRatio(a) - millsRatio(b));
  return 1 - density * (millsRatio(-a) + millsRatio(b));
}

/** 1 − `normalisedPrice`, right in relative terms for large s, where the price nears the forward. */
export function normalisedShortfall(x: number, s: number): number {
  const a = -x / s - s / 2;
  const b = a + s;
  if (a >= 0 || b <= 0) return 1 - normalisedPrice(x, s);
  return normalDensity(a) * (millsRatio(-a) + millsRatio(b));
}

/** Below this multiple of 1 + a the direct difference would lose more than two bits. */
const SHORT_INTERVAL = 0.5;

/** Gauss-Legendre abscissas on [−1, 1] (positive half) and weights, 10 points: exact to degree 19. */
const ABSCISSAS = [
  0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717,
] as const;
const WEIGHTS = [
  0.29552422471475287, 0.26926671930999635, 0.21908636251598204, 0.1494513491505806, 0.06667134430868814,
] as const;

/** ∫ −M′(y) dy over [a, a + length]. */
function integralOfSlope(a: number, length: number): number {
  const half = length / 2;
  const middle = a + half;
  let sum = 0;
  for (let i = WEIGHTS.length - 1; i >= 0; i--) {
    const offset = half * (ABSCISSAS[i] ?? 0);
    sum += (WEIGHTS[i] ?? 0) * (millsSlope(middle - offset) + millsSlope(middle + offset));
  }
  return sum * half;
}
