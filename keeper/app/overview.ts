import type { HealthReport } from "../monitoring/health.ts";
import type { Keeper } from "./keeper.ts";

const HOUR_MS = 3_600_000;
const REFRESH_SECONDS = 15;
/** Readers may be many, and each page takes time from the loop. */
const FRESH_MS = 2_000;

export interface OverviewOptions {
  readonly readiness: () => HealthReport;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Makes a page for people of what the keeper did in the last so many hours, and of how it is. */
export function createOverview(
  keeper: Pick<Keeper, "tickers" | "timeline">,
  { readiness, now }: OverviewOptions,
): (hours: number) => Promise<string> {
  let last: { readonly hours: number; readonly madeAt: number; readonly page: Promise<string> } | undefined;

  async function make(hours: number): Promise<string> {
    // Loaded when somebody looks: the charts take memory that a keeper without readers has no use for.
    const { keeperPage } = await import("../reports/keeperPage.ts");
    const at = now();
    const timelines = await Promise.all(
      keeper.tickers.map(({ name }) => keeper.timeline({ market: name, from: at - hours * HOUR_MS, to: at + 1 })),
    );
    const markets = timelines.flatMap((timeline) => timeline ?? []);
    return keeperPage({ at, hours, markets, checks: readiness().checks, refreshSeconds: REFRESH_SECONDS });
  }

  return (hours) => {
    if (last?.hours !== hours || now() - last.madeAt >= FRESH_MS) last = { hours, madeAt: now(), page: make(hours) };
    return last.page;
  };
}
