import { parseAbi, zeroAddress } from "viem";
import type { HedgeConditions } from "../hedging/conditions.ts";
import { borrowable } from "../hedging/conditions.ts";
import { slippageOf } from "../hedging/route.ts";
import { type Snapshot, netDeltaOf } from "../../sdk/portfolio/snapshot.ts";
import { WAD, WAD_PER_USDC_UNIT, abs, fromWad, least, toWad } from "../../sdk/units.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import { type QuoterContracts, readQuotes } from "./quoter.ts";

/** The pool that orders go through, and how it is asked what it would give. */
export interface HedgePool {
  readonly quoter: QuoterContracts;
  /** Hundredths of a basis point: what names the pool. */
  readonly feeTier: number;
  /** Contracts: the largest order. */
  readonly maxClip: number;
}

const lenderAbi = parseAbi([
  "function terms() view returns ((uint256 thresholdBps, uint256 ltvBps, bool canSupply, bool canBorrow, bool canRepay, uint256 withdrawable))",
]);

/** The desk's lane for keepers. */
const KEEPER_LANE = 0;
/** Gas of a hedge, as measured on the local chain (docs/gas.md); it weighs against the trade, no more. */
const HEDGE_GAS = 450_000n;
/** Grace above the desk's health target, so that rounding and a tick of interest do not refuse the loan. */
const HEALTH_MARGIN_BPS = 200n;

/** What bears on a hedge besides the snapshot, read at the snapshot's block. */
export async function readConditions(
  client: Reader,
  { desk, oracle }: Pick<KeelContracts, "desk" | "oracle">,
  snapshot: Snapshot,
  pool: HedgePool,
): Promise<HedgeConditions> {
  const { mark, vault } = snapshot;
  const blockNumber = snapshot.block.number;
  const [[turnover, loss], [, debt, collateral], lending, block, average, expectedBps] = await Promise.all([
    client.readContract({ ...desk, functionName: "budgetLeft", args: [KEEPER_LANE], blockNumber }),
    client.readContract({ ...desk, functionName: "holdings", blockNumber }),
    client.readContract({ ...desk, functionName: "lending", blockNumber }),
    client.getBlock({ blockNumber }),
    client.readContract({ ...oracle, functionName: "averageNear", args: [mark.spot], blockNumber }),
    readExpected(client, snapshot, pool),
  ]);
  const nav = vault.nav > 0n ? vault.nav : 0n;
  const usdc = (share: bigint) => (share * nav) / (WAD * WAD_PER_USDC_UNIT);
  const shared = {
    gasCost: fromWad((block.baseFeePerGas ?? 0n) * HEDGE_GAS) * fromWad(mark.spot),
    budgets: { turnover: usdc(turnover), loss: usdc(loss) },
    average,
    ...(expectedBps !== undefined && { expectedBps }),
  };
  if (lending.lender === zeroAddress) return shared;
  const terms = await client.readContract({
    address: lending.lender,
    abi: lenderAbi,
    functionName: "terms",
    blockNumber,
  });
  if (!terms.canBorrow || !terms.canSupply) return shared;
  const loan = { collateral, addable: vault.freeCash, debt, thresholdBps: terms.thresholdBps };
  return { ...shared, shortable: borrowable(loan, mark.spot, BigInt(lending.targetHealth) + HEALTH_MARGIN_BPS) };
}

/** How the pool would fill the largest order that the net delta asks for; undefined when it cannot, or there is nobody to ask. */
async function readExpected(
  client: Reader,
  snapshot: Snapshot,
  { quoter, feeTier, maxClip }: HedgePool,
): Promise<number | undefined> {
  const netDelta = netDeltaOf(snapshot);
  const size = least(abs(netDelta), toWad(maxClip));
  if (size === 0n) return undefined;
  const request = { isBuy: netDelta < 0n, sizes: [size], feeTiers: [feeTier], blockNumber: snapshot.block.number };
  const [pool] = await readQuotes(client, quoter, request);
  const quote = pool?.quotes[0];
  return quote && slippageOf(netDelta < 0n ? size : -size, quote.cash, fromWad(snapshot.mark.spot));
}
