import type { EndpointReport } from "../chain/rpcPool/pool.ts";
import type { KeeperConfig } from "../config.ts";
import type { Spot } from "../feeds/spot/spotFeed.ts";
import { DEFAULT_SURFACE_POLICY } from "../hedging/duties/surfacePosts.ts";
import type { AlertName } from "../monitoring/alerts/alert.ts";
import type { Alerter } from "../monitoring/alerts/alerter.ts";
import type { FillReport, TickEvent, TransactionEvent } from "../monitoring/events.ts";
import type { HealthState } from "../monitoring/health.ts";
import type { KillSwitch } from "../monitoring/killSwitch.ts";
import type { Metrics } from "../monitoring/metrics.ts";
import { outsideBand } from "../monitoring/outsideBand.ts";
import { type RiskState, assessRisk } from "../monitoring/riskLimits.ts";
import type { Attribution } from "../../sdk/portfolio/attribution.ts";
import { fromUsdc } from "../../sdk/units.ts";
import type { TickOutcome } from "./marketTick.ts";
import type { RiskMemory } from "./riskMemory.ts";

export interface SupervisorOptions {
  /** Its markets are held to their own limits, and one that it does not list to those at the top. */
  readonly config: Pick<KeeperConfig, "risk" | "hedging" | "markets">;
  readonly metrics: Metrics;
  readonly alerter: Alerter;
  readonly kill: KillSwitch;
  readonly memoryOf: (market: string) => RiskMemory;
  readonly endpoints: () => readonly EndpointReport[];
  /** Milliseconds. */
  readonly now: () => number;
}

/** Looks at everything that the keeper finds and does: figures, alerts, limits, health. It never acts, but it can stop. */
export interface Supervisor {
  tick(event: TickEvent, outcome: TickOutcome): void;
  /** A transaction that is no hedge of this tick has moved on. */
  transaction(event: TransactionEvent): void;
  /** A hedge was filled, in whichever block. */
  filled(market: string, fill: FillReport, gasDollars: number): void;
  spot(market: string, spot: Spot): void;
  /** A tick failed, or the line did. */
  failed(market: string): void;
  /** The loop came round. @param markets Those with nothing new to work on: that is progress, too. */
  turned(markets: readonly string[]): void;
  standby(isStandby: boolean): void;
  balance(address: string, ether: number): void;
  /** Something that only a person can clear. */
  stop(alert: AlertName, market: string, why: string): void;
  /** Why nothing may be sent, if so. */
  stopped(): string | undefined;
  health(): HealthState;
}

const LOW_BALANCE = 0.05;
const FAILURES_TO_TELL = 3;
const OLD_SURFACE_SECONDS = 2 * DEFAULT_SURFACE_POLICY.heartbeatSeconds;

interface MarketState {
  progressAt: number | undefined;
  latched: string | undefined;
  /** Block time since which a hedge has been due. */
  outsideSince: number | undefined;
  /** The same for a hedge that was filled after the last tick: the next one tells how late. */
  filledSince: number | undefined;
  failedHedges: number;
  navPerShare: number;
  blockTime: number;
  readonly memory: RiskMemory;
  risk: RiskState;
}

