import { type DeribitApiOptions, readDeribitApi } from "../feeds/deribitApi.ts";
import { type DeribitChain, readDeribitChain } from "../feeds/deribitChain.ts";
import { DEFAULT_LISTING_POLICY } from "../hedging/duties/listing.ts";
import { wantedExpiries } from "../hedging/duties/calendar.ts";
import type { TargetSlice } from "../hedging/duties/surfacePosts.ts";
import { surfaceTargets } from "../hedging/duties/surfaceTargets.ts";
import { calibrate } from "../../sdk/pricing/calibration/index.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../sdk/units.ts";

export interface QuoteOptions {
  readonly deribit?: DeribitApiOptions;
  readonly file?: string;
  /** Milliseconds. */
  readonly now?: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** Calibrated slices of the moment, for a snapshot's expiries and those of the calendar. */
export type Targets = (snapshot: Snapshot) => Promise<readonly TargetSlice[] | undefined>;

/** Quotes are asked for no more often than this, milliseconds. */
const REFRESH_MS = 60_000;
/** A file's quotes may be this old by the chain's clock, seconds. */
const MAX_FILE_AGE_SECONDS = 3_600;

/** Reads option quotes and fits a surface to them; undefined when there are none that can be trusted. */
export function quoteTargets({ deribit, file, now = Date.now, onFailure }: QuoteOptions): Targets {
  let cached: { readonly at: number; readonly chain: DeribitChain | undefined } | undefined;
  const read = file !== undefined ? () => readDeribitChain(file) : deribit && (() => readDeribitApi(deribit));
  if (!read) return () => Promise.resolve(undefined);

  async function quotes(): Promise<DeribitChain | undefined> {
    if (cached && now() - cached.at < REFRESH_MS) return cached.chain;
    const chain = await read?.().catch((error: unknown) => {
      onFailure(error);
      return undefined;
    });
    cached = { at: now(), chain };
    return cached.chain;
  }

  return async ({ block, mark, slices }) => {
    const chain = await quotes();
    if (!chain || (file !== undefined && Math.abs(block.time - chain.at) > MAX_FILE_AGE_SECONDS)) return undefined;
    const expiries = slices.map(({ expiry }) => expiry);
    const wanted = [...expiries, ...wantedExpiries(block.time, DEFAULT_LISTING_POLICY)];
    const { targets } = surfaceTargets(calibrate(chain), fromWad(mark.spot), wanted);
    return targets.length > 0 ? targets : undefined;
  };
}
