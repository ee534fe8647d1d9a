import { type Chain, type PublicClient, type Transport, createPublicClient, defineChain, http } from "viem";

/** Reads a chain. */
export type Reader = PublicClient<Transport, Chain | undefined>;

const REQUEST_TIMEOUT_MS = 20_000;

/**
 * A client whose calls of one moment travel in one HTTP request. Nothing is cached: every read says what it wants.
 * @param pollingInterval Milliseconds between two looks for a receipt.
 */
export function createReader(
  rpcUrl: string,
  chainId: number,
  pollingInterval: number,
  transport = transportTo(rpcUrl),
): Reader {
  return createPublicClient({ chain: chainOf(chainId, rpcUrl), transport, cacheTime: 0, pollingInterval });
}

/** One endpoint over HTTP; calls of one moment travel in one request. */
export function transportTo(rpcUrl: string): Transport {
  return http(rpcUrl, { batch: { wait: 0 }, timeout: REQUEST_TIMEOUT_MS });
}

/** A chain as viem wants it. */
export function chainOf(id: number, rpcUrl: string): Chain {
  return defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}
