import { type Address, type Hex, concatHex, encodeAbiParameters, toHex } from "viem";

/** Which venue fills an order, and how: the venue reads `route`. */
export interface Routing {
  readonly venue: Address;
  readonly route: Hex;
}

/** A part of an order and the path that it takes. */
export interface RouteLeg {
  /** Of the order, basis points; those of all legs add up to 10,000. */
  readonly shareBps: bigint;
  /** Fee tiers in hundredths of a basis point, with a token between any two: `[500]`, `[500, token, 3000]`. */
  readonly hops: readonly (number | Address)[];
}

const LEGS = [
  {
    type: "tuple[]",
    components: [
      { name: "shareBps", type: "uint256" },
      { name: "hops", type: "bytes" },
    ],
  },
] as const;

/** What `UniswapV3Venue` reads as a route. */
export function encodeRoute(legs: readonly RouteLeg[]): Hex {
  const encoded = legs.map(({ shareBps, hops }) => ({
    shareBps,
    hops: concatHex(hops.map((hop) => (typeof hop === "number" ? toHex(hop, { size: 3 }) : hop))),
  }));
  return encodeAbiParameters(LEGS, [encoded]);
}

/** All of an order through the Uniswap v3 pool of one fee tier. */
export function uniswapRouting({ venue }: Pick<Routing, "venue">, feeTier: number): Routing {
  return { venue, route: encodeRoute([{ shareBps: 10_000n, hops: [feeTier] }]) };
}
