import type { SpotSource } from "../feeds/spot/source.ts";
import { type Spot, readSpot } from "../feeds/spot/spotFeed.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../sdk/units.ts";

/** Compares the chain's price with the exchanges'; undefined when there are none, or it is not time yet. */
export type SpotCheck = (snapshot: Snapshot) => Promise<Spot | undefined>;

/** Exchanges are asked no more often than this, milliseconds. */
const REFRESH_MS = 15_000;
/** A Chainlink price holds until it moves, or for its heartbeat. */
const ORACLE_AGE_SECONDS = 3_900;
const POOL_AGE_SECONDS = 60;

/** The oracle, the pool's average and `exchanges` as the sources of one price. @param now Milliseconds. */
export function spotCheck(exchanges: readonly SpotSource[], now: () => number = Date.now): SpotCheck {
  let askedAt = -Infinity;
  return async ({ oracle, block }) => {
    if (exchanges.length === 0 || now() - askedAt < REFRESH_MS) return undefined;
    askedAt = now();
    const { range, spot, updatedAt } = oracle;
    const lag = now() / 1000 - block.time;
    const said = (name: string, price: number, at: number, maxAgeSeconds: number): SpotSource => ({
      name,
      maxAgeSeconds,
      read: () => Promise.resolve({ price, at: at + lag }),
    });
    const pool = range && said("pool", fromWad((range.low + range.high) / 2n), block.time, POOL_AGE_SECONDS);
    const sources = [
      said("oracle", fromWad(spot), updatedAt, ORACLE_AGE_SECONDS),
      ...(pool ? [pool] : []),
      ...exchanges,
    ];
    return readSpot(sources, () => now() / 1000);
  };
}
