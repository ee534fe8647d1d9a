import type { TransactionReceipt } from "viem";
import type { KeelClient } from "../client.ts";
import { addressOf, approveUsdc, write } from "./write.ts";

/** Queues a deposit of USDC (6 decimals) for the epoch. Approves it, if that is missing. */
export async function requestDeposit(
  client: KeelClient,
  { assets }: { readonly assets: bigint },
): Promise<TransactionReceipt> {
  const { vault } = client.contracts;
  await approveUsdc(client, vault.address, assets);
  const who = addressOf(client);
  return write(client, { ...vault, functionName: "requestDeposit", args: [assets, who, who] });
}

/** Queues a redemption of shares (18 decimals) for the epoch. */
export function requestRedeem(
  client: KeelClient,
  { shares }: { readonly shares: bigint },
): Promise<TransactionReceipt> {
  const who = addressOf(client);
  return write(client, { ...client.contracts.vault, functionName: "requestRedeem", args: [shares, who, who] });
}

/** Takes a deposit back that waits. The vault refuses it once the epoch is over, until it is processed. */
export function cancelDeposit(client: KeelClient): Promise<TransactionReceipt> {
  const who = addressOf(client);
  return write(client, { ...client.contracts.vault, functionName: "cancelDepositRequest", args: [who, who] });
}

/** Takes shares back that wait to be redeemed: see {@link cancelDeposit}. */
export function cancelRedeem(client: KeelClient): Promise<TransactionReceipt> {
  const who = addressOf(client);
  return write(client, { ...client.contracts.vault, functionName: "cancelRedeemRequest", args: [who, who] });
}

/** Claims all shares of filled deposits. */
export async function claimShares(client: KeelClient): Promise<TransactionReceipt> {
  const { vault } = client.contracts;
  const who = addressOf(client);
  const assets = await client.public.readContract({ ...vault, functionName: "maxDeposit", args: [who] });
  return write(client, { ...vault, functionName: "deposit", args: [assets, who, who] });
}

/** Claims all USDC of filled redemptions. */
export async function claimAssets(client: KeelClient): Promise<TransactionReceipt> {
  const { vault } = client.contracts;
  const who = addressOf(client);
  const shares = await client.public.readContract({ ...vault, functionName: "maxRedeem", args: [who] });
  return write(client, { ...vault, functionName: "redeem", args: [shares, who, who] });
}

/** Prices and fills the queues of an epoch that is over. Anyone may. */
export function processEpoch(client: KeelClient): Promise<TransactionReceipt> {
  return write(client, { ...client.contracts.vault, functionName: "processEpoch", args: [] });
}
