import { type Abi, type Address, type TransactionReceipt, encodeFunctionData, erc20Abi } from "viem";
import type { KeelClient } from "../client.ts";

/** A call of a contract that changes state. */
export interface WriteRequest {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args?: readonly unknown[];
}

/**
 * Simulates a call, sends it and waits until it is mined.
 * @throws viem's error with the contract's own when the call would revert: {@link revertOf} reads it.
 */
export async function write(client: KeelClient, request: WriteRequest): Promise<TransactionReceipt> {
  const { account, wallet } = client;
  await client.public.simulateContract({ ...request, account });
  const data = encodeFunctionData(request);
  const hash = await wallet.sendTransaction({ account, to: request.address, data, chain: wallet.chain ?? null });
  const receipt = await client.public.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`Transaction ${hash} to ${request.address} reverted.`);
  return receipt;
}

/** Lets `spender` take `amount` USDC (6 decimals), if it may not take as much already. */
export async function approveUsdc(client: KeelClient, spender: Address, amount: bigint): Promise<void> {
  const usdc = { address: client.usdc, abi: erc20Abi } as const;
  const owner = addressOf(client);
  const allowance = await client.public.readContract({ ...usdc, functionName: "allowance", args: [owner, spender] });
  if (allowance < amount) await write(client, { ...usdc, functionName: "approve", args: [spender, amount] });
}

/** The address that a client sends from. */
export function addressOf({ account }: Pick<KeelClient, "account">): Address {
  return typeof account === "string" ? account : account.address;
}
