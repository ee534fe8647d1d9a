import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { eq } from "drizzle-orm";
import { parseEther } from "viem";
import type { HistoryReport } from "../../../keeper/commands/history.ts";
import type { TickEvent } from "../../../keeper/monitoring/events.ts";
import { openDatabase } from "../../../keeper/store/database.ts";
import { readTick } from "../../../keeper/store/records.ts";
import { leases, ticks } from "../../../keeper/store/schema.ts";
import { TRADERS } from "../../helpers/keelWorld.ts";
import { runKeel } from "../support/commandLine.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../support/deployedDevnet.ts";

const [ALICE] = TRADERS as [`0x${string}`];

describe("keel history, replay", () => {
  let world: DeployedDevnet;
  let folder: string;
  let hedge: TickEvent;

  const keel = (args: readonly string[]) =>
    runKeel(world.folder, args, {
      KEEL_DEPLOYMENT: world.deploymentFile,
      KEEL_PRIVATE_KEY: world.keeperKey,
      KEEL_DATA_FOLDER: folder,
    });

  before(async () => {
    world = await startDeployedDevnet();
    folder = join(world.folder, "data");
    world.activate({ KEEL_DATA_FOLDER: folder });
    await world.keel.trade(ALICE, [{ id: world.call(3000), quantity: parseEther("10") }]);
    hedge = JSON.parse((await keel(["once", "--json"])).stdout) as TickEvent;
    await keel(["once"]);
  });
  after(() => world.close());

  it("history shows every tick with its decision, and what was filled", async () => {
    const { stdout, stderr, code } = await keel(["history", "--json"]);
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    const report = JSON.parse(stdout) as HistoryReport;
    expect(report.ticks.map(({ tick, decision, outcome }) => ({ tick, decision, outcome }))).to.deep.equal([
      { tick: 2, decision: "hold", outcome: null },
      { tick: 1, decision: "hedge", outcome: "filled" },
    ]);
    expect(report.ticks[1]).to.include({ block: hedge.block, netDelta: hedge.netDelta, band: hedge.band });
    expect(report.fills).to.have.length(1);
    expect(report.fills[0]).to.include({ tx: hedge.tx, amount: hedge.fill?.amount, cash: hedge.fill?.cash });
    expect((await keel(["history", "--limit", "1"])).stdout).to.match(/^ ?tick .*\n.*\n *2 .* hold .*inside-band/);
  });

  it("replay decides a tick again from what it was decided from, without a chain", async () => {
    const { stdout, code } = await runKeel(world.folder, ["replay", "1"], { KEEL_DATA_FOLDER: folder });
    expect(code).to.equal(0);
    expect(stdout).to.match(
      /Tick 1 of devnet at block \d+\n {2}decided then {2}buy \d+\.\d{4} for at most \d+\.\d\d USDC \(outside-band/,
    );
    expect(stdout).to.include("the same, to the last digit");
    const json = JSON.parse((await keel(["replay", "1", "--json"])).stdout) as { isSame: boolean; inputs: unknown[] };
    expect(json.isSame).to.equal(true);
    expect(json.inputs[0]).to.have.nested.property("snapshot.block.number", String(hedge.block));
  });

  it("replay says when a tick comes out different", async () => {
    const { db, close } = await openDatabase({ folder });
    const tick = await readTick(db, 2);
    const [state, policy] = tick?.inputs ?? [];
    const [lease] = await db.select().from(leases);
    const inputs = [state, { ...policy, bandFloor: 500 }];
    await db
      .update(ticks)
      .set({ inputs, token: lease?.token ?? 0 })
      .where(eq(ticks.id, 2));
    await close();
    const { stderr, code } = await keel(["replay", "2"]);
    expect(code).to.equal(1);
    expect(stderr).to.equal("keel: Tick 2 is decided differently now: this is another version of the planner.\n");
  });

  it("replay skips a tick whose inputs are of another version's form, and says so", async () => {
    const { db, close } = await openDatabase({ folder });
    const tick = await readTick(db, 2);
    const [state, policy] = tick?.inputs ?? [];
    const [lease] = await db.select().from(leases);
    const old = [state?.snapshot, policy, { venue: "0x", route: "0x" }, {}];
    await db
      .update(ticks)
      .set({ inputs: old, token: lease?.token ?? 0 })
      .where(eq(ticks.id, 2));
    await close();
    const { stdout, stderr, code } = await keel(["replay", "2"]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(
      /^Tick 2 was skipped: it was recorded by another version, which decided from inputs of another form/,
    );
  });

  it("history shows one market alone, and says when there is nothing of it", async () => {
    const { transactions } = JSON.parse(
      (await keel(["history", "--market", "devnet", "--json"])).stdout,
    ) as HistoryReport;
    expect(transactions.map(({ slot }) => slot)).to.deep.equal(["hedge:devnet"]);
    const { code, stdout, stderr } = await keel(["history", "--market", "vnet"]);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    expect(stderr).to.match(/^keel: Nothing has been recorded of a market vnet\. Leave --market out/);
  });

  it("history draws a page of the last hours", async () => {
    const file = join(world.folder, "history.html");
    expect((await keel(["history", "--plot", file, "--hours", "2"])).stderr).to.equal("");
    const page = readFileSync(file, "utf8");
    expect(page).to.include("The last 2 hours until").and.include("Hedges of devnet").and.include(hedge.tx);
    expect(page).to.not.include("http-equiv");
    const { stderr, code } = await keel(["history", "--plot", join(world.folder, "no-such", "history.html")]);
    expect(stderr).to.match(/^keel: Cannot write .*no-such/);
    expect(code).to.equal(1);
  });

  it("history takes no limit that a database would not", async () => {
    for (const limit of ["0", "abc", "1.5", "1e9", "1000001", "99999999999999999999"]) {
      const { code, stderr } = await keel(["history", "--limit", limit]);
      expect(code, limit).to.equal(1);
      expect(stderr).to.include(`'${limit}' is invalid. It must be a whole number from 1 to 1000000.`);
    }
  });

  it("say what is missing or in use", async () => {
    expect((await keel(["replay", "99"])).stderr).to.include('There is no tick 99. "keel history" lists those');
    const nowhere = await runKeel(world.folder, ["history"], {});
    expect(nowhere.stderr).to.match(/^keel: Nothing has been recorded in keel-data yet\. Name the/);
    const { close } = await openDatabase({ folder });
    const busy = await keel(["history"]);
    await close();
    expect(busy.stderr).to.match(/^keel: The data folder .* is in use by process \d+\. Stop it first/);
    expect(existsSync(join(folder, "keel.lock"))).to.equal(false);
    const secret = await runKeel(world.folder, ["history"], { KEEL_DATABASE_URL: "mysql://keel:hunter2@db/keel" });
    expect(secret.stderr).to.match(
      /^keel: databaseUrl \(KEEL_DATABASE_URL\) is something else \(not shown\), but a URL that begins/,
    );
    expect(secret.stderr).not.to.include("hunter2");
  });

  it("one host hedges while another stands by", async () => {
    const { db, close } = await openDatabase({ folder });
    await db.update(leases).set({ holder: "another host", expiresAt: Date.now() + 60_000 });
    await close();
    await world.market.moveTo(3300, { forceRound: true });
    const { stdout, code } = await keel(["once", "--json"]);
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.include({ decision: "hedge", outcome: "standby" });
  });
});
