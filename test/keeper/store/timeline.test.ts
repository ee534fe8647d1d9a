import { expect } from "chai";
import { parseEther, parseUnits } from "viem";
import type { Attribution } from "../../../sdk/portfolio/attribution.ts";
import { openDatabase, type OpenDatabase } from "../../../keeper/store/database.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { type PlannerInputs, type Recorder, createRecorder } from "../../../keeper/store/records.ts";
import { fromUsdc } from "../../../sdk/units.ts";
import { readTimeline } from "../../../keeper/store/timeline.ts";
import { type PostgresServer, postgresOrSkip } from "../../helpers/postgres.ts";
import { snapshotOf } from "../support/snapshots.ts";
import { emptyStore } from "../support/store.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = { from: 0, to: 24 * HOUR };
/** What was recorded is shown in four hundred stretches. */
const STRETCH = (24 * HOUR) / 400;

describe("Timeline", () => {
  describe("from PGlite", () => suite(() => openDatabase({ memory: true })));

  describe("from PostgreSQL", () => {
    let server: PostgresServer;
    before(async function () {
      server = await postgresOrSkip(this);
    });
    after(() => server?.stop());
    suite(() => openDatabase({ url: server.url }));
  });
});

function suite(open: () => Promise<OpenDatabase>): void {
  let store: OpenDatabase;
  let recorder: Recorder;
  let now = 0;
  before(async function () {
    this.timeout(600_000);
    store = await open();
  });
  beforeEach(async () => {
    await emptyStore(store);
    const lease = await createLeadership(store.db, { name: "keeper", holder: "test", intervalMs: HOUR }).hold();
    if (!lease) throw new Error("Nobody else wants it.");
    recorder = createRecorder(store.db, lease, () => now);
  });
  after(() => store?.close());

  let block = 0n;
  async function tickAt(at: number, netDelta: number, market = "eth"): Promise<bigint> {
    now = at;
    block += 1n;
    const base = snapshotOf();
    const snapshot = {
      ...base,
      block: { ...base.block, number: block },
      mark: { ...base.mark, delta: parseEther(String(netDelta)) },
      hedge: { ...base.hedge, delta: 0n },
    };
    const decision = { band: parseEther("0.5") };
    await recorder.tick({ market, inputs: [{ snapshot }] as unknown as PlannerInputs, decision, result: null });
    return block;
  }

  const read = (query: Partial<typeof DAY> = {}) => readTimeline(store.db, { market: "eth", ...DAY, ...query });

  it("shows of every stretch of time the moment that was furthest from neutral, and the newest", async () => {
    await tickAt(0, 0.1);
    await tickAt(20, -3);
    await tickAt(30, 2);
    await tickAt(STRETCH + 10, 0.2);
    await tickAt(24 * HOUR - 20, 0.4);
    await tickAt(24 * HOUR - 10, 0.3);
    const { moments } = await read();
    expect(moments.map(({ at, netDelta }) => ({ at, netDelta }))).to.deep.equal([
      { at: 20, netDelta: -3 },
      { at: STRETCH + 10, netDelta: 0.2 },
      { at: 24 * HOUR - 20, netDelta: 0.4 },
      { at: 24 * HOUR - 10, netDelta: 0.3 },
    ]);
    expect(moments[0]).to.include({ band: 0.5 });
  });

  it("shows every moment of a short record, however long the time that was asked for", async () => {
    for (let at = 0; at < 50; at += 1) await tickAt(at, at);
    expect((await read()).moments).to.have.length(50);
  });

  it("keeps to the market and to the time it was asked for", async () => {
    await tickAt(HOUR - 1, 1);
    await tickAt(HOUR, 2);
    await tickAt(HOUR + 1, 3, "btc");
    await tickAt(2 * HOUR, 4);
    const { moments } = await read({ from: HOUR, to: 2 * HOUR });
    expect(moments.map(({ netDelta }) => netDelta)).to.deep.equal([2]);
    expect((await readTimeline(store.db, { market: "sol", ...DAY })).moments).to.deep.equal([]);
  });

  it("lists hedges with their price and gas in dollars, newest first", async () => {
    const fill = {
      ...{ block: 1n, netDeltaBefore: 0n, netDeltaAfter: 0n, gasUsed: 250_000n },
      ...{
        amount: parseEther("-2"),
        cash: parseUnits("5990", 6),
        spot: parseEther("3000"),
        gasCost: parseEther("0.001"),
      },
    };
    now = HOUR;
    await recorder.fill("eth", { ...fill, tx: `0x${"01".repeat(32)}` });
    now = 2 * HOUR;
    await recorder.fill("eth", { ...fill, tx: `0x${"02".repeat(32)}`, amount: parseEther("1.5") });
    await recorder.fill("btc", { ...fill, tx: `0x${"03".repeat(32)}` });
    const { hedges } = await read();
    expect(hedges.map(({ at, amount }) => ({ at, amount }))).to.deep.equal([
      { at: 2 * HOUR, amount: 1.5 },
      { at: HOUR, amount: -2 },
    ]);
    expect(hedges[1]).to.include({ cash: 5990, spot: 3000, gas: 3 });
  });

  it("sums profits by cause over the ticks it shows, to the last unit", async () => {
    const huge = 9_007_199_254_740_993n;
    const parts = (delta: bigint) => ({
      ...{ capital: 0n, premium: 5n, gamma: -1n, vega: 0n, theta: 0n, hedgeFee: 0n, hedgeSlippage: 0n },
      ...{ funding: 0n, residual: 0n, delta },
    });
    const blocks: bigint[] = [];
    for (const at of [1, 2, 3]) blocks.push(await tickAt(at * HOUR, 1));
    const [first = 0n, second = 0n, third = 0n] = blocks;
    await recorder.attribution("eth", { from: first, to: second }, { change: 0n, parts: parts(7n), gas: 2n });
    await recorder.attribution("eth", { from: second, to: third }, { change: 0n, parts: parts(huge), gas: 3n });
    const { profits } = await read({ from: 2 * HOUR });
    expect(Object.fromEntries(profits)).to.include({ delta: fromUsdc(huge), premium: 0.000005, gamma: -0.000001 });
    expect(profits.get("gas")).to.equal(-0.000003);
    expect((await read()).profits.get("premium")).to.equal(0.00001);
    expect((await read({ to: 2 * HOUR + 1 })).profits.get("delta")).to.equal(0.000007);
  });

  it("reads many ticks in pieces, so that whatever else there is to do gets its turn, and loses none between them", async () => {
    const parts = { delta: 1n } as unknown as Attribution["parts"];
    const blocks: bigint[] = [];
    for (let i = 0; i < 60; i += 1) {
      blocks.push(await tickAt(i * STRETCH, i));
      // As if a thousand others had been recorded in between.
      await store.db.execute("select setval('keel.ticks_id_seq', nextval('keel.ticks_id_seq') + 1000)");
    }
    for (const [i, to] of blocks.entries()) {
      if (i > 0) await recorder.attribution("eth", { from: blocks[i - 1] ?? 0n, to }, { change: 0n, parts, gas: 0n });
    }
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const { moments, profits } = await read();
    clearImmediate(next);
    expect(turns).to.be.at.least(50);
    expect(moments.map(({ netDelta }) => netDelta)).to.deep.equal(Array.from({ length: 60 }, (_, i) => i));
    expect(profits.get("delta")).to.equal(fromUsdc(59n));
  });

  it("is empty where nothing was recorded", async () => {
    expect(await read()).to.deep.equal({ market: "eth", ...DAY, moments: [], hedges: [], profits: new Map() });
  });
}
