import type { SsviSlice } from "./pricing/index.ts";
import { ON_CHAIN_SCALES } from "./pricing/calibration/index.ts";

/** `Ssvi.Slice` of the contracts: WAD. */
export interface OnChainSlice {
  readonly atmVol: bigint;
  readonly skew: bigint;
  readonly curvature: bigint;
  readonly carry: bigint;
}

const WAD = 10n ** 18n;

/** A slice as `VolSurface.post` takes it, in whole units of what a storage slot resolves, so that nothing is rounded there. */
export function toOnChainSlice({ atmVol, skew, curvature, carry }: SsviSlice): OnChainSlice {
  return {
    atmVol: toWad(atmVol, ON_CHAIN_SCALES.atmVol),
    skew: toWad(skew, ON_CHAIN_SCALES.skew),
    curvature: toWad(curvature, ON_CHAIN_SCALES.curvature),
    carry: toWad(carry, ON_CHAIN_SCALES.carry),
  };
}

/** A slice as the contract holds it, in numbers. */
export function fromOnChainSlice({ atmVol, skew, curvature, carry }: OnChainSlice): SsviSlice {
  return {
    atmVol: fromWad(atmVol, ON_CHAIN_SCALES.atmVol),
    skew: fromWad(skew, ON_CHAIN_SCALES.skew),
    curvature: fromWad(curvature, ON_CHAIN_SCALES.curvature),
    carry: fromWad(carry, ON_CHAIN_SCALES.carry),
  };
}

function toWad(value: number, scale: number): bigint {
  return BigInt(Math.round(value * scale)) * (WAD / BigInt(scale));
}

function fromWad(value: bigint, scale: number): number {
  return Number(value / (WAD / BigInt(scale))) / scale;
}
