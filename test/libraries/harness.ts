import type { BaseContract } from "ethers";
import hre from "hardhat";
import type { WadOption } from "../reference/blackScholes.ts";

export type WadSlice = readonly [atmVol: bigint, skew: bigint, curvature: bigint, carry: bigint];

export interface HarnessGreeks {
  call: bigint;
  put: bigint;
  callDelta: bigint;
  vega: bigint;
  gamma: bigint;
  theta: bigint;
  gammaFromVega: bigint;
  thetaFromVega: bigint;
  seriesCall: bigint;
  seriesPut: bigint;
}

/** test/harness/PricingHarness.sol, typed. */
export interface PricingHarness extends BaseContract {
  greeks(forward: bigint, strike: bigint, timeToExpiry: bigint, vol: bigint): Promise<HarnessGreeks>;
  greeksOf(options: WadOption[]): Promise<HarnessGreeks[]>;
  impliedVolAt(slice: WadSlice, k: bigint): Promise<bigint>;
  varianceAt(slice: WadSlice, k: bigint): Promise<bigint>;
  totalVariance(slice: WadSlice, timeToExpiry: bigint, strike: bigint, forward: bigint): Promise<bigint>;
  cdf(x: bigint): Promise<bigint>;
  pdf(x: bigint): Promise<bigint>;
  ln(x: bigint): Promise<bigint>;
  exp(x: bigint): Promise<bigint>;
  sqrt(x: bigint): Promise<bigint>;
}

export async function deployPricingHarness(): Promise<PricingHarness> {
  const { ethers } = await hre.network.create();
  return (await ethers.deployContract("PricingHarness")) as unknown as PricingHarness;
}

/** Greeks of many options, a hundred per call. */
export async function greeksOfAll(harness: PricingHarness, options: readonly WadOption[]): Promise<HarnessGreeks[]> {
  const results: HarnessGreeks[] = [];
  for (let i = 0; i < options.length; i += 100) results.push(...(await harness.greeksOf(options.slice(i, i + 100))));
  return results;
}
