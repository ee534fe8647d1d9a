import { expect } from "chai";
import { BaseError, ContractFunctionRevertedError } from "viem";

/** Expects a contract call to revert with the custom error `name`; returns the error's arguments. */
export async function expectRevert(call: Promise<unknown>, name: string): Promise<readonly unknown[]> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return expect.fail(`expected a revert with ${name}, but the call succeeded`);
  const reverted =
    error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : undefined;
  if (!(reverted instanceof ContractFunctionRevertedError)) throw error;
  expect(reverted.data?.errorName ?? reverted.signature ?? reverted.reason).to.equal(name);
  return reverted.data?.args ?? [];
}
