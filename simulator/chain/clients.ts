import {
  type Address,
  type Chain,
  type EIP1193Provider,
  type Hex,
  type PublicClient,
  type TestClient,
  type TransactionReceipt,
  type Transport,
  type WalletClient,
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  http,
} from "viem";
import { hardhat } from "viem/chains";

/** The three views of one development chain: reading, sending from its unlocked accounts, and bending its rules. */
export interface ChainClients {
  readonly public: PublicClient<Transport, Chain>;
  readonly wallet: WalletClient<Transport, Chain>;
  readonly test: TestClient<"hardhat", Transport, Chain>;
}

/** One transaction from an unlocked account. */
export interface Call {
  readonly from: Address;
  readonly to: Address;
  readonly data?: Hex;
  readonly value?: bigint;
}

/** Gas limit of a transaction that shares its block: several fit, and each has room for any swap. */
const SHARED_GAS = 4_000_000n;

const POLLING_MS = 20; // the chain mines on demand, so a receipt is there almost at once

/** Clients of the chain behind `transport`. */
export function clientsOver(transport: Transport): ChainClients {
  const options = { chain: hardhat, transport, pollingInterval: POLLING_MS, cacheTime: 0 };
  return {
    public: createPublicClient(options),
    wallet: createWalletClient(options),
    test: createTestClient({ ...options, mode: "hardhat" }),
  };
}

/** Clients of a node process. */
export function clientsAt(url: string): ChainClients {
  return clientsOver(http(url, { timeout: 60_000 }));
}

/** Clients of a chain inside this process, as `network.create()` of Hardhat gives it. */
export function clientsOf(provider: { request(...args: never[]): Promise<unknown> }): ChainClients {
  // A failure of an in-process chain is an answer, not a glitch of the line: asking again only hides it.
  return clientsOver(custom(provider as unknown as EIP1193Provider, { retryCount: 0 }));
}

/** Sends a transaction and waits until it is mined. Throws when it reverts. */
export async function send(clients: ChainClients, call: Call): Promise<TransactionReceipt> {
  const { from, ...rest } = call;
  const hash = await clients.wallet.sendTransaction({ ...rest, account: from, chain: null });
  return minedReceipt(clients, hash);
}

/**
 * Sends transactions that are all mined in the same block, at `time` (seconds) if given; an empty block when there are
 * none. Throws when one of them reverts. Whoever else sends one meanwhile gets into that block too.
 */
export async function sendInOneBlock(
  clients: ChainClients,
  calls: readonly Call[],
  time?: number,
): Promise<TransactionReceipt[]> {
  const automine = await clients.test.getAutomine();
  await clients.test.setAutomine(false);
  const hashes: Hex[] = [];
  try {
    for (const { from, ...rest } of calls) {
      hashes.push(await clients.wallet.sendTransaction({ ...rest, account: from, chain: null, gas: SHARED_GAS }));
    }
    if (time !== undefined) await clients.test.setNextBlockTimestamp({ timestamp: BigInt(time) });
    await clients.test.mine({ blocks: 1 });
  } finally {
    await clients.test.setAutomine(automine);
  }
  return Promise.all(hashes.map((hash) => minedReceipt(clients, hash)));
}

/** The receipt of `hash`, once it is mined. Throws when the transaction reverted. */
export async function minedReceipt(clients: ChainClients, hash: Hex): Promise<TransactionReceipt> {
  const receipt = await clients.public.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`Transaction ${hash} to ${receipt.to ?? "create"} reverted.`);
  return receipt;
}
