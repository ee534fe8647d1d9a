import { type Address, type TransactionReceipt, parseEventLogs } from "viem";
import { optionMarketAbi } from "../abi/optionMarket.ts";
import type { KeelClient } from "../client.ts";
import { findSettlementRound } from "../settlementRound.ts";
import { addressOf, write } from "./write.ts";

/**
 * Settles an expiry (unix seconds) with the round that decides it.
 * @throws UserError while there is no such round.
 */
export async function settle(client: KeelClient, { expiry }: { readonly expiry: bigint }): Promise<TransactionReceipt> {
  const { vault, market } = client.contracts;
  const oracle = await client.public.readContract({ ...vault, functionName: "oracleOf", args: [expiry] });
  const round = await findSettlementRound(client.public, client.feed, expiry, oracle);
  return write(client, { ...market, functionName: "settle", args: [expiry, round] });
}

/** Burns settled options and pays USDC (6 decimals). @param options.quantity WAD contracts; all that the sender has by default. */
export async function exercise(
  client: KeelClient,
  options: { readonly id: bigint; readonly quantity?: bigint; readonly recipient?: Address },
): Promise<{ readonly receipt: TransactionReceipt; readonly quantity: bigint; readonly assets: bigint }> {
  const { market } = client.contracts;
  const { id, recipient = addressOf(client) } = options;
  const balance = { ...market, functionName: "balanceOf", args: [addressOf(client), id] } as const;
  const quantity = options.quantity ?? (await client.public.readContract(balance));
  const receipt = await write(client, { ...market, functionName: "exercise", args: [id, quantity, recipient] });
  const [event] = parseEventLogs({ abi: optionMarketAbi, logs: receipt.logs, eventName: "Exercised" });
  if (!event) throw new Error(`Transaction ${receipt.transactionHash} exercised, and says nothing of it.`);
  return { receipt, quantity, assets: event.args.assets };
}
