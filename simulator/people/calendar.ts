import { DAY, HOUR } from "../path/prices.ts";
import type { Listing } from "./legs.ts";

/** Options expire at 08:00 UTC. */
const EXPIRY_HOUR = 8 * HOUR;
/** The vault's book holds eight expiries of sixteen strikes. */
const MAX_EXPIRIES = 8;
const MAX_STRIKES = 16;
const LONGEST = 29 * DAY;

/** Steps between strikes, as a share of spot, before rounding to a number that people would choose. */
const STEP = 0.055;
const STEPS_BELOW = 3;
const STEPS_ABOVE = 4;
const NICE = [1, 2, 2.5, 5, 10] as const;

/**
 * The expiries that should be open at `now` in a story that began at `start`: every second day, every week, and one month
 * out; ascending.
 */
export function expiriesAt(now: number, start: number): number[] {
  const midnight = start - (start % DAY);
  const today = Math.floor((now - midnight) / DAY);
  const every = (days: number, count: number, day: number): number[] => {
    const first = (Math.floor(day / days) + 1) * days;
    return Array.from({ length: count }, (_, i) => midnight + (first + i * days) * DAY + EXPIRY_HOUR);
  };
  const later = Math.max(today, 0);
  const all = new Set([...every(2, 3, today), ...every(7, 2, later), ...every(28, 1, later)]);
  return [...all].filter((expiry) => expiry - now <= LONGEST).sort((a, b) => a - b);
}

/** Strikes around spot, ascending. */
export function strikesAround(spot: number): number[] {
  const step = niceStep(spot * STEP);
  const middle = Math.round(spot / step);
  const strikes: number[] = [];
  for (let i = middle - STEPS_BELOW; i <= middle + STEPS_ABOVE; i += 1) {
    if (i > 0) strikes.push(Number((i * step).toPrecision(12)));
  }
  return strikes;
}

/** What has to be listed beside what is, as far as the book has room for it. */
export function missingListings(listed: readonly Listing[], now: number, start: number, spot: number): Listing[] {
  const wanted = strikesAround(spot);
  const missing: Listing[] = [];
  let expiries = listed.length;
  for (const expiry of expiriesAt(now, start)) {
    const there = listed.find((listing) => listing.expiry === expiry)?.strikes ?? [];
    if (there.length === 0 && ++expiries > MAX_EXPIRIES) continue;
    const strikes = wanted.filter((strike) => !there.includes(strike)).slice(0, MAX_STRIKES - there.length);
    if (strikes.length > 0) missing.push({ expiry, strikes });
  }
  return missing;
}

/** Listings with `added` among them, ascending. */
export function withListings(listed: readonly Listing[], added: readonly Listing[]): Listing[] {
  const byExpiry = new Map(listed.map(({ expiry, strikes }) => [expiry, strikes]));
  for (const { expiry, strikes } of added) byExpiry.set(expiry, [...(byExpiry.get(expiry) ?? []), ...strikes]);
  return [...byExpiry]
    .map(([expiry, strikes]) => ({ expiry, strikes: [...strikes].sort((a, b) => a - b) }))
    .sort((a, b) => a.expiry - b.expiry);
}

function niceStep(step: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(step));
  const nearest = NICE.reduce((best, one) =>
    Math.abs(one - step / magnitude) < Math.abs(best - step / magnitude) ? one : best,
  );
  return nearest * magnitude;
}
