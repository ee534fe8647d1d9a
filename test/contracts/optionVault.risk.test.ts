import { expect } from "chai";
import { type Address, parseEther, parseEventLogs, parseUnits } from "viem";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { link } from "../../deployments/link.ts";
import { seriesId } from "../../sdk/series.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { deskOf } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { GUARDIAN, buy, deployVault, marketSide, sell } from "../helpers/marketSide.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice, bob] = TRADERS as [Address, Address];
const [first] = LPS as [Address];

interface Exposure {
  readonly mark: { readonly weightedVega: bigint; readonly gamma: bigint; readonly spot: bigint };
  readonly nav: bigint;
}

describe("OptionVault, risk", () => {
  const world = useFork(keelWorld);
  const side = marketSide(world);
  const desk = deskOf(world);

  const exposure = () => side.readVault<Exposure>("exposure");
  const post = (vol: number) =>
    world().keel.postSurface(new Map(world().expiries.map((expiry) => [expiry, slice(vol, -0.1, 1)])));
  const insurance = () => side.readVault("insurance");
  const stress = () => side.readVault<readonly [readonly bigint[], bigint]>("stress");

  /** Buys in pieces until the vault refuses. Returns how much was bought and the refusal's arguments. */
  async function fill(id: bigint, piece: number, refusal: string): Promise<readonly [number, readonly unknown[]]> {
    for (let bought = 0; bought < 40 * piece; bought += piece) {
      const { market, public: chain } = { market: world().keel.market, public: world().clients.public };
      const args = [[buy(id, piece)], 2n ** 200n, alice, (await side.now()) + 600n] as const;
      const fits = await chain.simulateContract({ ...market, functionName: "trade", args, account: alice }).then(
        () => true,
        () => false,
      );
      if (!fits) return [bought, await expectRevert(world().keel.trade(alice, [buy(id, piece)]), refusal)];
      await world().keel.trade(alice, [buy(id, piece)]);
    }
    return expect.fail("the vault takes everything");
  }

  describe("limits, on what a trade leaves behind", () => {
    beforeEach(async () => {
      await world().keel.trade(alice, [buy(world().call(3600), 0.001)]); // approves
    });

    it("T15: the last fill of a series stays within its cap, however it is approached", async () => {
      const { call, keel } = world();
      await side.setLimits({ seriesCapBps: 3_000 });
      const [bought, [, notional, cap]] = await fill(call(3000), 37, "SeriesCapExceeded");
      expect(bought).to.equal(296);
      expect(notional).to.equal(parseEther(String((296 + 37) * 3000)));
      expectClose(Number(cap) / 1e18, 900_000, 5_000);
      const rest = Math.floor(Number(cap) / 1e18 / 3000) - 296;
      await expectRevert(keel.trade(alice, [buy(call(3000), rest + 1)]), "SeriesCapExceeded");
      await keel.trade(alice, [buy(call(3000), rest)]);
      expect(-(await side.readVault("positionOf", [call(3000)])) * 3000n <= (cap as bigint)).to.equal(true);
    });

    it("T15: so does that of an expiry, over all its series", async () => {
      const { call, put, keel, expiries } = world();
      await side.setLimits({ seriesCapBps: 2_000, expiryCapBps: 3_000 });
      await keel.trade(alice, [buy(call(3000), 190)]);
      const [bought, [id]] = await fill(put(2700), 30, "ExpiryCapExceeded");
      expect(bought).to.equal(90);
      expect(id).to.equal(put(2700));
      await expectRevert(keel.trade(bob, [buy(put(2400), 30)]), "ExpiryCapExceeded");
      await keel.trade(bob, [buy(put(2400, expiries[1]), 30)]); // the other expiry has its own
      await keel.trade(alice, [sell(call(3000), 30), buy(put(2400), 30)]); // no more than was given back
    });

    it("T15: no trade leaves less than the reserve in any scenario", async () => {
      const { call } = world();
      const [bought] = await fill(call(3000), 30, "StressLossTooLarge");
      expect(bought).to.be.within(330, 390);
      const [navs, worst] = await stress();
      const reserve = (await exposure()).nav / 5n;
      expect((navs[Number(worst)] ?? 0n) >= reserve).to.equal(true);
      for (const nav of navs) expect(nav >= (navs[Number(worst)] ?? 0n)).to.equal(true);
    });

    it("bind net vega and gamma where they grow, and let through what brings them down", async () => {
      const { call, keel, expiries } = world();
      await keel.trade(alice, [buy(call(3000), 50)]);
      const { mark, nav } = await exposure();
      const used = (Number(-mark.weightedVega) / Number(nav)) * 10_000;
      await side.setLimits({ vegaCapacityBps: Math.floor(used) });
      await expectRevert(keel.trade(alice, [buy(call(3000), 1)]), "VegaCapacityExceeded");
      await keel.trade(alice, [sell(call(3000), 1)]);
      await side.setLimits({ vegaCapacityBps: Math.floor(used / 2) });
      await keel.trade(alice, [sell(call(3000), 2), buy(call(3300), 1)]); // a roll to less is not growth, wherever it ends
      await side.setLimits({ vegaCapacityBps: 5_000, gammaCapacityBps: 1 });
      await expectRevert(keel.trade(alice, [buy(call(3000), 1)]), "GammaCapacityExceeded");
      await expectRevert(keel.quote([buy(call(3000), 1)]), "GammaCapacityExceeded");
      await keel.trade(alice, [sell(call(3000), 1)]);
      await keel.trade(alice, [sell(call(3000), 10), buy(call(3000, expiries[1]), 1)]);
    });

    it("never stop who closes, not even a pool that is under water", async () => {
      const { call, keel, market, expiries } = world();
      await keel.trade(alice, [buy(call(3000, expiries[1]), 300)]);
      await market.moveTo(16_000, { forceRound: true });
      await side.wait(150);
      expect((await exposure()).nav < 0n, "under water").to.equal(true);
      await expectRevert(keel.trade(bob, [buy(call(3000), 0.01)]), "DrawdownTooLarge");
      await keel.trade(alice, [sell(call(3000, expiries[1]), 50)]);
      expect((await stress())[0].length).to.equal(12);
    });

    it("vega that trades add is limited within a window, and the window refills", async () => {
      const { call, put, keel, expiries } = world();
      await side.setLimits({ vegaWindowBps: 500 });
      await side.nextEpoch();
      const before = await side.readVault("vegaWindowLeft");
      expectClose(Number(before) / 1e18, 75_000, 500); // 5 % of half of NAV
      await keel.trade(alice, [buy(call(3000), 150)]);
      const left = await side.readVault("vegaWindowLeft");
      const { mark } = await exposure();
      expectClose(Number(before - left) / Number(-mark.weightedVega), 1, 0.02);
      const [added, available] = await expectRevert(keel.trade(alice, [buy(put(3000), 150)]), "VegaWindowExceeded");
      expect((added as bigint) > (available as bigint)).to.equal(true);
      await expectRevert(keel.quote([buy(put(3000), 150)]), "VegaWindowExceeded");
      await keel.trade(alice, [sell(call(3000), 100)]); // gives back what it takes
      const { mark: after } = await exposure();
      const freed = Number(after.weightedVega - mark.weightedVega);
      expectClose(Number((await side.readVault("vegaWindowLeft")) - left) / freed, 1, 0.02);
      await side.wait(3600);
      await world().market.report(3000);
      await keel.trade(alice, [buy(put(3000), 100)]);
      expect(expiries.length).to.equal(2);
    });

    it("T8: the vega window refills evenly: a third of it in a third of its time", async () => {
      const { call, keel } = world();
      await side.setLimits({ vegaWindowBps: 500 });
      await side.nextEpoch();
      const whole = Number(await side.readVault("vegaWindowLeft"));
      for (let size = 128; size >= 0.5; size /= 2) {
        const legs = [buy(call(3000), size)];
        while (await keel.trade(alice, legs).catch(() => undefined));
      }
      const used = Number(await side.readVault("vegaWindowLeft"));
      expect(used / whole).to.be.within(0, 0.02);
      await side.wait(1200);
      expectClose((Number(await side.readVault("vegaWindowLeft")) - used) / whole, 1 / 3, 0.01);
    });

    it("T28: LPs leave no less behind than vega and gamma need, each by itself", async () => {
      const { call, keel, clients } = world();
      await keel.trade(alice, [buy(call(3000), 20)]);
      const { mark, nav } = await exposure();
      const spot = Number(mark.spot) / 1e18;
      const vega = Number(-mark.weightedVega) / 1e18;
      const perPercent = ((Number(-mark.gamma) / 1e18) * spot ** 2) / 100;
      const half = Number(nav) / 1e18 / 2;
      for (const limits of [
        { gammaCapacityBps: Math.ceil((perPercent / half) * 1e4) },
        { vegaCapacityBps: Math.ceil((vega / half) * 1e4) },
      ]) {
        const snapshot = await clients.test.snapshot();
        await side.setLimits(limits);
        for (const lp of LPS) await keel.requestRedeem(lp, await side.readVault<bigint>("balanceOf", [lp]));
        await side.nextEpoch();
        const left = Number((await exposure()).nav) / 1e18;
        expect(left / half, Object.keys(limits)[0]).to.be.within(0.8, 1.3); // Greeks grow as a day passes
        await clients.test.revert({ id: snapshot });
      }
    });

    const wrong: readonly [string, number | bigint][] = [
      ["vegaCapacityBps", 0],
      ["vegaCapacityBps", 100_001],
      ["gammaCapacityBps", 0],
      ["gammaCapacityBps", 100_001],
      ["seriesCapBps", 0],
      ["seriesCapBps", 200_001],
      ["expiryCapBps", 9_999],
      ["expiryCapBps", 200_001],
      ["reserveBps", 0],
      ["reserveBps", 10_000],
      ["maxMarkAge", 86_401],
      ["maxMarkMoveBps", 1_001],
      ["maxDrawdownBps", 0],
      ["maxDrawdownBps", 10_001],
      ["spreadVol", parseEther("0.21")],
      ["epochLength", 3_599],
      ["epochLength", 30 * 86_400 + 1],
      ["capitalRateBps", 100_001],
      ["vegaWindow", 59],
      ["vegaWindow", 7 * 86_400 + 1],
      ["vegaWindowBps", 0],
      ["vegaWindowBps", 100_001],
      ["surfaceLossBps", 0],
      ["surfaceLossBps", 1_001],
      ["insuranceShareBps", 5_001],
      ["insuranceTargetBps", 5_001],
    ];
    for (const [name, value] of wrong) {
      it(`may be replaced, but by no ${name} of ${value}`, async () => {
        const limits = await side.readVault<Record<string, number | bigint>>("limits");
        const call = side.callVault(GOVERNOR, "setLimits", [{ ...limits, [name]: value }]);
        expect(await expectRevert(call, "InvalidLimits")).to.deep.equal([name]);
      });
    }
  });

  describe("breakers", () => {
    /** Loses a fifth of NAV and more with an unhedged book. */
    async function loseMuch(): Promise<void> {
      const { call, keel, market, expiries } = world();
      await keel.trade(alice, [buy(call(3000, expiries[1]), 300)]);
      await market.moveTo(5400, { forceRound: true });
      await side.wait(150);
    }

    it("a pool under water sells nothing, in so many words, and takes back what it sold", async () => {
      const { call, keel, market, expiries } = world();
      await keel.trade(alice, [buy(call(3000, expiries[1]), 300)]);
      await market.moveTo(15_000, { forceRound: true });
      await side.nextEpoch(15_000);
      await keel.listSeries(expiries[1]!, [parseEther("15000")]);
      const atTheMoney = seriesId(expiries[1]!, parseEther("15000"), "call");
      await expectRevert(keel.trade(bob, [buy(atTheMoney, 1)]), "NoCapacity");
      await expectRevert(keel.quote([buy(atTheMoney, 1)]), "NoCapacity");
      await keel.trade(alice, [sell(call(3000, expiries[1]), 1)]);
    });

    it("a fall of NAV per share below its peak closes the pool to new risk; epochs open it again", async () => {
      const { call, keel, expiries } = world();
      await loseMuch();
      const [value, peak] = await side.readVault<readonly [bigint, bigint]>("shareValue");
      expect(Number(value) / Number(peak)).to.be.below(0.8);
      const [, floor] = await side.readVault<readonly [bigint, bigint]>("breaker");
      // Leaves room in every scenario; slowly, as LPs earn what haste costs.
      for (let i = 0; i < 20; ++i) {
        await keel.trade(alice, [sell(call(3000, expiries[1]), 10)]);
        await side.wait(601);
        await world().market.report(5400);
      }
      const [seen, then] = await expectRevert(keel.trade(bob, [buy(call(3600), 0.01)]), "DrawdownTooLarge");
      expectClose(Number(seen) / Number(floor), Number(value) / (0.8 * Number(peak)), 1e-2);
      expect(then).to.equal(floor);
      await expectRevert(keel.quote([buy(call(3600), 0.01)]), "DrawdownTooLarge");
      await keel.trade(alice, [sell(call(3000, expiries[1]), 1)]);

      const peaks = [Number(peak)];
      for (let epoch = 0; epoch < 2; ++epoch) {
        await side.nextEpoch(5400);
        const [now, next] = await side.readVault<readonly [bigint, bigint]>("shareValue");
        expectClose(Number(next) / ((Number(now) + (peaks[epoch] ?? 0)) / 2), 1, 2e-3);
        peaks.push(Number(next));
      }
      await keel.trade(bob, [buy(call(3600), 0.01)]);
    });

    it("the guardian stops what opens risk, and nothing else; and lets it go on", async () => {
      const { call, keel, expiries, market } = world();
      await keel.trade(alice, [buy(call(3000), 20)]);
      await expectRevert(side.callVault(alice, "pause"), "AccessManagedUnauthorized");
      await side.callVault(GUARDIAN, "pause");
      expect(await side.readVault<boolean>("paused")).to.equal(true);
      await expectRevert(keel.trade(bob, [buy(call(3000), 1)]), "OpeningPaused");
      await expectRevert(keel.quote([buy(call(3000), 1)]), "OpeningPaused");
      await expectRevert(keel.trade(alice, [sell(call(3000), 2), buy(call(3300), 1)]), "OpeningPaused");
      await keel.trade(alice, [sell(call(3000), 10)]);
      await desk.neutral();
      await keel.requestDeposit(first, 5_000_000n);
      await keel.requestRedeem(first, parseEther("1000"));
      await side.nextEpoch();
      await keel.claimAssets(first);
      await keel.claimShares(first);
      await side.callVault(GUARDIAN, "unpause");
      await keel.trade(bob, [buy(call(3000), 1)]);
      await side.callVault(GUARDIAN, "pause");
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(parseUnits("3000", 6));
    });
  });

  describe("insurance", () => {
    it("fills with its share of fees, which is not the pool's", async () => {
      const { call, keel } = world();
      const before = await side.readVault("cash");
      const { quote, insured } = await keel.trade(alice, [buy(call(3000), 100)]);
      const share = quote.fees / 10n ** 12n / 5n;
      expect(await insurance()).to.equal(share);
      expect(await side.readVault("cash")).to.equal(before + quote.total - share);
      expect(insured).to.equal(share);
      await keel.trade(alice, [sell(call(3000), 100)]);
      expect((await insurance()) > share, "sellers pay their share too").to.equal(true);
    });

    it("fills no further than its target", async () => {
      const { call, keel } = world();
      await side.setLimits({ insuranceTargetBps: 0 });
      await keel.trade(alice, [buy(call(3000), 10)]);
      expect(await insurance()).to.equal(0n);
    });

    it("T71: pays no LP: a loss is the pool's, and the reserve stays", async () => {
      const { call, keel, market } = world();
      await side.setLimits({ insuranceShareBps: 5_000 });
      for (let i = 0; i < 5; ++i) {
        await keel.trade(alice, [buy(call(3600), 200)]);
        await keel.trade(alice, [sell(call(3600), 200)]);
      }
      const reserve = await insurance();
      expect(reserve > 100_000_000n, `a reserve of ${reserve}`).to.equal(true);
      await side.nextEpoch();
      await keel.trade(alice, [buy(call(3000), 100)]);
      const endsAt = await side.readVault("epochEndsAt");
      await market.moveTo(3060, { at: Number(endsAt) + 1, forceRound: true });
      const [value, peak] = await side.readVault<readonly [bigint, bigint]>("shareValue");
      expect(value < peak, "a loss").to.equal(true);
      await keel.renewSurface();
      const full = await insurance();
      const receipt = await keel.processEpoch();
      expect(parseEventLogs({ abi: optionVaultAbi, logs: receipt.logs, eventName: "InsuranceUsed" })).to.deep.equal([]);
      expect(await insurance()).to.equal(full);
    });
  });

  describe("modules", () => {
    const set = (market: Address, hedge: Address) => side.callVault(GOVERNOR, "setModules", [market, hedge]);

    it("are replaced only while they hold nothing: a market with open contracts, a desk with a hedge", async () => {
      const { keel, call, expiries, market, clients, protocols } = world();
      const other = KEEPER;
      await keel.trade(alice, [buy(call(3000), 10)]);
      expect(await expectRevert(set(other, keel.desk.address), "ModuleInUse")).to.deep.equal([keel.market.address]);
      await desk.neutral();
      expect(await expectRevert(set(keel.market.address, other), "ModuleInUse")).to.deep.equal([keel.desk.address]);
      await set(keel.market.address, keel.desk.address); // what is there may be set again
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      await keel.exercise(alice, call(3000));
      const [base] = await desk.position();
      await desk.rebalance(-base);
      const refused = await set(other, KEEPER).then(
        () => false,
        () => true,
      );
      expect(refused, "a desk that does not answer").to.equal(true);
      const read = <const T extends "rules" | "budgets">(functionName: T) =>
        clients.public.readContract({ ...keel.desk, functionName });
      const next = await deployContract(
        { public: clients.public, wallet: clients.wallet, account: GOVERNOR },
        link(compiled("contracts/HedgeDesk"), { DeskLimits: keel.contracts.deskLimits }),
        [keel.contracts.accessManager, keel.vault.address, protocols.weth, await read("rules"), await read("budgets")],
      );
      const receipt = await set(other, next);
      const [event] = parseEventLogs({ abi: optionVaultAbi, logs: receipt.logs, eventName: "ModulesSet" });
      expect(event?.args).to.deep.equal({ market: other, hedge: next });
    });

    it("are somebody", async () => {
      const { keel } = world();
      const nobody: Address = "0x0000000000000000000000000000000000000000";
      await expectRevert(set(nobody, keel.desk.address), "ZeroAddress");
      await expectRevert(set(keel.market.address, nobody), "ZeroAddress");
    });
  });

  it("T8: what the vault says it is worth, and a mark that anyone asks for, follow the feed alone", async () => {
    const { keel, call, market, clients } = world();
    await keel.trade(alice, [buy(call(3000), 50)]);
    await market.report(3000);
    const view = async () => {
      const [navs] = await stress();
      const { nav, mark } = await exposure();
      return {
        nav,
        spot: mark.spot,
        navs: [await side.readVault<bigint>("nav"), ...navs].map((x) => Number(x) / 1e18),
      };
    };
    const honest = await view();
    for (const price of [2985, 3015]) {
      const snapshot = await clients.test.snapshot();
      await market.arbitrage(price);
      await side.callVault(bob, "mark");
      const pushed = await view();
      expect(pushed.spot, `at ${price}`).to.equal(parseEther("3000"));
      // Seconds pass: options lose some cents of their value.
      for (const [i, nav] of pushed.navs.entries()) expectClose(nav, honest.navs[i] ?? 0, 5);
      expectClose(Number(pushed.nav - honest.nav) / 1e18, 0, 5);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T8: neither a pushed pool nor a burst of trades moves the price at which LPs come and go", async () => {
    const { keel, call, market, clients } = world();
    const outcome = async (attack: () => Promise<void>, undo: () => Promise<void> = () => Promise.resolve()) => {
      const snapshot = await clients.test.snapshot();
      await keel.trade(alice, [buy(call(3000), 50)]);
      await keel.requestDeposit(first, LP_DEPOSIT);
      const endsAt = await side.readVault("epochEndsAt");
      await clients.test.setNextBlockTimestamp({ timestamp: endsAt - 100n });
      await market.report(3000);
      await attack();
      await clients.test.setNextBlockTimestamp({ timestamp: endsAt + 10n });
      await clients.test.mine({ blocks: 1 });
      await keel.renewSurface();
      await keel.processEpoch();
      await undo();
      const shares = await side.readVault("maxMint", [first]);
      await clients.test.revert({ id: snapshot });
      return Number(shares) / 1e18;
    };
    const honest = await outcome(() => Promise.resolve());
    // A push counts as half a percent of the pool's net delta at most, against whoever comes or goes.
    for (const price of [2700, 3300])
      expect(await outcome(() => market.arbitrage(price))).to.be.within(honest * 0.9997, honest);
    const pumped = await outcome(async () => {
      await post(0.7);
      await keel.trade(bob, [buy(call(3300), 200)]);
    });
    // What the burst paid went to those who were in already: fewer shares for a newcomer, by the charges alone.
    expect(pumped).to.be.within(honest * 0.99, honest);
  });

  it("previews no more than a market can do: as many contracts as are open", async () => {
    const { keel, call } = world();
    await keel.trade(alice, [buy(call(3000), 10)]);
    expect((await keel.quote([sell(call(3000), 4)])).total < 0n).to.equal(true);
    await expectRevert(keel.quote([sell(call(3000), 11)]), "MoreThanOpen");
    await expectRevert(keel.quote([sell(call(3000), 6), sell(call(3000), 5)]), "MoreThanOpen");
  });

  it("keeps what belongs to a hedge until a desk is there", async () => {
    const { keel, clients, protocols } = world();
    const bare = await deployVault(world(), protocols.usdc);
    const nav = await clients.public.readContract({ ...keel.vault, address: bare, functionName: "nav" });
    expect(nav).to.equal(0n);
  });
});
