import { parseEther } from "viem";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { seriesId } from "../../sdk/series.ts";
import { LP_DEPOSIT, type Listing, type OpenMarket, openMarket } from "../../simulator/chain/openMarket.ts";
import type { Fork } from "./localFork.ts";

export { LP_DEPOSIT };

/** A market as the integration tests find it: three LPs' money in the pool, two expiries, strikes 2400 … 3600. */
export interface KeelWorld extends OpenMarket {
  /** Ids of series, by strike in dollars; of the near expiry unless told otherwise. */
  readonly call: (strike: number, expiry?: bigint) => bigint;
  readonly put: (strike: number, expiry?: bigint) => bigint;
}

const addressOf = (index: number) => devAccount(index).address;
export const LPS = DEV_ROLES.liquidityProviders.map(addressOf);
export const TRADERS = DEV_ROLES.traders.map(addressOf);
export const KEEPER = addressOf(DEV_ROLES.keeper);
export const GOVERNOR = addressOf(DEV_ROLES.governor);

const SPOT = 3000;

/**
 * Opens a market on the fork, with money for everyone (on a fork of mainnet nobody has any).
 * @param listing Which series there are, if not those of {@link KeelWorld}.
 */
export async function keelWorld(fork: Fork, listing?: Listing): Promise<KeelWorld> {
  const { clients, protocols, market } = fork;
  for (const account of [...LPS, ...TRADERS]) await dealUsdc(clients, protocols.usdc, account, 2n * LP_DEPOSIT);
  await market.moveTo(SPOT, { forceRound: true });
  const opened = await openMarket(fork, SPOT, listing);
  const series =
    (type: "call" | "put") =>
    (strike: number, expiry: bigint = opened.expiries[0]) =>
      seriesId(expiry, parseEther(String(strike)), type);
  return { ...opened, call: series("call"), put: series("put") };
}
