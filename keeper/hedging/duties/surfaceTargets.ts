import type { Calibration, ExpiryFit } from "../../../sdk/pricing/calibration/index.ts";
import type { TargetSlice } from "./surfacePosts.ts";

/** Which fits are good enough to be posted. */
export interface TargetPolicy {
  /** Largest root mean square of the fit's errors near the money, in vol. */
  readonly maxRmse: number;
  readonly minQuotes: number;
  /** Seconds to expiry below which a smile says little. */
  readonly minTenor: number;
  /** How far the quotes' own index may be from the spot that the keeper believes, basis points. */
  readonly maxSpotGapBps: number;
}

export const DEFAULT_TARGET_POLICY: TargetPolicy = {
  maxRmse: 0.03,
  minQuotes: 5,
  minTenor: 6 * 3600,
  maxSpotGapBps: 100,
};

/** Why a fit is not posted. */
export type TargetDoubt =
  | { readonly code: "spot-gap"; readonly bps: number; readonly allowed: number }
  | { readonly code: "not-wanted" }
  | { readonly code: "expires-soon"; readonly seconds: number }
  | { readonly code: "few-quotes"; readonly count: number; readonly needed: number }
  | { readonly code: "poor-fit"; readonly rmse: number; readonly allowed: number };

export interface SurfaceTargets {
  /** Ascending by expiry; any part of an arbitrage-free surface is free of arbitrage. */
  readonly targets: readonly TargetSlice[];
  readonly left: readonly { readonly expiry: number; readonly doubt: TargetDoubt }[];
}

/**
 * What to post of a calibration: the wanted expiries whose fits can be trusted; none at all when the quotes were made at
 * another price than the one that is believed.
 * @param wanted Expiries that are or will be listed.
 */
export function surfaceTargets(
  { fits, spot: quotedSpot }: Calibration,
  spot: number,
  wanted: readonly number[],
  policy: TargetPolicy = DEFAULT_TARGET_POLICY,
): SurfaceTargets {
  const bps = (Math.abs(quotedSpot - spot) / spot) * 10_000;
  const gap: TargetDoubt | undefined =
    bps <= policy.maxSpotGapBps ? undefined : { code: "spot-gap", bps, allowed: policy.maxSpotGapBps };
  const judged = fits.map((fit) => ({ fit, doubt: gap ?? doubtOf(fit, wanted, policy) }));
  return {
    targets: judged.flatMap(({ fit: { expiry, slice }, doubt }) => (doubt ? [] : [{ expiry, slice }])),
    left: judged.flatMap(({ fit: { expiry }, doubt }) => (doubt ? [{ expiry, doubt }] : [])),
  };
}

function doubtOf(fit: ExpiryFit, wanted: readonly number[], policy: TargetPolicy): TargetDoubt | undefined {
  const { expiry, timeToExpiry, quotes, rmse } = fit;
  if (!wanted.includes(expiry)) return { code: "not-wanted" };
  if (timeToExpiry < policy.minTenor) return { code: "expires-soon", seconds: timeToExpiry };
  if (quotes.length < policy.minQuotes) return { code: "few-quotes", count: quotes.length, needed: policy.minQuotes };
  if (rmse !== undefined && rmse > policy.maxRmse) return { code: "poor-fit", rmse, allowed: policy.maxRmse };
  return undefined;
}
