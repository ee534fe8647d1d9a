import type { KeelContracts } from "../../sdk/contracts.ts";
import type { Deployment } from "../../sdk/deployment.ts";
import { uniswapV3Venue } from "./uniswapV3/venue.ts";
import type { HedgeVenue } from "./venue.ts";

/** Every venue that the keeper knows of a deployment. A new one is a folder beside this file, and a line here. */
export function venuesOf(
  deployment: Pick<Deployment, "protocols">,
  contracts: Pick<KeelContracts, "venue">,
  homeFeeTier: number,
): readonly HedgeVenue[] {
  return [uniswapV3Venue(deployment, contracts, homeFeeTier)];
}
