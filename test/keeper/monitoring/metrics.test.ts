import { expect } from "chai";
import type { TransactionEvent } from "../../../keeper/monitoring/events.ts";
import { createMetrics } from "../../../keeper/monitoring/metrics.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { FILL, TICK } from "../support/tickEvents.ts";

describe("Metrics", () => {
  const value = async (metrics: ReturnType<typeof createMetrics>, line: string): Promise<number> => {
    const text = await metrics.registry.metrics();
    const found = text.split("\n").find((one) => one.startsWith(`${line} `));
    if (found === undefined) throw new Error(`There is no ${line} in\n${text}`);
    return Number(found.slice(line.length + 1));
  };

  it("show the last tick of each market", async () => {
    const metrics = createMetrics();
    metrics.tick("eth", TICK, 0);
    metrics.tick("btc", { ...TICK, netDeltaAfter: 0.25, spot: 90_000 }, 0);
    expect(await value(metrics, 'keel_net_delta{market="eth"}')).to.equal(-2);
    expect(await value(metrics, 'keel_net_delta{market="btc"}')).to.equal(0.25);
    expect(await value(metrics, 'keel_band{market="eth"}')).to.equal(0.5);
    expect(await value(metrics, 'keel_nav_usdc{market="eth"}')).to.equal(1_000_000);
    expect(await value(metrics, 'keel_last_tick_timestamp_seconds{market="eth"}')).to.equal(Date.parse(TICK.at) / 1000);
    expect(await value(metrics, 'keel_ticks_total{market="eth"}')).to.equal(1);
  });

  it("show for how long a hedge has been due", async () => {
    const metrics = createMetrics();
    metrics.tick("eth", TICK, 12);
    expect(await value(metrics, 'keel_seconds_outside_band{market="eth"}')).to.equal(12);
  });

  it("begin at zero, since Prometheus overlooks the first increment of what was not there", async () => {
    const metrics = createMetrics();
    metrics.start("eth");
    const text = await metrics.registry.metrics();
    const zeros = text.split("\n").filter((line) => / 0$/.test(line));
    for (const outcome of ["filled", "refused", "reverted", "cancelled", "unexpected"]) {
      expect(zeros).to.include(`keel_hedges_total{market="eth",outcome="${outcome}"} 0`);
    }
    const counters = ["ticks", "tick_failures", "hedged_units", "hedge_cost_usdc", "gas_used", "gas_cost_ether"];
    for (const name of counters) expect(zeros).to.include(`keel_${name}_total{market="eth"} 0`);
    expect(zeros).to.include('keel_hedge_slippage_bps_count{market="eth"} 0');
    expect(zeros).to.include('keel_hedge_latency_seconds_count{market="eth"} 0');
  });

  it("count a hedge that was mined after its tick once, and the gas of duties", async () => {
    const metrics = createMetrics();
    metrics.tick("eth", { ...TICK, decision: "hedge", outcome: "in-flight" }, 0);
    const sent = {
      type: "transaction",
      at: TICK.at,
      market: "eth",
      intent: "1",
      state: "mined",
      gasUsed: 300_000,
    } as const;
    const transactions: readonly TransactionEvent[] = [
      { ...sent, purpose: "hedge", outcome: "filled", fill: FILL, gasCost: 0.01 },
      { ...sent, purpose: "post-surface", outcome: "done", gasCost: 0.02 },
    ];
    for (const transaction of transactions) metrics.transaction(transaction);
    expect(await value(metrics, 'keel_hedges_total{market="eth",outcome="filled"}')).to.equal(1);
    expect(await metrics.registry.metrics())
      .not.to.include("in-flight")
      .and.not.to.include('outcome="done"');
    expect(await value(metrics, 'keel_hedged_units_total{market="eth"}')).to.equal(1.5);
    expect(await value(metrics, 'keel_hedge_slippage_bps_count{market="eth"}')).to.equal(1);
    expect(await value(metrics, 'keel_gas_used_total{market="eth"}')).to.equal(600_000);
    expectClose(await value(metrics, 'keel_gas_cost_ether_total{market="eth"}'), 0.03, 1e-12);
  });

  it("add up what hedges traded and cost", async () => {
    const metrics = createMetrics();
    const filled = {
      ...TICK,
      decision: "hedge",
      outcome: "filled",
      fill: FILL,
      gasUsed: 400_000,
      gasCost: 0.01,
    } as const;
    metrics.tick("eth", filled, 0);
    metrics.tick("eth", { ...filled, fill: { ...FILL, amount: -0.5, slippageBps: -4 } }, 0);
    expect(await value(metrics, 'keel_hedges_total{market="eth",outcome="filled"}')).to.equal(2);
    expect(await value(metrics, 'keel_hedged_units_total{market="eth"}')).to.equal(2);
    // 1.5 · 3003 · 10 bp; a fill better than the oracle is no negative cost
    expectClose((await value(metrics, 'keel_hedge_cost_usdc_total{market="eth"}')) ?? 0, 4.5045, 1e-9);
    expect(await value(metrics, 'keel_gas_used_total{market="eth"}')).to.equal(800_000);
    expectClose((await value(metrics, 'keel_gas_cost_ether_total{market="eth"}')) ?? 0, 0.02, 1e-12);
    expect(await value(metrics, 'keel_hedge_slippage_bps_bucket{le="10",market="eth"}')).to.equal(2);
    expect(await value(metrics, 'keel_hedge_slippage_bps_bucket{le="5",market="eth"}')).to.equal(1);
  });

  it("show P&L by what made it, the line, the key and the latch", async () => {
    const metrics = createMetrics();
    metrics.pnl("eth", { gamma: -120, theta: 100 });
    metrics.pnl("eth", { gamma: 20 });
    metrics.endpoints([{ endpoint: "node.example", isHealthy: false, blockLag: 3, failures: 7 }]);
    metrics.keyBalance("0xabc", 1.5);
    metrics.latched("eth", true);
    metrics.hedgeLatency("eth", 7);
    metrics.surfaceAge("eth", 3600);
    metrics.feed("eth", 12, 4);
    metrics.failure("eth");
    expect(await value(metrics, 'keel_pnl_usdc{market="eth",part="gamma"}')).to.equal(-100);
    expect(await value(metrics, 'keel_rpc_healthy{endpoint="node.example"}')).to.equal(0);
    expect(await value(metrics, 'keel_rpc_block_lag{endpoint="node.example"}')).to.equal(3);
    expect(await value(metrics, 'keel_key_balance_ether{address="0xabc"}')).to.equal(1.5);
    expect(await value(metrics, 'keel_latched{market="eth"}')).to.equal(1);
    expect(await value(metrics, 'keel_hedge_latency_seconds_bucket{le="12",market="eth"}')).to.equal(1);
    expect(await value(metrics, 'keel_surface_age_seconds{market="eth"}')).to.equal(3600);
    expect(await value(metrics, 'keel_feed_dispersion_bps{market="eth"}')).to.equal(12);
    expect(await value(metrics, 'keel_tick_failures_total{market="eth"}')).to.equal(1);
  });

  it("of two keepers in one process do not mix", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.tick("eth", TICK, 0);
    expect(await other.registry.metrics()).not.to.include('market="eth"');
  });
});
