import { readFileSync } from "node:fs";
import type { Greeks, OptionInput, OptionKind } from "../../sdk/pricing/index.ts";
import { yearsOf } from "../../sdk/pricing/index.ts";
import { seededRandom } from "./random.ts";

/** One row of test/fixtures/reference.json: decimal strings with 30 places, computed with 60 digits. */
export interface ReferenceRow {
  readonly spot: string;
  readonly strike: string;
  readonly seconds: number;
  readonly vol: string;
  readonly call: string;
  readonly put: string;
  readonly callDelta: string;
  readonly putDelta: string;
  readonly gamma: string;
  readonly vega: string;
  readonly theta: string;
  readonly vanna: string;
  readonly volga: string;
}

export interface SsviRow {
  readonly logMoneyness: string;
  readonly theta: string;
  readonly rho: string;
  /** φ = eta·θ^(−gamma) */
  readonly eta: string;
  readonly gamma: string;
  readonly seconds: number;
  readonly totalVariance: string;
  readonly vol: string;
}

interface ReferenceFile {
  readonly blackScholes: readonly ReferenceRow[];
  readonly ssvi: readonly SsviRow[];
}

const file = new URL("../fixtures/reference.json", import.meta.url);
export const REFERENCE = JSON.parse(readFileSync(file, "utf8")) as ReferenceFile;

export function inputOf(row: ReferenceRow): OptionInput {
  return { forward: Number(row.spot), strike: Number(row.strike), timeToExpiry: row.seconds, vol: Number(row.vol) };
}

const WIDE_SEED = 20240108;

/** Options far beyond any market: F/K from e⁻⁹ to e⁹, one second to ten years, vols from 1 % to 1000 %. */
export function wideOptions(count: number): OptionInput[] {
  const random = seededRandom(WIDE_SEED);
  return Array.from({ length: count }, () => {
    const forward = random.logUniform(1e-3, 1e6);
    const timeToExpiry = random.logUniform(1, 315_360_000);
    const vol = random.logUniform(0.01, 10);
    const s = vol * Math.sqrt(yearsOf(timeToExpiry));
    // Half of them within a few standard deviations of the forward, where there is something to get wrong.
    const reach = random.uniform(0, 1) < 0.5 ? Math.min(9, 6 * s) : 9;
    return { forward, strike: forward * Math.exp(random.uniform(-reach, reach)), timeToExpiry, vol };
  });
}

/** The size that each Greek of an option can have: what an error is a share of. */
export function scaleOf(kind: OptionKind, { forward, strike, timeToExpiry, vol }: OptionInput): Greeks {
  const years = yearsOf(timeToExpiry);
  const rootTime = Math.sqrt(years);
  const s = vol * rootTime;
  return {
    // A put can be worth its strike, and a double cannot hold that to better than 1e-16 of it.
    price: kind === "call" ? forward : Math.max(forward, strike),
    delta: 1,
    gamma: 1 / (forward * s),
    vega: forward * rootTime,
    theta: (forward * vol) / rootTime,
    rho: strike * years,
    vanna: (1 + s) / vol,
    volga: (forward * rootTime * (1 + s)) / vol,
    charm: (1 + s) / years,
  };
}
