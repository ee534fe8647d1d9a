import { type OptionQuote, isPositive, midOf } from "./quotes.ts";
import { weightedMedian } from "./statistics.ts";

/** Where the forward of an expiry came from, and what put-call parity says beside it. */
export interface ImpliedForward {
  readonly value: number;
  readonly source: "venue" | "parity";
  /** Forward from put-call parity; left out when no strike has both a call and a put to take it from. */
  readonly parity?: ParityForward;
}

export interface ParityForward {
  readonly value: number;
  /** Strikes with a two-sided call and a two-sided put. */
  readonly pairs: number;
}

/** The venue's own forward where it states one, else that of put-call parity; nothing when there is neither. */
export function impliedForward(quotes: readonly OptionQuote[]): ImpliedForward | undefined {
  const parity = parityForward(quotes);
  const stated = quotes.map(({ underlying }) => underlying).filter(isPositive);
  const venue = weightedMedian(stated.map((value) => ({ value, weight: 1 })));
  const beside = parity === undefined ? {} : { parity };
  if (venue !== undefined) return { value: venue, source: "venue", ...beside };
  if (parity !== undefined) return { value: parity.value, source: "parity", parity };
  return undefined;
}

/**
 * call − put = F − K in the quote currency, 1 − K/F in coin. Each strike with both gives a forward; the median of them,
 * weighted by how tight the two quotes are, is not moved by a few wrong ones.
 */
export function parityForward(quotes: readonly OptionQuote[]): ParityForward | undefined {
  const puts = new Map(quotes.filter(({ kind }) => kind === "put").map((put) => [put.strike, put]));
  const estimates = quotes
    .filter(({ kind }) => kind === "call")
    .map((call) => pairForward(call, puts.get(call.strike)))
    .filter((estimate) => estimate !== undefined);
  const value = weightedMedian(estimates);
  return value === undefined ? undefined : { value, pairs: estimates.length };
}

function pairForward(call: OptionQuote, put: OptionQuote | undefined): { value: number; weight: number } | undefined {
  const callMid = midOf(call);
  const putMid = put && midOf(put);
  if (callMid === undefined || put === undefined || putMid === undefined || call.unit !== put.unit) return undefined;
  const difference = callMid - putMid;
  const value = call.unit === "usd" ? call.strike + difference : call.strike / (1 - difference);
  const spread = spreadOf(call) + spreadOf(put);
  return isPositive(value) ? { value, weight: 1 / (spread * spread) } : undefined;
}

function spreadOf({ bid, ask }: OptionQuote): number {
  return (ask ?? NaN) - (bid ?? NaN);
}
