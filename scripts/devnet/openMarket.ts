import { type Address, parseEther, parseUnits } from "viem";
import type { ProtocolAddresses } from "../../keeper/chain/deployment.ts";
import { type KeelAddresses, deployKeel } from "../deploy/keel.ts";
import { DEFAULT_PARAMETERS } from "../deploy/parameters.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import type { ChainClients } from "./clients.ts";
import { type Keel, connectKeel, slice } from "./keel.ts";
import type { Market } from "./market.ts";

/** A Keel market in which everything can be done at once. */
export interface OpenMarket {
  readonly keel: Keel;
  /** About one and four weeks ahead, at 08:00 UTC. */
  readonly expiries: readonly [bigint, bigint];
  /** WAD, ascending: 80 % to 120 % of the price. */
  readonly strikes: readonly bigint[];
}

/** What each of the development chain's liquidity providers brings, USDC. */
export const LP_DEPOSIT = parseUnits("1000000", 6);

const DAY = 86_400n;
const EXPIRY_HOUR = 8n * 3600n;
const MONEYNESS = [0.8, 0.9, 1, 1.1, 1.2];
const TYPICAL_SLICE = slice(0.7, -0.1, 1);

/** Deploys Keel with its default parameters; the development chain's governor and keeper get their roles. */
export function deployOnDevnet(
  { clients, protocols }: { clients: ChainClients; protocols: ProtocolAddresses },
  onStep?: (step: string) => void,
): Promise<KeelAddresses> {
  const governor = devAccount(DEV_ROLES.governor).address;
  const keeper = devAccount(DEV_ROLES.keeper).address;
  const sender = { public: clients.public, wallet: clients.wallet, account: governor };
  return deployKeel(sender, {
    protocols,
    parameters: DEFAULT_PARAMETERS,
    holders: { KEEPER: [keeper], LISTER: [governor, keeper] },
    ...(onStep && { onStep }),
  });
}

/**
 * Deploys Keel and opens a market: the liquidity providers' deposits are in the pool, a surface is posted, series of two
 * expiries are listed. Takes the chain one epoch ahead.
 */
export async function openMarket(
  chain: { clients: ChainClients; protocols: ProtocolAddresses; market: Market },
  price: number,
): Promise<OpenMarket> {
  const { clients, protocols, market } = chain;
  const keel = connectKeel(clients, protocols, await deployOnDevnet(chain));
  await fillPool(keel, market, price);

  const { timestamp } = await clients.public.getBlock();
  const today = timestamp - (timestamp % DAY) + EXPIRY_HOUR;
  const expiries = [today + 7n * DAY, today + 28n * DAY] as const;
  const strikes = MONEYNESS.map((m) => strikeNear(m * price));
  await keel.postSurface(new Map(expiries.map((expiry) => [expiry, TYPICAL_SLICE])));
  for (const expiry of expiries) await keel.listSeries(expiry, strikes);

  // Until the DEX average has forgotten the move to `price`, quotes span both.
  await clients.test.increaseTime({ seconds: DEFAULT_PARAMETERS.oracle.twapWindow });
  await clients.test.mine({ blocks: 1 });
  return { keel, expiries, strikes };
}

async function fillPool(keel: Keel, market: Market, price: number): Promise<void> {
  const lps: Address[] = DEV_ROLES.liquidityProviders.map((index) => devAccount(index).address);
  for (const lp of lps) await keel.requestDeposit(lp, LP_DEPOSIT);
  await keel.clients.test.increaseTime({ seconds: DEFAULT_PARAMETERS.limits.epochLength });
  await market.moveTo(price, { forceRound: true });
  await keel.processEpoch();
  for (const lp of lps) await keel.claimShares(lp);
}

/** A round strike near 80 … 120 % of the price: two significant digits finer than the price itself. */
function strikeNear(dollars: number): bigint {
  const step = 10 ** (Math.floor(Math.log10(dollars)) - 1) / 2;
  return parseEther((Math.round(dollars / step) * step).toFixed(6));
}
