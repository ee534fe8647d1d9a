import { type Hash, type Log, isAddressEqual, parseEventLogs } from "viem";
import type { KeelContracts } from "../../sdk/contracts.ts";
import type { DeskOrder } from "./deskOrder.ts";
import { abs } from "../../sdk/units.ts";

/** What a mined hedge did, by its receipt. */
export interface Fill {
  readonly tx: Hash;
  readonly block: bigint;
  /** WAD: positive bought, negative sold. */
  readonly amount: bigint;
  /** USDC spent or received. */
  readonly cash: bigint;
  /** Oracle price at the fill, WAD. */
  readonly spot: bigint;
  readonly netDeltaBefore: bigint;
  readonly netDeltaAfter: bigint;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly gasCost: bigint;
}

/** The part of a fill that the desk's event tells. */
export type FillFigures = Pick<Fill, "amount" | "cash" | "spot" | "netDeltaBefore" | "netDeltaAfter">;

/** The fill in a receipt's logs, or what in them contradicts the order. */
export function readFill(
  logs: readonly Log[],
  order: Pick<DeskOrder, "amount" | "cashLimit" | "venue">,
  from: `0x${string}`,
  { desk }: Pick<KeelContracts, "desk">,
): FillFigures | { readonly problem: string } {
  const own = logs.filter(({ address }) => isAddressEqual(address, desk.address));
  const [event] = parseEventLogs({ abi: desk.abi, logs: own, eventName: "Rebalanced" });
  if (!event) return { problem: "its receipt has no Rebalanced event of the desk" };
  const { args } = event;
  const problem = problemWith(args, order, from);
  if (problem) return { problem };
  const { amount, cash, spot, netDeltaBefore, netDeltaAfter } = args;
  return { amount, cash, spot, netDeltaBefore, netDeltaAfter };
}

interface Rebalanced extends FillFigures {
  readonly caller: `0x${string}`;
  readonly venue: `0x${string}`;
}

function problemWith(
  event: Rebalanced,
  order: Pick<DeskOrder, "amount" | "cashLimit" | "venue">,
  from: `0x${string}`,
): string | undefined {
  const { amount, cash, netDeltaBefore, netDeltaAfter } = event;
  if (!isAddressEqual(event.caller, from)) return `it names the caller ${event.caller}, not ${from}`;
  if (!isAddressEqual(event.venue, order.venue)) return `it went to ${event.venue}, not to ${order.venue}`;
  const isPart = amount > 0n ? amount <= order.amount : amount < 0n && amount >= order.amount;
  if (!isPart) return `it traded ${amount}, not up to ${order.amount}`;
  // A thin pool fills in part: the limit holds pro rata.
  const isWithinLimit =
    amount > 0n ? cash * order.amount <= order.cashLimit * amount : cash * -order.amount >= order.cashLimit * -amount;
  if (!isWithinLimit) return `its cash ${cash} is outside the limit ${order.cashLimit} for ${order.amount}`;
  if (abs(netDeltaAfter) >= abs(netDeltaBefore)) return `it left the net delta at ${netDeltaAfter}`;
  return undefined;
}
