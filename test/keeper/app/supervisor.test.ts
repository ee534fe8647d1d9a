import { expect } from "chai";
import type { EndpointReport } from "../../../keeper/chain/rpcPool/pool.ts";
import type { TickOutcome } from "../../../keeper/app/marketTick.ts";
import { createSupervisor } from "../../../keeper/app/supervisor.ts";
import { loadConfig } from "../../../keeper/config.ts";
import { createAlerter } from "../../../keeper/monitoring/alerts/alerter.ts";
import type { TickEvent } from "../../../keeper/monitoring/events.ts";
import { createMetrics } from "../../../keeper/monitoring/metrics.ts";
import { NO_RISK } from "../../../keeper/monitoring/riskLimits.ts";
import { FILL, TICK } from "../support/tickEvents.ts";

describe("Watch", () => {
  const HEALTHY: EndpointReport = {
    endpoint: "node.example",
    isHealthy: true,
    blockLag: 0,
    failures: 0,
    lastFault: undefined,
  };
  const OUTCOME = {
    snapshot: { slices: [] },
    plan: { urgency: "routine", reason: { code: "outside-band" } },
  } as unknown as TickOutcome;

  function watched() {
    const metrics = createMetrics();
    const told: string[] = [];
    let endpoint = HEALTHY;
    const channel = {
      name: "test",
      leastSeverity: "info",
      send: ({ alert, state }: { alert: { name: string }; state: string }) => {
        told.push(`${alert.name} ${state}`);
        return Promise.resolve();
      },
    } as const;
    const alerter = createAlerter({ channels: [channel], now: () => 0, onFailure: () => undefined });
    const watch = createSupervisor({
      config: loadConfig({}, {}),
      metrics,
      alerter,
      kill: { path: "STOP", reason: () => undefined, trip: () => undefined, clear: () => false },
      memoryOf: () => ({ load: () => NO_RISK, save: () => undefined }),
      endpoints: () => [endpoint],
      now: () => 0,
    });
    return {
      watch,
      tick: (event: Partial<TickEvent>) => watch.tick({ ...TICK, ...event }, OUTCOME),
      lose: () => (endpoint = { ...HEALTHY, isHealthy: false, failures: 1, lastFault: "transport" }),
      find: () => (endpoint = HEALTHY),
      told: async () => {
        await alerter.flush();
        return told.splice(0);
      },
      value: async (line: string) => {
        const text = await metrics.registry.metrics();
        return Number(
          text
            .split("\n")
            .find((one) => one.startsWith(`${line} `))
            ?.slice(line.length),
        );
      },
    };
  }
  const LATENCY = 'keel_hedge_latency_seconds_sum{market="eth"}';
  const HEDGES = 'keel_hedge_latency_seconds_count{market="eth"}';
  const HEDGE = { decision: "hedge", reason: { code: "outside-band" } } as const;

  it("tells how late a hedge was that was mined in a later block than it was sent", async () => {
    const { watch, tick, value } = watched();
    tick({ ...HEDGE, outcome: "in-flight", blockTime: 1_000 });
    tick({ ...HEDGE, outcome: "in-flight", blockTime: 1_012 });
    watch.filled("eth", FILL, 0);
    tick({ netDelta: 0.5, netDeltaAfter: 0.5, reason: { code: "inside-band" }, blockTime: 1_024 });
    tick({ netDelta: 0.5, netDeltaAfter: 0.5, reason: { code: "inside-band" }, blockTime: 1_036 });
    expect([await value(HEDGES), await value(LATENCY)]).to.deep.equal([1, 24]);
  });

  it("tells how late a hedge was that was mined at once", async () => {
    const { watch, tick, value } = watched();
    tick({ ...HEDGE, outcome: "filled", fill: FILL, netDeltaAfter: -0.5, blockTime: 1_000 });
    watch.filled("eth", FILL, 0);
    tick({ netDelta: -0.5, netDeltaAfter: -0.5, reason: { code: "inside-band" }, blockTime: 1_001 });
    expect([await value(HEDGES), await value(LATENCY)]).to.deep.equal([1, 1]);
  });

  it("alerts when a hedge has been due for long, and not when the planner leaves a trifle alone", async () => {
    const { tick, told } = watched();
    tick({ reason: { code: "below-min-clip" }, blockTime: 1_000 });
    tick({ reason: { code: "below-min-clip" }, blockTime: 90_000 });
    expect(await told()).to.deep.equal([]);
    tick({ blockTime: 90_012 });
    tick({ blockTime: 180_000 });
    expect(await told()).to.deep.equal(["OutsideBand firing"]);
  });

  it("says at once that the line is dead, and that it is back although there is no new block", async () => {
    const { watch, told, lose, find, value } = watched();
    lose();
    watch.failed("eth");
    expect(await value('keel_rpc_healthy{endpoint="node.example"}')).to.equal(0);
    expect(watch.health().rpc).to.deep.equal({ healthy: 0, total: 1 });
    expect(await told()).to.deep.equal(["RpcDegraded firing", "RpcDown firing"]);
    find();
    watch.turned(["eth"]);
    expect(await value('keel_rpc_healthy{endpoint="node.example"}')).to.equal(1);
    expect(await told()).to.deep.equal(["RpcDegraded resolved", "RpcDown resolved"]);
  });
});
