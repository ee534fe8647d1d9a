import { once } from "node:events";
import { createServer } from "node:net";
import hre from "hardhat";
import type { Deployment } from "../../sdk/deployment.ts";
import { writeDeployment } from "../../keeper/chain/deploymentFile.ts";
import { UserError } from "../../sdk/userError.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import { type ChainClients, clientsAt } from "./clients.ts";
import { watchConnections } from "./connections.ts";
import { dealUsdc, dealWeth } from "./deal.ts";
import { DEFAULT_PRICE, deployProtocols } from "./protocols.ts";

const HOST = "127.0.0.1";

/** The port that Ethereum tools expect a local node on. */
export const DEFAULT_PORT = 8545;

/** Every chain starts at the same moment, so that nothing on it depends on when it was started. */
export const GENESIS = new Date("2026-01-01T00:00:00Z");

/** What every one of Keel's people on the chain holds, besides 10,000 ether. */
export const ALLOWANCE = { usdc: 10_000_000n * 10n ** 6n, weth: 1_000n * 10n ** 18n } as const;

/** How to start a local chain. */
export interface DevnetOptions {
  /** Port of the JSON-RPC server on this machine; 0 takes any free one. */
  readonly port?: number;
  /** Dollars per ether at the start. */
  readonly price?: number;
  /** Time of the first block. */
  readonly genesis?: Date;
  /** Where to write the deployment file, if anywhere. */
  readonly deploymentPath?: string;
}

/** A running local chain. */
export interface Devnet {
  readonly url: string;
  readonly clients: ChainClients;
  readonly deployment: Deployment;
  /** Stops the server and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a Hardhat node inside this process, with the real protocols deployed and the accounts of Keel's people funded. The
 * contracts have been compiled (scripts/compile/files.ts).
 * @throws UserError when the port is taken.
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const { port = DEFAULT_PORT, price = DEFAULT_PRICE, genesis = GENESIS, deploymentPath } = options;
  const free = await freePort(port);
  const server = await hre.network.createServer(
    { network: "devnet", override: { initialDate: genesis, loggingEnabled: false } },
    HOST,
    free,
  );
  const connections = watchConnections(free);
  await server.listen();
  const close = async (): Promise<void> => {
    const closed = server.close();
    connections.destroy();
    await closed;
  };
  try {
    const url = `http://${HOST}:${free}`;
    const clients = clientsAt(url);
    const deployment = await furnish(clients, url, price);
    if (deploymentPath) writeDeployment(deploymentPath, deployment);
    return { url, clients, deployment, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function furnish(clients: ChainClients, rpcUrl: string, price: number): Promise<Deployment> {
  const protocols = await deployProtocols(clients, { price });
  const { governor, keeper, guardian, liquidityProviders, traders } = DEV_ROLES;
  for (const index of [governor, keeper, guardian, ...liquidityProviders, ...traders]) {
    const { address } = devAccount(index);
    await dealUsdc(clients, protocols.usdc, address, ALLOWANCE.usdc);
    await dealWeth(clients, protocols.weth, address, ALLOWANCE.weth);
  }
  const [chainId, startedAtBlock] = await Promise.all([clients.public.getChainId(), clients.public.getBlockNumber()]);
  return { network: "devnet", chainId, startedAtBlock: Number(startedAtBlock), rpcUrl, protocols };
}

/**
 * A port that can be listened on: `port`, or any when it is 0. Hardhat's own server crashes the process on a busy port, so
 * it is tried before.
 * @throws UserError when the port is taken.
 */
export async function freePort(port: number): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(port, HOST);
    await once(probe, "listening");
  } catch (cause) {
    throw portError(port, cause as NodeJS.ErrnoException);
  }
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("A TCP server has a port.");
  return address.port;
}

function portError(port: number, cause: NodeJS.ErrnoException): UserError {
  if (cause.code === "EADDRINUSE") {
    return new UserError(
      `Port ${port} is already in use. Stop what runs there, or choose another one with --port <number>.`,
      { cause },
    );
  }
  return new UserError(`Cannot listen on port ${port} (${cause.code}). Choose another one with --port <number>.`, {
    cause,
  });
}
