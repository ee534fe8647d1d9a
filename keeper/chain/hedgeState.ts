import { type Address, parseAbi, zeroAddress } from "viem";
import { readSnapshot } from "../../sdk/actions/snapshot.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../sdk/units.ts";
import { type WantedQuotes, wantedQuotes } from "../hedging/planner.ts";
import type { HedgePolicy } from "../hedging/policy.ts";
import type { DeskReading, HedgeState, LoanTerms, QuotedVenue } from "../hedging/state.ts";
import type { HedgeVenue } from "../venues/venue.ts";
import type { Reader } from "./clients.ts";

/** Whom a hedge's state is read from. */
export interface HedgeSources {
  readonly contracts: KeelContracts;
  readonly protocols: Pick<ProtocolAddresses, "weth"> & {
    readonly aave: Pick<ProtocolAddresses["aave"], "dataProvider">;
  };
  readonly venues: readonly HedgeVenue[];
}

const lenderAbi = parseAbi([
  "function health() view returns (uint256)",
  "struct Terms { uint256 thresholdBps; uint256 ltvBps; bool canSupply; bool canBorrow; bool canRepay; uint256 withdrawable; }",
  "function terms() view returns (Terms)",
]);
/** Aave's `AaveProtocolDataProvider`; later versions answer with the same words. */
const dataProviderAbi = parseAbi([
  "struct ReserveData { uint256 unbacked; uint256 accruedToTreasury; uint256 totalAToken; uint256 totalStableDebt; uint256 totalVariableDebt; uint256 liquidityRate; uint256 variableBorrowRate; uint256 stableBorrowRate; uint256 averageStableBorrowRate; uint256 liquidityIndex; uint256 variableBorrowIndex; uint40 lastUpdateTimestamp; }",
  "function getReserveData(address asset) view returns (ReserveData)",
]);

const [KEEPERS, ANYONE] = [0, 1] as const;
/** Gas of a hedge, as measured on the local chain (docs/gas.md); it weighs against the trade, no more. */
const HEDGE_GAS = 450_000n;
/** What multicalls have in common: one call each, by code that is sent along. */
const ONE_CALL = { deployless: true, batchSize: 0 } as const;

/**
 * Reads all that a hedge is decided from at one block, in two round trips: the market and the desk; then what depends on them,
 * the lender's terms, the average near the price, and quotes for as much as the policy could want, if it could want anything.
 * The desk marks the book first, in a call that changes nothing on the chain, so that its net delta is exact.
 * @throws the contract's error when there is no price.
 */
export async function readHedgeState(
  client: Reader,
  { contracts, protocols, venues }: HedgeSources,
  blockNumber: bigint,
  policy: HedgePolicy,
): Promise<Omit<HedgeState, "memory">> {
  const [snapshot, block, desk] = await Promise.all([
    readSnapshot(client, contracts, blockNumber),
    client.getBlock({ blockNumber }),
    readDesk(client, contracts, blockNumber),
  ]);
  const { lending, ...rest } = desk;
  const wanted = wantedQuotes({ snapshot }, policy);
  const [{ average, loan }, quoted] = await Promise.all([
    readTerms(client, { contracts, protocols }, snapshot, lending),
    Promise.all(venues.map((venue) => ask(client, venue, wanted, blockNumber))),
  ]);
  return {
    snapshot,
    desk: { ...rest, loan },
    average,
    gasCost: fromWad((block.baseFeePerGas ?? 0n) * HEDGE_GAS) * fromWad(snapshot.mark.spot),
    venues: quoted,
  };
}

interface Lending {
  readonly lender: Address;
  readonly minHealth: number;
  readonly targetHealth: number;
}

async function readDesk(
  client: Reader,
  { vault, desk }: KeelContracts,
  blockNumber: bigint,
): Promise<Omit<DeskReading, "loan"> & { readonly lending: Lending }> {
  const [, netDelta, rules, keepers, anyone, bounty, [inventory, debt, collateral], lending] = await client.multicall({
    ...ONE_CALL,
    blockNumber,
    allowFailure: false,
    contracts: [
      { ...vault, functionName: "mark" },
      { ...desk, functionName: "netDelta" },
      { ...desk, functionName: "rules" },
      { ...desk, functionName: "budgetLeft", args: [KEEPERS] },
      { ...desk, functionName: "budgetLeft", args: [ANYONE] },
      { ...desk, functionName: "bountyLeft" },
      { ...desk, functionName: "holdings" },
      { ...desk, functionName: "lending" },
    ],
  });
  const { maxSlippageBps, publicSlippageBps, bandBps, gracePeriod, minBudgetNav } = rules;
  return {
    netDelta,
    rules: { maxSlippageBps, publicSlippageBps, bandBps, gracePeriod, minBudgetNav },
    budgets: {
      keepers: { turnover: keepers[0], loss: keepers[1] },
      anyone: { turnover: anyone[0], loss: anyone[1] },
      bounty,
    },
    holdings: { inventory, debt, collateral },
    lending,
  };
}

/** The average near the price, and what the lender allows and asks, if there is one. */
async function readTerms(
  client: Reader,
  { contracts: { oracle }, protocols }: Omit<HedgeSources, "venues">,
  { block: { number: blockNumber }, mark }: Snapshot,
  { lender, minHealth, targetHealth }: Lending,
): Promise<{ readonly average: bigint; readonly loan: LoanTerms | undefined }> {
  const near = { ...oracle, functionName: "averageNear", args: [mark.spot] } as const;
  if (BigInt(lender) === BigInt(zeroAddress)) {
    return { average: await client.readContract({ ...near, blockNumber }), loan: undefined };
  }
  const to = { address: lender, abi: lenderAbi } as const;
  const { aave, weth } = protocols;
  const [average, health, terms, reserve] = await client.multicall({
    ...ONE_CALL,
    blockNumber,
    contracts: [
      near,
      { ...to, functionName: "health" },
      { ...to, functionName: "terms" },
      { address: aave.dataProvider, abi: dataProviderAbi, functionName: "getReserveData", args: [weth] },
    ],
  });
  if (average.error) throw average.error;
  if (health.error) throw health.error;
  if (terms.error) throw terms.error;
  const { thresholdBps, canSupply, canBorrow, canRepay, withdrawable } = terms.result;
  return {
    average: average.result,
    loan: {
      health: health.result,
      minHealthBps: BigInt(minHealth),
      targetHealthBps: BigInt(targetHealth),
      ...{ thresholdBps, canSupply, canBorrow, canRepay, withdrawable },
      // It only weighs against the trade: without an answer the hedge goes on.
      borrowRate: reserve.error ? 0 : Number(reserve.result.variableBorrowRate) / 1e27,
    },
  };
}

async function ask(
  client: Reader,
  venue: HedgeVenue,
  wanted: WantedQuotes | undefined,
  blockNumber: bigint,
): Promise<QuotedVenue> {
  const { name, maxParts, home } = venue;
  const pools = wanted ? await venue.quote(client, { ...wanted, blockNumber }) : [];
  return { name, maxParts, home, pools };
}
