import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import hre from "hardhat";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { type ChainClients, clientsOf } from "../../simulator/chain/clients.ts";
import { adoptMainnet } from "../../simulator/chain/mainnet.ts";
import { type Market, createMarket } from "../../simulator/chain/market.ts";
import { type Devnet, startDevnet } from "../../simulator/chain/node.ts";

/** The chain that a fork is a copy of. */
export type Origin = "devnet" | "mainnet";

/** A private copy of a chain with the real protocols on it. */
export interface Fork {
  readonly origin: Origin;
  readonly clients: ChainClients;
  readonly protocols: ProtocolAddresses;
  readonly market: Market;
}

/** Builds something on a fork, once for all tests of a suite; what it returns is handed to each of them. */
export type Fixture<T> = (fork: Fork) => Promise<T>;

interface OpenFork extends Fork {
  close(): Promise<void>;
}

const DEPLOY_TIMEOUT_MS = 600_000; // on a busy machine
const MAINNET_TIMEOUT_MS = 600_000;

/**
 * How far the devnet is ahead of the block that is forked. EDR remembers what it has read only from blocks that are deep
 * enough never to be reorganised; without that, every storage read of every test would be a request of its own.
 */
const CONFIRMATIONS = 128;

/**
 * Gives the suite it is called in a fork of its own, and every test the same clean state: what the fixture left behind.
 * Call it inside `describe` and the returned function inside a test or hook.
 *
 *     const world = useFork(async (fork) => ({ vault: await deployVault(fork) }));
 *     it("…", async () => { const { clients, market, vault } = world(); … });
 */
export function useFork<T extends object = object>(
  fixture: Fixture<T> = () => Promise.resolve({} as T),
  origin: Origin = "devnet",
): () => Fork & T {
  let fork: OpenFork | undefined;
  let world: (Fork & T) | undefined;
  let clean: `0x${string}`;

  before(async function () {
    if (origin === "mainnet" && !process.env.MAINNET_RPC_URL) {
      console.log("      skipped: set MAINNET_RPC_URL to run these tests against mainnet's own contracts");
      this.skip();
    }
    this.timeout(origin === "mainnet" ? MAINNET_TIMEOUT_MS : DEPLOY_TIMEOUT_MS);
    fork = await openFork(origin);
    world = { ...fork, ...(await fixture(fork)) };
    clean = await fork.clients.test.snapshot();
  });

  beforeEach(async () => {
    if (!fork) return;
    await fork.clients.test.revert({ id: clean });
    clean = await fork.clients.test.snapshot(); // reverting uses a snapshot up
  });

  after(async () => fork?.close());

  return () => {
    if (!world) throw new Error("The fork is there inside tests and hooks, not while they are being defined.");
    return world;
  };
}

/**
 * Defines the same suite twice: on a fork of the local chain, and on one of mainnet, which runs when MAINNET_RPC_URL is
 * set and says so when it is not. Pass `origin` on to {@link useFork}.
 */
export function describeOnForks(title: string, body: (origin: Origin) => void): void {
  describe(`${title} (local fork)`, () => body("devnet"));
  describe(`${title} (mainnet fork)`, () => body("mainnet"));
}

let shared: Promise<{ devnet: Devnet; block: bigint }> | undefined;

/** The devnet that all local forks of this test run are copies of. */
function sharedDevnet(): Promise<{ devnet: Devnet; block: bigint }> {
  shared ??= startShared();
  return shared;
}

async function startShared(): Promise<{ devnet: Devnet; block: bigint }> {
  const devnet = await startDevnet({ port: 0 });
  forgetReads(devnet.url);
  const block = await devnet.clients.public.getBlockNumber();
  await devnet.clients.test.mine({ blocks: CONFIRMATIONS });
  return { devnet, block };
}

// A hook outside any suite runs after the last test of the whole run.
after(async () => {
  if (!shared) return;
  const { devnet } = await shared;
  await devnet.close();
  forgetReads(devnet.url);
});

async function openFork(origin: Origin): Promise<OpenFork> {
  const forking = origin === "mainnet" ? { url: process.env.MAINNET_RPC_URL ?? "" } : await localForking();
  const connection = await hre.network.create({ network: "fork", override: { forking } });
  const clients = clientsOf(connection.provider);
  const protocols =
    origin === "mainnet" ? await adoptMainnet(clients) : (await sharedDevnet()).devnet.deployment.protocols;
  return {
    origin,
    clients,
    protocols,
    market: createMarket(clients, protocols),
    close: () => connection.close(),
  };
}

/** The block is named because without it Hardhat forks 128 blocks behind the newest, where nothing is deployed yet. */
async function localForking(): Promise<{ url: string; blockNumber: bigint }> {
  const { devnet, block } = await sharedDevnet();
  return { url: devnet.url, blockNumber: block };
}

/**
 * Deletes what EDR has cached on disk under this address. Its key is port, chain id and block, all of which another
 * devnet may share, with other contracts on it.
 */
function forgetReads(url: string): void {
  const { hostname, port } = new URL(url);
  const root = join(hre.config.paths.cache, "edr-fork-cache", "rpc_cache");
  if (!existsSync(root)) return;
  for (const version of readdirSync(root)) {
    rmSync(join(root, version, `${hostname}_${port}`), { recursive: true, force: true });
  }
}
