import {
  BaseError,
  BlockNotFoundError,
  ExecutionRevertedError,
  type Hex,
  InsufficientFundsError,
  TransactionNotFoundError,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
  isHex,
} from "viem";
import type { Reader } from "../chain/clients.ts";
import { decodeRevert } from "../../sdk/reverts.ts";
import type { ChainView, Receipt } from "./ports.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

/** The chain as `client` sees it. */
export function chainViewOf(client: Reader): ChainView {
  return {
    async head() {
      const { number, hash, timestamp, baseFeePerGas } = await client.getBlock({ blockTag: "latest" });
      return { number, hash, time: Number(timestamp), baseFee: baseFeePerGas ?? 0n };
    },
    minedNonce: (address) => client.getTransactionCount({ address, blockTag: "latest" }),
    suggestedTip: () => client.estimateMaxPriorityFeePerGas(),
    async simulate(account, { to, data, value, gas }) {
      try {
        const limit = gas === undefined ? {} : { gas };
        return { passes: true, gas: await client.estimateGas({ account, to, data, value, ...limit }) };
      } catch (error) {
        const reason = refusalOf(error);
        if (reason === undefined) throw error;
        return { passes: false, reason };
      }
    },
    async receipt(hash) {
      const receipt = await unless(client.getTransactionReceipt({ hash }), TransactionReceiptNotFoundError);
      return receipt && receiptOf(receipt);
    },
    knows: async (hash) => (await unless(client.getTransaction({ hash }), TransactionNotFoundError)) !== undefined,
    blockHash: async (blockNumber) => (await unless(client.getBlock({ blockNumber }), BlockNotFoundError))?.hash,
  };
}

/** Undefined in place of the error that says that there is no such thing. */
async function unless<T>(read: Promise<T>, absent: ErrorClass): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof absent) return undefined;
    throw error;
  }
}

/** What the chain has against a call; undefined when the failure is the line's. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const data = revertData(error);
  if (data) return decodeRevert(data).sentence;
  const refusal = error.walk((e) => e instanceof ExecutionRevertedError || e instanceof InsufficientFundsError);
  return refusal instanceof BaseError ? refusal.shortMessage : undefined;
}

/** Nodes put a revert's data into `data`, or into `data.data`; Hardhat also into its message. */
function revertData(error: BaseError): Hex | undefined {
  let found: Hex | undefined;
  error.walk((cause) => {
    const { data } = cause as { data?: unknown };
    const inner = typeof data === "object" && data !== null && "data" in data ? data.data : data;
    if (isHex(inner) && inner.length > 2) found = inner;
    return found !== undefined;
  });
  return found ?? (/return data: (0x[0-9a-f]{8,})/.exec(error.message)?.[1] as Hex | undefined);
}

function receiptOf(receipt: TransactionReceipt): Receipt {
  const { transactionHash, blockNumber, blockHash, status, gasUsed, effectiveGasPrice, logs } = receipt;
  return {
    hash: transactionHash,
    block: { number: blockNumber, hash: blockHash },
    succeeded: status === "success",
    gasUsed,
    gasPrice: effectiveGasPrice,
    logs,
  };
}
