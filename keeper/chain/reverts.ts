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
import { messageOf } from "../errors.ts";
import { hedgeDeskAbi } from "./abi/hedgeDesk.ts";
import { optionMarketAbi } from "./abi/optionMarket.ts";
import { optionVaultAbi } from "./abi/optionVault.ts";
import { priceOracleAbi } from "./abi/priceOracle.ts";
import { volSurfaceAbi } from "./abi/volSurface.ts";

/** Why a contract refused a call. */
export interface Revert {
  /** Name of the custom error, or the reason string of contracts that use those. */
  readonly name: string;
  /** `NotTowardsNeutral(amount 5, netDelta -3)`, and what it means where that helps. */
  readonly sentence: string;
}

/** Any contract's errors may surface through another's call, so one list decodes them all. */
const ERRORS: Abi = [
  ...[hedgeDeskAbi, optionVaultAbi, optionMarketAbi, priceOracleAbi, volSurfaceAbi].flatMap((abi) =>
    (abi as Abi).filter(({ type }) => type === "error"),
  ),
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
  NotTowardsNeutral: "the net delta has changed since the order was planned",
  SlippageExceeded: "the venue's price is too far from the oracle's",
  StalePrice: "the oracle has not been updated for too long",
  TradingClosed: "trading in this series has ended",
  VegaCapacityExceeded: "the vault cannot take on this much volatility risk",
  "Too much requested": "the venue's price is too far from the oracle's",
  "Too little received": "the venue's price is too far from the oracle's",
  STF: "the venue's price is too far from the oracle's, so that the swap costs more than was sent",
};

/**
 * Errors that say that the venue would fill outside the order's cash limit: a smaller order may still pass. Uniswap's router
 * collects a purchase's payment before it compares it with the maximum, so too dear a purchase fails as STF.
 */
const PRICE_REASONS = ["SlippageExceeded", "Too much requested", "Too little received", "STF"];

/** What a failed call says, or undefined when the failure is not a contract's answer (a dead line, for instance). */
export function revertOf(error: unknown): Revert | undefined {
  const reverted = error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) return undefined;
  if (reverted.raw && reverted.raw !== "0x") return decodeRevert(reverted.raw);
  const reason = reverted.reason ?? reverted.shortMessage;
  return { name: reason, sentence: withMeaning(reason, reason) };
}

/** Whether a revert means that the venue's price was outside the limit. */
export function isPriceRevert({ name }: Revert): boolean {
  return PRICE_REASONS.includes(name);
}

/** Whether an error comes from the chain or from the line to it, and not from a mistake in this program. */
export function isChainError(error: unknown): boolean {
  return error instanceof BaseError;
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
