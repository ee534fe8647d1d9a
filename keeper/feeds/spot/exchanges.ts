import { z } from "zod";
import { FeedError, type HttpOptions, getJson } from "../httpJson.ts";
import type { PriceReading, SpotSource } from "./source.ts";

export interface ExchangeOptions extends HttpOptions {
  /** The exchange's own unless told otherwise. */
  readonly baseUrl?: string;
  /** "ETH-USD" for Coinbase, "ETHUSD" for Kraken. */
  readonly pair: string;
  readonly maxAgeSeconds?: number;
  /** Unix seconds, for an exchange that does not date its answers. */
  readonly now?: () => number;
}

const MAX_AGE_SECONDS = 60;
const decimal = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number);

const coinbaseTicker = z.object({ bid: decimal, ask: decimal, time: z.string().datetime() });

/** Coinbase Exchange's public ticker: the middle of bid and ask. */
export function coinbaseSource(options: ExchangeOptions): SpotSource {
  const { baseUrl = "https://api.exchange.coinbase.com", pair, maxAgeSeconds = MAX_AGE_SECONDS } = options;
  const url = new URL(`${baseUrl}/products/${encodeURIComponent(pair)}/ticker`);
  return {
    name: "coinbase",
    maxAgeSeconds,
    read: async () => {
      const parsed = coinbaseTicker.safeParse(await getJson(url, options));
      if (!parsed.success) throw new FeedError(`${url.host} answered without bid, ask and time`);
      const { bid, ask, time } = parsed.data;
      return middle(bid, ask, Date.parse(time) / 1000, url.host);
    },
  };
}

const krakenTicker = z.object({
  error: z.array(z.string()),
  result: z.record(z.object({ a: z.array(decimal).min(1), b: z.array(decimal).min(1) })).optional(),
});

/** Kraken's public ticker: the middle of bid and ask. It has no time, so it counts as made when it was asked for. */
export function krakenSource(options: ExchangeOptions): SpotSource {
  const { baseUrl = "https://api.kraken.com", pair, maxAgeSeconds = MAX_AGE_SECONDS } = options;
  const { now = () => Date.now() / 1000 } = options;
  const url = new URL(`${baseUrl}/0/public/Ticker?pair=${encodeURIComponent(pair)}`);
  return {
    name: "kraken",
    maxAgeSeconds,
    read: async () => {
      const at = now();
      const parsed = krakenTicker.safeParse(await getJson(url, options));
      if (!parsed.success) throw new FeedError(`${url.host} answered without bid and ask`);
      const { error, result = {} } = parsed.data;
      if (error.length > 0) throw new FeedError(`${url.host} refused: ${error.join(", ")}`);
      // The result is under Kraken's own name of the pair ("XETHZUSD").
      const [ticker, ...others] = Object.values(result);
      const [bid, ask] = [ticker?.b[0], ticker?.a[0]];
      if (bid === undefined || ask === undefined || others.length > 0) {
        throw new FeedError(`${url.host} answered with ${Object.keys(result).length} pairs instead of one`);
      }
      return middle(bid, ask, at, url.host);
    },
  };
}

function middle(bid: number, ask: number, at: number, host: string): PriceReading {
  if (!(bid > 0 && ask >= bid)) throw new FeedError(`${host} has a crossed or empty book: ${bid} to ${ask}`);
  return { price: (bid + ask) / 2, at };
}
