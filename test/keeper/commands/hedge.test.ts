import { expect } from "chai";
import { parseEther } from "viem";
import type { HedgeReport } from "../../../keeper/commands/hedgeReport.ts";
import { deskOf } from "../../helpers/desk.ts";
import { TRADERS } from "../../helpers/keelWorld.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { runKeel } from "../support/commandLine.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../support/deployedDevnet.ts";

const [ALICE] = TRADERS as [`0x${string}`];

describe("keel hedge", () => {
  let world: DeployedDevnet;
  let clean: `0x${string}`;
  const desk = deskOf(() => world);

  before(async () => {
    world = await startDeployedDevnet();
    await world.keel.trade(ALICE, [{ id: world.call(3000), quantity: parseEther("100") }]);
    world.activate();
    clean = await world.clients.test.snapshot();
  });
  afterEach(async () => {
    await world.clients.test.revert({ id: clean });
    clean = await world.clients.test.snapshot();
  });
  after(() => world.close());

  const keel = (args: readonly string[], env: Record<string, string> = {}) =>
    runKeel(world.folder, args, { KEEL_DEPLOYMENT: world.deploymentFile, ...env });
  const withKey = () => ({ KEEL_PRIVATE_KEY: world.keeperKey });

  it("--dry-run shows net delta, order, expected fill and every budget, needs no key and sends nothing", async () => {
    const block = await world.clients.public.getBlockNumber();
    const { code, stdout, stderr } = await keel(["hedge", "--dry-run"]);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /Net delta +-\d+\.\d{4}, too short, at \$3,000\.00 \(average \$[\d,]+\.\d\d\); anyone may hedge beyond ±\d+\.\d\d/,
    );
    expect(stdout).to.match(/Order +buy \d+\.\d{4} for at most \$[\d,]+\.\d\d, until /);
    expect(stdout).to.match(/through pools: [\d.]+ % at 0\.05 %/);
    expect(stdout).to.match(/Expected +\$[\d,.]+, \$3,0\d\d\.\d\d each: \d+\.\d\d bp worse than the oracle's/);
    expect(stdout).to.match(/keepers: trade \$[\d,.]+, lose \$[\d,.]+/);
    expect(stdout).to.match(/anyone: trade \$[\d,.]+, lose \$[\d,.]+; next bounty \$50\.00 at most/);
    expect(stdout).to.match(/Lender +nothing owed; floor 1\.30, target 1\.70/);
    expect(stdout).to.include("not simulated: without a key");
    expect(await world.clients.public.getBlockNumber()).to.equal(block);
  });

  it("--dry-run --json holds the chain's own numbers, and simulates with a key", async () => {
    const { code, stdout } = await keel(["hedge", "--dry-run", "--json"], withKey());
    expect(code).to.equal(0);
    const report = JSON.parse(stdout) as HedgeReport;
    expectClose(report.netDelta, Number(await desk.netDelta()) / 1e18, 1e-3);
    const [nav, left] = [Number(await desk.nav()) / 1e18, await desk.budgetLeft(0)];
    expectClose(report.budgets.keepers.turnover, (nav * Number(left.turnover)) / 1e18, 1);
    expectClose(report.budgets.keepers.loss, (nav * Number(left.loss)) / 1e18, 1);
    expect(report.order?.side).to.equal("buy");
    expectClose(report.expected?.netDelta ?? 0, -0.02, 1e-9);
    expect(report.outcome).to.deep.equal({ outcome: "dry-run" });
    expect(report.order?.legs.reduce((sum, { shareBps }) => sum + shareBps, 0)).to.equal(10_000);
  });

  it("hedges once with a key, at the price that the dry run promised; the next one has nothing to do", async () => {
    const promised = JSON.parse((await keel(["hedge", "--dry-run", "--json"])).stdout) as HedgeReport;
    const first = await keel(["hedge", "--json"], withKey());
    expect(first.stderr).to.equal("");
    expect(first.code).to.equal(0);
    const { outcome } = JSON.parse(first.stdout) as HedgeReport;
    if (outcome.outcome !== "filled") return expect.fail(JSON.stringify(outcome));
    expectClose(outcome.cash / outcome.amount / (promised.expected?.price ?? 0), 1, 1e-6); // a hundredth of a bp
    expectClose(Number(await desk.netDelta()) / 1e18, -0.02, 1e-3);
    const second = await keel(["hedge"], withKey());
    expect(second.code).to.equal(0);
    expect(second.stdout).to.include("none: the net delta is neutral");
  });

  it("ends with code 1 and a sentence when the pools are beyond the bound, or there is no key", async () => {
    const none = await keel(["hedge"]);
    expect(none.code).to.equal(1);
    expect(none.stderr).to.match(/^keel: The keeper has no private key\./);
    await world.market.arbitrage(3060);
    const far = await keel(["hedge", "--dry-run"]);
    expect(far.code).to.equal(0);
    expect(far.stdout).to.include("none: what the pools take within the slippage bound allows 0.000000");
  });

  it("--help says what it does", async () => {
    const { stdout, code } = await keel(["hedge", "--help"]);
    expect(code).to.equal(0);
    for (const part of ["--dry-run", "--json", "one order towards neutral over all pools"]) {
      expect(stdout.replace(/\s+/g, " ")).to.include(part);
    }
  });
});
