import { type Address, parseUnits } from "viem";

/** Yearly interest in percent by utilisation: `base` at zero, `slope1` more at the optimum, `slope2` more at full use. */
export interface RateCurve {
  readonly optimum: number;
  readonly base: number;
  readonly slope1: number;
  readonly slope2: number;
}

/** A token to lend and borrow, and its parameters. Shares of one are in basis points, as Aave writes them. */
export interface Reserve {
  readonly symbol: string;
  readonly asset: Address;
  readonly decimals: number;
  readonly priceFeed: Address;
  readonly ltv: bigint;
  readonly liquidationThreshold: bigint;
  readonly liquidationBonus: bigint;
  readonly reserveFactor: bigint;
  readonly rates: RateCurve;
  readonly supplied: bigint;
  readonly borrowed: bigint;
}

/** The tokens that the market lists, and the feeds that price them. */
export interface AaveInputs {
  readonly weth: Address;
  readonly usdc: Address;
  readonly wethFeed: Address;
  readonly usdcFeed: Address;
}

/** Supplied by the deployer, who also borrows a part, so that interest accrues as in a market that is in use. */
export const AAVE_SUPPLY = { weth: parseUnits("20000", 18), usdc: parseUnits("50000000", 6) } as const;
const BORROWED = { weth: parseUnits("6000", 18), usdc: parseUnits("25000000", 6) } as const;

/** The reserves, with the parameters that governance had given them on mainnet in 2024. */
export function reservesOf({ weth, usdc, wethFeed, usdcFeed }: AaveInputs): readonly [Reserve, Reserve] {
  return [
    {
      symbol: "WETH",
      asset: weth,
      decimals: 18,
      priceFeed: wethFeed,
      ltv: 80_50n,
      liquidationThreshold: 83_00n,
      liquidationBonus: 105_00n,
      reserveFactor: 15_00n,
      rates: { optimum: 80, base: 0, slope1: 2.8, slope2: 80 },
      supplied: AAVE_SUPPLY.weth,
      borrowed: BORROWED.weth,
    },
    {
      symbol: "USDC",
      asset: usdc,
      decimals: 6,
      priceFeed: usdcFeed,
      ltv: 77_00n,
      liquidationThreshold: 80_00n,
      liquidationBonus: 104_50n,
      reserveFactor: 10_00n,
      rates: { optimum: 90, base: 0, slope1: 5.5, slope2: 60 },
      supplied: AAVE_SUPPLY.usdc,
      borrowed: BORROWED.usdc,
    },
  ];
}
