import { type Address, parseAbi } from "viem";
import { UserError } from "../../sdk/userError.ts";
import type { Reader } from "./clients.ts";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";

const poolAbi = parseAbi([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)",
]);

/**
 * How many observations a Uniswap v3 pool must keep so that they reach back over `window` seconds. It writes one a second at
 * most; the one at the window's start and the one before are needed too.
 */
export function observationsNeeded(window: number): number {
  return window + 2;
}

/**
 * Makes sure that the pool which the oracle reads remembers the whole window of its average, however often it is traded.
 * @returns what there is, in words.
 * @throws UserError saying what to call.
 */
export async function assertPoolMemory(client: Reader, oracle: Address): Promise<string> {
  const contract = { address: oracle, abi: priceOracleAbi } as const;
  const [pool, window] = await Promise.all([
    client.readContract({ ...contract, functionName: "pool" }).catch(() => undefined),
    client.readContract({ ...contract, functionName: "twapWindow" }).catch(() => 0),
  ]);
  if (pool === undefined) return "the oracle reads no pool";
  const slot0 = { address: pool, abi: poolAbi, functionName: "slot0" } as const;
  const [, , , kept, ordered] = await client.readContract(slot0);
  const needed = observationsNeeded(window);
  if (ordered < needed) {
    throw new UserError(
      `The pool ${pool} keeps ${ordered} observations, too few for the oracle's window of ${window} s: whoever swaps often ` +
        `enough stops all openings. Call increaseObservationCardinalityNext(${needed}) on it; anyone may.`,
    );
  }
  if (kept < needed) return `the pool keeps ${kept} observations, and ${ordered} soon`;
  return `the pool keeps ${kept} observations`;
}
