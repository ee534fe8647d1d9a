import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { TickEvent, TransactionEvent } from "./events.ts";

/** P&L is attributed to these, and what is left is the residual. */
export const PNL_PARTS = [
  "premium",
  "delta",
  "gamma",
  "vega",
  "theta",
  "hedging",
  "gas",
  "funding",
  "residual",
] as const;
export type PnlPart = (typeof PNL_PARTS)[number];

/** How one RPC endpoint does, as the pool sees it. */
export interface EndpointReading {
  /** Host alone: a path may hold a provider's key. */
  readonly endpoint: string;
  readonly isHealthy: boolean;
  readonly blockLag: number;
  readonly failures: number;
}

/** The keeper's figures for Prometheus. Every series has the label `market`, unless it belongs to the whole process. */
export interface Metrics {
  readonly registry: Registry;
  /** Starts a market's counters at zero: Prometheus does not see the first increment of one that was not there before. */
  start(market: string): void;
  /** @param secondsOutside For how long a hedge has been due. */
  tick(market: string, event: TickEvent, secondsOutside: number): void;
  /** A transaction that a tick before has sent. */
  transaction(event: TransactionEvent): void;
  /** A tick that failed. */
  failure(market: string): void;
  /** Seconds from the block in which the net delta left the band to the block of the fill. */
  hedgeLatency(market: string, seconds: number): void;
  /** Adds to the P&L since the start, dollars. */
  pnl(market: string, parts: Readonly<Partial<Record<PnlPart, number>>>): void;
  surfaceAge(market: string, seconds: number): void;
  /** How far spot sources are apart, basis points, and how many can be used. */
  feed(market: string, dispersionBps: number, usable: number): void;
  /** Ether that the keeper's account holds. */
  keyBalance(address: string, ether: number): void;
  endpoints(readings: readonly EndpointReading[]): void;
  latched(market: string, isLatched: boolean): void;
}

const SLIPPAGE_BUCKETS = [-5, 0, 2, 5, 10, 20, 40, 80, 160];
const LATENCY_BUCKETS = [1, 3, 6, 12, 24, 48, 120, 300, 900, 3600];

/** How hedges end; one that is in flight has not ended. */
const ENDS = ["filled", "refused", "reverted", "cancelled", "unexpected"] as const;

