import { readFileSync } from "node:fs";
import {
  type Abi,
  type Account,
  type Address,
  type Chain,
  type Hex,
  type PublicClient,
  type Transport,
  type WalletClient,
  getAddress,
} from "viem";
import { UserError } from "../sdk/userError.ts";
import type { LinkReferences } from "./link.ts";

/** Reads a chain and sends transactions from one account. */
export interface Sender {
  readonly public: PublicClient<Transport, Chain | undefined>;
  readonly wallet: WalletClient<Transport, Chain | undefined>;
  /** An account that the node holds, or one that signs here. */
  readonly account: Account | Address;
}

/** The address that `sender` sends from. */
export function addressOf({ account }: Sender): Address {
  return typeof account === "string" ? account : account.address;
}

/** A contract of this project, as Hardhat compiled it. */
export interface Compiled {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly linkReferences: LinkReferences;
}

/** Reads the artifact of `contracts/<path>.sol`. */
export function compiled(path: string): Compiled {
  const name = path.split("/").at(-1);
  const url = new URL(`../artifacts/${path}.sol/${name}.json`, import.meta.url);
  try {
    return JSON.parse(readFileSync(url, "utf8")) as Compiled;
  } catch (cause) {
    throw new UserError(`The contract ${name} is not compiled. Run "npm run build" first.`, { cause });
  }
}

/** Deploys a contract and returns its address once it is mined. */
export async function deployContract(sender: Sender, what: Compiled, args: readonly unknown[]): Promise<Address> {
  const hash = await sender.wallet.deployContract({ ...what, args, account: sender.account, chain: null });
  const receipt = await sender.public.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success" || !receipt.contractAddress) throw new Error(`The deployment ${hash} failed.`);
  return getAddress(receipt.contractAddress);
}

/** Calls a function that changes state; throws with the contract's own error when it would revert. */
export async function call(
  sender: Sender,
  contract: { address: Address; abi: Abi },
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  const { request } = await sender.public.simulateContract({
    ...contract,
    functionName,
    args,
    account: sender.account,
  });
  const hash = await sender.wallet.writeContract({ ...request, chain: null } as never);
  const receipt = await sender.public.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`${functionName} reverted in ${hash}.`);
}
