import { expect } from "chai";
import { type OpenDatabase, openDatabase } from "../../../keeper/store/database.ts";
import type { Intent, State } from "../../../keeper/execution/intent.ts";
import type { ChainView } from "../../../keeper/execution/ports.ts";
import { emptyStore } from "../support/store.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { type BareChain, CLIP, depositOf, startBareChain } from "./support/bareChain.ts";
import { type HostOptions, type Sent, createHost } from "./support/host.ts";

const GWEI = 10n ** 9n;
const SPIKE = 20n * GWEI;

describe("Transaction driver", () => {
  let chain: BareChain;
  let store: OpenDatabase;
  before(async () => {
    chain = await startBareChain();
    store = await openDatabase({ memory: true });
  });
  afterEach(async () => {
    await emptyStore(store);
    await chain.reset();
  });
  after(async () => {
    await store.close();
    await chain.close();
  });

  async function prepare(options: Partial<HostOptions> = {}) {
    const lease = await createLeadership(store.db, { name: "test", holder: "a", intervalMs: 1000 }).hold();
    if (!lease) throw new Error("Nobody else wants it.");
    const sent: Sent = [];
    const host = createHost({ chain, db: store.db, lease, sent, ...options });
    const order = async (id: string, request: Parameters<typeof depositOf>[2] = {}) =>
      host.driver.submit(depositOf(chain, id, request), await chain.view.head());
    return { ...host, sent, order };
  }

  /** The state of an intent in the journal. */
  async function stateOf(journal: { find(id: string): Promise<Intent | undefined> }, id: string): Promise<State> {
    const intent = await journal.find(id);
    if (!intent) throw new Error(`The journal has no ${id}.`);
    return intent.state;
  }

  it("carries an order from plan to finality with one transaction", async () => {
    const { driver, order, sent, journal } = await prepare();
    expect(await order("one")).to.have.nested.property("intent.state.tag", "broadcast");
    const tags: string[] = [];
    for (let i = 0; i < 8; i++) {
      await chain.mine();
      tags.push(...(await driver.step()).map(({ state }) => state.tag));
    }
    expect(tags).to.deep.equal(["mined", "mined", "mined", "mined", "mined", "mined", "final"]);
    expect(sent.length).to.equal(1);
    expect(await stateOf(journal, "one")).to.deep.include({ outcome: { kind: "effected", details: { amount: CLIP } } });
  });

  it("has one hedge in flight per slot, while another slot goes on with the next nonce (T31)", async () => {
    const { order } = await prepare();
    expect(await order("one")).to.include({ outcome: "accepted" });
    expect(await order("two")).to.have.nested.property("intent.id", "one");
    expect(await order("two")).to.include({ outcome: "busy" });
    expect(await order("other", { slot: "surface" })).to.have.nested.property("intent.nonce", 1);
    await chain.mine();
    expect(await chain.deposits()).to.equal(2);
  });

  it("asked for the same intent again does nothing new", async () => {
    const { order, sent } = await prepare();
    await order("one");
    await order("one");
    await chain.mine();
    expect(await order("one")).to.include({ outcome: "accepted" });
    expect([await chain.deposits(), sent.length]).to.deep.equal([1, 1]);
  });

  it("refuses a plan from before the last hedge of its slot, and one from a block that has left the chain (T41)", async () => {
    const { driver, order } = await prepare();
    const before = await chain.view.head();
    await order("one");
    await chain.mine();
    await driver.step();
    expect(await driver.submit(depositOf(chain, "two"), before))
      .to.have.property("reason")
      .that.includes("before block");
    const gone = await chain.view.head();
    await chain.reorganise(1);
    expect(await driver.submit(depositOf(chain, "two"), gone))
      .to.have.property("reason")
      .that.includes("has left");
    expect(await chain.deposits()).to.equal(1);
  });

  it("counts a hedge that a reorganisation has undone as in flight again", async () => {
    const { driver, order, journal } = await prepare();
    await order("one");
    await chain.mine();
    await driver.step();
    expect((await journal.find("one"))?.confirmed).to.equal(true);
    await chain.reorganise(1, async () => {
      for (const hash of await chain.waiting()) await chain.drop(hash);
      await chain.mine();
    });
    expect(await chain.held()).to.equal(0n);
    const again = await order("two");
    expect(again).to.include({ outcome: "busy" });
    expect(again).to.have.nested.property("intent.id", "one");
    for (let i = 0; i < 9; i++) {
      await driver.step();
      await chain.mine();
    }
    expect(await chain.deposits()).to.equal(1);
  });

  it("refuses what fails in simulation, without writing it down, a nonce or sending", async () => {
    const { order, sent, journal } = await prepare();
    expect(await order("much", { isHopeless: true })).to.have.property("outcome", "refused");
    expect(await journal.find("much")).to.equal(undefined);
    expect(sent).to.deep.equal([]);
    expect(await order("one")).to.have.nested.property("intent.nonce", 0);
  });

  it("waits while the base fee is above its urgency's cap, and pays it in an emergency", async () => {
    const { order, driver, sent } = await prepare();
    await chain.mine(300n * GWEI);
    expect(await order("calm")).to.have.nested.property("intent.state.tag", "planned");
    expect(sent.length).to.equal(0);
    expect(await order("now", { urgency: "emergency" })).to.deep.include({ outcome: "busy" });
    expect(sent.length, "the holder of the slot has become an emergency").to.equal(1);
    await chain.mine(300n * GWEI);
    const [intent] = await driver.step();
    expect(intent).to.deep.include({ id: "calm", urgency: "emergency" });
    expect(intent?.state.tag).to.equal("mined");
  });

  it("replaces what a spike of the base fee by twenty has left stuck, at the same nonce", async () => {
    const { order, driver, journal, sent } = await prepare();
    await order("one");
    for (let i = 0; i < 4; i++) {
      await chain.mine(SPIKE);
      await driver.step();
    }
    const intent = await journal.find("one");
    expect(intent?.state.tag).to.equal("mined");
    expect(intent?.attempts.map(({ purpose }) => purpose)).to.deep.equal(["order", "order"]);
    const [first, second] = intent?.attempts ?? [];
    expect((second?.fees.maxFeePerGas ?? 0n) * 1000n >= (first?.fees.maxFeePerGas ?? 0n) * 1125n).to.equal(true);
    expect(new Set(sent).size).to.equal(2);
    expect(await chain.deposits()).to.equal(1);
  });

  it("does not believe a receipt that lacks the predicted effect", async () => {
    const view: ChainView = {
      ...chain.view,
      receipt: async (hash) => {
        const receipt = await chain.view.receipt(hash);
        return receipt && { ...receipt, logs: [] };
      },
    };
    const { order, driver, journal } = await prepare({ driver: { chain: view } });
    await order("one");
    await chain.mine();
    await driver.step();
    const problem = `it deposited nothing, not ${CLIP}`;
    expect(await stateOf(journal, "one")).to.deep.include({ outcome: { kind: "unexpected", problem } });
  });

  it("ignores a receipt from a block that is not in the chain", async () => {
    const view: ChainView = {
      ...chain.view,
      receipt: async (hash) => {
        const receipt = await chain.view.receipt(hash);
        return receipt && { ...receipt, block: { ...receipt.block, hash: `0x${"ee".repeat(32)}` } };
      },
    };
    const { order, driver, journal } = await prepare({ driver: { chain: view } });
    await order("one");
    await chain.mine();
    await driver.step();
    expect((await stateOf(journal, "one")).tag).to.equal("seen");
  });

  it("believes that its nonce was taken by somebody else only once that has lasted", async () => {
    const lies = { on: false };
    const view: ChainView = {
      ...chain.view,
      minedNonce: async (account) => (await chain.view.minedNonce(account)) + (lies.on ? 1 : 0),
      knows: () => Promise.resolve(false),
      receipt: () => Promise.resolve(undefined),
    };
    const { order, driver, journal } = await prepare({ driver: { chain: view } });
    await order("one");
    lies.on = true;
    await driver.step();
    expect(await stateOf(journal, "one")).to.deep.include({ tag: "dropped", nonceTaken: true });
    lies.on = false;
    await driver.step();
    expect((await stateOf(journal, "one")).tag).not.to.equal("displaced");
    lies.on = true;
    for (let i = 0; i < 8; i++) {
      await driver.step();
      await chain.mine(SPIKE);
    }
    expect(await stateOf(journal, "one")).to.deep.equal({ tag: "displaced", nonce: 0 });
  });

  it("gives a nonce that was reserved and not used to the next order", async () => {
    const { order, journal } = await prepare();
    const intent = depositOf(chain, "unlucky", { isHopeless: true });
    await journal.begin(intent);
    await journal.allocateNonce(intent, 0);
    expect(await order("unlucky")).to.have.nested.property("intent.state.tag", "refused");
    expect(await order("one")).to.have.nested.property("intent.nonce", 0);
  });

  it("fills a nonce that it cannot use when a later transaction waits behind it", async () => {
    const { order, journal, driver } = await prepare();
    const intent = depositOf(chain, "unlucky", { isHopeless: true });
    await journal.begin(intent);
    await journal.allocateNonce(intent, 0);
    expect(await order("later", { slot: "surface" })).to.have.nested.property("intent.nonce", 1);
    await driver.step();
    await chain.mine();
    await driver.step();
    expect((await stateOf(journal, "later")).tag).to.equal("mined");
    expect(await stateOf(journal, "unlucky")).to.have.nested.property("outcome.kind", "cancelled");
  });
});
