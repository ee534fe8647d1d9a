import { type Address, type ContractFunctionReturnType, type TransactionReceipt, parseEventLogs } from "viem";
import { optionMarketAbi } from "../abi/optionMarket.ts";
import type { KeelClient, KeelReader } from "../client.ts";
import { abs } from "../units.ts";
import { addressOf, approveUsdc, write } from "./write.ts";

/** One line of a trade: WAD contracts, positive to buy, negative to sell back. */
export interface Leg {
  readonly id: bigint;
  readonly quantity: bigint;
}

/** What a trade costs, component by component: `Quoting.Quote`. WAD USDC, but `total`, which is USDC with 6 decimals. */
export type Quote = ContractFunctionReturnType<typeof optionMarketAbi, "view", "quote">[0];

export interface TradeOptions {
  readonly legs: readonly Leg[];
  /** The most USDC (6 decimals) to pay in all; negative: the least to get. Without it, what is quoted and `toleranceBps`. */
  readonly cashLimit?: bigint;
  /** How much worse than quoted the trade may be, basis points of the total. One percent by default. */
  readonly toleranceBps?: bigint;
  /** Gets options and cash; the sender by default. */
  readonly recipient?: Address;
  /** Seconds until the trade is no longer wanted; two minutes by default. */
  readonly window?: bigint;
}

const BPS = 10_000n;
const TOLERANCE_BPS = 100n;
const WINDOW = 120n;

/**
 * What the market asks for a trade at the newest block. It refuses what `trade` would.
 * @throws viem's error with the contract's own: see {@link revertOf}.
 */
export async function quote({ public: reader, contracts }: KeelReader, legs: readonly Leg[]): Promise<Quote> {
  const [priced] = await reader.readContract({ ...contracts.market, functionName: "quote", args: [legs] });
  return priced;
}

/** Buys, sells back, spreads or rolls, all legs or none. Approves as much USDC as the limit, if that is missing. */
export async function trade(
  client: KeelClient,
  options: TradeOptions,
): Promise<{ readonly receipt: TransactionReceipt; readonly quote: Quote; readonly insured: bigint }> {
  const { legs, recipient = addressOf(client), window = WINDOW } = options;
  const { market } = client.contracts;
  const cashLimit = options.cashLimit ?? (await limitOf(client, options));
  if (cashLimit > 0n) await approveUsdc(client, market.address, cashLimit);
  const { timestamp } = await client.public.getBlock();
  const args = [legs, cashLimit, recipient, timestamp + window] as const;
  const receipt = await write(client, { ...market, functionName: "trade", args });
  const [event] = parseEventLogs({ abi: optionMarketAbi, logs: receipt.logs, eventName: "Traded" });
  if (!event) throw new Error(`Transaction ${receipt.transactionHash} traded, and says nothing of it.`);
  return { receipt, quote: event.args.quote, insured: event.args.insured };
}

async function limitOf(client: KeelReader, { legs, toleranceBps = TOLERANCE_BPS }: TradeOptions): Promise<bigint> {
  const { total } = await quote(client, legs);
  return total + (abs(total) * toleranceBps) / BPS;
}
