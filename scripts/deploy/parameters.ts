import { parseEther } from "viem";

/** Everything about a deployment that is a choice rather than an address. Amounts are WAD unless the name says otherwise. */
export interface KeelParameters {
  readonly share: { readonly name: string; readonly symbol: string };
  readonly oracle: {
    /** Oldest acceptable Chainlink update, seconds: the feed's heartbeat and some grace. */
    readonly maxAge: number;
    /** Window of the DEX average, seconds. */
    readonly twapWindow: number;
    /** Fee tier of the pool that is read, in hundredths of a basis point. */
    readonly poolFee: "500" | "3000";
  };
  readonly limits: {
    readonly vegaCapacityBps: number;
    readonly maxLeverageBps: number;
    readonly spreadVol: bigint;
    readonly maxMarkAge: number;
    readonly maxMarkMoveBps: number;
    readonly epochLength: number;
  };
  readonly pricing: {
    readonly maxSkew: bigint;
    readonly spreadVol: bigint;
    readonly hedgeCostBps: number;
    readonly feeBps: number;
    readonly feeCapBps: number;
    readonly minFee: bigint;
    readonly minQuantity: bigint;
    readonly cutOff: number;
  };
  /** Bounds of what a keeper may post, see IVolSurface.Limits. */
  readonly surface: {
    readonly minVol: bigint;
    readonly maxVol: bigint;
    readonly maxSkew: bigint;
    readonly maxCarry: bigint;
    readonly maxVolStep: bigint;
    readonly maxSkewStep: bigint;
    readonly maxWingStep: bigint;
    readonly maxCarryStep: bigint;
    readonly maxCurvature: bigint;
    readonly minInterval: number;
    readonly maxAge: number;
    readonly maxTenor: number;
    readonly maxExpiries: number;
  };
  readonly maxSlippageBps: number;
}

/** Fits an ether market on mainnet or an L2. The interfaces of the contracts say what each figure means. */
export const DEFAULT_PARAMETERS: KeelParameters = {
  share: { name: "Keel WETH/USDC", symbol: "keelETH" },
  oracle: { maxAge: 3600 + 600, twapWindow: 120, poolFee: "500" },
  limits: {
    vegaCapacityBps: 5_000, // one vol point on a full book moves NAV by half a percent
    maxLeverageBps: 20_000,
    spreadVol: parseEther("0.005"),
    maxMarkAge: 600,
    maxMarkMoveBps: 50,
    epochLength: 24 * 3600,
  },
  pricing: {
    maxSkew: parseEther("0.10"),
    spreadVol: parseEther("0.01"),
    hedgeCostBps: 5,
    feeBps: 3,
    feeCapBps: 1_250,
    minFee: parseEther("0.01"),
    minQuantity: parseEther("0.001"),
    cutOff: 1800,
  },
  surface: {
    minVol: parseEther("0.05"),
    maxVol: parseEther("5"),
    maxSkew: parseEther("0.95"),
    maxCarry: parseEther("1"),
    maxVolStep: parseEther("0.15"),
    maxSkewStep: parseEther("0.2"),
    maxWingStep: parseEther("0.5"),
    maxCarryStep: parseEther("0.1"),
    maxCurvature: parseEther("10000"),
    minInterval: 1800,
    maxAge: 12 * 3600,
    maxTenor: 400 * 24 * 3600,
    maxExpiries: 16,
  },
  maxSlippageBps: 100,
};

/** The parameters as JSON can hold them: whole numbers beyond 2^53 as decimal strings. */
export function printableParameters(parameters: KeelParameters): Record<string, unknown> {
  const replace = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.parse(JSON.stringify(parameters, replace)) as Record<string, unknown>;
}
