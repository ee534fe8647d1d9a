import { expect } from "chai";
import { type Abi, BaseError, ContractFunctionRevertedError, decodeErrorResult, isHex } from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";

interface Revert {
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Expects a contract call to revert with the custom error `name`; returns the error's arguments.
 * @param abi Where errors are looked up that the call itself cannot decode, if not among Keel's own.
 */
export async function expectRevert(
  call: Promise<unknown>,
  name: string,
  abi: Abi = errorsAbi,
): Promise<readonly unknown[]> {
  const error = await call.then(
    () => undefined,
    (reason: Error) => reason,
  );
  if (error === undefined) return expect.fail(`expected a revert with ${name}, but the call succeeded`);
  const revert = decoded(error, abi);
  if (!revert) throw error;
  expect(revert.name).to.equal(name);
  return revert.args;
}

function decoded(error: unknown, abi: Abi): Revert | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError) {
    const { data, signature, reason } = reverted;
    return { name: data?.errorName ?? signature ?? reason ?? "", args: data?.args ?? [] };
  }
  // A deployment, or an error that EDR cannot tell the contract of: then the data is in the text.
  const data = dataOf(error) ?? /return data: (0x[0-9a-f]+)/.exec(error.message)?.[1];
  if (!isHex(data) || data === "0x") return undefined;
  const { errorName, args = [] } = decodeErrorResult({ abi, data });
  return { name: errorName, args };
}

/** What a contract returned with its refusal, as nodes put it into their errors: as `data`, or as `data` inside that. */
function dataOf(error: BaseError): unknown {
  let found: unknown;
  error.walk((cause) => {
    const { data } = cause as { data?: unknown };
    const inner = (data as { data?: unknown } | null | undefined)?.data ?? data;
    if (isHex(inner)) found = inner;
    return false;
  });
  return found;
}
