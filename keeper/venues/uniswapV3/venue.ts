import type { KeelContracts } from "../../../sdk/contracts.ts";
import type { Deployment } from "../../../sdk/deployment.ts";
import { type RouteLeg, encodeRoute } from "../../../sdk/route.ts";
import type { RoutePart } from "../../hedging/route.ts";
import type { HedgeVenue } from "../venue.ts";
import { quoterOf, readQuotes } from "./quoter.ts";

/** Legs that `UniswapV3Venue` takes. */
const MAX_LEGS = 4;

/**
 * All Uniswap v3 pools of a deployment.
 * @param home Fee of the pool that takes an order when the quoter does not answer, hundredths of a basis point.
 */
export function uniswapV3Venue(
  { protocols }: Pick<Deployment, "protocols">,
  { venue }: Pick<KeelContracts, "venue">,
  home: number,
): HedgeVenue {
  const quoter = quoterOf({ protocols });
  const feeTiers = Object.keys(protocols.uniswap.pools).map(Number);
  return {
    name: "uniswap-v3",
    address: venue,
    maxParts: MAX_LEGS,
    home,
    quote: (client, request) => readQuotes(client, quoter, { ...request, feeTiers }),
    encode: (parts) => encodeRoute(legsOf(parts)),
  };
}

/** The parts as the contract reads them: each through one pool. */
export function legsOf(parts: readonly Pick<RoutePart, "feeTier" | "shareBps">[]): RouteLeg[] {
  return parts.map(({ feeTier, shareBps }) => ({ shareBps, hops: [feeTier] }));
}
