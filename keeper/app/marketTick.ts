import type { KeelContracts } from "../../sdk/contracts.ts";
import { type DutySources, readDutyState } from "../chain/dutyState.ts";
import { readFlows } from "../chain/flows.ts";
import { type HedgeSources, readHedgeState } from "../chain/hedgeState.ts";
import type { ChainConnection } from "../chain/chainConnection.ts";
import type { MarketConfig } from "../config.ts";
import type { DutySettings } from "../configSchema.ts";
import type { BlockRef } from "../execution/call.ts";
import { chainViewOf } from "../execution/chainView.ts";
import { type PlannedHedge, deskOrder } from "../execution/deskOrder.ts";
import { hedgeCall } from "../execution/requests.ts";
import type { Duty } from "../hedging/duties/duty.ts";
import { DEFAULT_DUTY_POLICY, planDuties } from "../hedging/duties/plan.ts";
import type { TargetSlice } from "../hedging/duties/surfacePosts.ts";
import { type Plan, isOutside, planHedge } from "../hedging/planner.ts";
import type { HedgePolicy } from "../hedging/policy.ts";
import type { HedgeState } from "../hedging/state.ts";
import type { TickResult } from "../monitoring/tickEvent.ts";
import { type Attribution, type Exposure, attribute, exposureOf } from "../../sdk/portfolio/attribution.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import type { HedgeVenue } from "../venues/venue.ts";
import type { Acted, Actor } from "./actor.ts";

/** One market of the keeper, and how it is reached. */
export interface MarketDeps {
  readonly settings: MarketConfig;
  readonly contracts: KeelContracts;
  /** Where hedges may go. */
  readonly venues: readonly HedgeVenue[];
  /** The outside protocols that bear on a hedge. */
  readonly protocols: HedgeSources["protocols"];
  readonly line: ChainConnection;
  readonly duties: DutySettings;
  /** What the duties are decided from; the calibrated slices come from `targets`. */
  readonly dutySources: Omit<DutySources, "targets">;
  /** Undefined when there are no quotes that can be trusted: then nothing is posted, and the surface grows old. */
  readonly targets: (snapshot: Snapshot) => Promise<readonly TargetSlice[] | undefined>;
}

/** Everything that one tick found and did. */
export interface TickOutcome {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly result: TickResult;
  /** The duty that was carried out, and how it went. */
  readonly duty: { readonly duty: Duty; readonly acted: Acted } | undefined;
  /** What moved NAV since the last tick; undefined at the first. */
  readonly attribution: Attribution | undefined;
}

export interface MarketTicker {
  readonly name: string;
  /**
   * One decision at one block, carried out by `actor`.
   * @param stopped Why nothing may be sent, if so.
   * @param actor Undefined when this host stands by or runs dry.
   */
  tick(block: bigint, options: TickOptions): Promise<TickOutcome>;
  /** What would be decided at a block, without doing any of it. */
  decide(block: bigint): Promise<Decision>;
  /** The hedge alone, by the market's policy or another one. */
  plan(block: bigint, policy?: HedgePolicy): Promise<Planned>;
  /** Sends a hedge that was planned at a block, or simulates it in a dry run. */
  carryOut(plan: PlannedHedge, block: BlockRef, options: TickOptions): Promise<CarriedOut>;
  /** A hedge was filled by `amount` (WAD, signed). Its gas, in dollars, counts towards the next attribution. */
  noteFill(amount: bigint, gas: number): void;
}

/** How a hedge went. */
export interface CarriedOut {
  readonly execution: NonNullable<TickResult>;
  /** Undefined when nothing was written down. */
  readonly intentId?: string;
}

export interface TickOptions {
  readonly actor: Actor | undefined;
  readonly isDryRun: boolean;
  readonly stopped: string | undefined;
  /** For the simulation of a dry run. */
  readonly account: `0x${string}` | undefined;
}

/** A hedge, or none, and all that it was decided from. */
export interface Planned {
  readonly state: HedgeState;
  readonly plan: Plan;
}

export interface Decision extends Planned {
  readonly duties: readonly Duty[];
}

/** Reaches further back than this are not attributed: the keeper was away, and nodes do not serve so many events. */
const LONGEST_GAP = 5_000n;
/** How often it is looked for duties while none is due. */
const DUTY_INTERVAL_SECONDS = 30;

/**
 * Decides and acts for one market. It remembers since when the net delta is outside the band, when it hedged last, and the last
 * exposure.
 */
