import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther } from "viem";
import type { QuoteReport } from "../../../keeper/commands/quote.ts";
import type { StatusReport } from "../../../keeper/commands/statusReport.ts";
import type { TickEvent } from "../../../keeper/monitoring/events.ts";
import { decodeSeries, seriesName } from "../../../sdk/series.ts";
import { fromUsdc } from "../../../sdk/units.ts";
import { TRADERS } from "../../helpers/keelWorld.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { runKeel } from "../support/commandLine.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../support/deployedDevnet.ts";

const [ALICE] = TRADERS as [`0x${string}`];

describe("keel once, status, quote", () => {
  let world: DeployedDevnet;
  let clean: `0x${string}`;

  before(async () => {
    world = await startDeployedDevnet();
    const { keel, call } = world;
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    clean = await world.clients.test.snapshot();
  });
  afterEach(async () => {
    await world.clients.test.revert({ id: clean });
    // What the journal remembers would count as lost in a reorganisation, and be sent again.
    rmSync(join(world.folder, "keel-data"), { recursive: true, force: true });
    clean = await world.clients.test.snapshot();
  });
  after(() => world.close());

  const keel = (args: readonly string[], env: Record<string, string> = {}) =>
    runKeel(world.folder, args, { KEEL_DEPLOYMENT: world.deploymentFile, ...env });

  it("once hedges with the key from the environment, a second time holds, and neither prints the key", async () => {
    world.activate();
    const env = { KEEL_PRIVATE_KEY: world.keeperKey };
    const first = await keel(["once", "--json"], env);
    expect(first.stderr).to.equal("");
    expect(first.code).to.equal(0);
    const hedge = JSON.parse(first.stdout) as TickEvent;
    expect(hedge).to.include({ type: "tick", decision: "hedge", outcome: "filled" });
    expectClose(hedge.netDeltaAfter, -hedge.band, 1e-4);

    const second = await keel(["once"], env);
    expect(second.code).to.equal(0);
    expect(second.stdout).to.match(/block \d+ .* hold: inside the band/);
    expect(first.stdout + second.stdout).not.to.include(world.keeperKey.slice(2));
  });

  it("once --dry-run needs no key and sends nothing", async () => {
    const block = await world.clients.public.getBlockNumber();
    const { code, stdout, stderr } = await keel(["once", "--dry-run"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/buy \d\.\d{4} dry-run/);
    expect(await world.clients.public.getBlockNumber()).to.equal(block);
  });

  it("explain says what would be done and why, and sends nothing", async () => {
    const { code, stdout, stderr } = await keel(["explain"]);
    expect(stderr).to.equal("");
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^devnet at block \d+\n {2}The net delta is .*; the no-trade band is ±/);
    expect(stdout).to.match(/\n {2}Decision: /);
    const json = JSON.parse((await keel(["explain", "--json"])).stdout) as Record<string, { plan: object }>;
    expect(json.devnet?.plan).to.include.keys("decision", "reason", "costs");
  });

  it("once sends nothing before its configuration is activated, and says so", async () => {
    const block = await world.clients.public.getBlockNumber();
    const env = { KEEL_PRIVATE_KEY: world.keeperKey, KEEL_MAX_CLIP: "99" }; // not what was activated before
    const { code, stdout, stderr } = await keel(["once"], env);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/buy \d\.\d{4} dry-run/);
    expect(stderr).to.match(/has not been activated, so nothing will be sent\. .*"keel activate"\.\n$/);
    expect(await world.clients.public.getBlockNumber()).to.equal(block);
  });

  it("once ends with code 1 and the reason when the hedge does not fill", async () => {
    await world.market.arbitrage(3060);
    world.activate();
    const { code, stdout, stderr } = await keel(["once"], { KEEL_PRIVATE_KEY: world.keeperKey });
    expect(code).to.equal(1);
    expect(stdout).to.include("hold: the pools take nothing within the slippage bound");
    expect(stderr).to.match(/^keel: The hedge of devnet did not fill: the pools take nothing worth it .*\.\n$/);
  });

  it("status shows the vault, its positions with their Greeks, and the surface", async () => {
    const { stdout, stderr, code } = await keel(["status"]);
    expect(code, stderr).to.equal(0);
    const name = seriesName(decodeSeries(world.call(3000)));
    for (const part of [
      "Keel on devnet",
      "NAV ",
      "Epoch ",
      "Net delta",
      "agree with the vault's mark",
      name,
      "ATM vol",
    ]) {
      expect(stdout).to.include(part);
    }
    expect(stdout).to.include("19 listed series without a position");
  });

  it("status --json holds the same numbers as the chain", async () => {
    const { stdout } = await keel(["status", "--json"]);
    const report = JSON.parse(stdout) as StatusReport;
    const cash = await world.clients.public.readContract({ ...world.keel.vault, functionName: "cash" });
    expect(report.vault.cash).to.equal(fromUsdc(cash));
    expect(report.positions.length).to.equal(20);
    const [open] = report.positions.filter(({ quantity }) => quantity !== 0);
    expect(open).to.include({ quantity: -10, id: String(world.call(3000)) });
    expect(report.net.delta).to.equal(open?.delta);
    expect(report.netDelta).to.be.below(-5);
    expect(report.check).to.deep.equal({ agrees: true });
    expect(report.surface.map(({ atmVol }) => atmVol)).to.deep.equal([0.7, 0.7]);
  });

  it("quote asks the market, by name or id, and values the contract itself", async () => {
    const id = world.call(3300);
    const name = seriesName(decodeSeries(id));
    const expected = await world.keel.quote([{ id, quantity: parseEther("2.5") }]);
    const byName = JSON.parse((await keel(["quote", name.toLowerCase(), "2.5", "--json"])).stdout) as QuoteReport;
    const byId = JSON.parse((await keel(["quote", String(id), "2.5", "--json"])).stdout) as QuoteReport;
    expect(byId).to.deep.equal(byName);
    expect(byName).to.deep.include({ series: name, side: "buy", quantity: 2.5, total: fromUsdc(expected.total) });
    expectClose(byName.contract.value * 2.5, byName.components.mid, 1e-6);
    expect(byName.perContract).to.be.above(byName.contract.value);
    const sum = Object.values(byName.components).reduce((all, one) => all + one, 0);
    expectClose(sum, byName.total, 2e-6); // rounded up to a unit
  });

  it("quote --sell says what the trader gets", async () => {
    const { stdout, stderr, code } = await keel(["quote", String(world.call(3000)), "10", "--sell"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/sell 10 WETH-.*-3000-C/);
    expect(stdout).to.match(/You get \d+\.\d{6} USDC/);
    expect(stdout).to.match(/One contract: mid .* delta 0\.5/);
  });

  it("quote answers an unknown series with the listed ones", async () => {
    const { stderr, code } = await keel(["quote", "WETH-1JAN30-3000-C", "1"]);
    expect(code).to.equal(1);
    expect(stderr).to.include("There is no series WETH-1JAN30-3000-C. These are listed: WETH-");
  });

  it("quote passes on what the market refuses", async () => {
    const huge = await keel(["quote", String(world.call(3000)), "100000"]);
    expect(huge.code).to.equal(1);
    expect(huge.stderr).to.include("refused: SeriesCapExceeded(");
    const tiny = await keel(["quote", String(world.call(3000)), "0.0001"]);
    expect(tiny.code).to.equal(1);
    expect(tiny.stderr).to.include("refused: QuantityTooSmall(");
  });
});
