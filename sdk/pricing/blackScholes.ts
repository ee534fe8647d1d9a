import { normalisedPrice } from "./normalisedPrice.ts";
import { normalCdf, normalDensity } from "./normal.ts";
import { type OptionInput, type OptionKind, intrinsicValue, logRatio, requireOption } from "./option.ts";
import { yearsOf } from "./time.ts";

/** The four figures that `BlackScholes.greeks` returns on-chain. */
export interface CallAndPut {
  readonly call: number;
  readonly put: number;
  readonly callDelta: number;
  readonly vega: number;
}

/**
 * Black-76 price with zero rates, in quote units. Never negative, never below intrinsic value; out of the money it is
 * right in relative terms. At expiry or at zero volatility it is the intrinsic value.
 */
export function price(kind: OptionKind, input: OptionInput): number {
  requireOption(input);
  const { forward, strike } = input;
  return intrinsicValue(kind, forward, strike) + timeValue(input);
}

/** Price minus intrinsic value: the out-of-the-money option of the same strike. Equal for call and put. */
export function timeValue({ forward, strike, timeToExpiry, vol }: OptionInput): number {
  const s = vol * Math.sqrt(yearsOf(timeToExpiry));
  if (s === 0) return 0;
  const x = logRatio(forward, strike);
  return x <= 0 ? forward * normalisedPrice(x, s) : strike * normalisedPrice(-x, s);
}

/** Twin of the contract's `BlackScholes.greeks`: call, put, call delta and vega (per 1.00 of vol) in one go. */
export function callAndPut(input: OptionInput): CallAndPut {
  requireOption(input);
  const { forward, strike, timeToExpiry, vol } = input;
  const extra = timeValue(input);
  const call = intrinsicValue("call", forward, strike) + extra;
  const put = intrinsicValue("put", forward, strike) + extra;
  const rootTime = Math.sqrt(yearsOf(timeToExpiry));
  const s = vol * rootTime;
  if (s === 0) return { call, put, callDelta: deltaWithoutTime(forward, strike), vega: 0 };
  const d1 = logRatio(forward, strike) / s + s / 2;
  return { call, put, callDelta: normalCdf(d1), vega: forward * normalDensity(d1) * rootTime };
}

/** Call delta at expiry or at zero volatility: 1 in the money, 0 out of it, ½ at the strike. */
export function deltaWithoutTime(forward: number, strike: number): number {
  if (forward === strike) return 0.5;
  return forward > strike ? 1 : 0;
}
