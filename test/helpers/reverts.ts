import { expect } from "chai";
import { BaseError, ContractFunctionRevertedError, type Hex, decodeErrorResult } from "viem";
import { errorsAbi } from "../../keeper/chain/abi/errors.ts";

interface Revert {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Expects a contract call to revert with the custom error `name`; returns the error's arguments. */
export async function expectRevert(call: Promise<unknown>, name: string): Promise<readonly unknown[]> {
  const error = await call.then(
    () => undefined,
    (reason: Error) => reason,
  );
  if (error === undefined) return expect.fail(`expected a revert with ${name}, but the call succeeded`);
  const revert = decoded(error);
  if (!revert) throw error;
  expect(revert.name).to.equal(name);
  return revert.args;
}

function decoded(error: unknown): Revert | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError) {
    const { data, signature, reason } = reverted;
    return { name: data?.errorName ?? signature ?? reason ?? "", args: data?.args ?? [] };
  }
  // EDR answers with another error code when it cannot tell which contract an error belongs to; the data is in the text.
  const data = /return data: (0x[0-9a-f]+)/.exec(error.message)?.[1] as Hex | undefined;
  if (!data) return undefined;
  const { errorName, args = [] } = decodeErrorResult({ abi: errorsAbi, data });
  return { name: errorName, args };
}
