import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { contractsOf } from "../../sdk/contracts.ts";
import { type OpenDatabase, openDatabase } from "../../keeper/store/database.ts";
import { attempts, intents, transitions } from "../../keeper/store/schema.ts";
import { DEEP } from "../deep.ts";
import { KEEPER, TRADERS } from "../helpers/keelWorld.ts";
import { type PostgresServer, postgresOrSkip } from "../helpers/postgres.ts";
import { type DeployedDevnet, startDeployedDevnet } from "./support/deployedDevnet.ts";
import { type KeeperHost, startKeeperHost } from "./support/keeperHosts.ts";

const [ALICE] = TRADERS as [Address];
const LEASE_SECONDS = 2;
/** Lease intervals from a host's last sign of life until the other may act. */
const BOUND = 3;
const PATIENCE_MS = 600_000;

/** Writes down every takeover, by the clock that the leases go by. */
const WATCH_LEASES = [
  "create table takeovers (token bigint primary key, holder text, at double precision)",
  `create function note_takeover() returns trigger language plpgsql as $$ begin
     if tg_op = 'INSERT' or new.token <> old.token then
       insert into takeovers values (new.token, new.holder, extract(epoch from clock_timestamp()) * 1000);
     end if;
     return new;
   end $$`,
  "create trigger note after insert or update on keel.leases for each row execute function note_takeover()",
];

