import { type DeribitChain, parseDeribitChain } from "./deribitChain.ts";
import { FeedError, type HttpOptions, getText } from "./httpJson.ts";

export interface DeribitApiOptions extends HttpOptions {
  readonly baseUrl?: string;
  /** "ETH" */
  readonly currency: string;
  /** Seconds after which quotes do not count any more. */
  readonly maxAgeSeconds?: number;
  /** Unix seconds. */
  readonly now?: () => number;
}

const MAX_AGE_SECONDS = 300;

/**
 * All option quotes of a currency, by Deribit's public API.
 * @throws FeedError when it cannot be reached or its newest quote is old, UserError when its answer cannot be read.
 */
export async function readDeribitApi(options: DeribitApiOptions): Promise<DeribitChain> {
  const { baseUrl = "https://www.deribit.com/api/v2", currency, maxAgeSeconds = MAX_AGE_SECONDS } = options;
  const { now = () => Date.now() / 1000 } = options;
  const url = new URL(`${baseUrl}/public/get_book_summary_by_currency`);
  url.searchParams.set("currency", currency);
  url.searchParams.set("kind", "option");
  const chain = parseDeribitChain(await getText(url, options), url.host);
  const age = now() - chain.at;
  if (Math.abs(age) > maxAgeSeconds) {
    throw new FeedError(`The newest quote of ${url.host} is ${Math.round(age)} s old; ${maxAgeSeconds} s are allowed`);
  }
  return chain;
}
