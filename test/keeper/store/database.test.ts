import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type SQL, getTableColumns, getTableName, sql } from "drizzle-orm";
import { plan } from "../../../keeper/execution/intent.ts";
import { type OpenDatabase, openDatabase } from "../../../keeper/store/database.ts";
import { FencedOut } from "../../../keeper/store/fencing.ts";
import { JournalConflict, createJournal } from "../../../keeper/store/journal.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { createRecorder } from "../../../keeper/store/records.ts";
import * as schema from "../../../keeper/store/schema.ts";
import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import type { planHedge } from "../../../keeper/hedging/planner.ts";
import { stateOf } from "../support/hedgeStates.ts";
import { snapshotOf } from "../support/snapshots.ts";
import { TABLES, emptyStore } from "../support/store.ts";

const KEEPER = `0x${"11".repeat(20)}` as const;

const intent = (id: string, slot = "hedge") =>
  plan({
    id,
    chainId: 1,
    account: KEEPER,
    slot,
    urgency: "routine",
    call: { to: KEEPER, data: "0x", value: 5n },
    expected: { amount: 5n },
  });

describe("Store", () => {
  let store: OpenDatabase;
  before(async () => (store = await openDatabase({ memory: true })));
  afterEach(() => emptyStore(store));
  after(() => store.close());

  /** Leases of two hosts, of which the second has taken over. */
  async function twoHosts() {
    const clock = { time: 0 };
    const now = () => Promise.resolve(clock.time);
    const host = (holder: string) => createLeadership(store.db, { name: "keeper", holder, intervalMs: 1000, now });
    const old = await host("old").hold();
    clock.time = 1000;
    const young = await host("young").hold();
    if (!old || !young) throw new Error("Both had it once.");
    return { old, young };
  }

  /** Rows of a statement that drizzle has no words for. */
  async function query<T>(statement: SQL): Promise<T> {
    const answer: unknown = await store.db.execute(statement);
    return (answer as { readonly rows: T }).rows;
  }

  it("has exactly the columns that the program believes in", async () => {
    const rows = await query<{ table_name: string; column_name: string; is_nullable: string }[]>(
      sql`select table_name, column_name, is_nullable from information_schema.columns where table_schema = 'keel'`,
    );
    const actual = rows
      .filter(({ table_name }) => table_name !== "migrations")
      .map((row) => `${row.table_name}.${row.column_name} ${row.is_nullable === "YES" ? "null" : "not null"}`);
    const expected = TABLES.flatMap((table) =>
      Object.values(getTableColumns(table)).map(
        ({ name, notNull }) => `${getTableName(table)}.${name} ${notNull ? "not null" : "null"}`,
      ),
    );
    expect(actual).to.have.members(expected);
  });

  it("refuses every kind of write under an old token (T41)", async () => {
    const { old } = await twoHosts();
    const journal = createJournal(store.db, { chainId: 1, lease: old, now: () => 0 });
    const recorder = createRecorder(store.db, old, () => 0);
    const zero = 0n;
    const tx = `0x${"22".repeat(32)}` as const;
    const inputs: Parameters<typeof planHedge> = [stateOf(snapshotOf(), DEFAULT_POLICY), DEFAULT_POLICY];
    const money = { amount: zero, cash: zero, spot: zero, gasUsed: zero, gasCost: zero };
    const writes = [
      () => journal.begin(intent("a")),
      () => recorder.tick({ market: "m", inputs, decision: null, result: undefined }),
      () => recorder.fill("m", { tx, block: 1n, ...money, netDeltaBefore: zero, netDeltaAfter: zero }),
      () => recorder.attribution("m", { from: 1n, to: 2n }, { change: zero, parts: {} as never, gas: zero }),
    ];
    for (const write of writes) expect(await write().catch((error: unknown) => error)).to.be.instanceOf(FencedOut);
    for (const table of TABLES) {
      expect(await store.db.$count(table), getTableName(table)).to.equal(getTableName(table) === "leases" ? 1 : 0);
    }
  });

  it("has a fence on every table but that of the leases", async () => {
    const rows = await query<{ name: string }[]>(
      sql`select event_object_table as name from information_schema.triggers where trigger_name = 'fence'`,
    );
    const fenced = TABLES.map((table) => getTableName(table)).filter((name) => name !== "leases");
    expect([...new Set(rows.map(({ name }) => name))]).to.have.members(fenced);
  });

  it("lets nobody change an intent from old knowledge", async () => {
    const { young } = await twoHosts();
    const journal = createJournal(store.db, { chainId: 1, lease: young, now: () => 0 });
    await journal.begin(intent("a"));
    const numbered = await journal.allocateNonce(intent("a"), 7);
    expect(numbered).to.include({ nonce: 7, version: 1 });
    expect(await journal.record(numbered).catch((error: unknown) => error)).to.be.instanceOf(JournalConflict);
    expect(await journal.allocateNonce(numbered, 9), "asked again").to.equal(numbered);
  });

  it("gives each intent a nonce of its own, from the chain's on, and fills holes first", async () => {
    const { young } = await twoHosts();
    const journal = createJournal(store.db, { chainId: 1, lease: young, now: () => 0 });
    const nonces: (number | undefined)[] = [];
    for (const slot of ["a", "b", "c"]) {
      const begun = await journal.begin(intent(slot, slot));
      nonces.push((await journal.allocateNonce(begun, 3)).nonce);
    }
    expect(nonces).to.deep.equal([3, 4, 5]);
    const b = await journal.find("b");
    if (!b) throw new Error("It was written.");
    const refused = { ...b, nonce: undefined, settled: true, version: b.version + 1 };
    await journal.record({ ...refused, state: { tag: "refused", reason: "no" } });
    const next = await journal.begin(intent("d", "d"));
    expect((await journal.allocateNonce(next, 3)).nonce).to.equal(4);
  });

  it("reads an intent back as it was written", async () => {
    const { young } = await twoHosts();
    const journal = createJournal(store.db, { chainId: 1, lease: young, now: () => 0 });
    await journal.begin(intent("a"));
    expect(await journal.find("a")).to.deep.equal(intent("a"));
    expect(await journal.open()).to.deep.equal([intent("a")]);
    expect(await journal.begin(intent("b"))).to.deep.equal(intent("a"));
  });

  it("in a folder remembers across restarts, belongs to one process, and ignores a lock left behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keel-store-"));
    try {
      const first = await openDatabase({ folder });
      await first.db.insert(schema.leases).values({ name: "n", holder: "h", token: 3, expiresAt: 0 });
      const second = await openDatabase({ folder }).catch((error: unknown) => error);
      expect(second).to.have.property("message").that.includes("is in use by process");
      await first.close();
      writeFileSync(join(folder, "keel.lock"), "4194304"); // more than any process's number
      const again = await openDatabase({ folder });
      expect(await again.db.select().from(schema.leases)).to.deep.equal([
        { name: "n", holder: "h", token: 3, expiresAt: 0 },
      ]);
      await again.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says which database cannot be reached, and never the password", async () => {
    const error = await openDatabase({ url: "postgres://keel:hunter2@127.0.0.1:1/keel" }).catch((e: unknown) => e);
    expect(error).to.have.property("name", "UserError");
    expect(String(error)).to.match(/The database at 127\.0\.0\.1:1 cannot be used/);
    expect(String(error)).not.to.include("hunter2");
  });

  it("by default measures leases with the database's clock", async () => {
    const leadership = createLeadership(store.db, { name: "n", holder: "h", intervalMs: 1000 });
    await leadership.hold();
    const [lease] = await store.db.select().from(schema.leases);
    expect(lease?.expiresAt).to.be.within(Date.now() - 60_000, Date.now() + 60_000);
  });
});
