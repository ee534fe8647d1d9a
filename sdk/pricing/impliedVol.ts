import { normalDensity } from "./normal.ts";
import { normalisedPrice, normalisedShortfall } from "./normalisedPrice.ts";
import { type OptionKind, intrinsicValue, logRatio, requireNonNegative, requirePositive } from "./option.ts";
import { yearsOf } from "./time.ts";

export interface PricedOption {
  readonly forward: number;
  readonly strike: number;
  /** Seconds until expiry, ≥ 0. */
  readonly timeToExpiry: number;
  /** Price in quote units. */
  readonly price: number;
}

/** Why no volatility gives the price. */
export type ImpliedVolFailure = "below-intrinsic" | "above-maximum" | "expired";

export type ImpliedVol =
  { readonly ok: true; readonly vol: number } | { readonly ok: false; readonly reason: ImpliedVolFailure };

/**
 * The volatility at which Black-Scholes gives `price`, to the precision that the price itself carries. A price of exactly
 * the intrinsic value gives 0; one outside [intrinsic, forward) for a call, [intrinsic, strike) for a put, is refused.
 */
export function impliedVol(kind: OptionKind, option: PricedOption): ImpliedVol {
  const { forward, strike, timeToExpiry } = option;
  requirePositive("forward", forward);
  requirePositive("strike", strike);
  requireNonNegative("timeToExpiry", timeToExpiry);
  const timeValue = option.price - intrinsicValue(kind, forward, strike);
  if (!(timeValue >= 0)) return { ok: false, reason: "below-intrinsic" };
  if (option.price >= (kind === "call" ? forward : strike)) return { ok: false, reason: "above-maximum" };
  if (timeToExpiry === 0) return timeValue === 0 ? { ok: true, vol: 0 } : { ok: false, reason: "expired" };
  if (timeValue === 0) return { ok: true, vol: 0 };

  const x = -Math.abs(logRatio(forward, strike));
  const s = totalVolOf(x, timeValue / Math.min(forward, strike));
  return { ok: true, vol: s / Math.sqrt(yearsOf(timeToExpiry)) };
}

const MAX_STEPS = 64;
/** Steps shrink cubically: one this small means that the next would be below rounding. */
const STEP_TOLERANCE = 1e-6;
const SQRT_TWO_PI = 2.5066282746310002;

/**
 * Solves `normalisedPrice(x, s) = target` for s, 0 < target < 1, x ≤ 0.
 *
 * The price has its inflection in s at √(2|x|) (Manaster & Koehler 1982). Below it, ln(price) is nearly linear in 1/s²;
 * above it, the shortfall 1 − price falls like a normal tail, so its logarithm is smooth. Each side gets its own
 * objective (after Jäckel 2015), Newton's step on it with Halley's correction, and a bracket that no step may leave.
 */
function totalVolOf(x: number, target: number): number {
  const inflection = Math.sqrt(-2 * x);
  const below = inflection > 0 && target < normalisedPrice(x, inflection);
  let low = below ? 0 : inflection;
  let high = below ? inflection : Infinity;
  let s = below ? inflection : Math.max(inflection, target * SQRT_TWO_PI);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { tooHigh, next } = below ? stepBelow(x, s, target) : stepAbove(x, s, target);
    if (tooHigh) high = s;
    else low = s;
    const inside = next > low && next < high;
    const previous = s;
    s = inside ? next : bisect(low, high, s, next);
    if (s === previous || (inside && Math.abs(s - previous) <= STEP_TOLERANCE * s)) break;
  }
  return s;
}

interface Step {
  /** Whether the price at s exceeds the target. */
  readonly tooHigh: boolean;
  readonly next: number;
}

/** One step on ln(price) as a function of u = 1/s². */
function stepBelow(x: number, s: number, target: number): Step {
  const value = normalisedPrice(x, s);
  if (value === 0) return { tooHigh: false, next: Number.NaN };
  const slope = normalDensity(x / s + s / 2);
  // Derivatives of f = ln(price) by s; with u = s⁻², ds/du = −s³/2.
  const first = slope / value;
  const second = first * curvatureRatio(x, s) - first * first;
  const firstInU = (-first * s * s * s) / 2;
  const secondInU = (second * s ** 6) / 4 + (first * 3 * s ** 5) / 4;
  const gap = logRatio(value, target);
  const u = 1 / (s * s) + halley(gap, firstInU, secondInU);
  return { tooHigh: gap > 0, next: u > 0 ? 1 / Math.sqrt(u) : Number.NaN };
}

/** One step on ln(1 − price) as a function of s. */
function stepAbove(x: number, s: number, target: number): Step {
  const shortfall = normalisedShortfall(x, s);
  if (shortfall === 0) return { tooHigh: true, next: Number.NaN };
  const slope = normalDensity(x / s + s / 2);
  const first = -slope / shortfall;
  const second = first * curvatureRatio(x, s) - first * first;
  // ln(shortfall/(1 − target)), through the prices where those are small and the shortfall would hide them.
  const gap =
    target < 0.5 ? Math.log1p((target - normalisedPrice(x, s)) / (1 - target)) : logRatio(shortfall, 1 - target);
  return { tooHigh: gap < 0, next: s + halley(gap, first, second) };
}

/** Second over first derivative of the price by s: d1·d2/s. */
function curvatureRatio(x: number, s: number): number {
  const ratio = x / s;
  return (ratio * ratio - (s * s) / 4) / s;
}

/** Newton's step −f/f′ with Halley's correction, which is left out where it would more than double the step. */
function halley(f: number, first: number, second: number): number {
  const newton = -f / first;
  const correction = 1 + (newton * second) / (2 * first);
  return correction > 0.5 ? newton / correction : newton;
}

function bisect(low: number, high: number, s: number, next: number): number {
  if (high < Infinity) return (low + high) / 2;
  // Still unbounded above: the step asked for more than can be said; double at most.
  return next > s ? Math.min(next, 2 * s) : 2 * Math.max(s, Number.MIN_VALUE);
}
