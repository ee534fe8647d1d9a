import { messageOf } from "../../../sdk/userError.ts";
import type { PriceReading, SpotSource } from "./source.ts";

/** When the sources together can be believed. */
export interface SpotPolicy {
  /** Sources that have to agree. */
  readonly minSources: number;
  /** How far from the median a source may be and still count, basis points. */
  readonly maxDispersionBps: number;
}

export const DEFAULT_SPOT_POLICY: SpotPolicy = { minSources: 3, maxDispersionBps: 100 };

/** What one source said, and what became of it. */
export interface SourceReport {
  readonly name: string;
  readonly status: "used" | "stale" | "outlier" | "failed";
  readonly price?: number;
  readonly ageSeconds?: number;
  /** Distance from the median, basis points; of fresh sources. */
  readonly distanceBps?: number;
  /** Why it failed. */
  readonly error?: string;
}

export type SpotDoubt =
  | { readonly code: "too-few-sources"; readonly used: number; readonly needed: number }
  /** Those that agree are not more than half of those that are fresh. */
  | { readonly code: "no-majority"; readonly used: number; readonly fresh: number };

/** The price that the sources agree on. */
export interface Spot {
  /** Median of the fresh sources, dollars; undefined when none is fresh. */
  readonly spot: number | undefined;
  readonly sources: readonly SourceReport[];
  /** Largest distance of a fresh source from the median, basis points. */
  readonly dispersion: number;
  /** Whether it may be acted on; if not, why. */
  readonly usable: boolean;
  readonly reasons: readonly SpotDoubt[];
}

/** What a source said, or why it said nothing. */
export type SourceResult = Pick<SpotSource, "name" | "maxAgeSeconds"> &
  ({ readonly reading: PriceReading } | { readonly error: string });

/** Asks every source at the same time; one that fails takes nothing from the others. @param now Unix seconds. */
export async function readSpot(
  sources: readonly SpotSource[],
  now: () => number,
  policy: SpotPolicy = DEFAULT_SPOT_POLICY,
): Promise<Spot> {
  const results = await Promise.all(
    sources.map(async (source): Promise<SourceResult> => {
      const { name, maxAgeSeconds } = source;
      try {
        return { name, maxAgeSeconds, reading: await source.read() };
      } catch (error) {
        return { name, maxAgeSeconds, error: messageOf(error) };
      }
    }),
  );
  return combineSpot(results, now(), policy);
}

/** Median of the fresh sources, who is too far from it, and whether enough agree. */
export function combineSpot(results: readonly SourceResult[], now: number, policy: SpotPolicy): Spot {
  const fresh = results.flatMap((one) =>
    "reading" in one && isFresh(one.reading, one, now) ? [one.reading.price] : [],
  );
  const spot = medianOf(fresh);
  const sources = results.map((one) => reportOf(one, spot, now, policy));
  const used = sources.filter(({ status }) => status === "used").length;
  const reasons: SpotDoubt[] = [];
  if (used < policy.minSources) reasons.push({ code: "too-few-sources", used, needed: policy.minSources });
  if (used * 2 <= fresh.length) reasons.push({ code: "no-majority", used, fresh: fresh.length });
  const dispersion = Math.max(0, ...sources.map(({ distanceBps = 0 }) => distanceBps));
  return { spot, sources, dispersion, usable: spot !== undefined && reasons.length === 0, reasons };
}

function reportOf(one: SourceResult, spot: number | undefined, now: number, policy: SpotPolicy): SourceReport {
  const { name } = one;
  if (!("reading" in one)) return { name, status: "failed", error: one.error };
  const { price, at } = one.reading;
  if (!(price > 0 && price < Infinity)) return { name, status: "failed", error: `its price is ${price}` };
  const ageSeconds = now - at;
  if (spot === undefined || !isFresh(one.reading, one, now)) return { name, status: "stale", price, ageSeconds };
  const distanceBps = (Math.abs(price - spot) / spot) * 10_000;
  const status = distanceBps <= policy.maxDispersionBps ? "used" : "outlier";
  return { name, status, price, ageSeconds, distanceBps };
}

/** A price from the future by more than its age allows is as bad as an old one. */
function isFresh(
  { price, at }: PriceReading,
  { maxAgeSeconds }: Pick<SpotSource, "maxAgeSeconds">,
  now: number,
): boolean {
  return price > 0 && price < Infinity && Math.abs(now - at) <= maxAgeSeconds;
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
