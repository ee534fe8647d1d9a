import { yearsOf } from "../../../sdk/pricing/index.ts";
import { type CalendarPolicy, wantedExpiries } from "./calendar.ts";
import type { ListDuty } from "./duty.ts";

/** Which series are open. */
export interface ListingPolicy extends CalendarPolicy {
  /** Strikes on each side of spot. */
  readonly strikesPerSide: number;
  /** Standard deviations to the outermost strike. */
  readonly reach: number;
  /** What the vault's book holds. */
  readonly maxExpiries: number;
  readonly maxStrikes: number;
}

export const DEFAULT_LISTING_POLICY: ListingPolicy = {
  dailies: 2,
  weeklies: 4,
  monthlies: 2,
  minLeadSeconds: 12 * 3600,
  strikesPerSide: 4,
  reach: 1.5,
  maxExpiries: 8,
  maxStrikes: 16,
};

/** An open expiry with its strikes in dollars. */
export interface Listing {
  readonly expiry: number;
  readonly strikes: readonly number[];
}

export interface ListingState {
  readonly now: number;
  /** Dollars. */
  readonly spot: number;
  /** Every open expiry, those that await settlement included: they fill the book, too. */
  readonly listed: readonly Listing[];
  /** ATM vol of an expiry by the posted surface; undefined where it has no answer, and nothing can be traded. */
  readonly volAt: (expiry: number) => number | undefined;
}

const STEPS = [1, 2, 2.5, 5, 10] as const;

/** What to open, nearest expiry first: expiries of the calendar that have a vol, and strikes where spot has gone. */
export function planListings(state: ListingState, policy: ListingPolicy): ListDuty[] {
  const { now, spot, listed } = state;
  const duties: ListDuty[] = [];
  let open = listed.length;
  for (const expiry of wantedExpiries(now, policy)) {
    const vol = state.volAt(expiry);
    if (vol === undefined) continue;
    const there = listed.find((listing) => listing.expiry === expiry)?.strikes ?? [];
    const isNew = there.length === 0;
    if (isNew && open >= policy.maxExpiries) continue;
    const wanted = strikesAround(spot, vol * Math.sqrt(yearsOf(expiry - now)), policy);
    if (!isNew && isCovered(spot, there, wanted)) continue;
    const strikes = wanted.filter((strike) => !there.includes(strike)).slice(0, policy.maxStrikes - there.length);
    if (strikes.length === 0) continue;
    if (isNew) open += 1;
    duties.push({
      kind: "list-series",
      expiry,
      strikes: strikes.sort((a, b) => a - b),
      reason: { code: isNew ? "new-expiry" : "spot-moved" },
    });
  }
  return duties;
}

/** Round strikes around spot, nearest first, out to the policy's reach. @param deviation σ√T. */
export function strikesAround(spot: number, deviation: number, policy: ListingPolicy): number[] {
  const { strikesPerSide, reach } = policy;
  const step = roundStep((spot * Math.expm1(reach * deviation)) / strikesPerSide);
  const middle = Math.round(spot / step);
  const strikes = Array.from({ length: 2 * strikesPerSide + 1 }, (_, i) => {
    const offset = Math.ceil(i / 2) * (i % 2 === 0 ? 1 : -1);
    return Number(((middle + offset) * step).toPrecision(12));
  });
  return strikes.filter((strike) => strike > 0);
}

/** Spot lies well inside the listed strikes: at least half of the wanted ones on each side would be nothing new. */
function isCovered(spot: number, there: readonly number[], wanted: readonly number[]): boolean {
  const needed = wanted.length / 4;
  return (
    there.filter((strike) => strike > spot).length >= needed && there.filter((strike) => strike < spot).length >= needed
  );
}

/** The nearest of 1, 2, 2.5 and 5 times a power of ten. */
function roundStep(step: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(step));
  const distance = (one: number) => Math.abs(one - step / magnitude);
  return STEPS.reduce((best, one) => (distance(one) < distance(best) ? one : best)) * magnitude;
}
