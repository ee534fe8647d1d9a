import type { HealthReport } from "../monitoring/health.ts";
import type { Timeline } from "../../sdk/portfolio/timeline.ts";
import { storeFailure } from "../store/fencing.ts";
import type { Keeper } from "./keeper.ts";

const HOUR_MS = 3_600_000;
const REFRESH_SECONDS = 15;
/** How long a page is shown again, at least. */
const FRESH_MS = 2_000;
/** One that took a second to make is shown for twenty, and of so many: less than a third of the time goes into pages. */
const REST_FACTOR = 20;
const MOST_PAGES = 6;

export interface OverviewOptions {
  readonly readiness: () => HealthReport;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Kept {
  readonly page: Promise<string>;
  /** When it is made anew; undefined while it is being made. */
  staleAt?: number;
}

/**
 * Makes a page for people of what the keeper did in the last so many hours, and of how it is. Readers may be many and ask for
 * anything: pages are made one after the other and kept for a while, and more than a few at a time are refused.
 */
export function createOverview(
  keeper: Pick<Keeper, "tickers" | "timeline">,
  { readiness, now }: OverviewOptions,
): (hours: number) => Promise<string> {
  const kept = new Map<number, Kept>();
  let newest: Promise<unknown> = Promise.resolve();

  async function make(hours: number): Promise<string> {
    // Loaded when somebody looks: the charts take memory that a keeper without readers has no use for.
    const { keeperPage } = await import("../reports/keeperPage.ts");
    const at = now();
    const markets: Timeline[] = [];
    for (const { name } of keeper.tickers) {
      const timeline = await keeper.timeline({ market: name, from: at - hours * HOUR_MS, to: at + 1 });
      if (timeline) markets.push(timeline);
    }
    return keeperPage({ at, hours, markets, checks: readiness().checks, refreshSeconds: REFRESH_SECONDS });
  }

  async function makeAndKeep(hours: number): Promise<string> {
    await newest;
    const began = now();
    try {
      const page = await make(hours);
      const entry = kept.get(hours);
      if (entry) entry.staleAt = now() + Math.max(FRESH_MS, REST_FACTOR * (now() - began));
      return page;
    } catch (error) {
      kept.delete(hours);
      throw new Error(storeFailure(error) ?? "the keeper's record cannot be read", { cause: error });
    }
  }

  return (hours) => {
    for (const [other, { staleAt = Infinity }] of kept) if (staleAt <= now()) kept.delete(other);
    const known = kept.get(hours);
    if (known) return known.page;
    if (kept.size >= MOST_PAGES) {
      return Promise.reject(new Error(`${String(MOST_PAGES)} others were asked for just now. Try again in a minute.`));
    }
    const page = makeAndKeep(hours);
    newest = page.catch(() => undefined);
    kept.set(hours, { page });
    return page;
  };
}
