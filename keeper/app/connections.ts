import { assertChain, assertDeployed } from "../chain/connection.ts";
import { type KeelContracts, contractsOf } from "../../sdk/contracts.ts";
import type { Deployment } from "../../sdk/deployment.ts";
import { readDeployment } from "../chain/deploymentFile.ts";
import { type ChainConnection, openConnection } from "../chain/chainConnection.ts";
import { DEFAULT_RPC_URL, type KeeperConfig, type MarketConfig, deploymentFile, marketsOf } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";

/** A market's contracts on the chain that all markets of the process share. */
export interface MarketAddress {
  readonly settings: MarketConfig;
  readonly deployment: Deployment;
  readonly contracts: KeelContracts;
}

/** A line to one chain, and the markets on it. */
export interface Connections {
  readonly network: string;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly line: ChainConnection;
  readonly markets: readonly [MarketAddress, ...MarketAddress[]];
}

/**
 * Connects to the chain of the configured markets.
 * @throws UserError when one is not deployed there, or they are on different chains: a process has one account's nonces.
 */
export async function openConnections(config: KeeperConfig): Promise<Connections> {
  const addresses = marketsOf(config).map((settings): MarketAddress => {
    const deployment = readDeployment(deploymentFile(settings));
    // The only market needs no name of its own; its deployment may be a long path.
    const name = config.markets ? settings.name : deployment.network;
    return { settings: { ...settings, name }, deployment, contracts: contractsOf(deployment) };
  });
  const [first, ...others] = addresses;
  if (!first) throw new UserError("The configuration has no market.");
  const { network, chainId, rpcUrl: own } = first.deployment;
  const stranger = others.find(({ deployment }) => deployment.chainId !== chainId);
  if (stranger) {
    throw new UserError(
      `The market ${stranger.settings.name} is on chain ${stranger.deployment.chainId}, ${first.settings.name} on ` +
        `${chainId}. Run a keeper of its own, with its own data folder, for each chain.`,
    );
  }
  const [rpcUrl = config.rpcUrl ?? own ?? DEFAULT_RPC_URL, ...more] = config.rpcUrls ?? [];
  const { pollingIntervalMs, quorum } = config;
  const line = openConnection({ urls: [rpcUrl, ...more], chainId, pollingIntervalMs, quorum });
  for (const { deployment, contracts } of addresses) {
    await assertChain(line.client, rpcUrl, deployment);
    await assertDeployed(line.client, rpcUrl, deployment.network, contracts);
  }
  return { network, chainId, rpcUrl, line, markets: [first, ...others] };
}
