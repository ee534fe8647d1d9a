import { type Address, parseAbi } from "viem";
import type { DeskState, LoanTerms } from "../hedging/deskState.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";

const lenderAbi = parseAbi([
  "function health() view returns (uint256)",
  "struct Terms { uint256 thresholdBps; uint256 ltvBps; bool canSupply; bool canBorrow; bool canRepay; uint256 withdrawable; }",
  "function terms() view returns (Terms)",
]);
const [KEEPERS, ANYONE] = [0, 1] as const;

/**
 * Reads all that bounds a hedge, at one block; the lender's terms in a second call, since the desk says which lender it is, and
 * with them the average near the price.
 * The book is marked first, in a call that changes nothing on the chain, so that the net delta is exact.
 * @throws the contract's error when there is no price.
 */
export async function readDeskState(
  client: Reader,
  { vault, desk, oracle }: Pick<KeelContracts, "vault" | "desk" | "oracle">,
  blockNumber: bigint,
): Promise<DeskState> {
  const at = { blockNumber, deployless: true, batchSize: 0, allowFailure: false } as const;
  const [block, answers] = await Promise.all([
    client.getBlock({ blockNumber }),
    client.multicall({
      ...at,
      contracts: [
        { ...vault, functionName: "mark" },
        { ...desk, functionName: "netDelta" },
        { ...oracle, functionName: "spot" },
        { ...vault, functionName: "nav" },
        { ...vault, functionName: "freeCash" },
        { ...vault, functionName: "openContracts" },
        { ...desk, functionName: "rules" },
        { ...desk, functionName: "budgetLeft", args: [KEEPERS] },
        { ...desk, functionName: "budgetLeft", args: [ANYONE] },
        { ...desk, functionName: "bountyLeft" },
        { ...desk, functionName: "holdings" },
        { ...desk, functionName: "lending" },
        { ...desk, functionName: "seenOutside" },
      ],
    }),
  ]);
  const [, netDelta, [spot], nav, freeCash, openContracts, rules, keepers, anyone, bounty, holdings, lending, seen] =
    answers;
  const [inventory, debt, collateral] = holdings;
  const [loan, average] = await Promise.all([
    readTerms(client, lending, blockNumber),
    client.readContract({ ...oracle, functionName: "averageNear", args: [spot], blockNumber }),
  ]);
  return {
    block: { number: blockNumber, time: Number(block.timestamp) },
    spot,
    average,
    netDelta,
    nav,
    freeCash,
    isFlat: openContracts === 0n,
    rules,
    budgets: {
      keepers: { turnover: keepers[0], loss: keepers[1] },
      anyone: { turnover: anyone[0], loss: anyone[1] },
      bounty,
    },
    hedge: { inventory, debt, collateral },
    loan,
    seenOutside: { long: Number(seen[0]), short: Number(seen[1]) },
  };
}

async function readTerms(
  client: Reader,
  { lender, minHealth, targetHealth }: { lender: Address; minHealth: number; targetHealth: number },
  blockNumber: bigint,
): Promise<LoanTerms | undefined> {
  if (BigInt(lender) === 0n) return undefined;
  const to = { address: lender, abi: lenderAbi } as const;
  const [health, terms] = await client.multicall({
    blockNumber,
    deployless: true,
    batchSize: 0,
    allowFailure: false,
    contracts: [
      { ...to, functionName: "health" },
      { ...to, functionName: "terms" },
    ],
  });
  const { thresholdBps, canBorrow } = terms;
  return { health, minHealthBps: BigInt(minHealth), targetHealthBps: BigInt(targetHealth), thresholdBps, canBorrow };
}