interface Takeover {
  readonly token: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

describe("Two keepers as processes over one PostgreSQL", function () {
  this.timeout(PATIENCE_MS);
  let server: PostgresServer | undefined;
  let store: OpenDatabase;
  let world: DeployedDevnet;
  let firstBlock: bigint;
  let hosts: KeeperHost[] = [];
  let count = 0;

  before(async function () {
    server = await postgresOrSkip(this);
    world = await startDeployedDevnet();
    firstBlock = await world.clients.public.getBlockNumber();
    store = await openDatabase({ url: server.url });
    for (const statement of WATCH_LEASES) await store.db.execute(statement);
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    hosts = [];
    if (server) await store.db.execute("update keel.leases set expires_at = 0");
  });
  after(async () => {
    await store?.close();
    await world?.close();
    server?.stop();
  });

  /** Starts two hosts. @returns The one that acts, which has looked at the chain and found nothing to do, and the other. */
  async function pair(): Promise<{ readonly acting: KeeperHost; readonly standby: KeeperHost }> {
    if (!server) throw new Error("There is a server.");
    const settings = { world, url: server.url, leaseSeconds: LEASE_SECONDS };
    const [a, b] = await Promise.all([
      startKeeperHost(`host-${count++}`, settings),
      startKeeperHost(`host-${count++}`, settings),
    ]);
    hosts = [a, b];
    const [ofA, ofB] = await Promise.all([a.running.event("lease"), b.running.event("lease")]);
    expect([ofA.state, ofB.state]).to.have.members(["acting", "standby"]);
    const [acting, standby] = ofA.state === "acting" ? [a, b] : [b, a];
    await Promise.all([acting, standby].map(({ running }) => running.event("tick", ({ settled }) => settled)));
    return { acting, standby };
  }

  /** Something to hedge. */
  async function trade(): Promise<void> {
    await world.keel.trade(ALICE, [{ id: world.call(3000), quantity: parseEther("10") }]);
  }

  async function query<T>(statement: string): Promise<T[]> {
    const answer: unknown = await store.db.execute(statement);
    return (answer as { readonly rows: T[] }).rows;
  }

  async function databaseTime(): Promise<number> {
    const [row] = await query<{ now: number }>("select (extract(epoch from clock_timestamp()) * 1000)::float8 as now");
    return row?.now ?? NaN;
  }

  async function takeovers(): Promise<Takeover[]> {
    const rows = await query<{ token: string; at: number }>("select token, at from takeovers order by token");
    return rows.map(({ token, at }) => ({ token: Number(token), at }));
  }

  /** Waits until another has the lease. @returns How many lease intervals after `since` that was. */
  async function intervalsUntilTakeover(since: number): Promise<number> {
    const end = Date.now() + PATIENCE_MS;
    while (Date.now() < end) {
      const last = (await takeovers()).at(-1);
      if (last && last.at > since) return (last.at - since) / (LEASE_SECONDS * 1_000);
      await wait(20);
    }
    throw new Error(`Nobody took over within ${PATIENCE_MS} ms.`);
  }

  /** The other host has taken over in time, finishes what is under way, and hedges what comes. */
  async function expectTakeover({ running }: KeeperHost, since: number): Promise<void> {
    const intervals = await intervalsUntilTakeover(since);
    expect(intervals, "lease intervals until the takeover").to.be.at.most(BOUND);
    const token = (await takeovers()).at(-1)?.token;
    expect(await running.event("lease")).to.include({ state: "acting", token });
    await expectHedged(running);
    await trade();
    expect(await running.event("tick", ({ decision }) => decision === "hedge")).to.include({ outcome: "filled" });
    await expectHedged(running);
    console.log(`      took over after ${intervals.toFixed(2)} lease intervals`);
  }

  async function expectHedged(running: KeeperHost["running"]): Promise<void> {
    const hasTraded = await world.clients.public.getBlockNumber();
    const calm = await running.event("tick", ({ settled, block }) => settled && block >= Number(hasTraded));
    expect(Math.abs(calm.netDelta)).to.be.at.most(calm.band + 0.05);
  }

  /**
   * What is on the chain is what is in the journal, each intent by one transaction; and whoever wrote, wrote while the lease
   * was his.
   */
  async function expectOneActor(hedges: number): Promise<void> {
    const { clients, keel } = world;
    const head = await clients.public.getBlockNumber();
    const mined: string[] = [];
    for (let blockNumber = firstBlock + 1n; blockNumber <= head; blockNumber++) {
      const { transactions } = await clients.public.getBlock({ blockNumber, includeTransactions: true });
      mined.push(...transactions.flatMap(({ from, hash }) => (from === KEEPER.toLowerCase() ? [hash] : [])));
    }
    const signed = await store.db.select().from(attempts);
    const intentOf = new Map<string, string>(signed.map(({ hash, intentId }) => [hash, intentId]));
    const done = mined.map((hash) => intentOf.get(hash));
    expect(done, "every transaction is in the journal").not.to.include(undefined);
    expect(new Set(done).size, "transactions per intent").to.equal(done.length);
    const rows = await store.db.select().from(intents);
    expect(rows.map(({ id }) => id)).to.have.members(done);
    const { desk } = contractsOf({ network: "devnet", contracts: { ...keel.contracts } });
    const logs = await clients.public.getContractEvents({ ...desk, eventName: "Rebalanced", fromBlock: firstBlock });
    expect(logs.map(({ transactionHash }) => transactionHash)).to.have.members(mined);
    expect(mined.length - hedgesBefore, "hedges").to.equal(hedges);
    hedgesBefore = mined.length;

    const reigns = await takeovers();
    for (const { token, at } of await store.db.select().from(transitions)) {
      const reign = reigns.findIndex((takeover) => takeover.token === token);
      expect(at, `written under token ${token}`).to.be.at.least(Math.floor(reigns[reign]?.at ?? Infinity));
      expect(at, `written under token ${token}`).to.be.at.most(reigns[reign + 1]?.at ?? Infinity);
    }
  }
  let hedgesBefore = 0;

  it("T41: one is killed with a transaction signed and not yet sent: the other sends that very transaction", async () => {
    const { acting, standby } = await pair();
    const held = acting.rpc.hold("eth_sendRawTransaction");
    await trade();
    await held;
    const died = await databaseTime();
    acting.kill("SIGKILL");
    await expectTakeover(standby, died);
    await expectOneActor(2);
    expect((await store.db.select().from(attempts)).length, "signed").to.equal(2);
  });

  const pauses = [
    ["before it has signed", "eth_estimateGas"],
    ["between storing and sending", "eth_sendRawTransaction"],
  ] as const;
  for (const [point, method] of pauses.slice(0, DEEP ? pauses.length : 1)) {
    it(`T41: one is paused ${point}, and wakes up after the takeover: it is refused by its token`, async () => {
      const { acting, standby } = await pair();
      const held = acting.rpc.hold(method);
      await trade();
      const release = await held;
      const paused = await databaseTime();
      acting.kill("SIGSTOP");
      await expectTakeover(standby, paused);
      release();
      acting.kill("SIGCONT");
      const refused = await acting.running.event("lease");
      expect(refused.state).to.equal("refused");
      expect(refused.message).to.match(/^Another host has taken over .* under token \d+ is refused/);
      expect(await acting.running.event("lease")).to.include({ state: "standby" });
      await trade();
      const idle = await acting.running.event("tick", ({ decision }) => decision === "hedge");
      expect(idle).to.include({ outcome: "standby" });
      await standby.running.event("tick", ({ decision }) => decision === "hedge");
      await expectHedged(standby.running);
      await expectOneActor(3);
    });
  }

  it("T41: one is cut off from the database: it does nothing until it is back, and then stands by", async () => {
    const { acting, standby } = await pair();
    const cut = await databaseTime();
    acting.database.cut();
    await trade();
    const failure = await acting.running.event("error");
    expect(failure.message).to.match(/^the database does not answer/);
    await expectTakeover(standby, cut);
    acting.database.mend();
    expect(await acting.running.event("lease")).to.include({ state: "standby" });
    await expectOneActor(2);
  });

  // Without KEEL_DEEP the same is tested on the store alone (store/postgres.test.ts).
  it("T41: one's line to the database goes silent in the middle of a write: that holds nobody up", async function () {
    if (!DEEP) {
      console.log("      skipped: set KEEL_DEEP=1 to wait until the silent line breaks by itself");
      this.skip();
    }
    const { acting, standby } = await pair();
    const silent = acting.database.silenceAt('update "keel"."intents"');
    await trade();
    await silent;
    await expectTakeover(standby, await databaseTime());
    // The connection breaks by itself, since nothing is heard on it.
    const failure = await acting.running.event("error");
    expect(failure.message).to.match(/^the database does not answer/);
    acting.database.mend();
    expect(await acting.running.event("lease")).to.include({ state: "standby" });
    await expectOneActor(2);
  });
});
