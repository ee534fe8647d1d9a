import { expect } from "chai";
import { type Address, encodeFunctionData, parseEther, parseGwei } from "viem";
import { hedgeDeskAbi } from "../../../sdk/abi/hedgeDesk.ts";
import { directConnection } from "../../../keeper/chain/chainConnection.ts";
import { verifierOf } from "../../../keeper/execution/requests.ts";
import type { KeeperEvent, TransactionEvent } from "../../../keeper/monitoring/events.ts";
import { createJournal } from "../../../keeper/store/journal.ts";
import type { Database } from "../../../keeper/store/database.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { readTimeline } from "../../../keeper/store/timeline.ts";
import { createRecorder, readHistory } from "../../../keeper/store/records.ts";
import type { StoreSession } from "../../../keeper/store/session.ts";
import { openMarket } from "../../../simulator/chain/openMarket.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../../helpers/keelWorld.ts";
import { useFork } from "../../helpers/localFork.ts";
import { type TestKeeper, keeperOn, look, tickAt, tickNow } from "../support/keeperWorld.ts";

const [ALICE] = TRADERS as [Address];

describe("What the keeper does on the chain", () => {
  const world = useFork(async (fork) => {
    const keel = await keelWorld(fork);
    await keel.keel.trade(ALICE, [{ id: keel.call(3000), quantity: parseEther("10") }]);
    return keel;
  });
  afterEach(() => world().clients.test.setAutomine(true));

  const mine = () => world().clients.test.mine({ blocks: 1 });
  const pending = async ({ client }: TestKeeper) =>
    (await client.getTransactionCount({ address: KEEPER, blockTag: "pending" })) -
    (await client.getTransactionCount({ address: KEEPER, blockTag: "latest" }));

  it("is written down: tick, transaction, fill and every part of the profit", async () => {
    const keeper = keeperOn(world());
    const hedge = await tickNow(keeper);
    await world().market.moveTo(3100);
    await tickNow(keeper);
    const { ticks, transactions, fills, attributions } = await readHistory(await keeper.db(), { limit: 9 });
    expect(ticks.at(-1)).to.deep.include({ market: "fork", result: { outcome: "filled", fill: fillIn(ticks.at(-1)) } });
    expect(fills.at(-1)).to.include({ tx: hedge.tx, intentId: transactions.at(-1)?.id });
    for (const { change, parts } of attributions) {
      const { gas: _, ...others } = parts;
      expect(Object.values(others).reduce((sum, part) => sum + part, 0n)).to.equal(change);
    }
    expect(attributions[0]?.parts.gas).to.satisfy((gas: bigint) => gas > 0n);
  });

  it("forgets old ticks when it is told to, and nothing else", async () => {
    const keeper = keeperOn(world(), {}, false, { config: { keepTicksDays: -1 } }); // even those of today
    await tickNow(keeper);
    const { ticks, fills, transactions } = await readHistory(await keeper.db(), { limit: 9 });
    expect([ticks.length, fills.length, transactions.length]).to.deep.equal([0, 1, 1]);
  });

  it("T41: waits for a slow hedge over many ticks, and never sends a second one", async () => {
    const keeper = keeperOn(world());
    await world().clients.test.setAutomine(false);
    const block = await keeper.client.getBlockNumber();
    const first = await tickAt(keeper, block);
    expect(first.outcome).to.equal("in-flight");
    expect(await tickAt(keeper, block)).to.include({ outcome: "in-flight", tx: first.tx });
    expect(await pending(keeper)).to.equal(1);
    await mine();
    const events: KeeperEvent[] = [];
    await keeper.tick(await keeper.client.getBlockNumber(), (event) => events.push(event));
    const [filled] = events as [TransactionEvent];
    expect(filled).to.include({ type: "transaction", purpose: "hedge", outcome: "filled", tx: first.tx });
    expect(events[1]).to.include({ decision: "hold" });
    expect(await pending(keeper)).to.equal(0);
  });

  it("a hedge that fails on the chain is reported, and the next one is tried", async () => {
    const keeper = keeperOn(world());
    const { clients, keel } = world();
    await clients.test.setAutomine(false);
    await tickNow(keeper);
    const ban = (allowed: boolean, fee: string) => {
      const args = [keel.contracts.uniswapV3Venue, allowed] as const;
      const data = encodeFunctionData({ abi: hedgeDeskAbi, functionName: "setVenue", args });
      const price = { maxFeePerGas: parseGwei("500"), maxPriorityFeePerGas: parseGwei(fee), gas: 200_000n };
      return clients.wallet.sendTransaction({ account: GOVERNOR, to: keel.desk.address, data, chain: null, ...price });
    };
    await ban(false, "400");
    await mine();
    const events: KeeperEvent[] = [];
    await keeper.tick(await keeper.client.getBlockNumber(), (event) => events.push(event));
    expect(events[0]).to.include({ type: "transaction", outcome: "reverted" });
    await ban(true, "1");
    await mine();
    await clients.test.setAutomine(true);
    expect(await tickNow(keeper)).to.include({ outcome: "filled" });
  });

  it("is not believed without the desk's own event in the receipt", async () => {
    const keeper = keeperOn(world());
    const { tx } = await tickNow(keeper);
    const receipt = await keeper.client.getTransactionReceipt({ hash: tx as `0x${string}` });
    const [stored] = (await readHistory(await keeper.db(), { limit: 1 })).transactions;
    const lease = { name: "reader", holder: "test", token: 0 };
    const journal = createJournal(await keeper.db(), { chainId: 31337, lease, now: () => 0 });
    const intent = await journal.find(stored?.id ?? "");
    if (!intent) throw new Error("The hedge is in the journal.");
    const verify = verifierOf(new Map([["fork", keeper.contracts]]));
    const { blockNumber: number, blockHash: hash, gasUsed, logs } = receipt;
    const seen = { hash: receipt.transactionHash, block: { number, hash }, succeeded: true, gasUsed, gasPrice: 1n };
    expect(verify(intent, { ...seen, logs })).to.have.property("kind", "effected");
    const problem = "its receipt has no Rebalanced event of the desk";
    expect(verify(intent, { ...seen, logs: [] })).to.deep.equal({ kind: "unexpected", problem });
  });

  it("stops for what another host has seen to be something else than was ordered, when it takes over from it", async () => {
    const { clients } = world();
    const lying = {
      ...clients.public,
      getTransactionReceipt: async (which: { readonly hash: `0x${string}` }) => ({
        ...(await clients.public.getTransactionReceipt(which)),
        logs: [],
      }),
    };
    const first = keeperOn(world(), {}, false, { line: directConnection("http://fork", lying) });
    expect(await tickNow(first)).to.include({ outcome: "unexpected" });
    const session = await takeOver(await first.db());
    const second = keeperOn(world(), {}, false, { session });
    const events: KeeperEvent[] = [];
    await second.tick(await second.client.getBlockNumber(), (event) => events.push(event));
    expect(events.find(({ type }) => type === "transaction")).to.include({ purpose: "hedge", outcome: "unexpected" });
    expect(second.watch.stopped()).to.include("UnexpectedReceipt");
  });

  /** The store of a host that has waited until the lease ran out. */
  async function takeOver(db: Database): Promise<StoreSession> {
    const options = { name: `31337:${KEEPER}`, holder: "another", intervalMs: 60_000 };
    const lease = await createLeadership(db, { ...options, now: () => Promise.resolve(Date.now() + 3_600_000) }).hold();
    if (!lease) throw new Error("The lease has run out.");
    const journal = createJournal(db, { chainId: 31337, lease, now: () => 0 });
    const lead = { lease, journal, recorder: createRecorder(db, lease, () => 0) };
    return {
      lead: () => Promise.resolve(lead),
      leads: () => true,
      timeline: (query) => readTimeline(db, query),
      close: () => Promise.resolve(),
    };
  }

  it("sells short what it does not hold, on Aave, and buys it back", async () => {
    const { keel, market, put } = world();
    const keeper = keeperOn(world());
    await tickNow(keeper);
    await keel.trade(ALICE, [{ id: put(3000), quantity: parseEther("40") }]);
    const short = await tickNow(keeper);
    expect(short).to.include({ decision: "hedge", outcome: "filled" });
    expect(short.fill?.amount).to.be.below(0);
    expect((await look(keeper)).hedge.delta < 0n).to.equal(true);
    await market.moveTo(3400);
    const back = await tickNow(keeper);
    expect(back.fill?.amount).to.be.above(0);
    expect(Math.abs(back.netDeltaAfter)).to.be.at.most(back.band * 1.01);
  });

  it("hedges several markets of one chain in one process, each for itself", async function () {
    this.timeout(600_000);
    const first = world();
    const second = await openMarket(first, 3000);
    await second.keel.trade(ALICE, [{ id: first.call(3000, second.expiries[0]), quantity: parseEther("20") }]);
    const keeper = keeperOn(first, {}, false, { others: { second } });
    const events = await keeper.tick(await keeper.client.getBlockNumber());
    expect(events.map(({ market, outcome }) => [market, outcome])).to.deep.equal([
      ["fork", "filled"],
      ["second", "filled"],
    ]);
    const calm = await keeper.tick(await keeper.client.getBlockNumber());
    expect(calm.map(({ decision }) => decision)).to.deep.equal(["hold", "hold"]);
    const { transactions } = await readHistory(await keeper.db(), { limit: 9 });
    expect(transactions.map(({ slot }) => slot)).to.have.members(["hedge:fork", "hedge:second"]);
  });

  it("sends nothing while the kill switch is thrown, and looks on", async () => {
    const keeper = keeperOn(world());
    keeper.watch.stop("LossLimit", "fork", "a test");
    const before = await keeper.client.getTransactionCount({ address: KEEPER });
    const event = await tickNow(keeper);
    expect(event).to.include({ decision: "hedge", outcome: "stopped", message: "LossLimit in fork: a test" });
    expect(await keeper.client.getTransactionCount({ address: KEEPER })).to.equal(before);
    expect(keeper.alerter.firing().map(({ name }) => name)).to.include.members(["LossLimit", "LatchedOff"]);
    expect(keeper.watch.health().markets.get("fork")?.latched).to.include("a test");
  });

  it("a loss beyond the limit throws the kill switch", async () => {
    const keeper = keeperOn(world(), {}, false, {
      config: { risk: { maxDrawdownBps: 1_000, maxDailyLoss: 0.01, maxDailyTurnover: 1e9 } },
    });
    expect(await tickNow(keeper)).to.include({ outcome: "filled" });
    expect(keeper.watch.stopped()).to.match(/^LossLimit in fork: \d/);
  });

  it("does its duties: marks the book, settles, closes the epoch, unwinds", async () => {
    const duties = { settle: true, pay: true, surface: false, mark: true, epochs: true, listing: false };
    const keeper = keeperOn(world(), {}, false, { config: { duties } });
    const { market, expiries } = world();
    await tickNow(keeper);
    await market.moveTo(3200, { at: Number(expiries[0]) + 60, forceRound: true });
    const done: string[] = [];
    for (let i = 0; i < 8; i++) {
      await keeper.tick(await keeper.client.getBlockNumber(), (event) => {
        if (event.type === "transaction" && event.outcome === "done") done.push(event.purpose);
        if (event.type === "tick" && event.outcome === "filled") done.push(event.reason.code);
      });
    }
    expect([...new Set(done)]).to.include.members(["settle", "unwind", "process-epoch"]);
    expect((await look(keeper)).hedge.delta).to.equal(0n);
  });
});

function fillIn(tick: { readonly result: unknown } | undefined): unknown {
  return (tick?.result as { fill: unknown } | undefined)?.fill;
}
