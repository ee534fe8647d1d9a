import { type Address, type Hex, type TransactionReceipt, parseEther, parseUnits } from "viem";
import { DEV_ROLES, devAccount } from "../../../simulator/chain/accounts.ts";
import type { ChainClients } from "../../../simulator/chain/clients.ts";
import { dealUsdc } from "../../../simulator/chain/deal.ts";
import type { Keel } from "../../../simulator/chain/keel.ts";
import { seriesId } from "../../../sdk/series.ts";
import { type Market, createMarket } from "../../../simulator/chain/market.ts";
import type { Devnet } from "../../../simulator/chain/node.ts";
import { type Listing, openMarket } from "../../../simulator/chain/openMarket.ts";

export const SPOT = 3000;

/** USDC enough for any purchase or deposit here. */
const PURSE = parseUnits("50000000", 6);
/** The pool was traded so many seconds ago: inside the window of the average, so that it has to be looked up. */
const LAST_SWAP = 30;
/** Buys of this many series share a transaction. */
const LEGS = 8;

const address = (index: number): Address => devAccount(index).address;
export const [ALICE, BOB] = DEV_ROLES.traders.map(address) as [Address, Address];
export const [LP] = DEV_ROLES.liquidityProviders.map(address) as [Address];
export const KEEPER = address(DEV_ROLES.keeper);

/** A market in which things are measured. */
export interface Stage {
  readonly clients: ChainClients;
  readonly keel: Keel;
  readonly market: Market;
  readonly expiries: readonly bigint[];
  /** Every listed series, by expiry and strike, call before put. */
  readonly series: readonly bigint[];
}

/** Opens a market with these series on a chain without Keel. */
export async function openStage({ clients, deployment }: Devnet, listing: Listing): Promise<Stage> {
  const { protocols } = deployment;
  const market = createMarket(clients, protocols);
  for (const account of [ALICE, BOB, LP]) await dealUsdc(clients, protocols.usdc, account, PURSE);
  await market.moveTo(SPOT, { forceRound: true });
  const { keel, expiries, strikes } = await openMarket({ clients, protocols, market }, SPOT, listing);
  const series = expiries.flatMap((expiry) =>
    strikes.flatMap((strike) => [seriesId(expiry, strike, "call"), seriesId(expiry, strike, "put")]),
  );
  return { clients, keel, market, expiries, series };
}

/** `count` strikes around spot: a call and a put each. */
export function strikesAround(count: number): number[] {
  const step = 0.05;
  return Array.from({ length: count }, (_, i) => 1 + (i - (count - 1) / 2) * step);
}

/** Alice buys a little of every listed series, so that all of them count in a mark. */
export async function buyEverything({ keel, series }: Stage): Promise<void> {
  for (let i = 0; i < series.length; i += LEGS) {
    await keel.trade(
      ALICE,
      series.slice(i, i + LEGS).map((id) => ({ id, quantity: parseEther("0.1") })),
    );
  }
}

/** What a trade usually finds: the pool was traded and the feed has reported a moment ago, the book was marked just now. */
export async function freshen({ clients, keel, market }: Stage): Promise<void> {
  await market.arbitrage(SPOT + 2);
  await market.arbitrage(SPOT);
  await market.report(SPOT);
  await pass(clients, LAST_SWAP);
  await mark(keel);
}

/** The same, but that the book was marked longer ago than counts. */
export async function age(stage: Stage): Promise<void> {
  const { clients, keel, market } = stage;
  await freshen(stage);
  const { maxMarkAge } = await clients.public.readContract({ ...keel.vault, functionName: "limits" });
  await pass(clients, Number(maxMarkAge) - LAST_SWAP);
  await market.arbitrage(SPOT + 2);
  await market.arbitrage(SPOT);
  await market.report(SPOT);
  await pass(clients, LAST_SWAP);
}

export function mark(keel: Keel): Promise<TransactionReceipt> {
  return keel.write(KEEPER, { ...keel.vault, functionName: "mark" });
}

/** Ends the open epoch, with a feed and a surface that are fresh. */
export async function endEpoch({ clients, keel, market }: Stage): Promise<void> {
  const [endsAt, { timestamp }] = await Promise.all([
    clients.public.readContract({ ...keel.vault, functionName: "epochEndsAt" }),
    clients.public.getBlock(),
  ]);
  await pass(clients, Math.max(Number(endsAt - timestamp), 0) + 60);
  await market.report(SPOT);
  await keel.renewSurface();
}

export async function pass(clients: ChainClients, seconds: number): Promise<void> {
  await clients.test.increaseTime({ seconds });
  await clients.test.mine({ blocks: 1 });
}

/** Runs `action`, and then puts the chain back to where it was. */
export async function aside<T>(clients: ChainClients, action: () => Promise<T>): Promise<T> {
  const id = await clients.test.snapshot();
  try {
    return await action();
  } finally {
    await clients.test.revert({ id });
  }
}

/** Gas of a call by an account for whom it is the first of its transaction, without the transaction's own price. */
export async function coldGas(clients: ChainClients, to: Address, data: Hex): Promise<number> {
  const gas = await clients.public.estimateGas({ account: KEEPER, to, data });
  const bytes = data.slice(2).match(/../g) ?? [];
  const calldata = bytes.reduce((sum, byte) => sum + (byte === "00" ? 4 : 16), 0);
  return Number(gas) - 21_000 - calldata;
}
