import { type Bar, DAY } from "./prices.ts";

/** After this time an hour counts half as much. */
const HALF_LIFE = 14 * DAY;
const YEAR = 365 * DAY;
/** What options are sold at above what was realised: sellers of options ask for a premium. */
const PREMIUM = 1.1;
const BOUNDS = [0.25, 3] as const;
/** When there are fewer returns than this to look back at. */
const FEWEST_RETURNS = 24;
const UNKNOWN = 0.8;

/** Estimates volatility from what has happened, never from what is to come. */
export interface VolatilityEstimate {
  /** Takes in the next bar. */
  observe(bar: Bar): void;
  /** Annual volatility that options are worth now. */
  readonly value: number;
}

/**
 * Realised volatility with weights that halve every fortnight (an EWMA of squared log returns over elapsed time, so that gaps
 * count as long as they lasted), a tenth on top, and bounds.
 */
export function createVolatilityEstimate(history: readonly Bar[]): VolatilityEstimate {
  let last: Bar | undefined;
  let squares = 0;
  let elapsed = 0;
  let returns = 0;
  const observe = (bar: Bar): void => {
    if (last) {
      const time = bar.time - last.time;
      const decay = 0.5 ** (time / HALF_LIFE);
      squares = squares * decay + Math.log(bar.close / last.close) ** 2;
      elapsed = elapsed * decay + time;
      returns += 1;
    }
    last = bar;
  };
  history.forEach(observe);
  return {
    observe,
    get value() {
      if (returns < FEWEST_RETURNS) return UNKNOWN;
      return Math.min(Math.max(PREMIUM * Math.sqrt((squares / elapsed) * YEAR), BOUNDS[0]), BOUNDS[1]);
    },
  };
}
