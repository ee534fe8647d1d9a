import type { SliceReading, Snapshot } from "../portfolio/snapshot.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "./contracts.ts";

/** One answer of a multicall that goes on when a call fails. */
type Answer<T> =
  { readonly status: "success"; readonly result: T } | { readonly status: "failure"; readonly error: Error };

/**
 * Reads everything that the keeper decides from, at one block and in one round trip. (The round trip before it learns what
 * the block is and which expiries are open.) The values come out of a multicall that need not be deployed. Its first call
 * marks the book, so that what follows is exact at the block's spot and time, however old the vault's stored mark is; being a
 * call, it changes nothing on the chain.
 * @throws the contract's error when the oracle or the mark cannot be read at that block.
 */
export async function readSnapshot(client: Reader, contracts: KeelContracts, blockNumber: bigint): Promise<Snapshot> {
  const { oracle, vault, desk, surface } = contracts;
  const [block, openExpiries] = await Promise.all([
    client.getBlock({ blockNumber }),
    client.readContract({ ...vault, functionName: "openExpiries", blockNumber }),
  ]);
  // A slice is dropped once its expiry has passed.
  const expiries = openExpiries.filter((expiry) => expiry > block.timestamp).sort((a, b) => (a < b ? -1 : 1));

  const at = { blockNumber, deployless: true, batchSize: 0 } as const;
  const [[mark, spot, range, cash, owed, freeCash, nav, shares, epoch, epochEndsAt, hedge, slippage, book], slices] =
    await Promise.all([
      client.multicall({
        ...at,
        contracts: [
          { ...vault, functionName: "mark" },
          { ...oracle, functionName: "spot" },
          { ...oracle, functionName: "spotRange" },
          { ...vault, functionName: "cash" },
          { ...vault, functionName: "owed" },
          { ...vault, functionName: "freeCash" },
          { ...vault, functionName: "nav" },
          { ...vault, functionName: "totalSupply" },
          { ...vault, functionName: "epoch" },
          { ...vault, functionName: "epochEndsAt" },
          { ...desk, functionName: "hedgeDelta" },
          { ...desk, functionName: "maxSlippageBps" },
          { ...vault, functionName: "book" },
        ],
      }),
      client.multicall({
        ...at,
        contracts: expiries.map((expiry) => ({ ...surface, functionName: "slice", args: [expiry] }) as const),
      }),
    ]);

  const [price, updatedAt] = resultOf(spot);
  const [ids, quantities] = resultOf(book);
  return {
    block: { number: blockNumber, hash: block.hash, time: Number(block.timestamp) },
    oracle: {
      spot: price,
      updatedAt: Number(updatedAt),
      range: range.status === "success" ? { low: range.result[0], high: range.result[1] } : undefined,
    },
    vault: {
      cash: resultOf(cash),
      owed: resultOf(owed),
      freeCash: resultOf(freeCash),
      nav: resultOf(nav),
      shares: resultOf(shares),
      epoch: resultOf(epoch),
      epochEndsAt: Number(resultOf(epochEndsAt)),
    },
    mark: { ...resultOf(mark), time: Number(resultOf(mark).time) },
    hedge: { delta: resultOf(hedge), maxSlippageBps: Number(resultOf(slippage)) },
    book: ids.map((id, i) => ({ id, quantity: quantities[i] ?? 0n })),
    slices: slices.map((slice, i): SliceReading => {
      const [fields, postedAt] = resultOf(slice);
      return { expiry: Number(expiries[i]), ...fields, updatedAt: Number(postedAt) };
    }),
  };
}

function resultOf<T>(answer: Answer<T>): T {
  if (answer.status === "success") return answer.result;
  throw answer.error;
}
