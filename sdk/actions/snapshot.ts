import type { SliceReading, Snapshot } from "../portfolio/snapshot.ts";
import type { KeelReader } from "../client.ts";
import type { KeelContracts } from "../contracts.ts";
import type { MarketState } from "./state.ts";

type Reader = KeelReader["public"];

/** No series of the page of prices that the Lens offers besides: the keeper needs none. */
const NO_PRICES = [0n, 0n, 0n] as const;

/**
 * Reads everything that the keeper decides from, at one block and in one round trip, however long the book is: the Lens
 * gives the whole market in one call, and the block's hash and the desk's bound travel in the same request.
 * @throws the contract's error when the oracle or the mark cannot be read at that block.
 */
export async function readSnapshot(client: Reader, contracts: KeelContracts, blockNumber: bigint): Promise<Snapshot> {
  const { lens, desk } = contracts;
  const [block, [state], { maxSlippageBps }] = await Promise.all([
    client.getBlock({ blockNumber }),
    client.readContract({ ...lens, functionName: "marketState", args: NO_PRICES, blockNumber }),
    client.readContract({ ...desk, functionName: "rules", blockNumber }),
  ]);
  if (!state.worth.valued) return whyNotValued(client, contracts, blockNumber);
  const { oracle, accounts, worth, greeks, exposure, ids, quantities } = state;
  return {
    block: { number: blockNumber, hash: block.hash, time: Number(block.timestamp) },
    oracle: {
      spot: oracle.spot,
      updatedAt: Number(oracle.updatedAt),
      range: oracle.ranged ? { low: oracle.low, high: oracle.high } : undefined,
    },
    vault: {
      cash: accounts.cash,
      owed: accounts.owed,
      freeCash: accounts.freeCash,
      nav: worth.nav,
      shares: accounts.shares,
      epoch: state.epoch,
      epochEndsAt: Number(state.epochEndsAt),
    },
    mark: greeks,
    hedge: { delta: exposure.base, maxSlippageBps },
    book: ids.map((id, i) => ({ id, quantity: quantities[i] ?? 0n })),
    slices: slicesOf(state),
  };
}

/** A slice is dropped once its expiry has passed. */
function slicesOf({ expiries }: MarketState): SliceReading[] {
  return expiries
    .filter(({ hasSlice }) => hasSlice)
    .map(({ expiry, slice, postedAt }) => ({ expiry: Number(expiry), ...slice, updatedAt: Number(postedAt) }))
    .sort((a, b) => a.expiry - b.expiry);
}

/** The Lens never fails for want of a price. Whoever cannot do without one asks those that do, for their own words. */
async function whyNotValued(client: Reader, { oracle, vault }: KeelContracts, blockNumber: bigint): Promise<never> {
  await client.readContract({ ...oracle, functionName: "spot", blockNumber });
  await client.readContract({ ...vault, functionName: "greeks", blockNumber });
  throw new Error(`The Lens could not value the vault at block ${blockNumber}, although the vault can.`);
}
