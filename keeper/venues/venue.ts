import type { Address, Hex } from "viem";
import type { Reader } from "../chain/clients.ts";
import type { QuotedPool, RoutePart } from "../hedging/route.ts";

/** What a venue is asked. */
export interface SizeRequest {
  readonly isBuy: boolean;
  /** WAD of underlying, ascending. */
  readonly sizes: readonly bigint[];
  readonly blockNumber: bigint;
}

/** Where hedges trade: the keeper's side of a contract that governance has listed at the desk (`ISwapVenue`). */
export interface HedgeVenue {
  /** What plans and records call it. */
  readonly name: string;
  /** The contract that the desk sends an order to. */
  readonly address: Address;
  /** Most pools that the contract takes in one order. */
  readonly maxParts: number;
  /** The pool that takes an order whole when none of them answers. */
  readonly home: number;
  /** What every pool would give for every size. Sizes that a pool cannot fill are left out. */
  quote(client: Reader, request: SizeRequest): Promise<readonly QuotedPool[]>;
  /** A way through the pools as the contract reads it. */
  encode(parts: readonly Pick<RoutePart, "feeTier" | "shareBps">[]): Hex;
}

/** The venue of a name. */
export function venueNamed(venues: readonly HedgeVenue[], name: string): HedgeVenue {
  const venue = venues.find((one) => one.name === name);
  if (!venue) throw new Error(`There is no venue ${name}.`);
  return venue;
}
