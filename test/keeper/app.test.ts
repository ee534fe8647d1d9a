import { expect } from "chai";
import { type Address, encodeFunctionData, erc20Abi, parseEther } from "viem";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { DEFAULT_POLICY } from "../../keeper/hedging/policy.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { deskOf } from "../helpers/desk.ts";
import { keeperOn, look, tickAt, tickNow } from "./support/keeperWorld.ts";
import { expectClose } from "../helpers/numbers.ts";

const [ALICE, BOB] = TRADERS as [Address, Address];
const HOUR = 3600;

describe("Keeper", () => {
  const world = useFork(keelWorld);

  it("hedges bought calls to near zero through the real Uniswap pool, and then holds", async () => {
    const { keel, clients, protocols, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const keeper = keeperOn(world(), { target: "neutral" });
    const pool = protocols.uniswap.pools["500"];
    const held = async (token: Address, owner: Address) =>
      clients.public.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [owner] });
    const poolBefore = [await held(protocols.weth, pool), await held(protocols.usdc, pool)] as const;
    const before = await look(keeper);

    const hedge = await tickNow(keeper);
    expect(hedge).to.include({ decision: "hedge", outcome: "filled", settled: false });
    expect(hedge.netDelta).to.be.below(-5);
    expectClose(hedge.netDeltaAfter, -DEFAULT_POLICY.bandFloor, 5e-3); // the desk goes by the mark of minutes ago
    const { amount = 0, cash = 0, price = 0, slippageBps = 0 } = hedge.fill ?? {};
    expectClose(amount, -hedge.netDelta - DEFAULT_POLICY.bandFloor, 1e-12);
    expectClose(price, cash / amount, 1e-9);
    expect(slippageBps).to.be.within(5, 10); // the pool's fee is five, and the order moves the price a little

    const after = await look(keeper);
    const poolAfter = [await held(protocols.weth, pool), await held(protocols.usdc, pool)] as const;
    expectClose(fromWad(poolBefore[0] - poolAfter[0]), amount, 1e-12);
    expect(fromUsdc(poolAfter[1] - poolBefore[1])).to.equal(cash);
    expect(await held(protocols.weth, keel.desk.address)).to.equal(after.hedge.delta);
    expectClose(fromUsdc(before.vault.cash - after.vault.cash), cash, 1e-9);

    const hold = await tickNow(keeper);
    expect(hold).to.include({ decision: "hold", settled: true, block: hedge.fill?.block });
    expect(hold.reason.code).to.equal("inside-band");
    expectClose(hold.netDelta, hedge.netDeltaAfter ?? 0, 5e-3);
  });

  it("with the default policy trades to the edge of the band", async () => {
    const { keel, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const hedge = await tickNow(keeperOn(world()));
    expectClose(hedge.netDeltaAfter, -hedge.band, 5e-3);
    expect(hedge.band).to.be.below(0.15 * Math.abs(hedge.netDelta));
  });

  it("follows the market up and down, and unwinds everything once the options are settled", async () => {
    const { keel, market, clients, call, put, expiries } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("40") }]);
    await keel.trade(BOB, [{ id: put(2700), quantity: parseEther("10") }]);
    const keeper = keeperOn(world());
    const start = Number((await clients.public.getBlock()).timestamp);
    for (const [hours, price] of [
      [1, 3000],
      [2, 3150],
      [3, 3300],
      [4, 2950],
      [5, 2800],
    ] as const) {
      await market.moveTo(price, { at: start + hours * HOUR });
      const first = await tickNow(keeper);
      const last = first.decision === "hedge" ? await tickNow(keeper) : first;
      expect(last.decision, `at ${price}: ${first.message ?? ""}`).to.equal("hold");
      const reachable = last.reason.code === "cannot-short" ? 1e9 : last.band + DEFAULT_POLICY.minClip;
      expect(Math.abs(last.netDelta), `at ${price}`).to.be.at.most(reachable);
    }

    await market.moveTo(3200, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.settle(expiries[0]);
    const unwind = await tickNow(keeper);
    expect(unwind.reason.code).to.equal("unwind");
    expect(unwind.outcome).to.equal("filled");
    expect((await look(keeper)).hedge.delta).to.equal(0n);
    expect((await tickNow(keeper)).reason.code).to.equal("inside-band");
  });

  it("trades what it can in clips when an order is larger than the policy lets it be", async () => {
    const { keel, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const keeper = keeperOn(world(), { maxClip: 2 });
    const amounts: number[] = [];
    for (;;) {
      const event = await tickNow(keeper);
      if (event.decision === "hold") break;
      amounts.push(event.fill?.amount ?? 0);
    }
    expect(amounts.slice(0, 2)).to.deep.equal([2, 2]);
    expect(amounts.length).to.equal(3);
  });

  it("does not follow a hedge by a crumb of it, and takes it along once some time has passed", async () => {
    const { keel, call, clients, market } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const keeper = keeperOn(world());
    expect(await tickNow(keeper)).to.include({ outcome: "filled" });
    await keel.trade(BOB, [{ id: call(3000), quantity: parseEther("0.2") }]); // a fifth of the band
    const held = await tickNow(keeper);
    expect(held.decision).to.equal("hold");
    expect(held.reason).to.include({ code: "just-hedged" });
    await clients.test.increaseTime({ seconds: 1_000 });
    await market.report(3000);
    expect(await tickNow(keeper)).to.include({ outcome: "filled" });
  });

  it("orders no more than the pools take within the bound", async () => {
    const { keel, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("400") }]);
    const keeper = keeperOn(world(), { maxClip: 1000, slippageBps: 7, urgentSlippageBps: 7 });
    const event = await tickNow(keeper);
    expect(event.outcome, event.message).to.equal("filled");
    const { order, fill, reason, netDelta, band } = event;
    expect(reason).to.include({ limitedBy: "depth" });
    expect(order?.amount).to.be.within(1, -netDelta - band - 1);
    expectClose(fill?.amount ?? 0, order?.amount ?? 0, 1e-6);
    expect(fill?.slippageBps).to.be.at.most(7);
  });

  it("sends nothing when the pool is off the oracle by more than the bound, and says why", async () => {
    const { keel, market, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    await market.arbitrage(3060);
    const keeper = keeperOn(world());
    const before = await keeper.client.getTransactionCount({ address: KEEPER });
    const event = await tickNow(keeper);
    expect(event).to.include({ decision: "hold", settled: true });
    expect(event.reason).to.include({ code: "limited", by: "depth", allowed: 0 });
    expect(await keeper.client.getTransactionCount({ address: KEEPER })).to.equal(before);
  });

  it("in a dry run decides and simulates, but sends nothing", async () => {
    const { keel, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const keeper = keeperOn(world(), {}, true);
    const block = await keeper.client.getBlockNumber();
    const event = await tickNow(keeper);
    expect(event).to.include({ decision: "hedge", outcome: "dry-run", settled: true });
    expect(event.netDeltaAfter).to.equal(event.netDelta);
    expect(await keeper.client.getBlockNumber()).to.equal(block);
  });

  it("sends nothing while an earlier transaction of its account is not mined (T31, T41)", async () => {
    const { keel, clients, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    await clients.test.setAutomine(false);
    await clients.wallet.sendTransaction({ account: KEEPER, to: KEEPER, value: 1n, chain: null });
    const keeper = keeperOn(world());
    expect(await tickNow(keeper)).to.include({ outcome: "in-flight", settled: true });
    await clients.test.setAutomine(true);
    await clients.test.mine({ blocks: 1 });
    expect(await tickNow(keeper)).to.include({ outcome: "filled" });
  });

  it("is refused by the desk when another keeper was faster, before any gas is spent", async () => {
    const { keel, clients, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const keeper = keeperOn(world());
    const block = await keeper.client.getBlockNumber();
    await deskOf(world).neutral();
    const late = await tickAt(keeper, block); // on the snapshot of before
    expect(late.outcome).to.equal("refused");
    expect(late.message).to.include("NotTowardsNeutral");
    expect((await clients.public.getBlockNumber()) - block).to.equal(1n);
  });

  it("says what a ban of its venue means", async () => {
    const { keel, clients, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const args = [keel.contracts.uniswapV3Venue, false] as const;
    const data = encodeFunctionData({ abi: hedgeDeskAbi, functionName: "setVenue", args });
    await clients.wallet.sendTransaction({ account: GOVERNOR, to: keel.desk.address, data, chain: null });
    const event = await tickNow(keeperOn(world()));
    expect(event.message).to.include(`VenueNotAllowed(venue ${keel.contracts.uniswapV3Venue})`);
  });
});
