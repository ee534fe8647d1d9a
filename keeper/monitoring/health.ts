/** What a running keeper knows about itself; times in milliseconds of the same clock. */
export interface HealthState {
  /** When the loop last came round, whether what it tried succeeded or failed; undefined before the first time. */
  readonly turnedAt: number | undefined;
  /** By market. */
  readonly markets: ReadonlyMap<string, MarketHealth>;
  /** RPC endpoints that may be used, of how many. */
  readonly rpc: { readonly healthy: number; readonly total: number };
  /** Whether another host acts at the moment and this one stands by. */
  readonly isStandby: boolean;
}

export interface MarketHealth {
  /** When a tick ended well, or a look at the chain found nothing new; undefined before the first. */
  readonly progressAt: number | undefined;
  /** Why nothing is sent until a person looks, if so. */
  readonly latched: string | undefined;
}

export interface Check {
  readonly name: string;
  readonly passes: boolean;
  readonly detail: string;
}

export interface HealthReport {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/**
 * Whether the process works: a supervisor restarts it when not. What hangs fails, since a restart mends that; a dead line, a
 * chain that refuses or a latch is not mended by one, and is left to {@link readiness}.
 */
export function liveness({ turnedAt }: HealthState, now: number, maxProgressAgeMs: number): HealthReport {
  return report([ageCheck("loop", turnedAt, now, maxProgressAgeMs)]);
}

/** Whether the keeper would hedge if a hedge were due: progress, a usable line, and nothing latched off. */
export function readiness(state: HealthState, now: number, maxProgressAgeMs: number): HealthReport {
  const { healthy, total } = state.rpc;
  const rpc = { name: "rpc", passes: healthy > 0, detail: `${healthy} of ${total} endpoints can be used` };
  const latches = [...state.markets].map(([market, { latched }]) => ({
    name: `${market}:latch`,
    passes: latched === undefined,
    detail: latched ?? "on",
  }));
  const standby = { name: "active", passes: !state.isStandby, detail: state.isStandby ? "standing by" : "acting" };
  const loop = ageCheck("loop", state.turnedAt, now, maxProgressAgeMs);
  return report([loop, ...progressChecks(state, now, maxProgressAgeMs), rpc, ...latches, standby]);
}

function progressChecks({ markets }: HealthState, now: number, maxAgeMs: number): Check[] {
  if (markets.size === 0) return [{ name: "progress", passes: false, detail: "no market is watched yet" }];
  return [...markets].map(([market, { progressAt }]) => ageCheck(`${market}:progress`, progressAt, now, maxAgeMs));
}

function ageCheck(name: string, at: number | undefined, now: number, maxAgeMs: number): Check {
  const age = at === undefined ? Infinity : now - at;
  const detail = at === undefined ? "not yet" : `last ${Math.round(age / 1000)} s ago, ${maxAgeMs / 1000} s allowed`;
  return { name, passes: age <= maxAgeMs, detail };
}

function report(checks: readonly Check[]): HealthReport {
  return { ok: checks.every(({ passes }) => passes), checks };
}
