import type { MarketConfig } from "../config.ts";
import { coinbaseSource, krakenSource } from "../feeds/spot/exchanges.ts";
import type { SpotSource } from "../feeds/spot/source.ts";
import { type Targets, quoteTargets } from "./quotes.ts";
import { type SpotCheck, spotCheck } from "./spotCheck.ts";

/** What a market asks outside the chain. It is the market's own: what it has asked, and when, is no other's. */
export interface MarketFeeds {
  readonly targets: Targets;
  readonly spotCheck: SpotCheck;
}

/** The feeds that a market's configuration names. */
export function marketFeeds(
  { name, feeds }: Pick<MarketConfig, "name" | "feeds">,
  onFailure: (what: string, error: unknown) => void,
): MarketFeeds {
  const { deribit, quotesFile } = feeds;
  const targets = quoteTargets({
    ...(deribit && { deribit: given(deribit) }),
    ...(quotesFile !== undefined && { file: quotesFile }),
    onFailure: (error) => onFailure(`option quotes of ${name}`, error),
  });
  return { targets, spotCheck: spotCheck(exchangesOf(feeds)) };
}

/** The exchanges among a market's feeds. */
export function exchangesOf({ coinbase, kraken }: MarketConfig["feeds"]): SpotSource[] {
  return [...(coinbase ? [coinbaseSource(given(coinbase))] : []), ...(kraken ? [krakenSource(given(kraken))] : [])];
}

/** Without fields that are there but undefined, so that defaults apply. */
export function given<T extends { readonly baseUrl?: string | undefined }>({ baseUrl, ...rest }: T) {
  return { ...rest, ...(baseUrl !== undefined && { baseUrl }) };
}
