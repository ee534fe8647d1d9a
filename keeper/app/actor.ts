import { randomUUID } from "node:crypto";
import type { Reader } from "../chain/clients.ts";
import { callFailure } from "../../sdk/reverts.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import { createBroadcaster } from "../execution/broadcaster.ts";
import { chainViewOf } from "../execution/chainView.ts";
import { type TransactionDriver, createDriver } from "../execution/driver.ts";
import type { FeePolicy } from "../execution/fees.ts";
import type { DeskOrder } from "../execution/deskOrder.ts";
import type { Intent } from "../execution/intent.ts";
import { type Execution, executionOf } from "../execution/outcome.ts";
import type { BlockRef } from "../execution/call.ts";
import type { Signer, Urgency } from "../execution/ports.ts";
import {
  type Requester,
  type Task,
  fillOf,
  hedgeRequest,
  purposeOf,
  taskRequest,
  verifierOf,
} from "../execution/requests.ts";
import type { Depths } from "../execution/transition.ts";
import type { Lead } from "../store/session.ts";

export interface ActorOptions {
  readonly chainId: number;
  readonly client: Reader;
  readonly signer: Signer;
  /** Private relays, asked before the public nodes. */
  readonly relays: readonly { readonly name: string; readonly client: Reader }[];
  readonly contracts: ReadonlyMap<string, KeelContracts>;
  readonly fees: FeePolicy;
  readonly depths: Depths;
}

/** The one who acts on a chain while it holds the lease: carries hedges and duties out through the transaction machine. */
export interface Actor {
  readonly lead: Lead;
  /** Takes every open transaction a step further. @returns Those that stand differently than was last reported. */
  step(): Promise<readonly Intent[]>;
  /**
   * Sends a hedge, unless the market's last one is not resolved. It waits for foreign transactions of the same account; an
   * emergency takes their nonce once they have been stuck for some blocks.
   */
  hedge(market: string, hedge: OrderedHedge, plannedAt: BlockRef): Promise<Acted>;
  /** Sends what a duty asks for, unless the last one of its kind is not resolved. */
  perform(market: string, task: Task, plannedAt: BlockRef): Promise<Acted>;
}

/** A hedge as it is sent. */
export interface OrderedHedge {
  readonly order: DeskOrder;
  readonly urgency: Urgency;
}

/** What became of a request. */
export interface Acted {
  readonly execution: Execution;
  /** Undefined when nothing was written down. */
  readonly intent: Intent | undefined;
}

/** No transaction of the keeper needs as much: one that does is not understood and not sent. */
const MAX_GAS = 12_000_000n;
const PUBLIC_AFTER_BLOCKS = 2;
const SEND_TIMEOUT_MS = 10_000;
/** Blocks that an emergency waits for a transaction of its account that it does not know. */
const STRANGERS_WAIT_BLOCKS = 3n;

/** Takes up whatever the journal holds, and is ready to act. */
export async function createActor(lead: Lead, options: ActorOptions): Promise<Actor> {
  const { client, signer, contracts, chainId, fees, depths, relays } = options;
  const sendThrough = (node: Reader) => (raw: `0x${string}`) =>
    node.sendRawTransaction({ serializedTransaction: raw }).catch((error: unknown) => {
      throw new Error(callFailure(error), { cause: error });
    });
  const driver: TransactionDriver = createDriver({
    chain: chainViewOf(client),
    signer,
    broadcaster: createBroadcaster({
      relays: relays.map(({ name, client: relay }) => ({ name, send: sendThrough(relay) })),
      nodes: [{ name: "nodes", send: sendThrough(client) }],
      publicAfterBlocks: PUBLIC_AFTER_BLOCKS,
      timeoutMs: SEND_TIMEOUT_MS,
      clock: { sleep: pause },
    }),
    journal: lead.journal,
    verify: verifierOf(contracts),
    fees,
    depths,
    maxGas: MAX_GAS,
  });
  const found = await driver.step();
  /**
   * How each open transaction stood when it was last reported. What did something else than was ordered is news again: it has
   * stopped the host that saw it, and must stop the one that takes over from it.
   */
  let reported = new Map<string, Execution["outcome"]>(
    found.map((intent) => {
      const { outcome } = executionOf(intent);
      return [intent.id, outcome === "unexpected" ? "in-flight" : outcome];
    }),
  );
  for (const intent of found) {
    const fill = fillOf(intent);
    // It may have been mined while nobody looked; what is written down already stays as it is.
    if (fill) await lead.recorder.fill(purposeOf(intent).market, fill, intent.id);
  }
  let foreignSince: bigint | undefined;

  function requesterOf(market: string): Requester {
    const own = contracts.get(market);
    if (!own) throw new Error(`The actor has no market ${market}.`);
    return { chainId, account: signer.address, market, contracts: own };
  }

  /** Transactions that wait in the pool without being in the journal: somebody else uses the key. */
  async function foreignTransactionsWait(): Promise<boolean> {
    const address = signer.address;
    const [mined, pending, open] = await Promise.all([
      client.getTransactionCount({ address, blockTag: "latest" }),
      client.getTransactionCount({ address, blockTag: "pending" }),
      lead.journal.open(),
    ]);
    const own = new Set(open.map(({ nonce }) => nonce));
    return Array.from({ length: Math.max(0, pending - mined) }, (_, i) => mined + i).some((nonce) => !own.has(nonce));
  }

  async function submit(intent: Intent, plannedAt: BlockRef): Promise<Acted> {
    const submission = await driver.submit(intent, plannedAt);
    if (submission.outcome === "refused") {
      return { execution: { outcome: "refused", message: submission.reason }, intent: undefined };
    }
    if (submission.outcome === "busy") {
      const execution = executionOf(submission.intent);
      const isOver = execution.outcome !== "in-flight";
      return { execution: isOver ? { outcome: "in-flight" } : execution, intent: undefined };
    }
    // Where blocks come at once it is mined by now.
    await driver.step();
    const last = (await lead.journal.find(intent.id)) ?? submission.intent;
    const execution = executionOf(last);
    reported.set(last.id, execution.outcome);
    return { execution, intent: last };
  }

  async function step(): Promise<readonly Intent[]> {
    const open = (await driver.step()).map((intent) => ({ intent, outcome: executionOf(intent).outcome }));
    const news = open.filter(({ intent: { id }, outcome }) => reported.has(id) && reported.get(id) !== outcome);
    reported = new Map(open.map(({ intent, outcome }) => [intent.id, outcome]));
    return news.map(({ intent }) => intent);
  }

  return {
    lead,
    step,
    async hedge(market, { order, urgency }, plannedAt) {
      foreignSince = (await foreignTransactionsWait()) ? (foreignSince ?? plannedAt.number) : undefined;
      const waited = plannedAt.number - (foreignSince ?? plannedAt.number);
      if (foreignSince !== undefined && !(urgency === "emergency" && waited >= STRANGERS_WAIT_BLOCKS)) {
        return { execution: { outcome: "in-flight" }, intent: undefined };
      }
      // While one is in flight, the next can only make it more urgent.
      return submit(hedgeRequest(requesterOf(market), order, urgency, randomUUID()), plannedAt);
    },
    perform: (market, task, plannedAt) => submit(taskRequest(requesterOf(market), task, randomUUID()), plannedAt),
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
