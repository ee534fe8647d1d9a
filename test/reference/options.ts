import { parseUnits } from "ethers";
import { uniforms } from "../../simulator/path/random.ts";
import type { WadOption } from "./blackScholes.ts";

export const wad = (x: number | string): bigint => {
  const [whole = "0", fraction = ""] = (typeof x === "number" ? x.toFixed(18) : x).split(".");
  return parseUnits(`${whole}.${(fraction + "0").slice(0, 18)}`, 18);
};

/**
 * Options far wider than any market: forward 1 to 1e9, time one second to ten years, vol 1 % to 1000 %. Half of the
 * strikes lie within nine standard deviations, half anywhere from 1e-6 to 1e6 times the forward.
 */
export function wideOptions(count: number, seed: number): WadOption[] {
  const random = uniforms(seed);
  const logarithmic = (low: number, high: number) => low * (high / low) ** random();
  return Array.from({ length: count }, (_, i) => {
    const forward = logarithmic(1, 1e9);
    const seconds = Math.round(logarithmic(1, 315_360_000));
    const vol = logarithmic(0.01, 10);
    const deviation = vol * Math.sqrt(seconds / 31_536_000);
    const log =
      i % 2 === 0 ? Math.max(-14, Math.min(14, (18 * random() - 9) * deviation)) : Math.log(logarithmic(1e-6, 1e6));
    return {
      forward: wad(forward),
      strike: wad(forward * Math.exp(log)),
      timeToExpiry: BigInt(seconds),
      vol: wad(vol),
    };
  });
}
