import { INVERSE_SQRT_TWO_PI, normalDensity } from "../normal.ts";
import { impliedVol } from "../impliedVol.ts";
import { logRatio } from "../option.ts";
import { yearsOf } from "../time.ts";
import { type Observation, type OptionQuote, type SkipReason, type SkippedQuote, isPositive, midOf } from "./quotes.ts";

/** The smile's own error: a fit cannot use that a quote is tighter than this. One vol point, at the money. */
const MODEL_ERROR = 0.01;
/**
 * How much a vol point counts for where vega is small. At 0 errors in vol count alike everywhere, and far wings, which no
 * SSVI slice fits to the point, bend the smile's middle; at 1 errors in price do, and the wings are left too low to sell
 * at. In between, both come out within a vol point or two of the market.
 */
const VEGA_POWER = 0.7;
/** A mark without a two-sided quote behind it is a model's opinion: worth this much less. */
const MARK_ERROR = 0.02;
/** A mid whose spread is wider than this says less than the mark. Ten vol points. */
const WIDEST_SPREAD = 0.1;
/** Venues round marks to this, in coin. */
const MARK_RESOLUTION = 1e-6;
/** Options further out than this many standard deviations are worth a few roundings of their price. */
const FURTHEST = 5;

export interface ObservedQuotes {
  readonly observations: readonly Observation[];
  readonly skipped: readonly SkippedQuote[];
}

/** Turns the screened quotes of one expiry into implied vols with uncertainties. */
export function observeQuotes(quotes: readonly OptionQuote[], forward: number, timeToExpiry: number): ObservedQuotes {
  const observations: Observation[] = [];
  const skipped: SkippedQuote[] = [];
  for (const quote of quotes) {
    const result = observe(quote, forward, timeToExpiry);
    if (typeof result === "string") skipped.push({ quote, reason: result });
    else observations.push(result);
  }
  return { observations, skipped };
}

function observe(quote: OptionQuote, forward: number, timeToExpiry: number): Observation | SkipReason {
  const volOf = (price: number | undefined): number | undefined => {
    if (!isPositive(price)) return undefined;
    const value = quote.unit === "coin" ? price * forward : price;
    const result = impliedVol(quote.kind, { forward, strike: quote.strike, timeToExpiry, price: value });
    return result.ok && result.vol > 0 ? result.vol : undefined;
  };
  const bidVol = volOf(quote.bid);
  const askVol = volOf(quote.ask);
  const markVol = volOf(quote.mark);
  const midVol = volOf(midOf(quote));

  const spread = askVol === undefined ? Infinity : askVol - (bidVol ?? 0);
  const useMid = midVol !== undefined && (spread <= WIDEST_SPREAD || markVol === undefined);
  const vol = useMid ? midVol : markVol;
  if (vol === undefined) return "outside arbitrage bounds";

  const logMoneyness = logRatio(quote.strike, forward);
  const s = vol * Math.sqrt(yearsOf(timeToExpiry));
  if (Math.abs(logMoneyness) > FURTHEST * s) return "too far from the forward";
  const ownError = useMid ? spread / 2 : MARK_ERROR + resolutionError(logMoneyness, s, timeToExpiry);
  return {
    quote,
    logMoneyness,
    vol,
    source: useMid ? "mid" : "mark",
    uncertainty: Math.hypot(MODEL_ERROR, ownError) / relativeVega(logMoneyness, s) ** VEGA_POWER,
    ...(bidVol === undefined ? {} : { bidVol }),
    ...(askVol === undefined ? {} : { askVol }),
    ...(markVol === undefined ? {} : { markVol }),
  };
}

/** Vega over its largest value: what a vol point is worth here, in price. */
function relativeVega(logMoneyness: number, s: number): number {
  return normalDensity(-logMoneyness / s + s / 2) / INVERSE_SQRT_TWO_PI;
}

/** What rounding the price by MARK_RESOLUTION does to the vol. */
function resolutionError(logMoneyness: number, s: number, timeToExpiry: number): number {
  const vegaInCoin = normalDensity(-logMoneyness / s + s / 2) * Math.sqrt(yearsOf(timeToExpiry));
  return MARK_RESOLUTION / vegaInCoin;
}
