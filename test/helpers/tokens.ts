import { type Address, encodeFunctionData, erc20Abi } from "viem";
import { type ChainClients, send } from "../../simulator/chain/clients.ts";

/** Balance of `account` in the token's own units. */
export function balanceOf(clients: ChainClients, token: Address, account: Address): Promise<bigint> {
  return clients.public.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [account] });
}

/** Lets `spender` take `amount` of `token` from `owner`. */
export async function approve(
  clients: ChainClients,
  token: Address,
  owner: Address,
  spender: Address,
  amount: bigint,
): Promise<void> {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [spender, amount] });
  await send(clients, { from: owner, to: token, data });
}
