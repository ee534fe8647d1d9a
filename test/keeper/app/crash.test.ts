import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { type Address, keccak256, parseEther } from "viem";
import { directConnection } from "../../../keeper/chain/chainConnection.ts";
import type { Journal } from "../../../keeper/execution/ports.ts";
import { type OpenDatabase, openDatabase } from "../../../keeper/store/database.ts";
import { createJournal } from "../../../keeper/store/journal.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { readTimeline } from "../../../keeper/store/timeline.ts";
import { createRecorder } from "../../../keeper/store/records.ts";
import { attempts, fills, intents } from "../../../keeper/store/schema.ts";
import type { StoreSession } from "../../../keeper/store/session.ts";
import { DEEP } from "../../deep.ts";
import { KEEPER, TRADERS, keelWorld } from "../../helpers/keelWorld.ts";
import { useFork } from "../../helpers/localFork.ts";
import { statementPoints } from "../execution/support/host.ts";
import { type Mortal, createMortal } from "../execution/support/mortal.ts";
import { type TestKeeper, devSigner, keeperOn, look, tickNow } from "../support/keeperWorld.ts";
import { emptyStore } from "../support/store.ts";

const [ALICE] = TRADERS as [Address];
/** Every point at which the keeper below was killed: KEEL_LIST=1 writes it anew. */
const LIST = new URL("../../fixtures/tickKillPoints.json", import.meta.url);
const LEASE_MS = 1_000;
const LONGEST_LIFE = 20;
const CHAIN_ID = 31337;

describe("Crash at every await of whole ticks that hedge through the real desk", function () {
  this.timeout(600_000);
  const world = useFork(keelWorld);
  let store: OpenDatabase;
  let watched: Mortal | undefined;
  /** The leases' clock. */
  let time = 0;
  /** Hashes of what was handed to the node, repetitions included. */
  let sent: string[] = [];

  before(async () => {
    store = await openDatabase(
      { memory: true },
      statementPoints(() => watched),
    );
  });
  after(() => store.close());

  /** A keeper all of whose waiting is a point. */
  function keeperOf(holder: string, mortal: Mortal): TestKeeper {
    const { clients } = world();
    const client = mortal.watch(
      {
        ...clients.public,
        sendRawTransaction: (transaction: Parameters<typeof clients.public.sendRawTransaction>[0]) => {
          sent.push(keccak256(transaction.serializedTransaction));
          return clients.public.sendRawTransaction(transaction);
        },
      },
      "chain",
    );
    const options = {
      line: directConnection("http://fork", client),
      signer: mortal.watch(devSigner(), "signer"),
      session: sessionOf(holder, mortal),
      config: { finality: 3 },
    };
    return keeperOn(world(), {}, false, options);
  }

  function sessionOf(holder: string, mortal: Mortal): StoreSession {
    const now = () => Promise.resolve(time);
    const leadership = createLeadership(store.db, { name: "keeper", holder, intervalMs: LEASE_MS, now });
    let lead: Awaited<ReturnType<StoreSession["lead"]>>;
    const session: Pick<StoreSession, "lead"> = {
      async lead() {
        const lease = await leadership.hold();
        if (!lease) throw new Error("The other one is dead.");
        if (lead) return lead;
        const inner = createJournal(store.db, { chainId: CHAIN_ID, lease, now: () => 0 });
        const record: Journal["record"] = async (next) => {
          await inner.record(next);
          mortal.enter(next.state.tag);
        };
        const journal = mortal.watch({ ...inner, record }, "journal");
        lead = {
          lease,
          journal,
          recorder: mortal.watch(
            createRecorder(store.db, lease, () => 0),
            "recorder",
          ),
        };
        return lead;
      },
    };
    return {
      ...mortal.watch(session, "session"),
      leads: () => true,
      timeline: (query) => readTimeline(store.db, query),
      close: () => Promise.resolve(),
    };
  }

  /** Ticks until there is nothing left to do and nothing under way. */
  async function live(keeper: TestKeeper): Promise<void> {
    for (let i = 0; i < LONGEST_LIFE; i++) {
      const { decision } = await tickNow(keeper);
      if (decision === "hold" && (await openIntents()) === 0) return;
      await world().clients.test.mine({ blocks: 1 });
    }
    throw new Error(`It did not come to rest in ${LONGEST_LIFE} blocks.`);
  }

  async function openIntents(): Promise<number> {
    const all = await store.db.select().from(intents);
    return all.filter(({ over }) => !over).length;
  }

  /** A life without or with one death, and another life after it. @returns What the desk holds in the end. */
  async function run(mortal: Mortal): Promise<bigint> {
    const { clients } = world();
    const clean = await clients.test.snapshot();
    await emptyStore(store);
    sent = [];
    time = 0;
    try {
      watched = mortal;
      await live(keeperOf("first", mortal));
    } catch (error) {
      if (!mortal.isDead()) throw error;
      watched = undefined;
      time += LEASE_MS;
      await live(keeperOf("second", createMortal()));
    } finally {
      watched = undefined;
    }
    const held = await expectOnce();
    await clients.test.revert({ id: clean });
    return held;
  }

  /** One hedge, by one transaction, which was stored before it was sent and is in the books once. */
  async function expectOnce(): Promise<bigint> {
    const { clients } = world();
    const keeper = keeperOn(world());
    const { desk } = keeper.contracts;
    const logs = await clients.public.getContractEvents({ ...desk, eventName: "Rebalanced", fromBlock: 0n });
    expect(logs.length, "hedges").to.equal(1);
    const stored = (await store.db.select().from(attempts)).map(({ hash }) => hash);
    expect([...new Set(sent)], "everything sent is stored").to.have.members(stored);
    expect(stored, "signed once").to.deep.equal(logs.map(({ transactionHash }) => transactionHash));
    const booked = await store.db.select().from(fills);
    expect(booked.map(({ tx }) => tx)).to.deep.equal(stored);
    expect((await store.db.select().from(intents)).map(({ tag }) => tag)).to.deep.equal(["final"]);
    return (await look(keeper)).hedge.delta;
  }

  it("T41: whatever point a keeper dies at, the next one ends with the same hedge, done once", async () => {
    const { keel, call, clients } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const nonce = await clients.public.getTransactionCount({ address: KEEPER });
    const whole = createMortal();
    const undisturbed = await run(whole);
    expect(undisturbed > 0n).to.equal(true);
    // The first time that a point is passed in each state of the transaction; every time in the deep run.
    const points = whole.points
      .map((name, i) => ({ i, name }))
      .filter(({ i, name }) => DEEP || whole.points.indexOf(name) === i);
    for (const { i, name } of points) {
      const mortal = createMortal(i);
      const held = await run(mortal).catch((error: unknown) => {
        throw new Error(`killed at ${name}`, { cause: error });
      });
      expect(mortal.isDead(), `it died at ${name}`).to.equal(true);
      expect(held, `killed at ${name}`).to.equal(undisturbed);
      expect(await clients.public.getTransactionCount({ address: KEEPER })).to.equal(nonce);
    }
    const names = points.map(({ name }) => name);
    console.log(`      ${names.length} kill points${DEEP ? "" : ": test/fixtures/tickKillPoints.json"}`);
    expect(names.length).to.be.at.least(100);
    if (DEEP) return;
    if (process.env.KEEL_LIST === "1") writeFileSync(LIST, `${JSON.stringify(names, null, 1)}\n`);
    expect(names).to.have.members(JSON.parse(readFileSync(LIST, "utf8")) as string[]);
  });
});
