import {
  type Address,
  type Hex,
  type TransactionSerializedEIP1559,
  isAddressEqual,
  isHex,
  parseTransaction,
  recoverTransactionAddress,
  toHex,
} from "viem";
import { UserError } from "../../sdk/userError.ts";
import type { Secret } from "../secret.ts";
import type { Signer, UnsignedTransaction } from "./signer.ts";

export interface RemoteSignerOptions {
  /** JSON-RPC address of the signer (Web3Signer, for example); may hold a password, so it is never shown. */
  readonly url: Secret;
  /** The account that it signs for. */
  readonly address: Address;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * A signer that keeps its key elsewhere and is asked by `eth_signTransaction`. What comes back is not believed: it has to be
 * the very transaction that was asked for, signed by the very account.
 */
export function remoteSigner({ url, address, timeoutMs = TIMEOUT_MS }: RemoteSignerOptions): Signer {
  return {
    address,
    signTransaction: async (transaction) => {
      const signed = signedIn(await call(url, timeoutMs, "eth_signTransaction", [asRpc(transaction, address)]));
      await verify(signed, transaction, address);
      return signed;
    },
  };
}

async function call(url: Secret, timeoutMs: number, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url.reveal(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined);
  if (!response) throw new UserError("The remote signer cannot be reached, or did not answer in time.");
  const text = await response.text();
  if (!response.ok) throw new UserError(`The remote signer answered with status ${response.status}.`);
  const { result, error } = parse(text);
  if (error) throw new UserError(`The remote signer refused: ${error.message ?? "without a reason"}.`);
  return result;
}

function parse(text: string): { result?: unknown; error?: { message?: string } } {
  try {
    return JSON.parse(text) as { result?: unknown; error?: { message?: string } };
  } catch {
    throw new UserError("The remote signer answered with something that is not JSON.");
  }
}

/** Some signers answer with the signed transaction, some with an object that has it in `raw`. */
function signedIn(result: unknown): Hex {
  const raw = typeof result === "object" && result !== null && "raw" in result ? result.raw : result;
  if (isHex(raw)) return raw;
  throw new UserError("The remote signer answered without a signed transaction.");
}

async function verify(signed: Hex, asked: UnsignedTransaction, address: Address): Promise<void> {
  const refuse = (what: string) =>
    new UserError(`The remote signer returned another transaction than it was asked for (${what}); it is not sent.`);
  let parsed: ReturnType<typeof parseTransaction<TransactionSerializedEIP1559>>;
  let signer: Address;
  try {
    const serialized = signed as TransactionSerializedEIP1559;
    parsed = parseTransaction(serialized);
    signer = await recoverTransactionAddress({ serializedTransaction: serialized });
  } catch {
    throw refuse("it cannot be read");
  }
  if (!isAddressEqual(signer, address)) throw refuse(`signed by ${signer}, not ${address}`);
  if (!parsed.to || !isAddressEqual(parsed.to, asked.to)) throw refuse("to");
  const { data = "0x", value = 0n, nonce = 0, accessList = [] } = parsed;
  if (accessList.length > 0) throw refuse("accessList");
  const found = { ...parsed, data, value, nonce };
  for (const field of ["chainId", "nonce", "data", "value", "gas", "maxFeePerGas", "maxPriorityFeePerGas"] as const) {
    const [a, b] = [found[field] ?? 0n, asked[field]];
    if (String(a).toLowerCase() !== String(b).toLowerCase()) throw refuse(field);
  }
}

function asRpc(transaction: UnsignedTransaction, from: Address) {
  const { chainId, nonce, to, data, value, gas, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  return {
    type: "0x2",
    from,
    to,
    data,
    value: toHex(value),
    chainId: toHex(chainId),
    nonce: toHex(nonce),
    gas: toHex(gas),
    maxFeePerGas: toHex(maxFeePerGas),
    maxPriorityFeePerGas: toHex(maxPriorityFeePerGas),
  };
}
