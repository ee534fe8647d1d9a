import { deltaWithoutTime } from "./blackScholes.ts";
import { millsRatio } from "./mills.ts";
import { INVERSE_SQRT_TWO_PI } from "./normal.ts";
import { SECONDS_PER_YEAR } from "./time.ts";

/** Many options, one array per field; entry i of every array belongs to option i. Units as in `OptionInput`. */
export interface OptionBatch {
  readonly forward: Float64Array;
  readonly strike: Float64Array;
  readonly timeToExpiry: Float64Array;
  readonly vol: Float64Array;
  /** 1 for a call, 0 for a put. */
  readonly isCall: Uint8Array;
}

/** Where results go; allocate once, reuse every time. Units as in `Greeks`. */
export interface GreeksBatch {
  readonly price: Float64Array;
  readonly delta: Float64Array;
  readonly gamma: Float64Array;
  readonly vega: Float64Array;
  readonly theta: Float64Array;
}

export function createOptionBatch(size: number): OptionBatch {
  return {
    forward: new Float64Array(size),
    strike: new Float64Array(size),
    timeToExpiry: new Float64Array(size),
    vol: new Float64Array(size),
    isCall: new Uint8Array(size),
  };
}

export function createGreeksBatch(size: number): GreeksBatch {
  return {
    price: new Float64Array(size),
    delta: new Float64Array(size),
    gamma: new Float64Array(size),
    vega: new Float64Array(size),
    theta: new Float64Array(size),
  };
}

/**
 * Price, delta, gamma, vega and theta of every option in `options`, into `results`. Agrees with `greeks` to 1e-15 of
 * max(F, K) in price and 1e-12 of each Greek's scale, but far out of the money its prices are right in absolute terms
 * only. For speed inputs are not checked: anything outside the ranges of `OptionInput` gives NaN or nonsense, for that
 * option alone.
 *
 * One exponential and two Mills ratios serve all five results: Φ(−y) = φ(y)·M(y), and K·φ(d2) = F·φ(d1).
 */
export function greeksBatch(options: OptionBatch, results: GreeksBatch): void {
  const { forward, strike, timeToExpiry, vol, isCall } = options;
  const size = forward.length;
  requireSize(size, options, results);
  for (let i = 0; i < size; i++) {
    const f = forward[i]!;
    const k = strike[i]!;
    const v = vol[i]!;
    const call = isCall[i] === 1;
    const years = timeToExpiry[i]! / SECONDS_PER_YEAR;
    const rootTime = Math.sqrt(years);
    const s = v * rootTime;
    if (s === 0) {
      writeWithoutTime(results, i, f, k, call);
      continue;
    }

    const ratio = f / k;
    const x = ratio > 0.5 && ratio < 2 ? Math.log1p((f - k) / k) : Math.log(ratio);
    const d1 = x / s + s / 2;
    const d2 = d1 - s;
    const density = INVERSE_SQRT_TWO_PI * Math.exp(-0.5 * d1 * d1);
    const mills1 = millsRatio(Math.abs(d1));
    const mills2 = millsRatio(Math.abs(d2));
    const tail1 = density * mills1; // Φ(−|d1|)
    const vega = f * density * rootTime;

    results.price[i] = Math.max(0, call ? f - k : k - f) + timeValue(f, k, d1, d2, density, mills1, mills2);
    results.delta[i] = call ? (d1 < 0 ? tail1 : 1 - tail1) : d1 > 0 ? -tail1 : tail1 - 1;
    results.gamma[i] = density / (f * s);
    results.vega[i] = vega;
    results.theta[i] = (-0.5 * vega * v) / years;
  }
}

/** The out-of-the-money option at this strike, by the signs of d1 and d2 so that no term is larger than the forward. */
function timeValue(
  f: number,
  k: number,
  d1: number,
  d2: number,
  density: number,
  mills1: number,
  mills2: number,
): number {
  if (d1 <= 0) return Math.max(0, f * density * (mills1 - mills2));
  if (d2 >= 0) return Math.max(0, f * density * (mills2 - mills1));
  const sum = f * density * (mills1 + mills2);
  return Math.max(0, Math.min(f, k) - sum);
}

function writeWithoutTime(results: GreeksBatch, i: number, f: number, k: number, call: boolean): void {
  results.price[i] = Math.max(0, call ? f - k : k - f);
  results.delta[i] = call ? deltaWithoutTime(f, k) : deltaWithoutTime(f, k) - 1;
  results.gamma[i] = 0;
  results.vega[i] = 0;
  results.theta[i] = 0;
}

function requireSize(size: number, options: OptionBatch, results: GreeksBatch): void {
  for (const [name, array] of Object.entries({ ...options, ...results }) as [string, ArrayLike<number>][]) {
    if (array.length !== size) {
      throw new RangeError(`${name} has ${String(array.length)} entries, forward has ${String(size)}`);
    }
  }
}
