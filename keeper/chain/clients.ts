import {
  type Account,
  type Address,
  type Chain,
  type Hex,
  type PublicClient,
  type Transport,
  type WalletClient,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { UserError } from "../errors.ts";
import type { Secret } from "../secret.ts";

/** Reads a chain. */
export type Reader = PublicClient<Transport, Chain | undefined>;

/** Sends transactions from one account. */
export interface Signer {
  readonly wallet: WalletClient<Transport, Chain | undefined>;
  /** An account that signs here, or the address of one that the node holds. */
  readonly account: Account | Address;
}

const REQUEST_TIMEOUT_MS = 20_000;

/**
 * A client whose calls of one moment travel in one HTTP request. Nothing is cached: every read says what it wants.
 * @param pollingInterval Milliseconds between two looks for a receipt.
 */
export function createReader(rpcUrl: string, chainId: number, pollingInterval: number): Reader {
  const chain = chainOf(chainId, rpcUrl);
  return createPublicClient({ chain, transport: transportTo(rpcUrl), cacheTime: 0, pollingInterval });
}

/**
 * The keeper's own account.
 * @throws UserError when the key is no number that the curve has.
 */
export function createSigner(rpcUrl: string, chainId: number, key: Secret): Signer {
  const wallet = createWalletClient({ chain: chainOf(chainId, rpcUrl), transport: transportTo(rpcUrl) });
  return { wallet, account: accountOf(key) };
}

/** The address that a signer sends from. */
export function addressOf({ account }: Pick<Signer, "account">): Address {
  return typeof account === "string" ? account : account.address;
}

function accountOf(key: Secret): Account {
  try {
    return privateKeyToAccount(key.reveal() as Hex);
  } catch {
    // The cause could repeat the key.
    throw new UserError("The private key (KEEL_PRIVATE_KEY) is not valid: no account belongs to it.");
  }
}

function transportTo(rpcUrl: string): Transport {
  return http(rpcUrl, { batch: { wait: 0 }, timeout: REQUEST_TIMEOUT_MS });
}

function chainOf(id: number, rpcUrl: string): Chain {
  return defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}