/** A registry of its own, so that several keepers in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = ["market"]) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = ["market"]) =>
    new Counter({ name, help, labelNames, registers });

  const spot = gauge("keel_spot_usdc", "Oracle price of one unit of the underlying");
  const netDelta = gauge("keel_net_delta", "Book delta plus hedge after the last tick, units of underlying");
  const band = gauge("keel_band", "Half-width of the no-trade band, units of underlying");
  const outside = gauge(
    "keel_seconds_outside_band",
    "Seconds for which a hedge has been due: the net delta is outside the band by more than is worth its gas",
  );
  const nav = gauge("keel_nav_usdc", "Net asset value of the vault");
  const navPerShare = gauge("keel_nav_per_share_usdc", "Net asset value of one LP share");
  const freeCash = gauge("keel_free_cash_usdc", "Cash that is not owed to anybody");
  const lastTick = gauge("keel_last_tick_timestamp_seconds", "When the last tick ended, by the machine's clock");
  const ticks = counter("keel_ticks_total", "Finished ticks");
  const failures = counter("keel_tick_failures_total", "Ticks that failed and were retried");
  const hedges = counter("keel_hedges_total", "Hedges by how they ended", ["market", "outcome"]);
  const traded = counter("keel_hedged_units_total", "Units of underlying traded for hedging");
  const cost = counter("keel_hedge_cost_usdc_total", "What hedges cost against the oracle price; never falls");
  const slippage = new Histogram({
    name: "keel_hedge_slippage_bps",
    help: "Distance of fills from the oracle price, positive is worse",
    labelNames: ["market"],
    buckets: SLIPPAGE_BUCKETS,
    registers,
  });
  const latency = new Histogram({
    name: "keel_hedge_latency_seconds",
    help: "From leaving the band to the fill",
    labelNames: ["market"],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const gasUsed = counter("keel_gas_used_total", "Gas of the keeper's transactions");
  const gasCost = counter("keel_gas_cost_ether_total", "Ether paid for gas");
  const pnl = gauge("keel_pnl_usdc", "P&L since the start, by what made it", ["market", "part"]);
  const surfaceAge = gauge("keel_surface_age_seconds", "Age of the oldest posted slice of an open expiry");
  const dispersion = gauge("keel_feed_dispersion_bps", "Largest distance of a spot source from their median");
  const sources = gauge("keel_feed_sources", "Spot sources that can be used");
  const balance = gauge("keel_key_balance_ether", "Ether of the keeper's account", ["address"]);
  const rpcHealthy = gauge("keel_rpc_healthy", "1 while the endpoint may be used", ["endpoint"]);
  const rpcLag = gauge("keel_rpc_block_lag", "Blocks behind the agreed head", ["endpoint"]);
  const rpcFailures = gauge("keel_rpc_failures", "Failed requests since the start", ["endpoint"]);
  const latched = gauge("keel_latched", "1 while the market is switched off until a person looks");

  function start(market: string): void {
    const label = { market };
    for (const one of [ticks, failures, traded, cost, gasUsed, gasCost]) one.inc(label, 0);
    for (const outcome of ENDS) hedges.inc({ market, outcome }, 0);
    for (const part of PNL_PARTS) pnl.inc({ market, part }, 0);
    for (const one of [slippage, latency]) one.zero(label);
  }

  function tick(market: string, event: TickEvent, secondsOutside: number): void {
    const label = { market };
    spot.set(label, event.spot);
    netDelta.set(label, event.netDeltaAfter);
    band.set(label, event.band);
    nav.set(label, event.nav);
    navPerShare.set(label, event.navPerShare);
    freeCash.set(label, event.freeCash);
    lastTick.set(label, Date.parse(event.at) / 1000);
    ticks.inc(label);
    outside.set(label, secondsOutside);
    hedge(market, event);
    gas(market, event);
  }

  function transaction(event: TransactionEvent): void {
    if (event.purpose === "hedge") hedge(event.market, event);
    gas(event.market, event);
  }

  function hedge(market: string, { outcome, fill }: Pick<TickEvent, "outcome" | "fill">): void {
    if (outcome && outcome !== "in-flight") hedges.inc({ market, outcome });
    if (!fill) return;
    const label = { market };
    const { amount, slippageBps, price } = fill;
    traded.inc(label, Math.abs(amount));
    slippage.observe(label, slippageBps);
    cost.inc(label, Math.max(0, (Math.abs(amount) * price * slippageBps) / 10_000));
  }

  function gas(market: string, { gasUsed: used, gasCost: paid }: Pick<TickEvent, "gasUsed" | "gasCost">): void {
    if (used !== undefined) gasUsed.inc({ market }, used);
    if (paid !== undefined) gasCost.inc({ market }, paid);
  }

  return {
    registry,
    start,
    tick,
    transaction,
    failure: (market) => failures.inc({ market }),
    hedgeLatency: (market, seconds) => latency.observe({ market }, seconds),
    pnl: (market, parts) => {
      for (const [part, dollars] of Object.entries(parts)) pnl.inc({ market, part }, dollars);
    },
    surfaceAge: (market, seconds) => surfaceAge.set({ market }, seconds),
    feed: (market, dispersionBps, usable) => {
      dispersion.set({ market }, dispersionBps);
      sources.set({ market }, usable);
    },
    keyBalance: (address, ether) => balance.set({ address }, ether),
    endpoints: (readings) => {
      for (const { endpoint, isHealthy, blockLag, failures: failed } of readings) {
        rpcHealthy.set({ endpoint }, isHealthy ? 1 : 0);
        rpcLag.set({ endpoint }, blockLag);
        rpcFailures.set({ endpoint }, failed);
      }
    },
    latched: (market, isLatched) => latched.set({ market }, isLatched ? 1 : 0),
  };
}
