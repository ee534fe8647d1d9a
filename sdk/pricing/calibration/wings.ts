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

/**
 * Three numbers per slice, each at least LEAST_PARAMETER: how far left and right are above their bounds, as a share of the
 * room that is left, and how far the variance is, as a multiple of its bound.
 */
export const PARAMETERS_PER_SLICE = 3;
export const LEAST_PARAMETER = 1e-6;

/**
 * Share of a bound that stays unused, so that no condition breaks by rounding to on-chain units, nor in a block whose time
 * is a few seconds before that of the quotes.
 */
export const HEADROOM = 1e-4;

/** Where the butterfly condition ends: a wing's slope in total variance stays below 2. */
const STEEPEST = 2;
/** A slice takes at most this share of the slope that the one before has left, so that there is always some. */
const LARGEST_SHARE = 0.5;
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
    const left = steepen(near?.left ?? 0, parameters[i]!);
    const right = steepen(near?.right ?? 0, parameters[i + 1]!);
    near = { left, right, variance: leastVariance(left, right, near) * (1 + parameters[i + 2]!) };
    chain.push(near);
  }
  return chain;
}

/** Parameters whose chain is near `wanted`, moving each slice up to its bounds where it is below them. */
export function encode(wanted: readonly Wings[]): Float64Array {
  const parameters = new Float64Array(wanted.length * PARAMETERS_PER_SLICE);
  let near: Wings | undefined;
  wanted.forEach((slice, i) => {
    const a = parameterOf(near?.left ?? 0, slice.left);
    const b = parameterOf(near?.right ?? 0, slice.right);
    const left = steepen(near?.left ?? 0, a);
    const right = steepen(near?.right ?? 0, b);
    const bound = leastVariance(left, right, near);
    const c = Math.max(LEAST_PARAMETER, slice.variance / bound - 1);
    parameters.set([a, b, c], i * PARAMETERS_PER_SLICE);
    near = { left, right, variance: bound * (1 + c) };
  });
  return parameters;
}

/** The next slope: above `near` by the headroom and a share of what is left to STEEPEST that grows with the parameter. */
function steepen(near: number, parameter: number): number {
  const room = LARGEST_SHARE * (STEEPEST - near);
  return leastSlope(near) + (room * parameter) / (1 + parameter);
}

/** The parameter at which `steepen` gives `wanted`, or comes nearest. */
function parameterOf(near: number, wanted: number): number {
  const share = (wanted - leastSlope(near)) / (LARGEST_SHARE * (STEEPEST - near));
  const inside = Math.min(share, LARGEST_START);
  return Math.max(LEAST_PARAMETER, inside / (1 - inside));
}

/** A start that takes all the room would be at infinity. */
const LARGEST_START = 0.9;

function leastSlope(near: number): number {
  return near + HEADROOM * Math.min(near, STEEPEST - near);
}

function leastVariance(left: number, right: number, near: Wings | undefined): number {
  const sum = left + right;
  const butterfly = (Math.max(left, right) * sum) / 2;
  const calendar = near === undefined ? 0 : (sum * near.variance) / (near.left + near.right);
  return Math.max(butterfly, calendar) * (1 + HEADROOM);
}
