import type { OptionKind } from "../option.ts";

/**
 * One option as a venue quotes it. A missing field is left out, an unreadable one is NaN. Prices of unit "coin" are in
 * the underlying: times the forward they are in the quote currency, as Deribit's inverse options have it.
 */
export interface OptionQuote {
  /** The venue's name for it, for reports. */
  readonly instrument: string;
  readonly kind: OptionKind;
  readonly strike: number;
  /** Unix seconds. */
  readonly expiry: number;
  readonly unit: "coin" | "usd";
  readonly bid?: number;
  readonly ask?: number;
  readonly mark?: number;
  /** The forward to this expiry, as the venue states it. */
  readonly underlying?: number;
}

/** All quotes of one underlying at one moment. */
export interface OptionChain {
  /** Unix seconds. */
  readonly at: number;
  /** Index price of the underlying. */
  readonly spot: number;
  readonly quotes: readonly OptionQuote[];
}

/** Why a quote was not used. */
export type SkipReason =
  | "expired"
  | "duplicate"
  | "not a number"
  | "crossed"
  | "no price"
  | "no forward"
  | "outside arbitrage bounds"
  | "too far from the forward"
  | "outlier";

export interface SkippedQuote {
  readonly quote: OptionQuote;
  readonly reason: SkipReason;
}

/** A usable quote: what vol the market shows at a strike, and how surely. */
export interface Observation {
  readonly quote: OptionQuote;
  /** ln(K/F) */
  readonly logMoneyness: number;
  /** From the mid of a two-sided quote, else from the mark. */
  readonly vol: number;
  readonly source: "mid" | "mark";
  /** What a residual is measured in: the doubt about `vol` from spread and resolution, more where vega is small. */
  readonly uncertainty: number;
  /** Vols of the venue's bid, ask and mark, where they have one; for plots. */
  readonly bidVol?: number;
  readonly askVol?: number;
  readonly markVol?: number;
}

export interface ScreenedQuotes {
  readonly good: readonly OptionQuote[];
  readonly skipped: readonly SkippedQuote[];
}

/** Sets aside what no forward or fit may see: expired, unreadable, duplicate, crossed and empty quotes. */
export function screenQuotes(quotes: readonly OptionQuote[], at: number): ScreenedQuotes {
  const good: OptionQuote[] = [];
  const skipped: SkippedQuote[] = [];
  const seen = new Set<string>();
  for (const quote of quotes) {
    const key = `${String(quote.expiry)} ${String(quote.strike)} ${quote.kind}`;
    const reason = seen.has(key) ? "duplicate" : faultOf(quote, at);
    if (reason === undefined) {
      seen.add(key);
      good.push(quote);
    } else skipped.push({ quote, reason });
  }
  return { good, skipped };
}

function faultOf({ strike, expiry, bid, ask, mark }: OptionQuote, at: number): SkipReason | undefined {
  const numbers = [strike, expiry, bid, ask, mark].filter((value) => value !== undefined);
  if (!numbers.every(Number.isFinite) || strike <= 0) return "not a number";
  if (expiry <= at) return "expired";
  if (isPositive(bid) && isPositive(ask) && bid >= ask) return "crossed";
  if (!isPositive(mark) && !(isPositive(bid) && isPositive(ask))) return "no price";
  return undefined;
}

export function isPositive(value: number | undefined): value is number {
  return value !== undefined && value > 0 && value < Infinity;
}

/** Mid of a two-sided quote, in the quote's unit. */
export function midOf({ bid, ask }: OptionQuote): number | undefined {
  return isPositive(bid) && isPositive(ask) ? (bid + ask) / 2 : undefined;
}
