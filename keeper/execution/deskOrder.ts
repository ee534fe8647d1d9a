import type { KeelContracts } from "../../sdk/contracts.ts";
import type { Routing } from "../../sdk/route.ts";
import type { Order, Plan } from "../hedging/planner.ts";
import { type HedgeVenue, venueNamed } from "../venues/venue.ts";

/** An order as `HedgeDesk.rebalance` takes it. */
export interface DeskOrder extends Order, Routing {}

/** What has to be known of a plan to carry it out. */
export type PlannedHedge = Pick<Extract<Plan, { decision: "hedge" }>, "order" | "route" | "urgency">;

/** The order of a plan, with its way as the venue's contract reads it. */
export function deskOrder({ order, route }: Omit<PlannedHedge, "urgency">, venues: readonly HedgeVenue[]): DeskOrder {
  const venue = venueNamed(venues, route.venue);
  return { ...order, venue: venue.address, route: venue.encode(route.parts) };
}

/** The call that carries out an order. */
export function rebalanceCall({ desk }: Pick<KeelContracts, "desk">, order: DeskOrder) {
  const { amount, cashLimit, venue, route, deadline } = order;
  const args = [{ amount, cashLimit, venue, route, deadline: BigInt(deadline) }] as const;
  return { ...desk, functionName: "rebalance", args } as const;
}
