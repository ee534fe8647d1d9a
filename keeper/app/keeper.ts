import type { Address } from "viem";
import { isChainError } from "../chain/reverts.ts";
import type { KeeperConfig, MarketConfig } from "../config.ts";
import type { FeePolicy } from "../execution/fees.ts";
import { DEFAULT_FEE_POLICY } from "../execution/fees.ts";
import type { BlockRef } from "../execution/call.ts";
import type { PlannedHedge } from "../execution/deskOrder.ts";
import type { Signer } from "../execution/ports.ts";
import { fillOf, purposeOf } from "../execution/requests.ts";
import { explainDuty } from "../hedging/explain.ts";
import type { KeeperEvent, LeaseEvent, TickEvent } from "../monitoring/events.ts";
import { type TickResult, fillReport, tickEvent, transactionEvent } from "../monitoring/tickEvent.ts";
import type { Timeline } from "../../sdk/portfolio/timeline.ts";
import { FencedOut } from "../store/fencing.ts";
import type { Lead, StoreSession } from "../store/session.ts";
import type { TimelineQuery } from "../store/timeline.ts";
import { fromWad } from "../../sdk/units.ts";
import { venuesOf } from "../venues/all.ts";
import { createReader } from "../chain/clients.ts";
import { type Actor, createActor } from "./actor.ts";
import { type MarketTicker, type TickOutcome, createMarketTicker } from "./marketTick.ts";
import type { Connections } from "./connections.ts";
import type { MarketFeeds } from "./marketFeeds.ts";
import type { Supervisor } from "./supervisor.ts";

type Emit = (event: KeeperEvent) => void;

/** Markets that are looked after by one account. */
export interface Keeper extends Connections {
  readonly config: KeeperConfig;
  /** Undefined for a dry run without a key. */
  readonly account: Address | undefined;
  /** Whether decisions are simulated only. */
  readonly dryRun: boolean;
  readonly tickers: readonly MarketTicker[];
  /**
   * One decision for each market at one block, carried out unless this is a dry run. A market that fails keeps none of the
   * others from it; the first failure is thrown once all are done.
   * @param emit Told of everything as it happens.
   */
  tick(block: bigint, emit?: Emit): Promise<readonly TickEvent[]>;
  /** Whether the newest block wants another tick: this host may act by now, and could not when it last looked. */
  isDue(): boolean;
  /** Sends one hedge of a market that somebody planned at a block, or simulates it in a dry run. */
  hedge(market: string, plan: PlannedHedge, plannedAt: BlockRef): Promise<TickResult>;
  /** Takes the open transactions a step further. @returns Whether any hedge is still in flight. */
  advanceTransactions(emit?: Emit): Promise<boolean>;
  /** What was recorded of a market; undefined in a dry run, which records nothing. */
  timeline(query: TimelineQuery): Promise<Timeline | undefined>;
  /** Gives up its lease, if it has one, and lets go of the store. */
  close(): Promise<void>;
}

export interface KeeperParts {
  readonly config: KeeperConfig;
  readonly sites: Connections;
  readonly signer: Signer | undefined;
  readonly dryRun: boolean;
  /** Where ticks are remembered, and who may act is decided; needed by who acts. */
  readonly session: StoreSession | undefined;
  readonly watch: Supervisor;
  /** What a market asks outside the chain; asked for once for each. */
  readonly feedsOf: (market: MarketConfig) => MarketFeeds;
  /** The machine's time, for the reports. */
  readonly now?: () => Date;
}

const GWEI = 1e9;
const BALANCE_EVERY_MS = 60_000;
const FORGET_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Blocks that a transaction may be unknown to the nodes before it counts as dropped. */
const PATIENCE = 3n;

