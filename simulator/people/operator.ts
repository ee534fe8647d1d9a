import { parseEther } from "viem";
import { FEED_HEARTBEAT } from "../chain/feed.ts";
import { seriesId } from "../../sdk/series.ts";
import { slice } from "../chain/keel.ts";
import { missingListings, withListings } from "./calendar.ts";
import { noteGas } from "../ledger/ledger.ts";
import type { Play } from "../play.ts";
import { HOUR } from "../path/prices.ts";
import { OPERATOR } from "../world.ts";

/** The heartbeat may come this much early: bars are an hour apart, to the second or so. */
const HEARTBEAT_SLACK = 60;
/** How often the surface follows the estimate: with every bar. Its limits would allow twice that. */
const SURFACE_INTERVAL = HOUR - 120;
/** How much of its distance from the estimate the surface makes good with every post: one wild hour does not move it much. */
const PURSUIT = 0.1;
/** The largest step of vol from one post to the next that the surface accepts, less a rounding. */
const LARGEST_STEP = 0.149;
/** A mild smile: a little skew to the downside. */
const SMILE = { skew: -0.1, curvature: 1 } as const;
/** New strikes are listed when spot has left the middle of what is there by this much. */
const RELIST_MOVE = 0.06;

/** Takes pools and oracle to a price at a time, as arbitrageurs and reporters would. */
export async function moveMarket(play: Play, price: number, time: number): Promise<void> {
  const forceRound = time - play.oracleUpdatedAt >= FEED_HEARTBEAT - HEARTBEAT_SLACK;
  const { after } = await play.world.market.moveTo(price, { at: time, forceRound });
  play.oracleUpdatedAt = after.oracleUpdatedAt;
  play.price = price;
}

/** Posts the estimate on the surface when it is time to, and lists what is missing around spot. */
export async function maintainMarket(play: Play, start: number): Promise<void> {
  const time = await play.world.now();
  play.listings = play.listings.filter(({ expiry }) => expiry > time);
  const missing = needsListing(play, time, start) ? missingListings(play.listings, time, start, play.price) : [];
  const isDue = !play.surface || time - play.surface.time >= SURFACE_INTERVAL;
  const isNew = missing.some(({ expiry }) => !play.listings.some((listing) => listing.expiry === expiry));
  const next = withListings(play.listings, missing);
  if (isDue || isNew)
    await postSurface(
      play,
      next.map(({ expiry }) => expiry),
      time,
      isDue,
    );
  for (const { expiry, strikes } of missing) await list(play, expiry, strikes);
  play.listings = next;
}

function needsListing({ listings, price }: Play, time: number, start: number): boolean {
  const covered = listings.filter(({ strikes }) => {
    const near = strikes.filter((strike) => Math.abs(strike / price - 1) < 2 * RELIST_MOVE);
    return near.some((strike) => strike <= price) && near.some((strike) => strike > price * (1 + RELIST_MOVE));
  });
  return (
    covered.length < listings.length ||
    missingListings(listings, time, start, price).some(
      ({ expiry }) => !listings.some((listing) => listing.expiry === expiry),
    )
  );
}

/**
 * One vol for all expiries (so that total variance grows with time, as the surface demands), which follows the estimate
 * gradually and in steps that the surface accepts. When only an expiry is added, the vol stays as it is.
 */
async function postSurface(play: Play, expiries: readonly number[], time: number, isDue: boolean): Promise<void> {
  const { keel } = play.world;
  const last = play.surface?.vol;
  const target = play.volatility.value;
  const step = LARGEST_STEP;
  const vol =
    last === undefined ? target : isDue ? last + Math.min(Math.max(PURSUIT * (target - last), -step), step) : last;
  const known = new Set(play.listings.map(({ expiry }) => expiry));
  const posted = isDue ? expiries : expiries.filter((expiry) => !known.has(expiry));
  const one = slice(vol, SMILE.skew, SMILE.curvature);
  const receipt = await keel.write(OPERATOR, {
    ...keel.surface,
    functionName: "post",
    args: [posted.map(BigInt), posted.map(() => one)],
  });
  noteGas(play.ledger, `post a surface of ${posted.length} expiries`, receipt);
  if (isDue) play.surface = { vol, time };
}

async function list(play: Play, expiry: number, strikes: readonly number[]): Promise<void> {
  const receipt = await play.world.keel.listSeries(
    BigInt(expiry),
    strikes.map((strike) => parseEther(String(strike))),
  );
  noteGas(play.ledger, `list ${2 * strikes.length} series`, receipt);
}

/** Settles what has expired with the round that decides it. Returns the expiries that were settled. */
export async function settleExpired(play: Play): Promise<number[]> {
  const { keel, devnet } = play.world;
  const time = await play.world.now();
  const open = await devnet.clients.public.readContract({ ...keel.vault, functionName: "openExpiries" });
  const expired = open.map(Number).filter((expiry) => expiry <= time);
  for (const expiry of expired) {
    await ensureRoundAfter(play, expiry);
    noteGas(play.ledger, "settle an expiry", await keel.settle(BigInt(expiry)));
    const read = { ...keel.vault, functionName: "settlementPriceOf", args: [BigInt(expiry)] } as const;
    const price = Number(await devnet.clients.public.readContract(read)) / 1e18;
    const record = { time: await play.world.now(), expiry, price };
    play.ledger.settlements.push(record);
    play.spectator.onEvent({ type: "settlement", record });
  }
  return expired;
}

/** The oracle may have been quiet since the expiry; its heartbeat comes an hour after its last round at the latest. */
async function ensureRoundAfter(play: Play, expiry: number): Promise<void> {
  if (play.oracleUpdatedAt >= expiry) return;
  const { after } = await play.world.market.moveTo(play.price, { forceRound: true });
  play.oracleUpdatedAt = after.oracleUpdatedAt;
}

/** Token id of a leg. */
export function idOf(leg: { expiry: number; strike: number; type: "call" | "put" }): bigint {
  return seriesId(BigInt(leg.expiry), parseEther(String(leg.strike)), leg.type);
}