/** A watch over all markets of a process. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { config, metrics, alerter, kill, now } = options;
  const markets = new Map<string, MarketState>();
  let isStandby = false;
  let turnedAt: number | undefined;

  function settingsOf(market: string): Pick<KeeperConfig, "risk" | "hedging"> {
    return config.markets?.find(({ name }) => name === market) ?? config;
  }

  function stateOf(market: string): MarketState {
    const known = markets.get(market);
    if (known) return known;
    const memory = options.memoryOf(market);
    const fresh = { progressAt: undefined, latched: undefined, outsideSince: undefined, filledSince: undefined };
    const state = { ...fresh, failedHedges: 0, navPerShare: 0, blockTime: 0, memory, risk: memory.load() };
    markets.set(market, state);
    return state;
  }

  /** Raises an alert while something is wrong, and resolves it when it is right again. */
  function report(name: AlertName, subject: string, isWrong: boolean, detail: () => string): void {
    if (isWrong) alerter.raise({ name, subject, detail: detail() });
    else alerter.resolve(name, subject);
  }

  function stop(alert: AlertName, market: string, why: string): void {
    kill.trip(`${alert} in ${market}: ${why}`);
    alerter.raise({ name: alert, subject: market, detail: why });
  }

  function tick(event: TickEvent, outcome: TickOutcome): void {
    const { market } = event;
    const state = stateOf(market);
    const { snapshot, plan, attribution } = outcome;
    state.progressAt = now();
    state.navPerShare = event.navPerShare;
    state.blockTime = event.blockTime;
    if (state.filledSince !== undefined) metrics.hedgeLatency(market, event.blockTime - state.filledSince);
    state.filledSince = undefined;
    watchBand(market, state, event, plan.urgency === "emergency");
    if (attribution) metrics.pnl(market, pnlOf(attribution));
    watchOutcome(market, state, event);
    const age = Math.max(0, ...snapshot.slices.map(({ updatedAt }) => event.blockTime - updatedAt));
    metrics.surfaceAge(market, age);
    report(
      "SurfaceStale",
      market,
      age > OLD_SURFACE_SECONDS,
      () => `Its oldest slice is ${Math.round(age / 3600)} h old.`,
    );
    watchEndpoints();
    assess(market, state, 0, 0);
    const disagreement = plan.reason.code === "mark-disagrees" ? "the vault's mark and our Greeks disagree" : undefined;
    state.latched = kill.reason() ?? disagreement;
    metrics.latched(market, state.latched !== undefined);
    report("LatchedOff", market, state.latched !== undefined, () => state.latched ?? "");
  }

  function watchBand(market: string, state: MarketState, event: TickEvent, isEmergency: boolean): void {
    const { since, isOutside, seconds } = outsideBand(state.outsideSince, event);
    state.outsideSince = since;
    metrics.tick(market, event, seconds);
    const where = () => `Net delta ${event.netDeltaAfter.toFixed(4)}, band ${event.band.toFixed(4)}, for ${seconds} s.`;
    report("OutsideBand", market, isOutside && seconds >= settingsOf(market).hedging.urgentAfterSeconds, where);
    report("OutsideEmergencyBand", market, isOutside && isEmergency && event.outcome !== "filled", where);
  }

  function watchOutcome(market: string, state: MarketState, { outcome, message }: TickEvent): void {
    if (outcome === "refused" || outcome === "reverted") state.failedHedges += 1;
    else if (outcome !== "in-flight") state.failedHedges = 0;
    report("HedgeFailing", market, state.failedHedges >= FAILURES_TO_TELL, () => message ?? outcome ?? "");
    if (outcome === "unexpected") stop("UnexpectedReceipt", market, message ?? "");
  }

  function watchEndpoints(): void {
    const reports = options.endpoints();
    metrics.endpoints(reports);
    for (const { endpoint, isHealthy, lastFault } of reports) {
      report("RpcDegraded", endpoint, !isHealthy, () => `Its last fault: ${lastFault ?? "none"}.`);
    }
    report(
      "RpcDown",
      "chain",
      reports.every(({ isHealthy }) => !isHealthy),
      () => "None answers.",
    );
  }

  function assess(market: string, state: MarketState, turnover: number, loss: number): void {
    const sample = { time: state.blockTime, navPerShare: state.navPerShare, turnover, loss };
    const { state: risk, breaches } = assessRisk(state.risk, sample, settingsOf(market).risk);
    state.risk = risk;
    state.memory.save(risk);
    for (const { alert, value, limit } of breaches) {
      stop(alert, market, `${value.toFixed(2)} is more than ${limit}.`);
    }
  }

  return {
    tick,
    stop,
    transaction: (event) => metrics.transaction(event),
    filled(market, fill, gasDollars) {
      const state = stateOf(market);
      const traded = Math.abs(fill.amount) * fill.price;
      state.filledSince = state.outsideSince;
      assess(market, state, traded, Math.max(0, (traded * fill.slippageBps) / 10_000) + gasDollars);
    },
    spot(market, { dispersion, sources, usable, reasons }) {
      const used = sources.filter(({ status }) => status === "used").length;
      metrics.feed(market, dispersion, used);
      report("FeedDispersion", market, !usable, () => `${reasons.map(({ code }) => code).join(", ")}.`);
    },
    failed(market) {
      metrics.failure(market);
      watchEndpoints();
    },
    turned(names) {
      turnedAt = now();
      for (const name of names) stateOf(name).progressAt = now();
      watchEndpoints();
    },
    standby: (is) => (isStandby = is),
    balance(address, ether) {
      metrics.keyBalance(address, ether);
      report("KeyBalanceLow", address, ether < LOW_BALANCE, () => `${ether.toFixed(4)} ether are left.`);
    },
    stopped: () => kill.reason(),
    health() {
      const reports = options.endpoints();
      const healthy = reports.filter(({ isHealthy }) => isHealthy).length;
      return { turnedAt, markets, rpc: { healthy, total: reports.length }, isStandby };
    },
  };
}

function pnlOf({ parts, gas }: Attribution) {
  const { capital: _, hedgeFee, hedgeSlippage, ...rest } = parts;
  const { premium, delta, gamma, vega, theta, funding, residual } = rest;
  const units = { premium, delta, gamma, vega, theta, funding, residual, hedging: hedgeFee + hedgeSlippage, gas: -gas };
  return Object.fromEntries(Object.entries(units).map(([name, part]) => [name, fromUsdc(part)]));
}
