import {
  type Hash,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
  WaitForTransactionReceiptTimeoutError,
  isAddressEqual,
  parseEventLogs,
} from "viem";
import { type Reader, type Signer, addressOf } from "../chain/clients.ts";
import type { KeelContracts } from "../chain/contracts.ts";
import { type Revert, isPriceRevert, revertOf } from "../chain/reverts.ts";
import { halveOrder } from "../hedging/clip.ts";
import type { Order } from "../hedging/planner.ts";
import { abs } from "../units.ts";

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

/** How an order ended. */
export type Execution =
  | { readonly outcome: "filled"; readonly fill: Fill }
  /** The simulation failed: nothing was sent. */
  | { readonly outcome: "refused"; readonly revert: Revert }
  /** It was mined and failed: it cost gas and changed nothing. */
  | { readonly outcome: "reverted"; readonly tx: Hash; readonly gasUsed: bigint; readonly gasCost: bigint }
  /** An earlier transaction of the keeper is not mined yet: nothing was sent. */
  | { readonly outcome: "in-flight"; readonly tx?: Hash }
  /** The receipt does not say what was ordered. The keeper must not go on by itself. */
  | { readonly outcome: "unexpected"; readonly tx: Hash; readonly problem: string };

export interface Executor {
  /** Simulates and sends `order`, and waits until it is mined. Never sends while an earlier one is unresolved. */
  execute(order: Order): Promise<Execution>;
  /** The order that would be sent, or why none would be. */
  simulate(order: Order): Promise<Simulation>;
}

export type Simulation =
  | { readonly passes: true; readonly order: Order; readonly gas: bigint }
  | { readonly passes: false; readonly revert: Revert };

export interface ExecutorOptions {
  readonly client: Reader;
  readonly signer: Signer;
  readonly contracts: KeelContracts;
  /** Blocks until a transaction counts as done. */
  readonly confirmations: number;
  /** Smallest order worth sending, WAD: how far one is cut down for a shallow pool. */
  readonly minAmount: bigint;
  /** How long to wait for a receipt before the next tick looks again, milliseconds. */
  readonly receiptTimeoutMs?: number;
}

const RECEIPT_TIMEOUT_MS = 120_000;
/** Gas sent beyond the estimate, in percent: the mark's cost changes with the book between estimate and inclusion. */
const GAS_MARGIN = 25n;
/** A hedge of a full book costs a fraction of this; one that needs more is not understood and not sent. */
const MAX_GAS = 12_000_000n;

/** The one place that sends the keeper's transactions. */
export function createExecutor(options: ExecutorOptions): Executor {
  const { client, signer, contracts, confirmations, receiptTimeoutMs = RECEIPT_TIMEOUT_MS } = options;
  const from = addressOf(signer);
  let unresolved: { readonly tx: Hash; readonly order: Order } | undefined;

  async function execute(order: Order): Promise<Execution> {
    if (unresolved) return resolve(unresolved);
    if (await hasUnminedTransactions(client, from)) return { outcome: "in-flight" };
    const simulation = await simulate(order);
    if (!simulation.passes) return { outcome: "refused", revert: simulation.revert };

    const tx = await signer.wallet.writeContract({
      ...callOf(simulation.order),
      account: signer.account,
      chain: signer.wallet.chain ?? null,
      gas: simulation.gas,
    });
    unresolved = { tx, order: simulation.order };
    return resolve(unresolved);
  }

  /** Waits for a transaction that was sent. Until it is resolved, no other is sent. */
  async function resolve(sent: { readonly tx: Hash; readonly order: Order }): Promise<Execution> {
    const { tx, order } = sent;
    const receipt = await client
      .waitForTransactionReceipt({ hash: tx, confirmations, timeout: receiptTimeoutMs })
      .catch((error: unknown) => {
        if (isNotMinedYet(error)) return undefined;
        throw error;
      });
    if (!receipt) return { outcome: "in-flight", tx };
    unresolved = undefined;
    return executionOf(receipt, order, contracts, from);
  }

  async function simulate(order: Order): Promise<Simulation> {
    for (let next: Order | undefined = order, revert: Revert | undefined; ;) {
      try {
        const estimate = await client.estimateContractGas({ ...callOf(next), account: signer.account });
        if (estimate > MAX_GAS) {
          const name = "GasAboveCap";
          return { passes: false, revert: { name, sentence: `${name}: the hedge would take ${estimate} gas` } };
        }
        return { passes: true, order: next, gas: (estimate * (100n + GAS_MARGIN)) / 100n };
      } catch (error) {
        revert = revertOf(error);
        if (!revert) throw error;
        next = isPriceRevert(revert) ? halveOrder(next, options.minAmount) : undefined;
        if (!next) return { passes: false, revert };
      }
    }
  }

  function callOf(order: Order) {
    const { amount, cashLimit, venue, route, deadline } = order;
    const args = [{ amount, cashLimit, venue, route, deadline: BigInt(deadline) }] as const;
    return { ...contracts.desk, functionName: "rebalance", args } as const;
  }

  return { execute, simulate };
}

