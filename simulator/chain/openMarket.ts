import { type Address, parseEther, parseUnits } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { type KeelAddresses, deployKeel } from "../../deployments/keel.ts";
import { DEVNET_PARAMETERS } from "../../deployments/parameters.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import type { ChainClients } from "./clients.ts";
import { type Keel, connectKeel, slice } from "./keel.ts";
import type { Market } from "./market.ts";

/** Which series a market opens with. */
export interface Listing {
  /** Days ahead of each expiry, ascending; options expire at 08:00 UTC. */
  readonly days: readonly number[];
  /** Strikes as shares of the price, ascending; a call and a put each. */
  readonly moneyness: readonly number[];
}

/** A Keel market in which everything can be done at once. */
export interface OpenMarket {
  readonly keel: Keel;
  /** About one and four weeks ahead unless told otherwise, at 08:00 UTC. */
  readonly expiries: readonly [bigint, ...bigint[]];
  /** WAD, ascending: 80 % to 120 % of the price unless told otherwise. */
  readonly strikes: readonly bigint[];
}

/** What each of the development chain's liquidity providers brings, USDC. */
export const LP_DEPOSIT = parseUnits("1000000", 6);

const DAY = 86_400n;
const EXPIRY_HOUR = 8n * 3600n;
const TYPICAL_LISTING: Listing = { days: [7, 28], moneyness: [0.8, 0.9, 1, 1.1, 1.2] };
export const TYPICAL_SLICE = slice(0.7, -0.1, 1);

/** Deploys Keel with its default parameters, but no delay of the governor; the development chain's people get their roles. */
export function deployOnDevnet(
  { clients, protocols }: { clients: ChainClients; protocols: ProtocolAddresses },
  onStep?: (step: string) => void,
): Promise<KeelAddresses> {
  const governor = devAccount(DEV_ROLES.governor).address;
  const keeper = devAccount(DEV_ROLES.keeper).address;
  const guardian = devAccount(DEV_ROLES.guardian).address;
  const sender = { public: clients.public, wallet: clients.wallet, account: governor };
  return deployKeel(sender, {
    protocols,
    parameters: DEVNET_PARAMETERS,
    holders: { GUARDIAN: [guardian], KEEPER: [keeper], POSTER: [keeper], LISTER: [governor, keeper] },
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
  { days, moneyness }: Listing = TYPICAL_LISTING,
): Promise<OpenMarket> {
  const { clients, protocols, market } = chain;
  const keel = connectKeel(clients, protocols, await deployOnDevnet(chain));
  await fillPool(keel, market, price);

  const { timestamp } = await clients.public.getBlock();
  const today = timestamp - (timestamp % DAY) + EXPIRY_HOUR;
  const [first, ...later] = days.map((ahead) => today + BigInt(ahead) * DAY);
  if (first === undefined) throw new Error("A market needs an expiry.");
  const expiries = [first, ...later] as const;
  const strikes = moneyness.map((m) => strikeNear(m * price));
  await keel.postSurface(new Map(expiries.map((expiry) => [expiry, TYPICAL_SLICE])));
  for (const expiry of expiries) await keel.listSeries(expiry, strikes);

  // Until the DEX average has forgotten the move to `price`, quotes span both.
  await clients.test.increaseTime({ seconds: DEVNET_PARAMETERS.oracle.twapWindow });
  await clients.test.mine({ blocks: 1 });
  return { keel, expiries, strikes };
}

async function fillPool(keel: Keel, market: Market, price: number): Promise<void> {
  const lps: Address[] = DEV_ROLES.liquidityProviders.map((index) => devAccount(index).address);
  for (const lp of lps) await keel.requestDeposit(lp, LP_DEPOSIT);
  await keel.clients.test.increaseTime({ seconds: DEVNET_PARAMETERS.limits.epochLength });
  await market.moveTo(price, { forceRound: true });
  await keel.processEpoch();
  for (const lp of lps) await keel.claimShares(lp);
}

/** A round strike near 80 … 120 % of the price: two significant digits finer than the price itself. */
function strikeNear(dollars: number): bigint {
  const step = 10 ** (Math.floor(Math.log10(dollars)) - 1) / 2;
  return parseEther((Math.round(dollars / step) * step).toFixed(6));
}
