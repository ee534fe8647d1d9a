import { expect } from "chai";
import { type Address, parseEther, parseEventLogs, parseUnits } from "viem";
import { optionMarketAbi } from "../../sdk/abi/optionMarket.ts";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { deskOf } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";
import { seededRandom } from "../support/random.ts";

const [alice, bob, carol] = TRADERS as [Address, Address, Address];
const [first, second] = LPS as [Address, Address];
const DAY = 86_400;

describe("OptionMarket, settlement", () => {
  const world = useFork(keelWorld);
  const side = marketSide(world);
  const desk = deskOf(world);

  const usdcOf = (account: Address) => balanceOf(world().clients, world().protocols.usdc, account);

  /** Goes past the near expiry at a price, and settles it. */
  async function settleAt(price: number): Promise<void> {
    const { keel, market, expiries } = world();
    await market.moveTo(price, { at: Number(expiries[0]) + 30, forceRound: true });
    await keel.settle(expiries[0]);
  }

  async function freshSurface(): Promise<void> {
    const now = await side.now();
    const ahead = world().expiries.filter((expiry) => expiry > now);
    await world().keel.postSurface(new Map(ahead.map((expiry) => [expiry, slice(0.7, -0.1, 1)])));
  }

  describe("exercise for others", () => {
    it("T24: who is named twice in a batch is paid once, and each what is his own", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      await keel.trade(bob, [buy(call(3000), 5)]);
      for (const holder of [alice, bob, carol]) await side.callMarket(holder, "setAutoExercise", [true]);
      await settleAt(3300);
      const before = await Promise.all([alice, bob, carol].map(usdcOf));
      const owed = await side.readVault("owed");
      await side.callMarket(KEEPER, "exerciseFor", [call(3000), [alice, alice, bob, carol, alice]]);
      const after = await Promise.all([alice, bob, carol].map(usdcOf));
      const paid = after.map((balance, i) => Number(balance - (before[i] ?? 0n)) / 1e6);
      expect(paid).to.deep.equal([600, 1500, 0]);
      expect(owed - (await side.readVault("owed"))).to.equal(parseUnits("2100", 6));
      expect(await side.held(alice, call(3000))).to.equal(0n);
    });

    it("T24: every leg of a trade counts, and counts once", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 1), buy(call(3300), 2), buy(call(3000), 3)]);
      expect(await side.held(alice, call(3000))).to.equal(parseEther("4"));
      expect(await side.held(alice, call(3300))).to.equal(parseEther("2"));
      expect(await side.readVault("positionOf", [call(3000)])).to.equal(-parseEther("4"));
      expect(await side.readVault("openContracts")).to.equal(parseEther("6"));
      await keel.trade(alice, [sell(call(3000), 1), sell(call(3000), 1), sell(call(3300), 2)]);
      expect(await side.held(alice, call(3000))).to.equal(parseEther("2"));
      expect(await side.readVault("openContracts")).to.equal(parseEther("2"));
      await expectRevert(keel.trade(alice, [sell(call(3000), 2), sell(call(3000), 2)]), "ERC6909InsufficientBalance");
    });

    it("needs the holder's word, which can be taken back, and a settled series", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      const batch = () => side.callMarket(bob, "exerciseFor", [call(3000), [alice]]);
      await expectRevert(batch(), "NotSettled");
      await settleAt(3300);
      expect(await expectRevert(batch(), "AutoExerciseNotAllowed")).to.deep.equal([alice]);
      await side.callMarket(alice, "setAutoExercise", [true]);
      await side.callMarket(alice, "setAutoExercise", [false]);
      await expectRevert(batch(), "AutoExerciseNotAllowed");
      await side.callMarket(alice, "setAutoExercise", [true]);
      expect(await side.readMarket<boolean>("autoExercise", [alice])).to.equal(true);
      const before = await usdcOf(alice);
      await batch();
      expect((await usdcOf(alice)) - before).to.equal(parseUnits("600", 6));
    });

    it("one who cannot be paid keeps the options, is named in an event, and holds up nobody", async () => {
      const { keel, call, market, expiries } = world();
      await keel.trade(alice, [buy(call(3000), 250)]);
      await keel.trade(bob, [buy(call(3000), 0.5)]);
      for (const holder of [alice, bob]) await side.callMarket(holder, "setAutoExercise", [true]);
      await desk.neutral();
      await market.moveTo(5000);
      await desk.neutral(); // ether for every call: more dollars than the rest can pay
      await market.moveTo(11_500, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      expect((await side.readVault("shortfall")) > 0n).to.equal(true);
      const before = await usdcOf(bob);
      const receipt = await side.callMarket(KEEPER, "exerciseFor", [call(3000), [alice, bob]]);
      const failures = parseEventLogs({ abi: optionMarketAbi, logs: receipt.logs, eventName: "ExerciseFailed" });
      expect(failures.map(({ args }) => args.holder)).to.deep.equal([alice]);
      expect(await side.held(alice, call(3000))).to.equal(parseEther("250"));
      expect((await usdcOf(bob)) - before).to.equal(parseUnits("4250", 6));
    });
  });

  describe("what is owed", () => {
    it("T27: what an earlier expiry still owes is not the pool's, and is there however late it is asked for", async () => {
      const { keel, call, expiries } = world();
      await keel.trade(alice, [buy(call(3000), 50)]);
      await keel.trade(bob, [buy(call(3300, expiries[1]), 20)]);
      await settleAt(3400);
      const before = Number(await side.readVault("nav")) / 1e18;
      expect(await side.readVault("owed")).to.equal(parseUnits("20000", 6));
      const total = Number(await side.readVault("cash")) / 1e6;
      const { mark } = await side.readVault<{ mark: { value: bigint } }>("exposure");
      expectClose(before, total - 20_000 + Number(mark.value) / 1e18, 0.01);
      await keel.exercise(alice, call(3000));
      expectClose(Number(await side.readVault("nav")) / 1e18, before, 0.01); // paying what is owed costs nobody anything
      expect(await side.readVault("owed")).to.equal(0n);
    });

    it("T27: LPs who leave before holders come leave with what is not owed, and holders are paid in full", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 100)]);
      await settleAt(3500);
      await keel.processEpoch();
      const nav = await side.readVault("nav");
      for (const lp of LPS) await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
      await side.nextEpoch(3500);
      const before = await Promise.all(LPS.map(usdcOf));
      for (const lp of LPS) await keel.claimAssets(lp);
      const after = await Promise.all(LPS.map(usdcOf));
      const left = after.reduce((sum, balance, i) => sum + balance - (before[i] ?? 0n), 0n);
      expectClose(Number(left) / 1e6, Number(nav) / 1e18, 0.01);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(parseUnits("50000", 6));
    });

    it("T25: what settled holders are owed is out of reach for a seller, the hedge and LPs", async () => {
      const { keel, call, expiries, market } = world();
      await keel.trade(alice, [buy(call(3000), 250)]);
      await keel.trade(bob, [buy(call(3000, expiries[1]), 120)]);
      await desk.neutral(); // a good part of the cash becomes ether
      await market.moveTo(10_000, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      await freshSurface();
      await side.wait(150);
      const owed = await side.readVault("owed");
      expect(owed).to.equal(parseUnits("1750000", 6));
      const [, available] = await expectRevert(
        keel.trade(bob, [sell(call(3000, expiries[1]), 120)]),
        "InsufficientCash",
      );
      expect(available).to.equal((await side.readVault("cash")) - owed);
      await keel.processEpoch();
      for (const lp of LPS) await keel.requestRedeem(lp, (await side.readVault("balanceOf", [lp])) / 2n);
      await side.nextEpoch(10_000);
      expect((await side.readVault("cash")) >= owed, "LPs leave the holders' money").to.equal(true);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(owed);
    });

    it("T25: rounding favours no holder over one who comes later", async () => {
      const { keel, call } = world();
      const holders = [alice, bob, carol];
      for (const holder of holders) await keel.trade(holder, [buy(call(3000), 1.9)]);
      await settleAt(3123.456789); // 234.5678991 for each: three units too many if each were rounded up
      const owed = await side.readVault("owed");
      const paid: bigint[] = [];
      for (const holder of holders) paid.push((await keel.exercise(holder, call(3000))).assets);
      expect(new Set(paid).size, "all are paid alike").to.equal(1);
      const sum = paid.reduce((total, assets) => total + assets, 0n);
      expect(sum <= owed, "no more than was set aside for them").to.equal(true);
      expect(await side.readVault("owed"), "the dust of rounding goes with the last").to.equal(0n);
    });

    it("T26: nothing stays locked: anyone settles, and the pool is free of what has expired", async () => {
      const { keel, call, expiries, market, clients, protocols } = world();
      await keel.trade(alice, [buy(call(3000), 200)]);
      const before = await side.readVault<readonly [readonly bigint[], bigint]>("stress");
      await market.moveTo(3100, { at: Number(expiries[0]) + 30, forceRound: true });
      const round = await findSettlementRound(clients.public, protocols.feed, expiries[0]);
      await side.callMarket(bob, "settle", [expiries[0], round]);
      expect(await side.readVault<readonly bigint[]>("openExpiries")).to.deep.equal([expiries[1]]);
      expect(await side.readVault("openContracts")).to.equal(0n);
      const [navs, worst] = await side.readVault<readonly [readonly bigint[], bigint]>("stress");
      const nav = await side.readVault("nav");
      expect(navs[Number(worst)], "no scenario costs anything any more").to.equal(nav);
      expect((before[0][Number(before[1])] ?? 0n) < nav).to.equal(true);
      await keel.processEpoch();
      for (const lp of LPS) await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
      await side.nextEpoch(3100);
      expect(await side.readVault("totalSupply")).to.equal(0n);
      await expectRevert(keel.trade(alice, [sell(call(3000), 1)]), "TradingClosed");
    });

    it("T26: an expiry that was settled makes room for another", async () => {
      const { keel, expiries } = world();
      const later = [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((days) => expiries[0] + days * BigInt(DAY));
      await keel.postSurface(new Map(later.map((expiry) => [expiry, slice(0.7, -0.1, 1)])));
      const more = later.pop() ?? 0n;
      for (const expiry of later) await keel.listSeries(expiry, [parseEther("3000")]);
      await expectRevert(keel.listSeries(more, [parseEther("3000")]), "TooManyExpiries");
      await settleAt(3000);
      await keel.listSeries(more, [parseEther("3000")]);
    });
  });

  it("between expiry and settlement pay-offs stand for prices, in value, in delta and in every scenario", async () => {
    const { keel, call, put, market, expiries } = world();
    await keel.trade(alice, [buy(call(3000), 4), buy(put(3000), 3), buy(put(3300), 2)]);
    await market.moveTo(3200, { at: Number(expiries[0]) + 30, forceRound: true });
    const { mark } = await side.readVault<{ mark: Record<"value" | "delta" | "gamma" | "weightedVega", bigint> }>(
      "exposure",
    );
    expect(mark.value).to.equal(-parseEther("1000")); // 4 · 200 + 2 · 100
    expect(mark.delta).to.equal(-parseEther("2")); // four calls and two puts in the money
    expect(mark.gamma).to.equal(0n);
    expect(mark.weightedVega).to.equal(0n);
    const cash = (await side.readVault("cash")) * 10n ** 12n;
    const [navs] = await side.readVault<readonly [readonly bigint[], bigint]>("stress");
    expect(navs[0]).to.equal(cash - parseEther("11600")); // at 800: 3 · 2200 + 2 · 2500
    expect(navs[11]).to.equal(cash - parseEther("26400")); // at 9600: 4 · 6600
    await keel.settle(expiries[0]);
    expect(await side.readVault("owed")).to.equal(parseUnits("1000", 6));
  });

  describe("without a feed", () => {
    it("the governor settles after a week in which no round could, at a price that makes sense, and nobody else", async () => {
      const { keel, call, expiries, clients } = world();
      const [expiry] = expiries;
      await keel.trade(alice, [buy(call(3000), 2)]);
      const settle = (from: Address, price: bigint) => side.callMarket(from, "settleWithoutFeed", [expiry, price]);
      const price = parseEther("3200");
      await expectRevert(settle(alice, price), "AccessManagedUnauthorized");
      await clients.test.setNextBlockTimestamp({ timestamp: expiry + 7n * BigInt(DAY) - 10n });
      await clients.test.mine({ blocks: 1 });
      const [, earliest] = await expectRevert(settle(GOVERNOR, price), "FallbackTooEarly");
      expect(earliest).to.equal(expiry + 7n * BigInt(DAY));
      await side.wait(20);
      await expectRevert(settle(GOVERNOR, 0n), "InvalidPrice");
      await expectRevert(settle(GOVERNOR, 2n ** 96n), "InvalidPrice");
      await expectRevert(side.callMarket(GOVERNOR, "settleWithoutFeed", [expiry + 1n, price]), "ExpiryNotListed");
      await settle(GOVERNOR, price);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(parseUnits("400", 6));
      await expectRevert(settle(GOVERNOR, price), "AlreadySettled");
      await expectRevert(side.callMarket(alice, "settle", [expiry, 1n]), "AlreadySettled");
    });
  });

  it("settles only what was listed, once it has expired", async () => {
    const { keel, expiries, market } = world();
    await market.report(3000);
    await expectRevert(side.callMarket(alice, "settle", [expiries[0], 1n]), "NotExpired");
    await market.moveTo(3000, { at: Number(expiries[0]) + 30, forceRound: true });
    await expectRevert(keel.settle(expiries[0] - 3600n), "ExpiryNotListed");
  });

  it("T30: every move of USDC moves one of the vault's accounts by as much, over a life of forty random steps", async () => {
    const { keel, call, put, market, expiries } = world();
    const random = seededRandom(30);
    const series = [call(3000), put(2700), call(3300, expiries[1]), put(3000, expiries[1])];
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random.uniform(0, of.length))] as T;
    let moves = 0;
    let before = 0n;
    const check = async (what: string) => {
      const accounts = await Promise.all(
        ["cash", "insurance", "reservedForRedemptions"].map((name) => side.readVault(name)),
      );
      const [pending] = await side.readVault<readonly [bigint, bigint]>("pendingTotals");
      const sum = accounts.reduce((total, amount) => total + amount, pending);
      const balance = await usdcOf(keel.vault.address);
      expect(balance, what).to.equal(sum);
      if (balance !== before) ++moves;
      before = balance;
    };
    let price = 3000;
    for (let step = 0; step < 40; ++step) {
      const roll = random.uniform(0, 1);
      const trader = pick([alice, bob]);
      const id = pick(series);
      if (step % 8 === 7) {
        price = Math.round(price * random.uniform(0.97, 1.03));
        await side.nextEpoch(price);
        await keel.claimAssets(second);
        await check(`epoch, step ${step}`);
      } else if (roll < 0.6) {
        const had = await side.held(trader, id);
        const leg =
          had > 0n && random.uniform(0, 1) < 0.5 ? { id, quantity: -had } : buy(id, Math.ceil(random.uniform(0, 20)));
        await keel.trade(trader, [leg]);
        await check(`trade, step ${step}`);
      } else if (roll < 0.8) {
        const delta = await desk.netDelta();
        if (delta ** 2n > 10n ** 32n) await desk.neutral(); // more than a hundredth of an ether
        await check(`hedge, step ${step}`);
      } else {
        await keel.requestDeposit(first, parseUnits("1000", 6));
        await keel.requestRedeem(second, parseEther("1000"));
        await check(`requests, step ${step}`);
      }
    }
    await market.moveTo(Math.round(price * 1.2), { at: Number(expiries[0]) + 30, forceRound: true });
    await keel.settle(expiries[0]);
    for (const holder of [alice, bob]) {
      for (const id of series.slice(0, 2)) await keel.exercise(holder, id);
      await check(`exercise of ${holder}`);
    }
    expect(await side.readVault("owed")).to.equal(0n);
    expect(moves, "steps that moved money").to.be.above(25);
  });
});