/** A keeper out of its parts. */
export function createKeeper(parts: KeeperParts): Keeper {
  const { config, sites, signer, dryRun, session, watch, now = () => new Date() } = parts;
  const { line, chainId, markets } = sites;
  const at = (): string => now().toISOString();
  const contracts = new Map(markets.map(({ settings, contracts: own }) => [settings.name, own]));
  const feeds = new Map(markets.map(({ settings }) => [settings.name, parts.feedsOf(settings)]));
  const tickers = markets.map(({ settings, contracts: own, deployment }) =>
    createMarketTicker({
      settings,
      contracts: own,
      venues: venuesOf(deployment, own, settings.feeTier),
      protocols: deployment.protocols,
      line,
      duties: settings.duties,
      dutySources: {
        contracts: own,
        feed: deployment.protocols.feed,
        startBlock: BigInt(deployment.startedAtBlock),
      },
      targets: async (snapshot) => feeds.get(settings.name)?.targets(snapshot),
    }),
  );
  const actorOptions = signer && {
    chainId,
    client: line.client,
    signer,
    relays: config.relayUrls.map((url) => ({
      name: new URL(url.reveal()).host,
      client: createReader(url.reveal(), chainId, config.pollingIntervalMs),
    })),
    contracts,
    fees: feesOf(config),
    depths: { confirmations: BigInt(config.confirmations), finality: BigInt(config.finality), patience: PATIENCE },
  };
  let actor: Actor | undefined;
  /** Whether this host acts, as it was last reported. */
  let lastReported: string | undefined;
  let balanceAt = -Infinity;
  let forgotAt = -Infinity;

  /** The one who acts, while this host holds the lease; a new one takes up what its predecessor left. */
  async function currentActor(emit: Emit): Promise<Actor | undefined> {
    if (dryRun || !session || !actorOptions) return undefined;
    const lead = await leadOf(session);
    watch.standby(lead === undefined);
    if (!lead) actor = undefined;
    else if (actor?.lead !== lead) actor = await createActor(lead, actorOptions);
    report(emit, lead ? { state: "acting", token: lead.lease.token } : { state: "standby" });
    return actor;
  }

  /** Who cannot ask whether it may act does not act. */
  async function leadOf(store: StoreSession): Promise<Lead | undefined> {
    try {
      return await store.lead();
    } catch (error) {
      actor = undefined;
      watch.standby(true);
      throw error;
    }
  }

  /** With a store of its own there is nobody to compete with, and nothing to tell. */
  function report(emit: Emit, news: Pick<LeaseEvent, "state" | "token" | "message">): void {
    const word = `${news.state} ${news.token ?? ""}`;
    if (word === lastReported || config.databaseUrl === undefined) return;
    lastReported = word;
    emit({ type: "lease", at: at(), ...news });
  }

  async function advanceTransactions(emit: Emit = ignore): Promise<boolean> {
    const acting = await currentActor(emit);
    if (!acting) return false;
    for (const intent of await acting.step()) {
      const { market } = purposeOf(intent);
      const fill = fillOf(intent);
      if (fill) {
        await acting.lead.recorder.fill(market, fill, intent.id);
        noteFill(market, fill);
      }
      const event = transactionEvent(intent, undefined, at());
      watch.transaction(event);
      emit(event);
      if (event.outcome === "unexpected") watch.stop("UnexpectedReceipt", market, event.message ?? "");
    }
    const open = await acting.lead.journal.open();
    return open.some((intent) => purposeOf(intent).kind === "hedge" && !intent.confirmed);
  }

  function tickOptions() {
    return { actor, isDryRun: dryRun, stopped: watch.stopped(), account: signer?.address };
  }

  async function hedge(market: string, plan: PlannedHedge, plannedAt: BlockRef): Promise<TickResult> {
    const ticker = tickers.find(({ name }) => name === market);
    if (!ticker) throw new Error(`The keeper has no market ${market}.`);
    await advanceTransactions();
    const { execution, intentId } = await ticker.carryOut(plan, plannedAt, tickOptions());
    if (execution.outcome === "filled") await actor?.lead.recorder.fill(market, execution.fill, intentId);
    return execution;
  }

  function noteFill(market: string, fill: Parameters<typeof fillReport>[0]): void {
    const gas = fromWad(fill.gasCost) * fromWad(fill.spot);
    tickers.find(({ name }) => name === market)?.noteFill(fill.amount, gas);
    watch.filled(market, fillReport(fill), gas);
  }

  async function tickMarket(ticker: MarketTicker, block: bigint, emit: Emit) {
    const outcome = await ticker.tick(block, tickOptions());
    const { snapshot, plan, result, duty } = outcome;
    const lastReported = tickEvent(ticker.name, snapshot, plan, result, at());
    // A duty that was sent makes a block in which more may be due.
    const event = duty?.acted.intent ? { ...lastReported, settled: false } : lastReported;
    emit(event);
    watch.tick(event, outcome);
    if (result?.outcome === "filled") noteFill(ticker.name, result.fill);
    if (duty?.acted.intent) {
      const sent = transactionEvent(duty.acted.intent, explainDuty(duty.duty), at());
      watch.transaction(sent);
      emit(sent);
    }
    await look(ticker.name, outcome);
    return event;
  }

  async function look(market: string, { snapshot }: TickOutcome): Promise<void> {
    const spot = await feeds.get(market)?.spotCheck(snapshot);
    if (spot) watch.spot(market, spot);
    if (!signer || now().getTime() - balanceAt < BALANCE_EVERY_MS) return;
    balanceAt = now().getTime();
    watch.balance(signer.address, fromWad(await line.client.getBalance({ address: signer.address })));
  }

  async function forgetOldTicks(): Promise<void> {
    if (!actor || now().getTime() - forgotAt < FORGET_EVERY_MS) return;
    forgotAt = now().getTime();
    await actor.lead.recorder.forgetTicks(forgotAt - config.keepTicksDays * DAY_MS);
  }

  async function tick(block: bigint, emit: Emit = ignore): Promise<readonly TickEvent[]> {
    const events: TickEvent[] = [];
    const failures: unknown[] = [];
    try {
      await advanceTransactions(emit);
      for (const ticker of tickers) {
        try {
          events.push(await tickMarket(ticker, block, emit));
        } catch (error) {
          if (!isChainError(error)) throw error;
          watch.failed(ticker.name);
          failures.push(error);
        }
      }
      await forgetOldTicks();
    } catch (error) {
      if (!(error instanceof FencedOut)) throw error;
      actor = undefined; // another host acts: this one stands by until its lease runs out
      watch.standby(true);
      report(emit, { state: "refused", message: error.message });
    }
    if (failures.length > 0) throw failures[0];
    return events;
  }

  return {
    ...sites,
    config,
    account: signer?.address,
    dryRun,
    tickers,
    tick,
    isDue: () => !dryRun && actor === undefined && session?.leads() === true,
    hedge,
    advanceTransactions,
    timeline: async (query) => session?.timeline(query),
    close: async () => session?.close(),
  };
}

function feesOf({ feeCaps }: KeeperConfig): FeePolicy {
  const lane = (urgency: keyof FeePolicy) => ({
    ...DEFAULT_FEE_POLICY[urgency],
    maxFeeCap: BigInt(Math.round(feeCaps[urgency] * GWEI)),
  });
  return { routine: lane("routine"), urgent: lane("urgent"), emergency: lane("emergency") };
}

function ignore(): void {
  // Nobody wants to know.
}
