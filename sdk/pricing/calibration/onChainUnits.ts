import type { SsviSlice } from "../ssvi.ts";

/** What one storage slot of `VolSurface` resolves: values are rounded towards zero to multiples of 1/scale. */
export const ON_CHAIN_SCALES = { atmVol: 1e10, skew: 1e11, curvature: 1e9, carry: 1e12 } as const;

/** The slice as the contract will store it. */
export function roundToOnChainUnits({ atmVol, skew, curvature, carry }: SsviSlice): SsviSlice {
  return {
    atmVol: truncate(atmVol, ON_CHAIN_SCALES.atmVol),
    skew: truncate(skew, ON_CHAIN_SCALES.skew),
    curvature: truncate(curvature, ON_CHAIN_SCALES.curvature),
    carry: truncate(carry, ON_CHAIN_SCALES.carry),
  };
}

function truncate(value: number, scale: number): number {
  return Math.trunc(value * scale) / scale;
}
