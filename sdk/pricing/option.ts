export type OptionKind = "call" | "put";

/** What Black-Scholes needs to know: rates are zero, everything else is in the forward. */
export interface OptionInput {
  /** Forward price of the underlying at expiry, quote units, > 0. */
  readonly forward: number;
  /** Strike, quote units, > 0. */
  readonly strike: number;
  /** Seconds until expiry, ≥ 0. */
  readonly timeToExpiry: number;
  /** Annualised volatility (0.8 is 80 %), ≥ 0. */
  readonly vol: number;
}

/** Throws a RangeError naming the first field that is out of range. */
export function requireOption({ forward, strike, timeToExpiry, vol }: OptionInput): void {
  requirePositive("forward", forward);
  requirePositive("strike", strike);
  requireNonNegative("timeToExpiry", timeToExpiry);
  requireNonNegative("vol", vol);
}

export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity))
    throw new RangeError(`${name} must be positive and finite, not ${String(value)}`);
}

export function requireNonNegative(name: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new RangeError(`${name} must be zero or positive and finite, not ${String(value)}`);
  }
}

/** ln(a/b). Near one the difference a − b is exact, so the logarithm is right in relative terms. */
export function logRatio(a: number, b: number): number {
  const ratio = a / b;
  return ratio > 0.5 && ratio < 2 ? Math.log1p((a - b) / b) : Math.log(ratio);
}

/** What an option pays if the underlying ends at its forward. */
export function intrinsicValue(kind: OptionKind, forward: number, strike: number): number {
  return Math.max(0, kind === "call" ? forward - strike : strike - forward);
}
