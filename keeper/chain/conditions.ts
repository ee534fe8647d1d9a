import { parseAbi, zeroAddress } from "viem";
import type { HedgeConditions } from "../hedging/conditions.ts";
import { borrowable } from "../hedging/conditions.ts";
import type { Snapshot } from "../portfolio/snapshot.ts";
import { WAD, WAD_PER_USDC_UNIT, fromWad } from "../units.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "./contracts.ts";

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
  { desk }: Pick<KeelContracts, "desk">,
  snapshot: Snapshot,
): Promise<HedgeConditions> {
  const blockNumber = snapshot.block.number;
  const [[turnover, loss], [, debt, collateral], lending, block] = await Promise.all([
    client.readContract({ ...desk, functionName: "budgetLeft", args: [KEEPER_LANE], blockNumber }),
    client.readContract({ ...desk, functionName: "holdings", blockNumber }),
    client.readContract({ ...desk, functionName: "lending", blockNumber }),
    client.getBlock({ blockNumber }),
  ]);
  const { mark, vault } = snapshot;
  const nav = vault.nav > 0n ? vault.nav : 0n;
  const usdc = (share: bigint) => (share * nav) / (WAD * WAD_PER_USDC_UNIT);
  const shared = {
    gasCost: fromWad((block.baseFeePerGas ?? 0n) * HEDGE_GAS) * fromWad(mark.spot),
    budgets: { turnover: usdc(turnover), loss: usdc(loss) },
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
