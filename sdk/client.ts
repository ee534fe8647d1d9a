import type { Account, Address, Chain, PublicClient, Transport, WalletClient } from "viem";
import { type KeelContracts, contractsOf } from "./contracts.ts";
import type { Deployment } from "./deployment.ts";

/** Reads one market of Keel: what every action takes first. */
export interface KeelReader {
  readonly public: PublicClient<Transport, Chain | undefined>;
  readonly contracts: KeelContracts;
  readonly usdc: Address;
  /** Chainlink's proxy, whose rounds settle expiries. */
  readonly feed: Address;
}

/** Reads, and sends transactions from `account`. */
export interface KeelClient extends KeelReader {
  readonly wallet: WalletClient<Transport, Chain | undefined>;
  readonly account: Account | Address;
}

/**
 * A reader of the market that a deployment file describes.
 * @throws UserError when Keel is not deployed there.
 */
export function readerOf(
  client: PublicClient<Transport, Chain | undefined>,
  deployment: Pick<Deployment, "network" | "contracts" | "protocols">,
): KeelReader {
  const { usdc, feed } = deployment.protocols;
  return { public: client, contracts: contractsOf(deployment), usdc, feed };
}
