import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  type Hex,
  HttpRequestError,
  TimeoutError,
  decodeErrorResult,
  parseAbi,
} from "viem";
import { messageOf } from "./userError.ts";
import { errorsAbi } from "./abi/errors.ts";

/** Why a contract refused a call. */
export interface Revert {
  /** Name of the custom error, or the reason string of contracts that use those. */
  readonly name: string;
  /** `NotTowardsNeutral(amount 5, netDelta -3)`, and what it means where that helps. */
  readonly sentence: string;
}

/** Any contract's errors may surface through another's call, so one list decodes them all. */
const ERRORS: Abi = [
  ...errorsAbi,
  ...parseAbi([
    "error AccessManagedUnauthorized(address caller)",
    "error Error(string reason)",
    "error Panic(uint256 code)",
  ]),
];

const MEANINGS: Readonly<Record<string, string>> = {
  AccessManagedUnauthorized: "the account lacks the role for this call",
  DeadlinePassed: "the transaction was mined too late",
  InsufficientCash: "the vault has too little free cash",
  NoSlice: "no volatility slice is posted for this expiry",
  HealthTooLow: "the lender would not be safe with this loan",
  LenderClosed: "the lending market takes no new loans at the moment",
  LossExceeded: "the budget for losses against the oracle is used up until it refills",
  NothingFilled: "the venue's price is too far from the oracle's",
  NotTowardsNeutral: "the net delta has changed since the order was planned",
  SlippageExceeded: "the venue's price is too far from the oracle's",
  StalePrice: "the oracle has not been updated for too long",
  TradingClosed: "trading in this series has ended",
  TurnoverExceeded: "the budget for turnover is used up until it refills",
  VegaCapacityExceeded: "the vault cannot take on this much volatility risk",
  VegaWindowExceeded: "trades have lately added as much volatility risk as may be added in one go: try less, or later",
  GammaCapacityExceeded: "the vault cannot take on this much gamma",
  SeriesCapExceeded: "the vault sells no more of this series",
  ExpiryCapExceeded: "the vault sells no more of this expiry",
  StressLossTooLarge: "in the worst stress scenario too little of the vault would be left",
  NoCapacity: "the vault has no net assets to carry new risk; closing goes on",
  OpeningPaused: "a guardian has stopped new risk; closing goes on",
  DrawdownTooLarge: "the vault has lost too much lately to take on new risk; closing goes on",
  FeedStale: "the oracle is late: closing only",
  PricesDisagree: "oracle and DEX disagree: closing only",
  SurfaceStale: "the volatility surface is old: closing only",
};

/** Errors that say that the venue would fill outside the order's cash limit, or a budget: a smaller order may still pass. */
const PRICE_REASONS = ["SlippageExceeded", "NothingFilled", "LossExceeded", "TurnoverExceeded"];

/** What a failed call says, or undefined when the failure is not a contract's answer (a dead line, for instance). */
export function revertOf(error: unknown): Revert | undefined {
  const reverted = error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) return undefined;
  if (reverted.raw && reverted.raw !== "0x") return decodeRevert(reverted.raw);
  const reason = reverted.reason ?? reverted.shortMessage;
  return { name: reason, sentence: withMeaning(reason, reason) };
}

/** Whether a revert means that less of the order may still pass. */
export function isPriceRevert({ name }: Revert): boolean {
  return PRICE_REASONS.includes(name);
}

/** One clause for whatever went wrong with a call. */
export function callFailure(error: unknown): string {
  if (!(error instanceof BaseError)) return messageOf(error);
  if (error.walk((e) => e instanceof HttpRequestError || e instanceof TimeoutError)) return "the node does not answer";
  return revertOf(error)?.sentence ?? error.shortMessage;
}

/** Decodes a revert's data. */
export function decodeRevert(data: Hex): Revert {
  try {
    const { errorName, args = [], abiItem } = decodeErrorResult({ abi: ERRORS, data });
    if (errorName === "Error")
      return { name: String(args[0]), sentence: withMeaning(String(args[0]), String(args[0])) };
    const inputs = abiItem.type === "error" ? abiItem.inputs : [];
    const described = inputs.map(({ name }, i) => `${name ?? ""} ${String(args[i])}`.trim());
    return { name: errorName, sentence: withMeaning(errorName, `${errorName}(${described.join(", ")})`) };
  } catch {
    return { name: data.slice(0, 10), sentence: `an error that Keel does not know (${data})` };
  }
}

function withMeaning(name: string, sentence: string): string {
  const meaning = MEANINGS[name];
  return meaning ? `${sentence}: ${meaning}` : sentence;
}
