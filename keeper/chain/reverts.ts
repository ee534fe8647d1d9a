import { BaseError } from "viem";
import { callFailure } from "../../sdk/reverts.ts";
import { UserError } from "../../sdk/userError.ts";
import { PoolError } from "./rpcPool/endpointError.ts";

/** Whether an error comes from the chain or from the line to it, and not from a mistake in this program. */
export function isChainError(error: unknown): boolean {
  return error instanceof BaseError || error instanceof PoolError;
}

/** Runs `read`; what the chain or the line refuses becomes a sentence for a person. */
export async function withReadableErrors<T>(rpcUrl: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isChainError(error)) throw error;
    throw new UserError(`The chain at ${rpcUrl} refused: ${callFailure(error)}.`, { cause: error });
  }
}