export function createMarketTicker(site: MarketDeps): MarketTicker {
  const { settings, contracts, venues, line, dutySources } = site;
  const { name, feeTier, hedging } = settings;
  let outsideSince: number | undefined;
  let hedgedAt: number | undefined;
  /** WAD that the last order asked for, if that was all that was wanted. */
  let asked: bigint | undefined;
  /** WAD that was filled since the last look: that block's time is when. */
  let filled: bigint | undefined;
  let last: { readonly block: bigint; readonly exposure: Exposure } | undefined;
  let dutiesLookedAt = -Infinity;
  let gasSince = 0;

  async function plan(block: bigint, policy = hedging): Promise<Planned> {
    const read = await line.read(block, (reader) => readHedgeState(reader, site, block, policy));
    if (filled !== undefined) {
      hedgedAt = read.snapshot.block.time;
      // Who was brought to the edge of the band and leaves it again has not been outside since.
      if (filled === asked) outsideSince = undefined;
    }
    filled = undefined;
    const memory = { ...(outsideSince !== undefined && { outsideSince }), ...(hedgedAt !== undefined && { hedgedAt }) };
    const state = { ...read, memory };
    return { state, plan: planHedge(state, policy) };
  }

  async function dutiesAt(snapshot: Snapshot): Promise<Duty[]> {
    const targets = site.duties.surface ? await site.targets(snapshot) : undefined;
    const state = await line.read(snapshot.block.number, (reader) =>
      readDutyState(reader, { ...dutySources, targets: targets ?? [] }, snapshot),
    );
    const wanted = { ...site.duties, surface: targets !== undefined };
    return planDuties(state, DEFAULT_DUTY_POLICY).filter((duty) => isWanted(duty, wanted));
  }

  async function decide(block: bigint): Promise<Decision> {
    const planned = await plan(block);
    return { ...planned, duties: hasDuties(site.duties) ? await dutiesAt(planned.state.snapshot) : [] };
  }

  async function tick(block: bigint, options: TickOptions): Promise<TickOutcome> {
    const { actor } = options;
    const { state, plan: decided } = await plan(block);
    const { snapshot } = state;
    outsideSince = isOutside(decided) ? (outsideSince ?? snapshot.block.time) : undefined;

    if (decided.decision === "hedge") asked = decided.reason.limitedBy ? undefined : decided.order.amount;
    const hedge = decided.decision === "hedge" ? await carryOut(decided, snapshot.block, options) : undefined;
    const result = hedge?.execution;
    const duty = result?.outcome === "filled" ? undefined : await doNextDuty(snapshot, options);
    const attribution = await attributed(snapshot);
    await actor?.lead.recorder.tick({ market: name, inputs: [state, hedging], decision: decided, result });
    if (result?.outcome === "filled") await actor?.lead.recorder.fill(name, result.fill, hedge?.intentId);
    if (attribution && actor) {
      const { from, to, split } = attribution;
      await actor.lead.recorder.attribution(name, { from, to }, split);
    }
    return { snapshot, plan: decided, result, duty, attribution: attribution?.split };
  }

  async function carryOut(
    planned: PlannedHedge,
    block: BlockRef,
    { actor, isDryRun, stopped, account }: TickOptions,
  ): Promise<CarriedOut> {
    if (stopped !== undefined) return { execution: { outcome: "stopped", message: stopped } };
    const order = deskOrder(planned, venues);
    if (actor) {
      const { execution, intent } = await actor.hedge(name, { order, urgency: planned.urgency }, block);
      return { execution, ...(intent && { intentId: intent.id }) };
    }
    if (!isDryRun) return { execution: { outcome: "standby" } };
    if (!account) return { execution: { outcome: "dry-run" } };
    const simulation = await chainViewOf(line.client).simulate(account, hedgeCall(contracts, order));
    return {
      execution: simulation.passes ? { outcome: "dry-run" } : { outcome: "refused", message: simulation.reason },
    };
  }

  /** One a tick: what comes after it is decided on the state that it leaves. */
  async function doNextDuty(snapshot: Snapshot, { actor, stopped }: TickOptions): Promise<TickOutcome["duty"]> {
    if (!actor || stopped !== undefined || !hasDuties(site.duties)) return undefined;
    if (snapshot.block.time < dutiesLookedAt + DUTY_INTERVAL_SECONDS) return undefined;
    for (const duty of await dutiesAt(snapshot)) {
      if (duty.kind === "unwind") continue; // the planner's own order
      const acted = await actor.perform(name, duty, snapshot.block);
      if (acted.intent) return { duty, acted };
    }
    dutiesLookedAt = snapshot.block.time;
    return undefined;
  }

  async function attributed(snapshot: Snapshot) {
    const to = snapshot.block.number;
    const before = last;
    const exposure = exposureOf(snapshot);
    if (before && to <= before.block) return undefined;
    last = { block: to, exposure };
    if (!before || to - before.block > LONGEST_GAP) return undefined;
    const from = before.block;
    const gas = gasSince;
    gasSince = 0;
    const flows = await line.read(to, (reader) => readFlows(reader, contracts, from, snapshot, feeTier));
    return { from, to, split: attribute({ from: before.exposure, to: exposure, ...flows, gas }) };
  }

  function noteFill(amount: bigint, gas: number): void {
    filled = amount;
    gasSince += gas;
  }

  return { name, tick, decide, plan: (block, policy) => plan(block, policy), carryOut, noteFill };
}

function hasDuties(settings: DutySettings): boolean {
  return Object.values(settings).some(Boolean);
}

function isWanted({ kind }: Duty, settings: DutySettings): boolean {
  switch (kind) {
    case "settle":
      return settings.settle;
    case "exercise-for":
      return settings.pay;
    case "post-surface":
      return settings.surface;
    case "mark":
      return settings.mark;
    case "process-epoch":
      return settings.epochs;
    case "list-series":
      return settings.listing;
    case "unwind":
      return true;
  }
}
