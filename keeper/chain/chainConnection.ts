import { BaseError, TimeoutError, type Transport } from "viem";
import { type Reader, chainOf, createReader, transportTo } from "./clients.ts";
import type { Fault } from "./rpcPool/endpointError.ts";
import { type EndpointReport, type Head, type RpcPoolOptions, createRpcPool } from "./rpcPool/pool.ts";
import { poolTransport, sessionReader } from "./rpcPool/transport.ts";

/** How the keeper reaches its chain: one endpoint, or several that have to agree. */
export interface ChainConnection {
  /** The first endpoint, for messages. */
  readonly url: string;
  readonly client: Reader;
  /** For a client that sends: what it signs goes to every endpoint. */
  readonly transport: Transport | undefined;
  newestBlock(): Promise<bigint>;
  /** Runs reads at a block on one endpoint from beginning to end. */
  read<T>(block: bigint, work: (reader: Reader) => Promise<T>): Promise<T>;
  report(): readonly EndpointReport[];
}

export interface ConnectionOptions {
  readonly urls: readonly [string, ...string[]];
  readonly chainId: number;
  readonly pollingIntervalMs: number;
  readonly quorum: number;
  /** Clock, chance and timers of the pool, for tests. */
  readonly pool?: Omit<RpcPoolOptions, "urls" | "quorum">;
}

/** A line over `urls`: the pool when there are several, and plain HTTP when there is nobody to compare with. */
export function openConnection({
  urls,
  chainId,
  pollingIntervalMs,
  quorum,
  pool: options,
}: ConnectionOptions): ChainConnection {
  const [url, ...others] = urls;
  if (others.length === 0) {
    return directConnection(url, createReader(url, chainId, pollingIntervalMs), transportTo(url));
  }
  const pool = createRpcPool({ urls, quorum, ...options });
  const chain = chainOf(chainId, url);
  const transport = poolTransport(pool);
  let newest: Head | undefined;
  return {
    url,
    client: createReader(url, chainId, pollingIntervalMs, transport),
    transport,
    newestBlock: async () => {
      newest = await pool.head();
      return newest.number;
    },
    read: (block, work) =>
      pool.operate((session) => work(sessionReader(session, chain)), newest?.number === block ? newest : undefined),
    report: () => pool.report(),
  };
}

/** A line that is one client. There is nobody to compare it with: it is healthy while it tells its newest block. */
export function directConnection(url: string, client: Reader, transport?: Transport): ChainConnection {
  let report: EndpointReport = {
    endpoint: new URL(url).host,
    isHealthy: true,
    blockLag: 0,
    failures: 0,
    lastFault: undefined,
  };
  return {
    url,
    client,
    transport,
    newestBlock: async () => {
      try {
        const newest = await client.getBlockNumber();
        report = { ...report, isHealthy: true };
        return newest;
      } catch (error) {
        report = { ...report, isHealthy: false, failures: report.failures + 1, lastFault: faultOf(error) };
        throw error;
      }
    },
    read: (_block, work) => work(client),
    report: () => [report],
  };
}

function faultOf(error: unknown): Fault {
  const isLate = error instanceof BaseError && error.walk((cause) => cause instanceof TimeoutError) !== null;
  return isLate ? "timeout" : "transport";
}
