import type { Fault } from "./endpointError.ts";

/** How an endpoint has done lately; times in milliseconds of one clock. */
export interface EndpointHealth {
  /** Faults in a row. */
  readonly streak: number;
  /** Faults since the start. */
  readonly faults: number;
  readonly lastFault: Fault | undefined;
  /** It is not asked before this, unless there is no other. */
  readonly restsUntil: number;
  /** Smoothed time of an answer. */
  readonly latency: number;
}

export const FRESH: EndpointHealth = { streak: 0, faults: 0, lastFault: undefined, restsUntil: 0, latency: 0 };

const SHORTEST_REST_MS = 500;
const LONGEST_REST_MS = 60_000;
/** An endpoint that says what is not so rests for longer than one that says nothing. */
const REST_FACTOR: Readonly<Record<Fault, number>> = {
  timeout: 2,
  "rate-limited": 4,
  transport: 1,
  malformed: 4,
  "missing-block": 2,
  lagging: 2,
  ahead: 16,
  disagrees: 32,
};
const LATENCY_SHARE = 0.2;

/** After an answer that took `latencyMs`. One that rests goes on resting: an answer alone does not make it honest. */
export function afterAnswer(health: EndpointHealth, now: number, latencyMs: number): EndpointHealth {
  const latency = health.latency + LATENCY_SHARE * (latencyMs - health.latency);
  return isRested(health, now) ? { ...health, streak: 0, latency } : { ...health, latency };
}

/**
 * After a fault: it rests twice as long as the last time, and never shorter than it asked for. Several faults of one moment
 * count as one.
 * @param jitter From 0 to 1: spreads what many keepers would otherwise do at one moment.
 */
export function afterFault(
  health: EndpointHealth,
  fault: Fault,
  now: number,
  jitter: number,
  retryAfterMs = 0,
): EndpointHealth {
  const before = isRested(health, now) ? health.streak : health.streak - 1;
  const doubled = SHORTEST_REST_MS * REST_FACTOR[fault] * 2 ** Math.min(before, 10);
  const rest = Math.max(retryAfterMs, Math.min(LONGEST_REST_MS, doubled) * (0.75 + jitter / 2));
  return {
    ...health,
    streak: before + 1,
    faults: health.faults + 1,
    lastFault: fault,
    restsUntil: Math.max(health.restsUntil, now + rest),
  };
}

/** Whether it may be asked. */
export function isRested(health: EndpointHealth, now: number): boolean {
  return now >= health.restsUntil;
}

/** Sorts the better first: rested, then shorter streak of faults, then faster; those that rest by when they are back. */
export function compareHealth(a: EndpointHealth, b: EndpointHealth, now: number): number {
  const [aRested, bRested] = [isRested(a, now), isRested(b, now)];
  if (aRested !== bRested) return aRested ? -1 : 1;
  if (!aRested) return a.restsUntil - b.restsUntil;
  return a.streak - b.streak || a.latency - b.latency;
}
