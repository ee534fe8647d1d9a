import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { UserError } from "../../../sdk/userError.ts";
import { type HealthState, liveness, readiness } from "../../../keeper/monitoring/health.ts";
import { createMetrics } from "../../../keeper/monitoring/metrics.ts";
import { type MonitoringServer, startMonitoringServer } from "../../../keeper/monitoring/server.ts";

const MAX_AGE_MS = 60_000;
const GOOD: HealthState = {
  turnedAt: 1_000,
  markets: new Map([["eth", { progressAt: 1_000, latched: undefined }]]),
  rpc: { healthy: 1, total: 2 },
  isStandby: false,
};

describe("Monitoring server", () => {
  let server: MonitoringServer;
  let state = GOOD;
  let now = 1_000;
  let page = (hours: number): Promise<string> => Promise.resolve(`<h1>${hours} hours</h1>`);
  before(async () => {
    const metrics = createMetrics();
    metrics.keyBalance("0xabc", 2);
    server = await startMonitoringServer({
      host: "127.0.0.1",
      port: 0,
      registry: metrics.registry,
      liveness: () => liveness(state, now, MAX_AGE_MS),
      readiness: () => readiness(state, now, MAX_AGE_MS),
      page: (hours) => page(hours),
    });
  });
  beforeEach(() => {
    state = GOOD;
    now = 1_000;
  });
  after(() => server.close());

  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.url}${path}`, init);
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  const failed = async (path: string): Promise<string[]> => {
    const { text } = await ask(path);
    const { checks } = JSON.parse(text) as { checks: { name: string; passes: boolean }[] };
    return checks.filter(({ passes }) => !passes).map(({ name }) => name);
  };

  it("serves metrics in Prometheus' format", async () => {
    const { status, type, text } = await ask("/metrics");
    expect(status).to.equal(200);
    expect(type).to.include("text/plain; version=0.0.4");
    expect(text).to.include("# TYPE keel_net_delta gauge").and.include('keel_key_balance_ether{address="0xabc"} 2');
  });

  it("is healthy and ready while ticks end and a line is there", async () => {
    expect((await ask("/health")).status).to.equal(200);
    expect((await ask("/ready")).status).to.equal(200);
  });

  it("fails both when the loop hangs for too long, to the millisecond", async () => {
    now = 1_000 + MAX_AGE_MS;
    expect((await ask("/health")).status).to.equal(200);
    now += 1;
    expect((await ask("/health")).status).to.equal(503);
    expect(await failed("/health")).to.deep.equal(["loop"]);
    expect((await ask("/ready")).status).to.equal(503);
    state = { ...GOOD, turnedAt: undefined };
    expect(await failed("/health")).to.deep.equal(["loop"]);
  });

  it("fails readiness but not liveness while ticks fail, or before the first: a restart mends no oracle", async () => {
    now = 1_001 + MAX_AGE_MS;
    state = { ...GOOD, turnedAt: now };
    expect((await ask("/health")).status).to.equal(200);
    expect(await failed("/ready")).to.deep.equal(["eth:progress"]);
    now = 1_000;
    state = { ...GOOD, markets: new Map([["eth", { progressAt: undefined, latched: undefined }]]) };
    expect(await failed("/ready")).to.deep.equal(["eth:progress"]);
    state = { ...GOOD, markets: new Map() };
    expect(await failed("/ready")).to.deep.equal(["progress"]);
  });

  it("fails readiness but not liveness without a usable endpoint: a restart mends no line", async () => {
    state = { ...GOOD, rpc: { healthy: 0, total: 2 } };
    expect((await ask("/ready")).status).to.equal(503);
    expect(await failed("/ready")).to.deep.equal(["rpc"]);
    expect((await ask("/health")).status).to.equal(200);
  });

  it("fails readiness while one of its markets is latched off, and says why", async () => {
    const latched = { progressAt: 1_000, latched: "the mark disagrees" };
    state = { ...GOOD, markets: new Map([...GOOD.markets, ["btc", latched]]) };
    const { status, text } = await ask("/ready");
    expect(status).to.equal(503);
    expect(text).to.include("the mark disagrees");
    expect(await failed("/ready")).to.deep.equal(["btc:latch"]);
  });

  it("is not ready while another host acts", async () => {
    state = { ...GOOD, isStandby: true };
    expect(await failed("/ready")).to.deep.equal(["active"]);
  });

  it("serves a page of a day, or of as many hours as are asked for, in which nothing can run", async () => {
    const { headers } = await fetch(server.url);
    expect(headers.get("content-security-policy")).to.match(/^default-src 'none';/);
    expect(await ask("/")).to.deep.equal({ status: 200, type: "text/html; charset=utf-8", text: "<h1>24 hours</h1>" });
    expect((await ask("/?hours=168")).text).to.equal("<h1>168 hours</h1>");
    for (const hours of ["0", "1.5", "-1", "1e2", "745", "all", ""]) {
      const { status, text } = await ask(`/?hours=${hours}`);
      expect(status, hours).to.equal(400);
      expect(text).to.equal("hours must be a whole number from 1 to 744, as in /?hours=168.\n");
    }
  });

  it("says so when the page cannot be made, and goes on", async () => {
    const good = page;
    page = () => Promise.reject(new Error("the database is away"));
    expect(await ask("/")).to.include({ status: 503, text: "This cannot be shown now: the database is away\n" });
    page = good;
    expect((await ask("/")).status).to.equal(200);
    expect((await ask("/health")).status).to.equal(200);
  });

  it("gives a page up that takes too long, and closes connections on which nothing moves", async () => {
    const impatient = await startMonitoringServer({
      ...{ host: "127.0.0.1", port: 0, registry: createMetrics().registry, patienceMs: 50 },
      liveness: () => liveness(GOOD, 0, 1),
      readiness: () => readiness(GOOD, 0, 1),
      page: () => new Promise<string>(() => undefined),
    });
    const response = await fetch(impatient.url);
    expect(response.status).to.equal(503);
    expect(await response.text()).to.equal("This cannot be shown now: it takes longer than 0.05 s.\n");
    const silent = connect(Number(new URL(impatient.url).port), "127.0.0.1");
    await once(silent, "close");
    await impatient.close();
  });

  it("answers nothing else: other paths, and whatever would change something", async () => {
    expect((await ask("/metrics/all")).status).to.equal(404);
    expect((await ask("//metrics")).status).to.equal(404);
    expect((await ask("/metrics", { method: "POST" })).status).to.equal(405);
    expect((await ask("/health", { method: "DELETE" })).status).to.equal(405);
  });

  it("says what to do when its port is taken", async () => {
    const port = Number(new URL(server.url).port);
    const second = startMonitoringServer({
      host: "127.0.0.1",
      port,
      registry: createMetrics().registry,
      liveness: () => liveness(GOOD, 0, 1),
      readiness: () => readiness(GOOD, 0, 1),
      page,
    });
    const error = await second.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(UserError);
    expect(String(error)).to.include(`Port ${port} of 127.0.0.1 for metrics is already in use`);
  });
});
