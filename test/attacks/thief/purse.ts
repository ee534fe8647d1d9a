import type { Chain } from "../../../scripts/search/chain.ts";
import type { Series } from "../../../scripts/search/worth.ts";

/** What everybody has at one moment, in dollars, at the price and the surface of honest people. */
export interface Wealth {
  /** NAV. */
  readonly pool: number;
  /** What of it is the honest LPs'. */
  readonly stake: number;
  readonly thief: number;
}

const VIRTUAL_SHARES = 1e12;

/** What the thief holds of options, by series. */
export type Loot = Map<string, Series>;

/** All options are the thief's, and all shares that are not his the honest LPs'. @param at Unix seconds at which options are valued. */
export async function wealthOf(chain: Chain, loot: Loot, at: number): Promise<Wealth> {
  const { keel, thief } = chain;
  const vault = (name: string, args: readonly unknown[] = []) => chain.read<bigint>(keel.vault, name, args);
  const [cash, owed, supply, held, claimable, leaving, coming, paid, due, purse, position] = await Promise.all([
    ...[vault("cash"), vault("owed"), vault("totalSupply"), vault("balanceOf", [thief]), vault("maxMint", [thief])],
    ...[vault("pendingRedeemRequest", [0n, thief]), vault("pendingDepositRequest", [0n, thief])],
    ...[vault("maxWithdraw", [thief]), vault("proceedsOf", [thief])],
    chain.purse(),
    chain.read<readonly [bigint, bigint]>(keel.desk, "position"),
  ] as const);
  let [open, settled] = [0, 0];
  for (const series of loot.values()) {
    const contracts = await chain.held(series);
    if (contracts === 0) continue;
    if (Number(series.expiry) > at) open += contracts * chain.worthAt(series, chain.price(), at);
    else {
      const price = Number(await vault("settlementPriceOf", [series.expiry])) / 1e18;
      const worth = contracts * payoff(series, price || chain.price());
      if (price === 0) open += worth;
      else settled += worth;
    }
  }
  const [base, quote] = position;
  const pool = usdc(cash) - usdc(owed) + wad(base) * chain.price() + wad(quote) - open;
  const mine = Number(held + claimable + leaving) / (Number(supply) + VIRTUAL_SHARES);
  return {
    pool,
    stake: pool * (1 - mine),
    thief: purse + open + settled + usdc(due) + usdc(coming) + usdc(paid) + pool * mine,
  };
}

function payoff({ strike, type }: Series, price: number): number {
  return Math.max(0, type === "call" ? price - strike : strike - price);
}

const usdc = (amount: bigint) => Number(amount) / 1e6;
const wad = (amount: bigint) => Number(amount) / 1e18;
