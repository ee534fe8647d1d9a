import { forwardPrice, price, smileVol } from "../../sdk/pricing/index.ts";

/** The slice that honest people post, for every expiry. */
export interface HonestSlice {
  readonly atmVol: number;
  readonly skew: number;
  readonly curvature: number;
  readonly carry: number;
}

/** A series, in dollars and seconds. */
export interface Series {
  readonly expiry: bigint;
  readonly strike: number;
  readonly type: "call" | "put";
}

/** What a contract is worth in the middle, by the surface that honest people would post, at a time and a price. */
export function honestWorth({ expiry, strike, type }: Series, spot: number, now: number, slice: HonestSlice): number {
  const timeToExpiry = Math.max(0, Number(expiry) - now);
  const forward = forwardPrice(slice, spot, timeToExpiry);
  return price(type, { forward, strike, timeToExpiry, vol: smileVol(slice, Math.log(strike / forward)) });
}

/** A series in words: `call 3600, 2.3 days`. */
export function seriesText({ expiry, strike, type }: Series, start: number): string {
  return `${type} ${strike}, ${((Number(expiry) - start) / 86_400).toFixed(1)} days`;
}