async function hasUnminedTransactions(client: Reader, address: `0x${string}`): Promise<boolean> {
  const [mined, known] = await Promise.all([
    client.getTransactionCount({ address, blockTag: "latest" }),
    client.getTransactionCount({ address, blockTag: "pending" }),
  ]);
  return known > mined;
}

function isNotMinedYet(error: unknown): boolean {
  return error instanceof WaitForTransactionReceiptTimeoutError || error instanceof TransactionReceiptNotFoundError;
}

function executionOf(
  receipt: TransactionReceipt,
  order: Order,
  { desk }: KeelContracts,
  from: `0x${string}`,
): Execution {
  const tx = receipt.transactionHash;
  const gas = { gasUsed: receipt.gasUsed, gasCost: receipt.gasUsed * receipt.effectiveGasPrice };
  if (receipt.status !== "success") return { outcome: "reverted", tx, ...gas };

  const logs = receipt.logs.filter(({ address }) => isAddressEqual(address, desk.address));
  const [event] = parseEventLogs({ abi: desk.abi, logs, eventName: "Rebalanced" });
  if (!event) return { outcome: "unexpected", tx, problem: "its receipt has no Rebalanced event of the desk" };
  const { args } = event;
  const problem = problemWith(args, order, from);
  if (problem) return { outcome: "unexpected", tx, problem };
  const { amount, cash, spot, netDeltaBefore, netDeltaAfter } = args;
  const figures = { amount, cash, spot, netDeltaBefore, netDeltaAfter };
  return { outcome: "filled", fill: { tx, block: receipt.blockNumber, ...figures, ...gas } };
}

interface Rebalanced {
  readonly keeper: `0x${string}`;
  readonly venue: `0x${string}`;
  readonly amount: bigint;
  readonly cash: bigint;
  readonly netDeltaBefore: bigint;
  readonly netDeltaAfter: bigint;
}

/** What in the event contradicts the order, if anything. */
function problemWith(event: Rebalanced, order: Order, from: `0x${string}`): string | undefined {
  const { amount, cash, netDeltaBefore, netDeltaAfter } = event;
  if (!isAddressEqual(event.keeper, from)) return `it names the keeper ${event.keeper}, not ${from}`;
  if (!isAddressEqual(event.venue, order.venue)) return `it went to ${event.venue}, not to ${order.venue}`;
  if (amount !== order.amount) return `it traded ${amount}, not ${order.amount}`;
  const isWithinLimit = amount > 0n ? cash <= order.cashLimit : cash >= order.cashLimit;
  if (!isWithinLimit) return `its cash ${cash} is outside the limit ${order.cashLimit}`;
  if (abs(netDeltaAfter) >= abs(netDeltaBefore)) return `it left the net delta at ${netDeltaAfter}`;
  return undefined;
}
