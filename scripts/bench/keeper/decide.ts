import { planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import { netGreeks, valuePositions } from "../../../sdk/portfolio/netGreeks.ts";
import { seriesId } from "../../../sdk/series.ts";
import type { MarkReading, Position, SliceReading, Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { createGreeksBatch, createOptionBatch, greeksBatch } from "../../../sdk/pricing/index.ts";
import { stressOf } from "../../../sdk/portfolio/stress.ts";
import { toWad } from "../../../sdk/units.ts";
import { ampleState } from "../hedging/ampleState.ts";

/** 1 December 2026, 08:00 UTC. */
const NOW = Date.UTC(2026, 11, 1, 8) / 1000;
const DAY = 86_400;
const SPOT = 3_000;
const FEE_BPS = 5;
const WARM_UP = 20;
/** Batches to one decision, so that the clock of the processor, which counts coarsely, sees enough of them. */
const BATCHES = 10;

/** Milliseconds, over many repetitions. */
export interface Timing {
  /** By the clock. */
  readonly median: number;
  readonly fastest: number;
  /** Of this process, on average: what a busy machine does not change. */
  readonly processor: number;
  /** Bare Greeks of as many options in a batch, in the same run: processor time, and how often it fits into `processor`. */
  readonly batch: number;
  readonly ratio: number;
}

/** Times everything that is computed of one snapshot: own Greeks with the cross-check, stress grid and plan. */
export function timeDecision(series: number, repetitions: number): Timing {
  const snapshot = bookOf(series);
  const bare = bareGreeks(series);
  const times: number[] = [];
  let processor = 0;
  let batch = 0;
  for (let i = 0; i < WARM_UP + repetitions; i++) {
    const fresh = { ...snapshot, book: snapshot.book.map((position) => ({ ...position })) }; // as after every read
    const state = ampleState(fresh, DEFAULT_POLICY, FEE_BPS);
    const before = process.cpuUsage();
    const start = performance.now();
    const plan = planHedge(state, DEFAULT_POLICY);
    const stress = stressOf(fresh);
    const took = performance.now() - start;
    if (plan.decision !== "hedge" || stress.length !== 12) throw new Error("The book asks for a hedge.");
    const used = millisecondsSince(before);
    const between = process.cpuUsage();
    for (let j = 0; j < BATCHES; j++) bare();
    if (i < WARM_UP) continue;
    processor += used / repetitions;
    batch += millisecondsSince(between) / BATCHES / repetitions;
    times.push(took);
  }
  times.sort((a, b) => a - b);
  return {
    ...{ median: times[times.length >> 1] ?? NaN, fastest: times[0] ?? NaN },
    ...{ processor, batch, ratio: processor / batch },
  };
}

function millisecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Prices a batch of `size` options, and nothing else. */
function bareGreeks(size: number): () => void {
  const options = createOptionBatch(size);
  for (let i = 0; i < size; i++) {
    options.forward[i] = SPOT;
    options.strike[i] = SPOT / 2 + 25 * (i % 126);
    options.timeToExpiry[i] = (1 + (i % 40)) * 7 * DAY;
    options.vol[i] = 0.7;
    options.isCall[i] = i % 2;
  }
  const results = createGreeksBatch(size);
  return () => greeksBatch(options, results);
}

/** A book of short calls and puts over forty expiries, marked as the vault would mark it. */
function bookOf(size: number): Snapshot {
  const expiries = Array.from({ length: 40 }, (_, i) => NOW + (i + 1) * 7 * DAY);
  const book = Array.from({ length: size }, (_, i): Position => {
    const expiry = expiries[i % expiries.length] ?? NOW;
    const strike = toWad(SPOT / 2 + 25 * (Math.floor(i / 80) % 126));
    const kind = i % 80 < 40 ? "call" : "put";
    return { id: seriesId(expiry, strike, kind), quantity: toWad(-1 - (i % 7)) };
  });
  const slices = expiries.map((expiry): SliceReading => ({
    ...{ expiry, atmVol: toWad(0.7), skew: toWad(-0.1), curvature: toWad(1), carry: 0n, updatedAt: NOW - 600 },
  }));
  const nothing: MarkReading = {
    ...{ value: 0n, delta: 0n, gamma: 0n, weightedVega: 0n, grossVega: 0n },
    ...{ spot: toWad(SPOT), time: NOW },
  };
  const { value, delta, gamma, weightedVega } = netGreeks(valuePositions({ book, slices, mark: nothing }));
  const mark = {
    ...nothing,
    value: toWad(value),
    delta: toWad(delta),
    gamma: toWad(gamma),
    weightedVega: toWad(weightedVega),
  };
  const vault = { cash: 10n ** 16n, owed: 0n, freeCash: 10n ** 16n, nav: toWad(1e10), shares: toWad(1e10) };
  return {
    block: { number: 1n, hash: `0x${"ab".repeat(32)}`, time: NOW },
    oracle: { spot: toWad(SPOT), updatedAt: NOW, range: undefined },
    vault: { ...vault, epoch: 1n, epochEndsAt: NOW + DAY },
    mark,
    hedge: { delta: 0n, maxSlippageBps: 100 },
    book,
    slices,
  };
}
