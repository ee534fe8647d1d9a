import { type Address, encodeFunctionData } from "viem";
import type { KeelContracts } from "../../sdk/contracts.ts";
import type { Duty } from "../hedging/duties/duty.ts";
import { toOnChainSlice } from "../../sdk/slice.ts";
import { toWad } from "../../sdk/units.ts";
import { type Fill, type FillFigures, readFill } from "./fill.ts";
import { type DeskOrder, rebalanceCall } from "./deskOrder.ts";
import { type Intent, plan } from "./intent.ts";
import type { Call } from "./call.ts";
import type { Urgency, VerifyEffect } from "./ports.ts";

/** Who asks, and for what. */
export interface Requester {
  readonly chainId: number;
  readonly account: Address;
  readonly market: string;
  readonly contracts: KeelContracts;
}

/** Duties that are a transaction of their own; an unwind is a hedge. */
export type Task = Exclude<Duty, { kind: "unwind" }>;

/** What a hedge's intent remembers, so that its receipt can be checked after a restart too. */
type HedgeExpectation = {
  readonly kind: "hedge";
  readonly market: string;
  readonly amount: bigint;
  readonly cashLimit: bigint;
  readonly venue: Address;
};

/** What there is one hedge of in flight. */
export function hedgeSlot(market: string): string {
  return `hedge:${market}`;
}

/** A hedge as an intent: one at a time in each market. @param id Names this hedge and no other. */
export function hedgeRequest(requester: Requester, order: DeskOrder, urgency: Urgency, id: string): Intent {
  const { market, contracts } = requester;
  const { amount, cashLimit, venue, deadline } = order;
  const expected: HedgeExpectation = { kind: "hedge", market, amount, cashLimit, venue };
  return plan({
    ...identity(requester),
    id,
    slot: hedgeSlot(market),
    urgency,
    call: hedgeCall(contracts, order),
    expected,
    expiresAt: deadline,
  });
}

/** The transaction that a hedge is. */
export function hedgeCall(contracts: Pick<KeelContracts, "desk">, order: DeskOrder): Call {
  return callOf(contracts.desk.address, encodeFunctionData(rebalanceCall(contracts, order)));
}

/** A duty as an intent: one of a kind at a time. */
export function taskRequest(requester: Requester, task: Task, id: string): Intent {
  const { market } = requester;
  return plan({
    ...identity(requester),
    id,
    slot: `${task.kind}:${market}`,
    urgency: "routine",
    call: taskCall(requester.contracts, task),
    expected: { kind: task.kind, market },
  });
}

/** The market that an intent belongs to, and what it is for. */
export function purposeOf({ expected }: Pick<Intent, "expected">): {
  readonly kind: "hedge" | Task["kind"];
  readonly market: string;
} {
  return expected as { kind: "hedge" | Task["kind"]; market: string };
}

/** Holds a hedge's receipt against its order; what a duty's call did, the contract has checked by not reverting. */
export function verifierOf(contracts: ReadonlyMap<string, KeelContracts>): VerifyEffect {
  return (intent, { logs }) => {
    const { kind, market } = purposeOf(intent);
    if (kind !== "hedge") return { kind: "effected", details: {} };
    const own = contracts.get(market);
    if (!own) return { kind: "unexpected", problem: `the configuration has no market ${market} any more` };
    const figures = readFill(logs, intent.expected as HedgeExpectation, intent.account, own);
    if ("problem" in figures) return { kind: "unexpected", problem: figures.problem };
    return { kind: "effected", details: { ...figures } };
  };
}

/** The fill of a hedge that was mined and did what it should; undefined for anything else. */
export function fillOf(intent: Intent): Fill | undefined {
  const { state } = intent;
  if (state.tag !== "mined" && state.tag !== "final") return undefined;
  if (state.outcome.kind !== "effected" || purposeOf(intent).kind !== "hedge") return undefined;
  const { block, gasUsed, gasCost } = state.inclusion;
  return { tx: state.hash, block: block.number, ...(state.outcome.details as FillFigures & object), gasUsed, gasCost };
}

function identity({ chainId, account }: Requester) {
  return { chainId, account };
}

function callOf(to: Address, data: `0x${string}`): Call {
  return { to, data, value: 0n };
}

function taskCall({ market, surface, vault }: KeelContracts, task: Task): Call {
  switch (task.kind) {
    case "settle":
      return callOf(
        market.address,
        encodeFunctionData({ ...market, functionName: "settle", args: [BigInt(task.expiry), task.roundId] }),
      );
    case "exercise-for":
      return callOf(
        market.address,
        encodeFunctionData({ ...market, functionName: "exerciseFor", args: [task.id, task.holders] }),
      );
    case "post-surface": {
      const expiries = task.slices.map(({ expiry }) => BigInt(expiry));
      const slices = task.slices.map(({ slice }) => toOnChainSlice(slice));
      return callOf(
        surface.address,
        encodeFunctionData({ ...surface, functionName: "post", args: [expiries, slices] }),
      );
    }
    case "mark":
      return callOf(vault.address, encodeFunctionData({ ...vault, functionName: "mark" }));
    case "process-epoch":
      return callOf(vault.address, encodeFunctionData({ ...vault, functionName: "processEpoch" }));
    case "list-series": {
      const args = [BigInt(task.expiry), task.strikes.map(toWad)] as const;
      return callOf(market.address, encodeFunctionData({ ...market, functionName: "listSeries", args }));
    }
  }
}
