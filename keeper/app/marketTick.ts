import { readConditions } from "../chain/conditions.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import { uniswapRouting } from "../../sdk/route.ts";
import { type DutySources, readDutyState } from "../chain/dutyState.ts";
import { readFlows } from "../chain/flows.ts";
import type { Line } from "../chain/line.ts";
import type { QuoterContracts } from "../chain/quoter.ts";
import { readSnapshot } from "../../sdk/actions/snapshot.ts";
import type { MarketConfig } from "../config.ts";
import type { DutySettings } from "../configSchema.ts";
import { fitOrder } from "../execution/fitOrder.ts";
import type { BlockRef } from "../execution/call.ts";
import type { Duty } from "../hedging/duties/duty.ts";
import { DEFAULT_DUTY_POLICY, planDuties } from "../hedging/duties/plan.ts";
import type { TargetSlice } from "../hedging/duties/surfacePosts.ts";
import type { HedgeConditions } from "../hedging/conditions.ts";
import { type Plan, planHedge } from "../hedging/planner.ts";
import type { TickResult } from "../monitoring/tickEvent.ts";
import { type Attribution, type Exposure, attribute, exposureOf } from "../../sdk/portfolio/attribution.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { abs, fromWad, toWad } from "../../sdk/units.ts";
import type { Acted, Actor, PlannedHedge } from "./actor.ts";

/** One market of the keeper, and how it is reached. */
export interface MarketSite {
  readonly settings: MarketConfig;
  readonly contracts: KeelContracts;
  /** Asked what the pool would give for an order. */
  readonly quoter: QuoterContracts;
  readonly line: Line;
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
  /** Sends a hedge that was planned at a block, or simulates it in a dry run. */
  carryOut(plan: PlannedHedge, block: BlockRef, options: TickOptions): Promise<CarriedOut>;
  /** Counts dollars of gas towards the next attribution. */
  noteGas(dollars: number): void;
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

export interface Decision {
  readonly snapshot: Snapshot;
  readonly conditions: HedgeConditions;
  readonly plan: Plan;
  readonly duties: readonly Duty[];
}

/** Reaches further back than this are not attributed: the keeper was away, and nodes do not serve so many events. */
const LONGEST_GAP = 5_000n;
/** How often it is looked for duties while none is due. */
const DUTY_INTERVAL_SECONDS = 30;

/** Decides and acts for one market. It remembers since when the net delta is outside the band, and the last exposure. */
export function createMarketTicker(site: MarketSite): MarketTicker {
  const { settings, contracts, quoter, line, dutySources } = site;
  const { name, feeTier, hedging } = settings;
  const routing = uniswapRouting(contracts, feeTier);
  const pool = { quoter, feeTier, maxClip: hedging.maxClip };
  let outsideSince: number | undefined;
  let last: { readonly block: bigint; readonly exposure: Exposure } | undefined;
  let dutiesLookedAt = -Infinity;
  let gasSince = 0;

  async function see(block: bigint): Promise<Pick<Decision, "snapshot" | "conditions">> {
    return line.read(block, async (reader) => {
      const snapshot = await readSnapshot(reader, contracts, block);
      const conditions = await readConditions(reader, contracts, snapshot, pool);
      return { snapshot, conditions: { ...conditions, ...(outsideSince !== undefined && { outsideSince }) } };
    });
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
    const { snapshot, conditions } = await see(block);
    const plan = planHedge(snapshot, hedging, routing, conditions);
    return { snapshot, conditions, plan, duties: hasDuties(site.duties) ? await dutiesAt(snapshot) : [] };
  }

  async function tick(block: bigint, options: TickOptions): Promise<TickOutcome> {
    const { actor } = options;
    const { snapshot, conditions } = await see(block);
    const inputs = [snapshot, hedging, routing, conditions] as const;
    const plan = planHedge(...inputs);
    outsideSince = abs(plan.taperedDelta) > plan.band ? (outsideSince ?? snapshot.block.time) : undefined;

    const hedge = plan.decision === "hedge" ? await carryOut(plan, snapshot.block, options) : undefined;
    const result = hedge?.execution;
    const duty = result?.outcome === "filled" ? undefined : await doNextDuty(snapshot, options);
    const attribution = await attributed(snapshot);
    await actor?.lead.recorder.tick({ market: name, inputs: [...inputs], decision: plan, result });
    if (result?.outcome === "filled") await actor?.lead.recorder.fill(name, result.fill, hedge?.intentId);
    if (attribution && actor) {
      const { from, to, split } = attribution;
      await actor.lead.recorder.attribution(name, { from, to }, split);
    }
    return { snapshot, plan, result, duty, attribution: attribution?.split };
  }

  async function carryOut(
    plan: PlannedHedge,
    block: BlockRef,
    { actor, isDryRun, stopped, account }: TickOptions,
  ): Promise<CarriedOut> {
    if (stopped !== undefined) return { execution: { outcome: "stopped", message: stopped } };
    if (actor) {
      const { execution, intent } = await actor.hedge(name, plan, block);
      return { execution, ...(intent && { intentId: intent.id }) };
    }
    if (!isDryRun) return { execution: { outcome: "standby" } };
    if (!account) return { execution: { outcome: "dry-run" } };
    const fit = await fitOrder(line.client, contracts, account, plan.order, toWad(hedging.minClip));
    return { execution: fit.passes ? { outcome: "dry-run" } : { outcome: "refused", message: fit.revert.sentence } };
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

  return { name, tick, decide, carryOut, noteGas: (dollars) => (gasSince += dollars) };
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

/** Dollars of one attribution part, for reports. */
export function dollarsOf(units: bigint): number {
  return fromWad(units * 10n ** 12n);
}
