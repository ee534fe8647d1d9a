import { parseEther } from "viem";
import { DEVNET_PARAMETERS } from "../../deployments/parameters.ts";
import { DEV_ROLES, devAccount } from "../chain/accounts.ts";
import { seriesId } from "../../sdk/series.ts";
import { slice } from "../chain/keel.ts";
import { DEFAULT_SURFACE_POLICY } from "../../keeper/hedging/duties/surfacePosts.ts";
import { type BookOptions, type Sold, missingSeries } from "./book.ts";
import { OPERATOR, type World } from "../world.ts";

/** What traders hold, and what the market maker has posted. */
export interface Holdings {
  readonly sold: readonly Sold[];
  /** Unix seconds of the last post of the whole surface. */
  readonly postedAt: number;
}

/** An hour of the path. */
export interface Hour {
  readonly time: number;
  readonly spot: number;
  /** Price of the hour before, if there is one. */
  readonly before: number;
}

const TRADER = devAccount(DEV_ROLES.traders[0]).address;
/** The pool's average has forgotten a move after this long. */
const TWAP_SETTLES = 150;

/**
 * What traders and market maker do with an hour: settle what has expired, post vols, and sell and buy what the book misses.
 * Each is a block of its own, a second after the last, so that all of it happens before a keeper that waits for mainnet's next
 * block has looked.
 * @returns The holdings, which are the same object when nobody traded.
 */
export async function playBookSellers(
  world: World,
  holdings: Holdings,
  hour: Hour,
  { vol, contracts }: BookOptions,
): Promise<Holdings> {
  const { sold, postedAt } = holdings;
  const missing = missingSeries(sold, hour.time, hour.spot);
  const expired = sold.filter(({ expiry }) => expiry <= hour.time);
  if (expired.length > 0) await settle(world, expired);
  const live = [...sold.filter(({ expiry }) => expiry > hour.time), ...missing];
  const isStale = hour.time - postedAt >= DEFAULT_SURFACE_POLICY.heartbeatSeconds;
  if (isStale) await post(world, expiriesOf(live), vol);
  else if (missing.length > 0) await post(world, newExpiries(sold, missing), vol);
  const posted = isStale ? hour.time : postedAt;
  if (missing.length === 0) return isStale ? { sold, postedAt: posted } : holdings;

  await list(world, sold, missing);
  if (isDispersed(hour)) await world.wait(TWAP_SETTLES);
  for (const expiry of expiriesOf(missing)) {
    const series = missing.filter((one) => one.expiry === expiry);
    const quantity = parseEther(String(contracts));
    await world.keel.trade(
      TRADER,
      series.map((one) => ({ id: idOf(one), quantity })),
    );
  }
  return { sold: live, postedAt: posted };
}

/** Whoever holds what has expired has it settled, and is paid. */
async function settle({ keel }: World, expired: readonly Sold[]): Promise<void> {
  for (const expiry of expiriesOf(expired)) await keel.settle(BigInt(expiry));
  for (const id of new Set(expired.map(idOf))) await keel.exercise(TRADER, id);
}

async function post({ keel }: World, expiries: readonly number[], vol: number): Promise<void> {
  if (expiries.length === 0) return;
  const args = [expiries.map(BigInt), expiries.map(() => slice(vol))] as const;
  await keel.write(OPERATOR, { ...keel.surface, functionName: "post", args });
}

/** Lists what is not listed: a week's series may be one that is left of a fortnight's. */
async function list({ keel }: World, known: readonly Sold[], missing: readonly Sold[]): Promise<void> {
  const listed = new Set(known.map(idOf));
  const fresh = missing.filter((one) => !listed.has(idOf(one)));
  for (const expiry of expiriesOf(fresh)) {
    const strikes = fresh.filter((one) => one.expiry === expiry).map(({ strike }) => strike);
    const ascending = [...new Set(strikes)].sort((a, b) => a - b);
    await keel.listSeries(
      BigInt(expiry),
      ascending.map((strike) => parseEther(String(strike))),
    );
  }
}

/** Whether quotes would span two prices too far apart for anything to be opened. */
function isDispersed({ spot, before }: Hour): boolean {
  const bps = 10_000 * Math.abs(Math.log(spot / before));
  return bps > 0.9 * DEVNET_PARAMETERS.pricing.maxDispersionBps;
}

function newExpiries(known: readonly Sold[], missing: readonly Sold[]): number[] {
  const posted = new Set(known.map(({ expiry }) => expiry));
  return expiriesOf(missing).filter((expiry) => !posted.has(expiry));
}

function expiriesOf(series: readonly Sold[]): number[] {
  return [...new Set(series.map(({ expiry }) => expiry))].sort((a, b) => a - b);
}

function idOf({ expiry, strike }: Sold): bigint {
  return seriesId(BigInt(expiry), parseEther(String(strike)), "call");
}
