import { type Hex, type Transport, custom } from "viem";
import { createReader } from "../../../keeper/chain/clients.ts";
import { type ChainConnection, directConnection } from "../../../keeper/chain/chainConnection.ts";

/** A line that remembers each answer of a node and gives it again for every later block, and counts the requests it took. */
export interface ReplayLine extends ChainConnection {
  /** HTTP requests that went to the node so far, and calls in them. */
  readonly trips: () => number;
  advance(): bigint;
}

interface Call {
  readonly method: string;
  readonly params?: unknown;
}

const BLOCK_SECONDS = 12n;

/** @param first The block whose answers are remembered. */
export function replayLine(
  url: string,
  chainId: number,
  first: { readonly number: bigint; readonly timestamp: bigint },
): ReplayLine {
  const answers = new Map<string, unknown>();
  let newest = first.number;
  let trips = 0;

  async function request({ method, params = [] }: Call): Promise<unknown> {
    if (method === "eth_blockNumber") return hex(newest);
    if (method === "eth_getLogs") return [];
    const text = JSON.stringify(params);
    const asked = /"0x[0-9a-f]+"/.test(text) ? text.replaceAll(`"${hex(newest)}"`, '"BLOCK"') : text;
    const key = `${method} ${asked}`;
    if (!answers.has(key)) {
      trips += 1;
      answers.set(key, await ask(url, method, asked.replaceAll('"BLOCK"', `"${hex(first.number)}"`)));
    }
    const answer = answers.get(key);
    return method === "eth_getBlockByNumber" ? moved(answer as Record<string, unknown>) : answer;
  }

  function moved(block: Record<string, unknown>): unknown {
    const timestamp = hex(first.timestamp + (newest - first.number) * BLOCK_SECONDS);
    return { ...block, number: hex(newest), timestamp, hash: `0x${newest.toString(16).padStart(64, "0")}` };
  }

  const transport: Transport = custom({ request: request as never }, { retryCount: 0 });
  const client = createReader(url, chainId, 10, transport);
  return { ...directConnection(url, client), trips: () => trips, advance: () => (newest += 1n) };
}

async function ask(url: string, method: string, params: string): Promise<unknown> {
  const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

function hex(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
