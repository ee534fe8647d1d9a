import { type SsviSlice, smileVol } from "../ssvi.ts";
import { yearsOf } from "../time.ts";
import { leastSquares } from "./leastSquares.ts";
import type { Observation } from "./quotes.ts";
import { median, weightedMedian } from "./statistics.ts";
import { LEAST_PARAMETER, type Wings, decode, encode, sliceOf, wingsOf } from "./wings.ts";

/** One expiry's observations, ready to be fitted. */
export interface ExpiryObservations {
  readonly timeToExpiry: number;
  readonly carry: number;
  readonly observations: readonly Observation[];
}

export interface FittedSlice {
  readonly slice: SsviSlice;
  /** Robust weight of each observation: 1 agrees with the rest, 0 is an outlier. */
  readonly weights: readonly number[];
}

/** Rounds of Cauchy's weights, which find the crowd from anywhere, then of Tukey's, which ignore outliers altogether. */
const CAUCHY_ROUNDS = 5;
const MOST_ROUNDS = 20;
const WEIGHT_TOLERANCE = 1e-3;
/** Residuals of this many robust deviations get half the weight (95 % efficient for normal errors). */
const CAUCHY_SCALE = 2.385;
/** Residuals of this many robust deviations get none. */
const TUKEY_SCALE = 6;
/** Normal errors' standard deviation over their median absolute deviation. */
const MAD_TO_DEVIATION = 1.4826;
/** How firmly a slice is drawn to no skew and to φ√θ = 1; decides only what the quotes leave open. */
const PRIOR_WEIGHT = 0.01;

/**
 * Fits all expiries together, in ascending order: weighted least squares in vol, over the chains of wings.ts, none of
 * which holds an arbitrage, with robust weights found by iteration. Each expiry fitted alone is the start.
 */
export function fitSurface(expiries: readonly ExpiryObservations[]): FittedSlice[] {
  const alone = expiries.map(
    (expiry) => fitTogether([expiry], [firstGuess(expiry)], [expiry.observations.map(() => 1)])[0]!,
  );
  const start = alone.map(({ slice }, i) => wingsOf(slice, expiries[i]!.timeToExpiry));
  return expiries.length === 1
    ? alone
    : fitTogether(
        expiries,
        start,
        alone.map(({ weights }) => weights),
      );
}

function fitTogether(
  expiries: readonly ExpiryObservations[],
  start: readonly Wings[],
  startWeights: readonly (readonly number[])[],
): FittedSlice[] {
  let parameters = encode(start);
  let weights = startWeights;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixed = weights;
    parameters = leastSquares((p) => allResiduals(expiries, decode(p), fixed), parameters, LEAST_PARAMETER).parameters;
    const slices = slicesOf(expiries, decode(parameters));
    weights = expiries.map((expiry, i) => robustWeights(residualsOf(expiry, slices[i]!), round));
    if (round > CAUCHY_ROUNDS && largestChange(fixed, weights) < WEIGHT_TOLERANCE) break;
  }
  return slicesOf(expiries, decode(parameters)).map((slice, i) => ({ slice, weights: weights[i]! }));
}

function slicesOf(expiries: readonly ExpiryObservations[], chain: readonly Wings[]): SsviSlice[] {
  return chain.map((wings, i) => sliceOf(wings, expiries[i]!.timeToExpiry, expiries[i]!.carry));
}

function allResiduals(
  expiries: readonly ExpiryObservations[],
  chain: readonly Wings[],
  weights: readonly (readonly number[])[],
): Float64Array {
  const all = slicesOf(expiries, chain).flatMap((slice, i) => {
    const own = residualsOf(expiries[i]!, slice).map((residual, j) => residual * Math.sqrt(weights[i]![j]!));
    return [...own, ...priorResiduals(slice, chain[i]!.variance)];
  });
  return Float64Array.from(all);
}

/** (fitted − observed vol) over its uncertainty. */
function residualsOf({ observations }: ExpiryObservations, slice: SsviSlice): number[] {
  return observations.map(({ logMoneyness, vol, uncertainty }) => (smileVol(slice, logMoneyness) - vol) / uncertainty);
}

function priorResiduals({ skew, curvature }: SsviSlice, variance: number): [number, number] {
  return [PRIOR_WEIGHT * Math.atanh(skew), PRIOR_WEIGHT * Math.log(curvature * Math.sqrt(variance))];
}

function robustWeights(residuals: readonly number[], round: number): number[] {
  const deviation = MAD_TO_DEVIATION * (median(residuals.map(Math.abs)) ?? 0);
  // Quotes that agree better than their uncertainty are no reason to call one within it an outlier.
  const unit = Math.max(deviation, 1);
  return residuals.map((residual) =>
    round < CAUCHY_ROUNDS
      ? cauchyWeight(residual / (CAUCHY_SCALE * unit))
      : tukeyWeight(residual / (TUKEY_SCALE * unit)),
  );
}

function cauchyWeight(ratio: number): number {
  return 1 / (1 + ratio * ratio);
}

function tukeyWeight(ratio: number): number {
  return Math.max(0, 1 - ratio * ratio) ** 2;
}

function largestChange(before: readonly (readonly number[])[], after: readonly (readonly number[])[]): number {
  return Math.max(0, ...before.flatMap((row, i) => row.map((weight, j) => Math.abs(weight - after[i]![j]!))));
}

/** The vol near the forward, no skew, and wings that fit a usual smile: φ√θ = 1. */
function firstGuess({ observations, timeToExpiry, carry }: ExpiryObservations): Wings {
  const near = observations.map(({ logMoneyness, vol, uncertainty }) => {
    const distance = Math.abs(logMoneyness) / (vol * Math.sqrt(yearsOf(timeToExpiry)));
    return { value: vol, weight: 1 / (uncertainty * uncertainty * (0.1 + distance) ** 4) };
  });
  const atmVol = weightedMedian(near) ?? 1;
  const curvature = 1 / (atmVol * Math.sqrt(yearsOf(timeToExpiry)));
  return wingsOf({ atmVol, skew: 0, curvature, carry }, timeToExpiry);
}
