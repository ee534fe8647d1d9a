import { type Hex, type Transport, createPublicClient, createTransport } from "viem";
import type { Chain } from "viem";
import type { Reader } from "../clients.ts";
import type { RpcPool, RpcSession } from "./pool.ts";

type Request = (call: { readonly method: string; readonly params?: unknown }) => Promise<unknown>;

/** A viem transport over the pool: each request by itself, and signed transactions to every endpoint. */
export function poolTransport(pool: RpcPool): Transport {
  return transportOf("pool", async ({ method, params }) => {
    const list = (params ?? []) as readonly unknown[];
    if (method !== "eth_sendRawTransaction") return pool.operate((session) => session.request(method, list));
    const { hash } = await pool.broadcast(list[0] as Hex);
    return hash;
  });
}

/** A client whose every read goes to one endpoint. */
export function sessionReader(session: RpcSession, chain: Chain): Reader {
  const request: Request = ({ method, params }) => session.request(method, (params ?? []) as readonly unknown[]);
  return createPublicClient({ chain, transport: transportOf("session", request), cacheTime: 0 });
}

function transportOf(key: string, request: Request): Transport {
  // The pool has its own retries, and knows better when.
  return () => createTransport({ key, name: `RPC ${key}`, type: "rpcPool", request: request as never, retryCount: 0 });
}
