import { type SsviSlice, price, smileVol, yearsOf } from "../../sdk/pricing/index.ts";
import type { OptionChain, OptionQuote } from "../../sdk/pricing/calibration/index.ts";
import { seededRandom } from "./random.ts";

export const CHAIN_TIME = Date.UTC(2024, 0, 8, 8) / 1000;
export const CHAIN_SPOT = 2200;
const DAY = 86_400;
const SEED = 11;

/** The surface behind the synthetic chain, days to expiry with each slice; free of arbitrage. */
export const TRUE_SLICES: readonly (readonly [days: number, SsviSlice])[] = [
  [2, { atmVol: 0.8, skew: -0.1, curvature: 17, carry: 0.15 }],
  [9, { atmVol: 0.72, skew: -0.15, curvature: 9, carry: 0.14 }],
  [30, { atmVol: 0.68, skew: -0.08, curvature: 5, carry: 0.12 }],
  [120, { atmVol: 0.66, skew: 0.02, curvature: 2.4, carry: 0.1 }],
  [300, { atmVol: 0.67, skew: 0.05, curvature: 1.5, carry: 0.08 }],
];

export interface ChainOptions {
  readonly unit?: "coin" | "usd";
  /** Half of the bid-ask spread, in vol. */
  readonly halfSpread?: number;
  /** Standard deviation of each quote's own error, in vol. */
  readonly noise?: number;
  /** Whether quotes state the forward. */
  readonly withForward?: boolean;
}

/** Calls and puts at 13 strikes, up to two and a half standard deviations out, for each slice. */
export function syntheticChain(options: ChainOptions = {}): OptionChain {
  const { unit = "coin", halfSpread = 0.005, noise = 0, withForward = true } = options;
  const random = seededRandom(SEED);
  const quotes = TRUE_SLICES.flatMap(([days, slice]) => {
    const timeToExpiry = days * DAY;
    const years = yearsOf(timeToExpiry);
    const forward = CHAIN_SPOT * Math.exp(slice.carry * years);
    return Array.from({ length: 13 }, (_, i) => {
      const strike = Math.round(forward * Math.exp(((i - 6) / 2.4) * slice.atmVol * Math.sqrt(years)));
      const vol = smileVol(slice, Math.log(strike / forward)) + noise * random.normal();
      return (["call", "put"] as const).map((kind): OptionQuote => {
        const at = (v: number) =>
          price(kind, { forward, strike, timeToExpiry, vol: v }) / (unit === "coin" ? forward : 1);
        return {
          instrument: `${String(days)}d-${String(strike)}-${kind}`,
          kind,
          strike,
          expiry: CHAIN_TIME + timeToExpiry,
          unit,
          bid: at(vol - halfSpread),
          ask: at(vol + halfSpread),
          mark: at(vol),
          ...(withForward ? { underlying: forward } : {}),
        };
      });
    }).flat();
  });
  return { at: CHAIN_TIME, spot: CHAIN_SPOT, quotes };
}

/** The chain with the i-th quote replaced by what `change` makes of it. */
export function withChanged(chain: OptionChain, index: number, change: Partial<OptionQuote>): OptionChain {
  return { ...chain, quotes: chain.quotes.map((quote, i) => (i === index ? { ...quote, ...change } : quote)) };
}
