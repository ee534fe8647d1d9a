import { expect } from "chai";
import { type Address, encodeFunctionData, maxUint256, parseEther, toFunctionSelector } from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { decodeSeries, seriesName } from "../../sdk/series.ts";
import { DEVNET_PARAMETERS } from "../../deployments/parameters.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import type { Leg } from "../../sdk/actions/trading.ts";
import { type Listing, TYPICAL_SLICE } from "../../simulator/chain/openMarket.ts";
import { needsDeployedCode } from "../helpers/coverage.ts";
import { GOVERNOR, type KeelWorld, LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";

type World = Fork & KeelWorld;

const [alice, bob] = TRADERS as [Address, Address];
const [lp, other] = LPS as [Address, Address];
const GUARDIAN = devAccount(DEV_ROLES.guardian).address;
const ONE = parseEther("1");
const UNIT = 10n ** 12n; // WAD USDC per unit of USDC
const HOUR = 3600;
/** EIP-7825: no transaction may use more, and some nodes hold calls to it; geth allows a call three times that. */
const CALL_GAS = 2n ** 24n;

const LISTINGS: Readonly<Record<string, Listing>> = {
  "2 series": { days: [7], moneyness: [1] },
  "20 series": { days: [7, 28], moneyness: [0.8, 0.9, 1, 1.1, 1.2] },
  "128 series": { days: [7, 14, 21, 28], moneyness: Array.from({ length: 16 }, (_, i) => 0.65 + 0.05 * i) },
};

/** The whole market, or a page of it. */
async function look({ keel, clients }: World, size = ONE, from = 0n, count = maxUint256) {
  const [state, page] = await clients.public.readContract({
    ...keel.lens,
    functionName: "marketState",
    args: [size, from, count],
  });
  return { state, page };
}

/** Selector of one of Keel's errors, as the Lens names the reason for a price that there is not. */
function selectorOf(error: string): string {
  const item = errorsAbi.find(({ name }) => name === error);
  if (!item) throw new RangeError(`There is no error ${error}.`);
  return toFunctionSelector(`${error}(${item.inputs.map(({ type }) => type).join(",")})`);
}

async function buyEverything(world: World, contracts: string): Promise<void> {
  const { state } = await look(world, ONE, 0n, 0n);
  for (let i = 0; i < state.ids.length; i += 16) {
    const legs = state.ids.slice(i, i + 16).map((id): Leg => ({ id, quantity: parseEther(contracts) }));
    await world.keel.trade(alice, legs);
  }
}

async function age({ clients }: World, seconds: number): Promise<void> {
  await clients.test.increaseTime({ seconds });
  await clients.test.mine({ blocks: 1 });
}

for (const [title, listing] of Object.entries(LISTINGS)) {
  describe(`Lens on a market of ${title}`, () => {
    const world = useFork(async (fork) => {
      const opened = await keelWorld(fork, listing);
      await buyEverything({ ...fork, ...opened }, "0.5");
      return opened;
    });
    /** Every so manieth series is compared one by one: reading them so takes hundreds of calls. */
    const sampled = <T>(all: readonly T[]) => all.filter((_, i) => i % Math.ceil(all.length / 16) === 0);

    it("says what vault, oracle and surface say one by one", async () => {
      const { keel, clients } = world();
      const { state } = await look(world());
      const { vault, oracle, surface, market } = keel;
      const read = clients.public.readContract;
      const block = await clients.public.getBlock();
      expect([state.blockNumber, state.time]).to.deep.equal([block.number, block.timestamp]);
      expect(state.underlying).to.equal(await read({ ...market, functionName: "underlying" }));
      const reading = await read({ ...oracle, functionName: "read" });
      expect(state.oracle).to.deep.equal({ priced: true, ranged: true, refusal: "0x00000000", ...reading });
      const queued = await read({ ...vault, functionName: "pendingTotals" });
      expect(state.accounts).to.deep.equal({
        cash: await read({ ...vault, functionName: "cash" }),
        owed: await read({ ...vault, functionName: "owed" }),
        insurance: await read({ ...vault, functionName: "insurance" }),
        freeCash: await read({ ...vault, functionName: "freeCash" }),
        shortfall: await read({ ...vault, functionName: "shortfall" }),
        queuedAssets: queued[0],
        setAside: await read({ ...vault, functionName: "reservedForRedemptions" }),
        queuedShares: queued[1],
        shares: await read({ ...vault, functionName: "totalSupply" }),
      });
      expect(state.epoch).to.equal(await read({ ...vault, functionName: "epoch" }));
      expect(state.epochEndsAt).to.equal(await read({ ...vault, functionName: "epochEndsAt" }));
      expect(state.exposure).to.deep.equal(await read({ ...vault, functionName: "exposure" }));
      const greeks = await read({ ...vault, functionName: "greeks" });
      expect(state.greeks).to.deep.equal({ ...greeks, hasScenarios: state.greeks.hasScenarios });
      expect([state.scenarios, state.worst]).to.deep.equal(await read({ ...vault, functionName: "stress" }));
      expect([state.ids, state.quantities]).to.deep.equal(await read({ ...vault, functionName: "book" }));
      expect([state.worth.shareValue, state.worth.peak]).to.deep.equal(
        await read({ ...vault, functionName: "shareValue" }),
      );
      expect(state.worth.totalAssets).to.equal(await read({ ...vault, functionName: "totalAssets" }));
      expect(state.room.vegaWindow).to.equal(await read({ ...vault, functionName: "vegaWindowLeft" }));
      expect(state.breakers).to.deep.equal({ paused: false, stale: false, disagreement: false, drawdown: false });
      for (const expiry of state.expiries) {
        const [slice, postedAt] = await read({ ...surface, functionName: "sliceOf", args: [expiry.expiry] });
        const { contracts } = await read({ ...vault, functionName: "expiryOf", args: [expiry.expiry] });
        const forward = await read({ ...surface, functionName: "forward", args: [expiry.expiry, reading.spot] });
        expect(expiry).to.deep.include({ slice, postedAt, contracts, forward, hasSlice: true, surfaceStale: false });
        expect(expiry.tradesUntil).to.equal(expiry.expiry - BigInt(DEVNET_PARAMETERS.pricing.cutOff));
      }
      expect(state.expiries.map(({ expiry }) => expiry)).to.deep.equal(
        await read({ ...vault, functionName: "openExpiries" }),
      );
    });

    it("values the pool exactly at its block, with the bid and the ask that an epoch would have", async () => {
      const { keel, clients } = world();
      await age(world(), 120); // the stored mark is still fresh, and not exact any more
      const { state } = await look(world());
      const { result: mark } = await clients.public.simulateContract({ ...keel.vault, functionName: "mark" });
      const { surfaceVersion, ...figures } = state.greeks;
      expect(mark).to.deep.include({ ...figures, hasScenarios: true });
      expect(Number(mark.surfaceVersion)).to.equal(Number(surfaceVersion));
      const { accounts, worth, exposure } = state;
      const hedge = (exposure.base * mark.spot) / ONE + exposure.quote;
      expect(worth.nav).to.equal((accounts.cash - accounts.owed) * UNIT + mark.value + hedge);
      const half = (BigInt(mark.grossVega) * DEVNET_PARAMETERS.limits.spreadVol) / 10n ** 6n;
      expect([worth.bid, worth.ask]).to.deep.equal([worth.nav - half, worth.nav + half]);
    });

    it("prices and values every series as the market and the surface do", async () => {
      const { keel, clients } = world();
      const { state, page } = await look(world(), parseEther("0.25"));
      expect(page.map(({ id }) => id)).to.deep.equal(state.ids);
      expect(page.map(({ open }) => -open)).to.deep.equal(state.quantities);
      const read = clients.public.readContract;
      for (const one of sampled(page)) {
        expect(one.name).to.equal(await read({ ...keel.market, functionName: "name", args: [one.id] }));
        expect(one.name, "as the keeper calls it").to.equal(seriesName(decodeSeries(one.id)));
        const { total: buy } = await keel.quote([{ id: one.id, quantity: parseEther("0.25") }]);
        const { total: sell } = await keel.quote([{ id: one.id, quantity: -parseEther("0.25") }]);
        expect([one.buy, one.sell], one.name).to.deep.equal([
          { total: buy, refusal: "0x00000000" },
          { total: sell, refusal: "0x00000000" },
        ]);
        expect(Number(one.mid) / 4, one.name).to.be.within(-Number(sell * UNIT), Number(buy * UNIT));
        const args = [one.expiry, one.strike, state.oracle.spot] as const;
        const vol = await read({ ...keel.surface, functionName: "impliedVol", args });
        expectClose(Number(one.vol), Number(vol), 1e6); // WAD: to 1e-12
      }
      const sum = page.reduce((delta, one) => delta - one.delta * one.open, 0n) / ONE;
      expectClose(Number(sum) / 1e18, Number(state.greeks.delta) / 1e18, 1e-12);
    });

    it("gives the same page by page, and nothing beyond the end", async () => {
      const { state, page } = await look(world());
      const pages = [];
      for (let from = 0n; from < state.ids.length; from += 50n) pages.push((await look(world(), ONE, from, 50n)).page);
      expect(pages.flat()).to.deep.equal(page);
      for (const [from, count] of [
        [0n, 0n],
        [BigInt(state.ids.length), 10n],
        [maxUint256, maxUint256],
      ] as const) {
        expect((await look(world(), ONE, from, count)).page).to.deep.equal([]);
      }
    });

    it("fits into what nodes allow a call, also when the stored mark is old", async function () {
      needsDeployedCode(this);
      const { keel, clients } = world();
      const data = encodeFunctionData({ abi: keel.lens.abi, functionName: "marketState", args: [ONE, 0n, maxUint256] });
      const call = { to: keel.lens.address, data, gas: CALL_GAS };
      await clients.public.call(call);
      await age(world(), DEVNET_PARAMETERS.limits.maxMarkAge + 1);
      const page = encodeFunctionData({ abi: keel.lens.abi, functionName: "marketState", args: [ONE, 0n, 112n] });
      await clients.public.call({ ...call, data: page });
    });
  });
}

describe("Lens, when something is wrong", () => {
  const world = useFork(keelWorld);
  const buy = (id: bigint, contracts: number): Leg => ({ id, quantity: parseEther(String(contracts)) });
  const quote = (legs: readonly Leg[]) =>
    world().clients.public.readContract({ ...world().keel.market, functionName: "quote", args: [legs] });

  it("shows a stale feed, under which holders may still close, and does not value the pool", async () => {
    const { keel, call, clients } = world();
    await keel.trade(alice, [buy(call(3000), 1)]);
    const assets = await clients.public.readContract({ ...keel.vault, functionName: "totalAssets" });
    await age(world(), 2 * HOUR);
    const { state, page } = await look(world());
    expect(state.oracle).to.include({ priced: true, stale: true, ranged: true });
    expect(state.breakers.stale).to.equal(true);
    expect(state.worth).to.deep.include({ valued: false, nav: 0n, shareValue: 0n });
    const valued = await clients.public.readContract({ ...keel.vault, functionName: "totalAssets" });
    expect(state.worth.totalAssets, "at the last mark's spot, two hours later").to.equal(valued);
    expectClose(Number(valued), Number(assets), 1e6); // what an option loses in that time, and no more
    expect(state.accounts.cash > 0n).to.equal(true);
    const one = page.find(({ id }) => id === call(3000));
    expect(one?.buy).to.deep.equal({ total: 0n, refusal: selectorOf("FeedStale") });
    const [sale] = await quote([{ id: call(3000), quantity: -ONE }]);
    expect(one?.sell).to.deep.equal({ total: sale.total, refusal: "0x00000000" });
    expect((one?.mid ?? 0n) > 0n).to.equal(true);
    expect(one?.left).to.equal(0n);
  });

  it("says why nothing trades when there is no price at all", async () => {
    const { keel, call } = world();
    await keel.trade(alice, [buy(call(3000), 1)]);
    await age(world(), 25 * HOUR);
    const { state, page } = await look(world());
    expect(state.oracle).to.deep.include({ priced: false, ranged: false, spot: 0n, refusal: selectorOf("StalePrice") });
    expect(state.worth.valued).to.equal(false);
    expect(state.worth.totalAssets > 0n).to.equal(true);
    for (const { buy, sell, mid, open, id } of page) {
      expect([buy.refusal, sell.refusal, mid]).to.deep.equal([selectorOf("StalePrice"), selectorOf("StalePrice"), 0n]);
      expect(open).to.equal(id === call(3000) ? ONE : 0n);
    }
  });

  it("values the pool by the feed when the DEX cannot be read", async () => {
    const { clients, protocols } = world();
    await clients.test.setCode({ address: protocols.uniswap.pools["500"], bytecode: "0x00" });
    const { state, page } = await look(world());
    expect(state.oracle).to.deep.include({ priced: true, stale: false, ranged: false, refusal: "0xffffffff" });
    expect(state.worth.valued).to.equal(true);
    expect(page[0]?.buy.refusal).to.equal("0xffffffff");
    expect((page[0]?.mid ?? 0n) > 0n).to.equal(true);
  });

  it("shows feed and DEX apart", async () => {
    const { market, call } = world();
    await market.arbitrage(3000 * 1.05);
    const { state, page } = await look(world());
    expect(state.breakers).to.include({ disagreement: true, stale: false });
    expect(page.find(({ id }) => id === call(3000))?.buy.refusal).to.equal(selectorOf("PricesDisagree"));
    await expectRevert(quote([buy(call(3000), 1)]), "PricesDisagree");
  });

  it("shows a guardian's pause and a drawdown, exactly when trades are refused for them", async () => {
    const { keel, call, market, clients, expiries } = world();
    await keel.trade(alice, [buy(call(3000), 20)]);
    await keel.write(GUARDIAN, { ...keel.vault, functionName: "pause" });
    expect((await look(world())).state.breakers).to.include({ paused: true, drawdown: false });
    await expectRevert(quote([buy(call(3000), 1)]), "OpeningPaused");
    await keel.write(GUARDIAN, { ...keel.vault, functionName: "unpause" });

    const limits = await clients.public.readContract({ ...keel.vault, functionName: "limits" });
    await keel.write(GOVERNOR, { ...keel.vault, functionName: "setLimits", args: [{ ...limits, maxDrawdownBps: 10 }] });
    const endsAt = await clients.public.readContract({ ...keel.vault, functionName: "epochEndsAt" });
    await market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
    await keel.postSurface(new Map(expiries.map((expiry) => [expiry, TYPICAL_SLICE])));
    await keel.processEpoch(); // the floor is an epoch's
    const { timestamp } = await clients.public.getBlock();
    for (const price of [3020, 3400]) {
      await market.moveTo(price, { at: Number(timestamp) + price, forceRound: true });
      await age(world(), DEVNET_PARAMETERS.oracle.twapWindow);
      const { drawdown } = (await look(world())).state.breakers;
      expect(drawdown, `at ${price}`).to.equal(price === 3400);
      if (drawdown) await expectRevert(quote([buy(call(3000), 1)]), "DrawdownTooLarge");
      else await quote([buy(call(3000), 1)]);
    }
  });

  it("shows a surface too old to open on", async () => {
    const { call, market, clients } = world();
    const { timestamp } = await clients.public.getBlock();
    await market.moveTo(3000, { at: Number(timestamp) + 13 * HOUR, forceRound: true });
    const { state, page } = await look(world());
    expect(state.expiries.map(({ surfaceStale }) => surfaceStale)).to.deep.equal([true, true]);
    expect(page.find(({ id }) => id === call(3000))?.buy.refusal).to.equal(selectorOf("SurfaceStale"));
  });

  it("values what has expired at its pay-off until it is settled", async () => {
    const { keel, call, market, expiries } = world();
    await keel.trade(alice, [buy(call(2700), 1)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 60, forceRound: true });
    const { state, page } = await look(world());
    expect(state.expiries.map(({ hasSlice }) => hasSlice)).to.deep.equal([false, true]);
    const one = page.find(({ id }) => id === call(2700));
    expect(one).to.deep.include({ mid: parseEther("300"), delta: ONE, vega: 0n });
    expect(one?.sell.refusal).to.equal(selectorOf("TradingClosed"));
    await keel.settle(expiries[0]);
    const after = await look(world());
    expect(after.page.some(({ expiry }) => expiry === expiries[0])).to.equal(false);
    expect(after.state.accounts.owed).to.equal(300n * 10n ** 6n);
  });

  it("says how many contracts the caps leave", async () => {
    const { keel, put, clients } = world();
    await keel.trade(alice, [buy(put(2400), 100)]);
    const limits = await clients.public.readContract({ ...keel.vault, functionName: "limits" });
    const { state, page } = await look(world());
    const { nav, mark } = state.exposure;
    const cap = (bps: number) => (((nav * BigInt(bps)) / 10_000n) * ONE) / mark.spot;
    const left = page.find(({ id }) => id === put(2400))?.left ?? 0n;
    expect(left).to.equal(cap(limits.seriesCapBps) - 100n * ONE);
    expect(state.expiries[0]?.left).to.equal(cap(limits.expiryCapBps) - 100n * ONE);
    await quote([{ id: put(2400), quantity: (left * 99n) / 100n }]);
    // What the trade itself earns makes the cap a little larger.
    await expectRevert(quote([{ id: put(2400), quantity: (left * 102n) / 100n }]), "SeriesCapExceeded");
  });
});

describe("Lens, looking at an account", () => {
  const world = useFork(keelWorld);

  async function lookAt(account: Address, ids: readonly bigint[] = []) {
    const { keel, clients } = world();
    return clients.public.readContract({ ...keel.lens, functionName: "accountState", args: [account, ids] });
  }

  it("has its options and what those that are settled pay", async () => {
    const { keel, call, put, market, expiries, clients } = world();
    const ids = [call(2700), put(2700), call(3300, expiries[1])];
    await keel.trade(
      bob,
      ids.map((id, i) => ({ id, quantity: parseEther(`${i + 1}.1`) })),
    );
    await keel.write(bob, { ...keel.market, functionName: "setAutoExercise", args: [true] });
    await market.moveTo(3000, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.settle(expiries[0]);
    const account = await lookAt(bob, ids);
    expect(account.autoExercise).to.equal(true);
    const read = clients.public.readContract;
    for (const [i, holding] of account.holdings.entries()) {
      expect(holding.balance).to.equal(parseEther(`${i + 1}.1`));
      expect(holding.name).to.equal(await read({ ...keel.market, functionName: "name", args: [holding.id] }));
    }
    const settled = parseEther("3000");
    expect(account.holdings.map(({ settlementPrice }) => settlementPrice)).to.deep.equal([settled, settled, 0n]);
    expect(account.holdings.map(({ claimable }) => claimable)).to.deep.equal([330_000_000n, 0n, 0n]);
    const { assets } = await keel.exercise(bob, call(2700));
    expect(assets).to.equal(330_000_000n);
    expect((await lookAt(bob, ids)).usdc - account.usdc).to.equal(assets);
  });

  it("has its requests and what it may claim", async () => {
    const { keel, clients, market } = world();
    const read = clients.public.readContract;
    const shares = await read({ ...keel.vault, functionName: "balanceOf", args: [lp] });
    await keel.requestDeposit(other, LP_DEPOSIT / 2n);
    await keel.requestRedeem(lp, shares / 4n);
    expect(await lookAt(other)).to.include({ pendingAssets: LP_DEPOSIT / 2n, claimableShares: 0n });
    expect(await lookAt(lp)).to.include({ pendingShares: shares / 4n, shares: shares - shares / 4n });
    const endsAt = await read({ ...keel.vault, functionName: "epochEndsAt" });
    await market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
    await keel.processEpoch();
    const [adding, leaving] = [await lookAt(other), await lookAt(lp)];
    expect(adding.claimableShares).to.equal(await read({ ...keel.vault, functionName: "maxMint", args: [other] }));
    expect(leaving.claimableAssets).to.equal(await read({ ...keel.vault, functionName: "maxWithdraw", args: [lp] }));
    expect([adding.pendingAssets, leaving.pendingShares]).to.deep.equal([0n, 0n]);
    await keel.claimAssets(lp);
    const paid = await lookAt(lp);
    expect(paid.usdc - leaving.usdc).to.equal(leaving.claimableAssets);
    expect(paid.claimableAssets).to.equal(0n);
  });
});
