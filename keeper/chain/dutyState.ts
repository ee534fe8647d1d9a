import { type Address, type ContractFunctionReturnType, parseAbiItem } from "viem";
import { UserError } from "../../sdk/userError.ts";
import type { DutyState, UnpaidHolder } from "../hedging/duties/plan.ts";
import type { TargetSlice } from "../hedging/duties/surfacePosts.ts";
import type { SurfaceLimits } from "../hedging/duties/surfaceStep.ts";
import { fromOnChainSlice } from "../../sdk/slice.ts";
import { decodeSeries } from "../../sdk/series.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { surfaceOf, surfaceVol } from "../../sdk/pricing/index.ts";
import { fromWad } from "../../sdk/units.ts";
import type { volSurfaceAbi } from "../../sdk/abi/volSurface.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import { findSettlementRound } from "../../sdk/settlementRound.ts";

/** What the duties are decided from besides the snapshot. */
export interface DutySources {
  readonly contracts: KeelContracts;
  /** Chainlink's proxy. */
  readonly feed: Address;
  /** First block in which anything can have happened. */
  readonly startBlock: bigint;
  /** Calibrated slices that can be trusted; none without quotes. */
  readonly targets: readonly TargetSlice[];
}

const autoExerciseSet = parseAbiItem("event AutoExerciseSet(address indexed holder, bool allowed)");

/** Reads at the snapshot's block what `planDuties` wants to know. */
export async function readDutyState(client: Reader, sources: DutySources, snapshot: Snapshot): Promise<DutyState> {
  const { contracts, targets } = sources;
  const { vault, surface } = contracts;
  const { block, mark, hedge, book, slices } = snapshot;
  const at = { blockNumber: block.number } as const;
  const [openExpiries, [stored], limits] = await Promise.all([
    client.readContract({ ...vault, functionName: "openExpiries", ...at }),
    client.readContract({ ...vault, functionName: "currentMark", ...at }),
    client.readContract({ ...surface, functionName: "limits", ...at }),
  ]);
  const expired = openExpiries.map(Number).filter((expiry) => expiry <= block.time);
  const posted = slices.map((slice) => ({
    expiry: slice.expiry,
    slice: fromOnChainSlice(slice),
    updatedAt: slice.updatedAt,
  }));
  return {
    now: block.time,
    spot: fromWad(mark.spot),
    mark: { time: stored.time, spot: fromWad(stored.spot) },
    epoch: { number: snapshot.vault.epoch, endsAt: snapshot.vault.epochEndsAt },
    expired: await Promise.all(expired.map((expiry) => withRound(client, sources, expiry))),
    unpaid: await readUnpaid(client, sources, block.number),
    hedge: fromWad(hedge.delta),
    hasOptions: book.some(({ quantity }) => quantity !== 0n),
    surface: { posted, targets, limits: limitsOf(limits) },
    listed: listingsOf(snapshot),
    volAt: volOf(snapshot),
  };
}

async function withRound(
  client: Reader,
  { contracts: { vault }, feed }: DutySources,
  expiry: number,
): Promise<DutyState["expired"][number]> {
  const args = [BigInt(expiry)] as const;
  const oracle = await client.readContract({ ...vault, functionName: "oracleOf", args });
  try {
    return { expiry, roundId: await findSettlementRound(client, feed, BigInt(expiry), oracle) };
  } catch (error) {
    if (error instanceof UserError) return { expiry }; // there is no round yet
    throw error;
  }
}

/** Those who asked to be paid unasked, with what they hold of settled series. */
async function readUnpaid(
  client: Reader,
  { contracts: { vault, market }, startBlock }: DutySources,
  toBlock: bigint,
): Promise<UnpaidHolder[]> {
  const range = { fromBlock: startBlock, toBlock };
  const asked = await client.getLogs({ address: market.address, event: autoExerciseSet, strict: true, ...range });
  const allowed = new Map(asked.map(({ args }) => [args.holder, args.allowed]));
  const holders = [...allowed].flatMap(([holder, isAllowed]) => (isAllowed ? [holder] : []));
  if (holders.length === 0) return [];
  const settled = await client.getContractEvents({ ...vault, eventName: "ExpirySettled", strict: true, ...range });
  if (settled.length === 0) return [];
  const prices = new Map(settled.map(({ args }) => [Number(args.expiry), fromWad(args.price)]));
  const listed = await client.getContractEvents({ ...vault, eventName: "SeriesListed", strict: true, ...range });
  const worth = listed.flatMap(({ args }) => {
    const series = decodeSeries(args.id);
    const price = prices.get(series.expiry);
    const payout = price === undefined ? 0 : payoutOf(series, price);
    return payout > 0 ? [{ id: args.id, payout }] : [];
  });
  const pairs = worth.flatMap(({ id, payout }) => holders.map((holder) => ({ id, payout, holder })));
  const held = await Promise.all(
    pairs.map(({ id, holder }) =>
      client.readContract({ ...market, functionName: "balanceOf", args: [holder, id], blockNumber: toBlock }),
    ),
  );
  return pairs.flatMap(({ id, payout, holder }, i) => {
    const quantity = fromWad(held[i] ?? 0n);
    return quantity > 0 ? [{ id, holder, payout: payout * quantity }] : [];
  });
}

function payoutOf({ kind, strike }: ReturnType<typeof decodeSeries>, price: number): number {
  return Math.max(0, kind === "call" ? price - fromWad(strike) : fromWad(strike) - price);
}

type OnChainLimits = ContractFunctionReturnType<typeof volSurfaceAbi, "view", "limits">;

function limitsOf(limits: OnChainLimits): SurfaceLimits {
  const { minInterval, maxTenor, maxExpiries } = limits;
  return {
    ...{ minInterval, maxTenor, maxExpiries },
    minVol: fromWad(limits.minVol),
    maxVol: fromWad(limits.maxVol),
    maxSkew: fromWad(limits.maxSkew),
    maxCurvature: fromWad(limits.maxCurvature),
    maxCarry: fromWad(limits.maxCarry),
    maxVolStep: fromWad(limits.maxVolStep),
    maxSkewStep: fromWad(limits.maxSkewStep),
    maxWingStep: fromWad(limits.maxWingStep),
    maxCarryStep: fromWad(limits.maxCarryStep),
  };
}

function listingsOf({ book }: Snapshot): DutyState["listed"] {
  const strikes = new Map<number, Set<number>>();
  for (const { id } of book) {
    const { expiry, strike } = decodeSeries(id);
    strikes.set(expiry, (strikes.get(expiry) ?? new Set()).add(fromWad(strike)));
  }
  return [...strikes].map(([expiry, own]) => ({ expiry, strikes: [...own] }));
}

function volOf({ slices, block }: Snapshot): DutyState["volAt"] {
  const live = slices.map((slice) => ({ slice: fromOnChainSlice(slice), timeToExpiry: slice.expiry - block.time }));
  const last = live.at(-1)?.timeToExpiry ?? 0;
  return (expiry) => {
    const timeToExpiry = expiry - block.time;
    return timeToExpiry > 0 && timeToExpiry <= last ? surfaceVol(surfaceOf(live), timeToExpiry, 0) : undefined;
  };
}
