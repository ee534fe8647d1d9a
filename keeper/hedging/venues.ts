import { abs } from "../../sdk/units.ts";
import { type Route, type RouteBounds, depthOf, findRoute, impactOf } from "./route.ts";
import type { QuotedVenue } from "./state.ts";

/** An order's way through the pools of one venue. */
export interface VenueRoute extends Route {
  readonly venue: string;
}

type Bounds = Omit<RouteBounds, "maxParts">;

/** Whether any pool has answered. Where none has, an order goes by the slippage bound alone. */
export function hasAnswers(venues: readonly QuotedVenue[]): boolean {
  return venues.some(({ pools }) => pools.some(({ quotes }) => quotes.length > 0));
}

/** The most that one order can fill within the bound, WAD: it goes to one venue. */
export function deepest(isBuy: boolean, venues: readonly QuotedVenue[], bounds: Bounds): bigint {
  return venues.map(({ pools }) => depthOf(isBuy, pools, bounds)).reduce((most, one) => (one > most ? one : most), 0n);
}

/** The venue that fills most of `amount` (WAD, signed) within the bound, and of those that fill as much the cheapest. */
export function bestRoute(amount: bigint, venues: readonly QuotedVenue[], bounds: Bounds): VenueRoute | undefined {
  const routes = venues.map(({ name, pools, maxParts }): VenueRoute => {
    return { venue: name, ...findRoute(amount, pools, { ...bounds, maxParts }) };
  });
  return routes
    .filter((route) => route.amount !== 0n)
    .sort((a, b) => sign(abs(b.amount) - abs(a.amount)) || (amount > 0n ? 1 : -1) * sign(a.cash - b.cash))[0];
}

/** The least price impact that an order of `amount` (WAD, signed) has at any venue, basis points. */
export function leastImpact(amount: bigint, venues: readonly QuotedVenue[], bounds: Bounds): number {
  const answered = venues.filter((venue) => hasAnswers([venue]));
  if (answered.length === 0 || amount === 0n) return 0;
  return Math.min(...answered.map(({ pools, maxParts }) => impactOf(amount, pools, { ...bounds, maxParts })));
}

function sign(difference: bigint): number {
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
