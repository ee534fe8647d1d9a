import { type Address, parseAbi } from "viem";
import type { Deployment } from "../../../sdk/deployment.ts";
import type { Reader } from "../../chain/clients.ts";
import type { QuotedPool } from "../../hedging/route.ts";
import type { SizeRequest } from "../venue.ts";

/** Where pools are asked for quotes. */
export interface QuoterContracts {
  /** Uniswap's QuoterV2. */
  readonly quoter: Address;
  readonly weth: Address;
  readonly usdc: Address;
}

/** What is asked of which pools, by their fee in hundredths of a basis point. */
export interface QuoteRequest extends SizeRequest {
  readonly feeTiers: readonly number[];
}

const quoterAbi = parseAbi([
  "struct InputParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }",
  "struct OutputParams { address tokenIn; address tokenOut; uint256 amount; uint24 fee; uint160 sqrtPriceLimitX96; }",
  "function quoteExactInputSingle(InputParams params) returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gas)",
  "function quoteExactOutputSingle(OutputParams params) returns (uint256 amountIn, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gas)",
]);

const FEE_UNIT = 1_000_000;
const WETH_PER_USDC_UNITS = 1e12; // 18 decimals against 6
const Q96 = 2 ** 96;

/** Where a deployment's pools are asked. */
export function quoterOf({ protocols }: Pick<Deployment, "protocols">): QuoterContracts {
  const { weth, usdc, uniswap } = protocols;
  return { quoter: uniswap.quoter, weth, usdc };
}

/**
 * Asks every pool for every size, in one call at one block. Sizes that a pool cannot fill, and pools that do not exist, are
 * left out.
 */
export async function readQuotes(
  client: Reader,
  contracts: QuoterContracts,
  { isBuy, sizes, feeTiers, blockNumber }: QuoteRequest,
): Promise<QuotedPool[]> {
  const { quoter, weth, usdc } = contracts;
  const [tokenIn, tokenOut] = isBuy ? [usdc, weth] : [weth, usdc];
  const to = { address: quoter, abi: quoterAbi } as const;
  const common = { tokenIn, tokenOut, sqrtPriceLimitX96: 0n };
  const answers = await client.multicall({
    blockNumber,
    deployless: true,
    batchSize: 0,
    contracts: feeTiers.flatMap((fee) =>
      sizes.map((size) =>
        isBuy
          ? ({ ...to, functionName: "quoteExactOutputSingle", args: [{ ...common, fee, amount: size }] } as const)
          : ({ ...to, functionName: "quoteExactInputSingle", args: [{ ...common, fee, amountIn: size }] } as const),
      ),
    ),
  });
  return feeTiers.map((feeTier, pool) => ({
    feeTier,
    quotes: sizes.flatMap((amount, i) => {
      const answer = answers[pool * sizes.length + i];
      if (answer?.status !== "success") return [];
      const [cash, root] = answer.result;
      return [{ amount, cash, marginal: marginalPrice(root, feeTier, isBuy, contracts) }];
    }),
  }));
}

/** Dollars for the next unit at a pool's √price, fee included. */
function marginalPrice(root: bigint, feeTier: number, isBuy: boolean, { weth, usdc }: QuoterContracts): number {
  const ratio = (Number(root) / Q96) ** 2; // token1 per token0
  const price = (BigInt(weth) < BigInt(usdc) ? ratio : 1 / ratio) * WETH_PER_USDC_UNITS;
  const kept = 1 - feeTier / FEE_UNIT;
  return isBuy ? price / kept : price * kept;
}
