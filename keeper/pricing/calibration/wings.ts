import { yearsOf } from "../time.ts";
import type { SsviSlice } from "../ssvi.ts";

/**
 * A slice by the slopes of its wings in total variance, left = ψ(1−ρ)/2 and right = ψ(1+ρ)/2, and its ATM variance θ.
 * In these the conditions of noArbitrage.ts are bounds from below, one after the other:
 *
 *     calendar:   left ≥ left₁,  right ≥ right₁,  θ ≥ (left + right)/φ₁     (the last is φ ≤ φ₁, and implies θ ≥ θ₁)
 *     butterfly:  left < 2,  right < 2,  θ ≥ max(left, right)·(left + right)/2
 *
 * so a surface without arbitrage is a chain of positive increments, which a fit may choose freely.
 */
export interface Wings {
  readonly left: number;
  readonly right: number;
  readonly variance: number;
}

/** Three numbers per slice: logarithms of the increments of left, right and variance over their bounds. */
export const PARAMETERS_PER_SLICE = 3;

/** Share of a bound that stays unused, so that rounding to on-chain units breaks no condition. */
export const HEADROOM = 1e-6;

const STEEPEST = 2 * (1 - HEADROOM);
/** Increments are held within these logarithms, so that no step of a fit overflows or dies out for good. */
const LEAST_LOGARITHM = -25;
const LARGEST_LOGARITHM = 4;

export function wingsOf({ atmVol, skew, curvature }: SsviSlice, timeToExpiry: number): Wings {
  const variance = atmVol * atmVol * yearsOf(timeToExpiry);
  const sum = variance * curvature;
  return { left: (sum * (1 - skew)) / 2, right: (sum * (1 + skew)) / 2, variance };
}

export function sliceOf({ left, right, variance }: Wings, timeToExpiry: number, carry: number): SsviSlice {
  const sum = left + right;
  return {
    atmVol: Math.sqrt(variance / yearsOf(timeToExpiry)),
    skew: (right - left) / sum,
    curvature: sum / variance,
    carry,
  };
}

/** The chain of slices that `parameters` describe, in ascending order of expiry; each is free of arbitrage. */
export function decode(parameters: Float64Array): Wings[] {
  const chain: Wings[] = [];
  let near: Wings | undefined;
  for (let i = 0; i < parameters.length; i += PARAMETERS_PER_SLICE) {
    const left = steepen(near?.left, parameters[i]!);
    const right = steepen(near?.right, parameters[i + 1]!);
    const variance = leastVariance(left, right, near) * (1 + HEADROOM) + increment(parameters[i + 2]!);
    near = { left, right, variance };
    chain.push(near);
  }
  return chain;
}

/** Parameters whose chain is near `wanted`, moving each slice up to its bounds where it is below them. */
export function encode(wanted: readonly Wings[]): Float64Array {
  const parameters = new Float64Array(wanted.length * PARAMETERS_PER_SLICE);
  let near: Wings | undefined;
  wanted.forEach((slice, i) => {
    const [left, a] = steepenTowards(near?.left, slice.left);
    const [right, b] = steepenTowards(near?.right, slice.right);
    const bound = leastVariance(left, right, near) * (1 + HEADROOM);
    const extra = Math.max(slice.variance - bound, LEAST_SHARE * slice.variance);
    parameters.set([a, b, Math.log(extra)], i * PARAMETERS_PER_SLICE);
    near = { left, right, variance: bound + extra };
  });
  return parameters;
}

/** A start at a bound would have no slope to leave it by: begin at least this far inside. */
const LEAST_SHARE = 1e-3;

function steepen(near: number | undefined, parameter: number): number {
  return Math.min((near ?? 0) * (1 + HEADROOM) + increment(parameter), STEEPEST);
}

function steepenTowards(near: number | undefined, wanted: number): [slope: number, parameter: number] {
  const bound = (near ?? 0) * (1 + HEADROOM);
  const parameter = Math.log(Math.max(wanted - bound, LEAST_SHARE * wanted));
  return [steepen(near, parameter), parameter];
}

function leastVariance(left: number, right: number, near: Wings | undefined): number {
  const sum = left + right;
  const butterfly = (Math.max(left, right) * sum) / 2;
  return near === undefined ? butterfly : Math.max(butterfly, (sum * near.variance) / (near.left + near.right));
}

function increment(parameter: number): number {
  return Math.exp(Math.min(Math.max(parameter, LEAST_LOGARITHM), LARGEST_LOGARITHM));
}
