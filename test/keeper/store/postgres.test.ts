import { expect } from "chai";
import { eq } from "drizzle-orm";
import { Secret } from "../../../keeper/secret.ts";
import { FencedOut, storeFailure } from "../../../keeper/store/fencing.ts";
import { type Database, type OpenDatabase, openDatabase, serversInTurn } from "../../../keeper/store/database.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { intents, leases, ticks } from "../../../keeper/store/schema.ts";
import { openSession } from "../../../keeper/store/session.ts";
import { startCable } from "../support/cable.ts";
import { type PostgresServer, postgresOrSkip } from "../../helpers/postgres.ts";
import { type BareChain, CLIP, depositOf, startBareChain } from "../execution/support/bareChain.ts";
import { createHost } from "../execution/support/host.ts";

const INTERVAL_MS = 10_000;
const TICKS_PER_INTERVAL = 4;

describe("Two hosts over one PostgreSQL", function () {
  this.timeout(600_000);
  let server: PostgresServer | undefined;
  let chain: BareChain;
  let stores: OpenDatabase[] = [];

  before(async function () {
    server = await postgresOrSkip(this);
    chain = await startBareChain();
    const { url } = server;
    // Both start at once and both find empty tables to make.
    stores = await Promise.all([openDatabase({ url }), openDatabase({ url })]);
  });
  beforeEach(async () => {
    await chain.reset();
    const [store] = stores;
    for (const table of ["transitions", "attempts", "intents", "leases"]) {
      await store?.db.execute(`delete from keel.${table}`);
    }
  });
  after(async () => {
    for (const store of stores) await store.close();
    await chain?.close();
    server?.stop();
  });

  /** A host that, at every tick, acts if it holds the lease. */
  function hostOn(store: OpenDatabase, name: string, clock: { time: number }) {
    const now = () => Promise.resolve(clock.time);
    const leadership = createLeadership(store.db, { name: "keeper", holder: name, intervalMs: INTERVAL_MS, now });
    let acting: { readonly token: number; readonly host: ReturnType<typeof createHost> } | undefined;
    const tick = async (): Promise<boolean> => {
      const lease = await leadership.hold();
      if (!lease) return false;
      if (acting?.token !== lease.token)
        acting = { token: lease.token, host: createHost({ chain, db: store.db, lease }) };
      await act(acting.host, name);
      return true;
    };
    return { tick, leadership, asleep: () => acting?.host };
  }

  async function act({ driver }: ReturnType<typeof createHost>, name: string): Promise<void> {
    await driver.step();
    const head = await chain.view.head();
    if ((await chain.held()) < CLIP) await driver.submit(depositOf(chain, `${name}-${head.number}`), head);
  }

  function both() {
    const [first, second] = stores;
    if (!first || !second) throw new Error("There are two stores.");
    return { first, second };
  }

  function pair() {
    const { first, second } = both();
    const clock = { time: 0 };
    return { clock, a: hostOn(first, "a", clock), b: hostOn(second, "b", clock) };
  }

  it("one acts and the other stands by", async () => {
    const { clock, a, b } = pair();
    for (let i = 0; i < 3 * TICKS_PER_INTERVAL; i++) {
      expect(await a.tick()).to.equal(true);
      expect(await b.tick()).to.equal(false);
      await chain.mine();
      clock.time += INTERVAL_MS / TICKS_PER_INTERVAL;
    }
    expect(await chain.deposits()).to.equal(1);
  });

  it("of two that reach for it at the same moment, one gets it", async () => {
    for (let round = 0; round < 20; round++) {
      const { clock, a, b } = pair();
      clock.time = round * 10 * INTERVAL_MS;
      const got = await Promise.all([a.leadership.hold(), b.leadership.hold()]);
      expect(got.filter((lease) => lease !== undefined).length, `round ${round}`).to.equal(1);
    }
  });

  it("takes over within three lease intervals of a host's death, and finishes its hedge", async () => {
    const { clock, a, b } = pair();
    await a.tick();
    await b.tick();
    const died = clock.time;
    let tookOver: number | undefined;
    for (let i = 0; tookOver === undefined || i < 5 * TICKS_PER_INTERVAL; i++) {
      clock.time += INTERVAL_MS / TICKS_PER_INTERVAL;
      if (i === 2) await chain.mine();
      if ((await b.tick()) && tookOver === undefined) tookOver = clock.time;
      if (i > 2) await chain.mine();
    }
    expect((tookOver - died) / INTERVAL_MS).to.be.at.most(3);
    expect(await chain.deposits()).to.equal(1);
    const [intent] = await both().second.db.select().from(intents);
    expect(intent).to.include({ id: `a-${await firstBlock()}`, tag: "final" });
  });

  it("refuses a paused host that wakes up, by its token, while the other acts", async () => {
    const { clock, a, b } = pair();
    await a.tick();
    clock.time += INTERVAL_MS;
    expect(await b.tick()).to.equal(true);
    const sleeper = a.asleep();
    if (!sleeper) throw new Error("It has acted.");
    await chain.mine(); // something to write down
    const error = await sleeper.driver.step().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(FencedOut);
    expect((error as Error).message).to.include("what is written under token 1 is refused");
    expect(await a.tick(), "it asks again and stands by").to.equal(false);
    for (let i = 0; i < 8; i++) {
      await chain.mine();
      await b.tick();
    }
    expect(await chain.deposits()).to.equal(1);
    const [lease] = await both().first.db.select().from(leases);
    expect(lease).to.include({ holder: "b", token: 2 });
  });

  it("a write that is under way holds a takeover up, so that none ends under an old token", async () => {
    const { first } = both();
    const { clock, a, b } = pair();
    const lease = await a.leadership.hold();
    clock.time += INTERVAL_MS;
    let takeover: Promise<unknown> | undefined;
    const order: string[] = [];
    await first.db.transaction(async (tx) => {
      const fence = { lease: "keeper", token: lease?.token ?? 0 };
      const row = { market: "m", block: 1n, blockHash: "0x", at: 0, inputs: 0, decision: 0, result: { value: 0 } };
      await tx.insert(ticks).values({ ...row, ...fence });
      takeover = b.leadership.hold().then(() => order.push("takeover"));
      await untilBlocked(first);
      order.push("write");
    });
    await takeover;
    expect(order).to.deep.equal(["write", "takeover"]);
  });

  it("T41: a write that stands still holds a takeover up no longer than the server's patience", async () => {
    const { clock, a, b } = pair();
    const lease = await a.leadership.hold();
    clock.time += INTERVAL_MS;
    const slow = await openDatabase({ url: server?.url ?? "", patience: { server: 100, client: 60_000 } });
    const fence = { lease: "keeper", token: lease?.token ?? 0 };
    const row = { market: "m", block: 2n, blockHash: "0x", at: 0, inputs: 0, decision: 0, result: { value: 0 } };
    const write = slow.db.transaction(async (tx) => {
      await tx.insert(ticks).values({ ...row, ...fence });
      expect(await b.leadership.hold(), "takes over while the write stands still").to.include({ token: 2 });
      await untilGone(both().first, "idle in transaction");
    });
    const error = await write.catch((reason: unknown) => reason);
    expect(storeFailure(error), "the line to the one that stood still is closed").to.match(/does not answer/);
    expect(await both().first.db.$count(ticks, eq(ticks.block, 2n))).to.equal(0);
    expect(await slow.db.$count(ticks), "and the next statement has a line of its own").to.be.a("number");
    await slow.close();
  });

  it("T41: a line that the server ends at any moment is a failure of that statement, and of nothing else", async () => {
    const { first } = both();
    const doomed = await openDatabase({ url: server?.url ?? "" });
    const ends: ((tx: Database) => Promise<unknown>)[] = [
      (tx) => tx.execute("select pg_terminate_backend(pg_backend_pid())"), // in the middle of a statement
      async (tx) => {
        const answer: unknown = await tx.execute("select pg_backend_pid() as pid"); // between two
        const [row] = (answer as { readonly rows: { pid: number }[] }).rows;
        await first.db.execute(`select pg_terminate_backend(${row?.pid ?? 0}, 5000)`);
        await tx.execute("select 1");
      },
    ];
    for (const end of ends) {
      const error = await doomed.db.transaction(end).catch((reason: unknown) => reason);
      expect(storeFailure(error)).to.match(/does not answer/);
      expect(await doomed.db.$count(leases)).to.equal(0);
    }
    await doomed.close();
  });

  it("goes to each server of an address in turn", () => {
    const next = serversInTurn("postgres://keel:secret@one,two:6432/keel");
    expect([next(), next(), next()].map((url) => new URL(url).host)).to.deep.equal([
      "one:6432",
      "two:6432",
      "one:6432",
    ]);
  });

  it("renewing at a tick and by the clock at the same moment is one renewal", async () => {
    const { a } = pair();
    const [one, two] = await Promise.all([a.leadership.hold(), a.leadership.hold()]);
    expect(one).to.include({ holder: "a", token: 1 });
    expect(two).to.equal(one);
    expect(await a.leadership.hold(), "and it knows what it has").to.equal(one);
  });

  it("closes, although the database cannot be reached any more to give the lease up", async () => {
    const url = new URL(server?.url ?? "");
    const cable = await startCable(Number(url.port));
    url.port = String(cable.port);
    const settings = { dataFolder: "unused", databaseUrl: new Secret(url.href) };
    const session = await openSession(settings, { chainId: 31337, account: "0x1" });
    expect(session.leads()).to.equal(false);
    expect(await session.lead()).not.to.equal(undefined);
    expect(session.leads()).to.equal(true);
    cable.cut();
    const error = await session.lead().catch((reason: unknown) => reason);
    expect(storeFailure(error)).to.match(/does not answer/);
    expect(session.leads(), "who cannot ask does not lead").to.equal(false);
    await session.close();
    await cable.close();
  });

  it("release lets the other in at once", async () => {
    const { a, b } = pair();
    expect(await a.tick()).to.equal(true);
    await a.leadership.release();
    expect(await b.tick()).to.equal(true);
  });

  async function firstBlock(): Promise<string> {
    const { clients } = chain;
    const [log] = await clients.public.getLogs({ address: chain.weth, fromBlock: 0n });
    return String((log?.blockNumber ?? 0n) - 1n);
  }

  /** Until no connection is in `state` any more. */
  async function untilGone({ db }: OpenDatabase, state: string): Promise<void> {
    for (;;) {
      const answer: unknown = await db.execute(`select 1 from pg_stat_activity where state = '${state}'`);
      if ((answer as { readonly rows: unknown[] }).rows.length === 0) return;
    }
  }

  /** Until some connection waits for a lock. */
  async function untilBlocked(store: OpenDatabase): Promise<void> {
    for (;;) {
      const answer: unknown = await store.db.execute("select 1 from pg_stat_activity where wait_event_type = 'Lock'");
      if ((answer as { readonly rows: unknown[] }).rows.length > 0) return;
    }
  }
});
