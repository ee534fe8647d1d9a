import { parseEther, parseUnits } from "viem";

/** Everything about a deployment that is a choice rather than an address. Amounts are WAD unless the name says otherwise. */
export interface KeelParameters {
  readonly share: { readonly name: string; readonly symbol: string };
  readonly oracle: {
    /** Oldest acceptable Chainlink update, seconds: the feed's heartbeat and some grace. */
    readonly maxAge: number;
    /** Age up to which holders may still close at what the feed said last, seconds. */
    readonly lastResortAge: number;
    /** Window of the DEX average, seconds. */
    readonly twapWindow: number;
    /** Seconds that an L2's sequencer must have been up again before anything but closing goes on. */
    readonly sequencerGrace: number;
    /** Fee tier of the pool that is read, in hundredths of a basis point. */
    readonly poolFee: "500" | "3000";
  };
  /** See RiskLimits.Limits. */
  readonly limits: {
    readonly vegaCapacityBps: number;
    readonly gammaCapacityBps: number;
    readonly seriesCapBps: number;
    readonly expiryCapBps: number;
    readonly reserveBps: number;
    readonly maxMarkAge: number;
    readonly maxMarkMoveBps: number;
    readonly maxDrawdownBps: number;
    readonly spreadVol: bigint;
    readonly epochLength: number;
    readonly surfaceLossBps: number;
    readonly vegaWindow: number;
    readonly vegaWindowBps: number;
    readonly insuranceShareBps: number;
    readonly insuranceTargetBps: number;
    readonly capitalRateBps: number;
  };
  /** See Quoting.Pricing. */
  readonly pricing: {
    readonly spread: {
      readonly base: bigint;
      readonly agePerDay: bigint;
      readonly atCapacity: bigint;
      readonly atExpiry: bigint;
    };
    readonly maxSkew: bigint;
    readonly minQuantity: bigint;
    /** USDC, 6 decimals. */
    readonly minFee: number;
    readonly hedgeCostBps: number;
    readonly feeBps: number;
    readonly feeCapBps: number;
    readonly maxDispersionBps: number;
    readonly cutOff: number;
    readonly maxSurfaceAge: number;
  };
  /** See ListingRules.Rules. */
  readonly listing: {
    readonly minStrikeBps: number;
    readonly maxStrikeBps: number;
    readonly hour: number;
    readonly dailies: number;
    readonly maxTenor: number;
  };
  /** Bounds of what may be posted, see IVolSurface.Limits. */
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
    readonly maxFollow: bigint;
    readonly maxForwardMove: bigint;
    readonly followWindow: number;
  };
  /** The desk's, see IHedgeDesk: who may hedge when, and how near the oracle price. */
  readonly desk: {
    readonly rules: {
      readonly maxSlippageBps: number;
      readonly publicSlippageBps: number;
      readonly bandBps: number;
      readonly gracePeriod: number;
      readonly bountyBps: number;
      readonly bountyCap: bigint;
      readonly bountyInterval: number;
      readonly minBudgetNav: bigint;
    };
    /** Shares of NAV in any 24 hours, WAD. */
    readonly budgets: { readonly turnover: bigint; readonly loss: bigint };
    /** Health factors of the short hedge, basis points of 1. */
    readonly lending: { readonly minHealth: number; readonly targetHealth: number };
  };
  readonly governance: {
    /** Seconds between a change's announcement and its effect; longer than an LP needs to leave. */
    readonly delay: number;
  };
}

/** Fits an ether market on mainnet or an L2. The interfaces of the contracts say what each figure means. */
export const DEFAULT_PARAMETERS: KeelParameters = {
  share: { name: "Keel WETH/USDC", symbol: "keelETH" },
  oracle: { maxAge: 3600 + 600, lastResortAge: 24 * 3600, twapWindow: 120, sequencerGrace: 3600, poolFee: "500" },
  limits: {
    vegaCapacityBps: 5_000, // one vol point on a full book moves NAV by half a percent
    gammaCapacityBps: 2_000,
    seriesCapBps: 10_000,
    expiryCapBps: 20_000,
    reserveBps: 2_000,
    maxMarkAge: 600,
    maxMarkMoveBps: 50,
    maxDrawdownBps: 2_000,
    spreadVol: parseEther("0.005"),
    epochLength: 24 * 3600,
    surfaceLossBps: 86,
    vegaWindow: 3600,
    vegaWindowBps: 5_000,
    insuranceShareBps: 2_000,
    insuranceTargetBps: 500,
    capitalRateBps: 2_000, // a year, for capital that a trade binds
  },
  pricing: {
    spread: {
      base: parseEther("0.01"),
      agePerDay: parseEther("0.02"),
      atCapacity: parseEther("0.01"),
      atExpiry: parseEther("0.01"),
    },
    maxSkew: parseEther("0.10"),
    minQuantity: parseEther("0.001"),
    minFee: 10_000,
    hedgeCostBps: 5,
    feeBps: 3,
    feeCapBps: 1_250,
    maxDispersionBps: 300,
    cutOff: 1800,
    maxSurfaceAge: 12 * 3600,
  },
  listing: {
    minStrikeBps: 2_500,
    maxStrikeBps: 40_000,
    hour: 8 * 3600,
    dailies: 35 * 24 * 3600,
    maxTenor: 400 * 24 * 3600,
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
    maxFollow: parseEther("0.12"), // half a vol point an hour: less than buying and selling back costs
    maxForwardMove: parseEther("0.0005"),
    followWindow: 24 * 3600,
  },
  desk: {
    rules: {
      maxSlippageBps: 100,
      publicSlippageBps: 60, // a feed that reports on half a percent, and a pool's fee
      bandBps: 500,
      gracePeriod: 1800,
      bountyBps: 5,
      bountyCap: parseUnits("50", 6),
      bountyInterval: 24 * 3600,
      minBudgetNav: parseUnits("100000", 6),
    },
    budgets: { turnover: parseEther("12"), loss: parseEther("0.01") },
    lending: { minHealth: 13_000, targetHealth: 17_000 },
  },
  governance: { delay: 3 * 24 * 3600 },
};

/** For local chains: the governor acts at once, so that tests and the demo need not wait. Deployment refuses it elsewhere. */
export const DEVNET_PARAMETERS: KeelParameters = { ...DEFAULT_PARAMETERS, governance: { delay: 0 } };

/** The parameters as JSON can hold them: whole numbers beyond 2^53 as decimal strings. */
export function printableParameters(parameters: KeelParameters): Record<string, unknown> {
  const replace = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.parse(JSON.stringify(parameters, replace)) as Record<string, unknown>;
}
