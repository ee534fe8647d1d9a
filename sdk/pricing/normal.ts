import { millsRatio } from "./mills.ts";

/** 1/√(2π) */
export const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** Argument is cut after this many binary places, so that the square of the head is exact. */
const HEAD_SCALE = 1 << 10;
/** Beyond this the density is below the smallest double. */
const DENSITY_LIMIT = 39;

/** Standard normal density φ(x), right to a few units in the last place also where it is tiny. */
export function normalDensity(x: number): number {
  const size = Math.abs(x);
  if (!(size < DENSITY_LIMIT)) return size >= DENSITY_LIMIT ? 0 : Number.NaN;
  const head = Math.trunc(size * HEAD_SCALE) / HEAD_SCALE;
  const tail = (size - head) * (size + head);
  return INVERSE_SQRT_TWO_PI * Math.exp(-0.5 * head * head) * Math.exp(-0.5 * tail);
}

/** Standard normal distribution Φ(x); the lower tail is right in relative terms down to the smallest doubles. */
export function normalCdf(x: number): number {
  const tail = Math.min(0.5, normalDensity(x) * millsRatio(Math.abs(x))); // rounding must not lift Φ(0) above one half
  return x < 0 ? tail : 1 - tail;
}

/** Complementary error function erfc(x) = 2·Φ(−x√2). Relative error grows like x² in the tail, with the rounding of x√2. */
export function erfc(x: number): number {
  return 2 * normalCdf(-x * Math.SQRT2);
}
