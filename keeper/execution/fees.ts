import type { Urgency } from "../hedging/urgency.ts";

/** EIP-1559 fees of one transaction, wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What the chain asks at the moment, wei per gas. */
export interface FeeMarket {
  readonly baseFee: bigint;
  readonly suggestedTip: bigint;
}

/** How one urgency pays and waits. */
export interface FeeLane {
  /** Never signed above this, wei per gas. */
  readonly maxFeeCap: bigint;
  readonly minTip: bigint;
  readonly tipCap: bigint;
  /** Room for the base fee to rise before the transaction is stuck, in percent of today's. */
  readonly baseFeePercent: bigint;
  /** Blocks that a transaction may wait before it is replaced by a dearer one. */
  readonly replaceAfterBlocks: bigint;
}

export type FeePolicy = Readonly<Record<Urgency, FeeLane>>;

const GWEI = 10n ** 9n;

/** Fits mainnet in ordinary times; an emergency may pay what it takes, within reason. */
export const DEFAULT_FEE_POLICY: FeePolicy = {
  routine: {
    maxFeeCap: 60n * GWEI,
    minTip: GWEI / 100n,
    tipCap: 3n * GWEI,
    baseFeePercent: 200n,
    replaceAfterBlocks: 5n,
  },
  urgent: {
    maxFeeCap: 200n * GWEI,
    minTip: GWEI / 10n,
    tipCap: 15n * GWEI,
    baseFeePercent: 250n,
    replaceAfterBlocks: 3n,
  },
  emergency: {
    maxFeeCap: 1_000n * GWEI,
    minTip: GWEI,
    tipCap: 100n * GWEI,
    baseFeePercent: 300n,
    replaceAfterBlocks: 1n,
  },
};

/** Nodes take a second transaction with the same nonce only if both fees are 10 % higher. */
const BUMP_PERMILLE = 1_125n;

/** Fees of a first attempt; undefined when the chain asks more than the lane pays: wait. */
export function firstFees({ baseFee, suggestedTip }: FeeMarket, lane: FeeLane): Fees | undefined {
  const tip = clamp(suggestedTip, lane.minTip, lane.tipCap);
  if (baseFee + tip > lane.maxFeeCap) return undefined;
  const wanted = (baseFee * lane.baseFeePercent) / 100n + tip;
  return { maxFeePerGas: lowest(wanted, lane.maxFeeCap), maxPriorityFeePerGas: tip };
}

/**
 * Fees that take the place of `previous`: 12.5 % above it, or what a first attempt would pay if that is more. Undefined when
 * that passes the lane's caps, or would still be below the base fee: the attempt that is out waits.
 */
export function replacementFees(previous: Fees, market: FeeMarket, lane: FeeLane): Fees | undefined {
  const fresh = firstFees(market, lane);
  const maxPriorityFeePerGas = highest(bumped(previous.maxPriorityFeePerGas), fresh?.maxPriorityFeePerGas ?? 0n);
  const maxFeePerGas = highest(bumped(previous.maxFeePerGas), fresh?.maxFeePerGas ?? 0n, maxPriorityFeePerGas);
  const isWithinCaps = maxFeePerGas <= lane.maxFeeCap && maxPriorityFeePerGas <= lane.tipCap;
  return isWithinCaps && maxFeePerGas > market.baseFee ? { maxFeePerGas, maxPriorityFeePerGas } : undefined;
}

/** Rounded up: a bump that is a wei short is refused. */
function bumped(fee: bigint): bigint {
  return (fee * BUMP_PERMILLE + 999n) / 1_000n;
}

function clamp(x: bigint, low: bigint, high: bigint): bigint {
  return lowest(highest(x, low), high);
}

function lowest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function highest(...values: readonly bigint[]): bigint {
  return values.reduce((top, x) => (x > top ? x : top), 0n);
}
