/** One call that is sold, and the tenor that it is sold anew for. */
export interface Sold {
  readonly days: number;
  /** Unix seconds. */
  readonly expiry: number;
  /** Dollars. */
  readonly strike: number;
}

/** Hourly prices: times in unix seconds, ascending, and the close at each. */
export interface Path {
  readonly times: readonly number[];
  readonly closes: readonly number[];
}

/** What the book is made of, besides its series. */
export interface BookOptions {
  /** Implied vol that the book is sold and marked at. */
  readonly vol: number;
  /** Contracts of each series. */
  readonly contracts: number;
}

const DAY = 86_400;
/** Series on the chain expire at 08:00 UTC. */
const EXPIRY_HOUR = 8 * 3600;
const TENORS = [7, 14, 30] as const;
const MONEYNESS = [0.9, 1, 1.1, 1.25] as const;
/** Dollars between two strikes: three significant digits of a four-digit price, as listings want them. */
const STRIKE_STEP = 10;

/** What is sold at a time and spot so that each tenor has its four strikes; nothing while all of them are live. */
export function missingSeries(book: readonly Sold[], time: number, spot: number): Sold[] {
  const live = book.filter(({ expiry }) => expiry > time);
  return TENORS.filter((tenor) => live.every(({ days }) => days !== tenor)).flatMap((days) =>
    MONEYNESS.map((moneyness) => ({
      days,
      expiry: expiryAfter(time + days * DAY),
      strike: Math.round((moneyness * spot) / STRIKE_STEP) * STRIKE_STEP,
    })),
  );
}

/** The first expiry at or after `time`. */
function expiryAfter(time: number): number {
  return Math.ceil((time - EXPIRY_HOUR) / DAY) * DAY + EXPIRY_HOUR;
}
