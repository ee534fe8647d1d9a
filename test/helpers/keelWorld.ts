import { parseEther, parseUnits } from "viem";
import { DEFAULT_PARAMETERS } from "../../scripts/deploy/parameters.ts";
import { deployKeel } from "../../scripts/deploy/keel.ts";
import { DEV_ROLES, devAccount } from "../../scripts/devnet/accounts.ts";
import { dealUsdc } from "../../scripts/devnet/deal.ts";
import { type Keel, connectKeel, seriesId, slice } from "../../scripts/devnet/keel.ts";
import type { Fork } from "./localFork.ts";

/** A market as the integration tests find it: three LPs' money in the pool, two expiries, five strikes each. */
export interface KeelWorld {
  readonly keel: Keel;
  /** One week and four weeks ahead. */
  readonly expiries: readonly [bigint, bigint];
  /** WAD, ascending, around a spot of 3,000. */
  readonly strikes: readonly bigint[];
  readonly call: (strike: number, expiry?: bigint) => bigint;
  readonly put: (strike: number, expiry?: bigint) => bigint;
}

export const LPS = DEV_ROLES.liquidityProviders.map((index) => devAccount(index).address);
export const TRADERS = DEV_ROLES.traders.map((index) => devAccount(index).address);
export const KEEPER = devAccount(DEV_ROLES.keeper).address;
export const GOVERNOR = devAccount(DEV_ROLES.governor).address;

/** What each LP has in the pool when a test begins, USDC. */
export const LP_DEPOSIT = parseUnits("1000000", 6);

const DAY = 86_400n;
const STRIKES = [2400, 2700, 3000, 3300, 3600].map((strike) => parseEther(String(strike)));

/** Deploys Keel on the fork, opens a market and brings the LPs in. Use with `useFork(keelWorld)`. */
export async function keelWorld(fork: Fork): Promise<KeelWorld> {
  const { clients, protocols, market } = fork;
  for (const account of [...LPS, ...TRADERS]) await dealUsdc(clients, protocols.usdc, account, 2n * LP_DEPOSIT);
  const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
  const contracts = await deployKeel(sender, {
    protocols,
    parameters: DEFAULT_PARAMETERS,
    holders: { KEEPER: [KEEPER], LISTER: [GOVERNOR] },
  });
  const keel = connectKeel(clients, protocols, contracts);
  await market.moveTo(3000, { forceRound: true });
  for (const lp of LPS) await keel.requestDeposit(lp, LP_DEPOSIT);
  await clients.test.increaseTime({ seconds: DEFAULT_PARAMETERS.limits.epochLength });
  await market.moveTo(3000, { forceRound: true });
  await keel.processEpoch();
  for (const lp of LPS) await keel.claimShares(lp);

  const { timestamp } = await clients.public.getBlock();
  const today = timestamp - (timestamp % DAY) + 8n * 3600n; // options expire at 08:00 UTC
  const expiries = [today + 7n * DAY, today + 28n * DAY] as const;
  await keel.postSurface(new Map(expiries.map((expiry) => [expiry, slice(0.7, -0.1, 1)])));
  for (const expiry of expiries) await keel.listSeries(expiry, STRIKES);
  await clients.test.increaseTime({ seconds: DEFAULT_PARAMETERS.oracle.twapWindow });
  await clients.test.mine({ blocks: 1 });

  const series =
    (type: "call" | "put") =>
    (strike: number, expiry: bigint = expiries[0]) =>
      seriesId(expiry, parseEther(String(strike)), type);
  return { keel, expiries, strikes: STRIKES, call: series("call"), put: series("put") };
}
