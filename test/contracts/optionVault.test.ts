import { expect } from "chai";
import { type Address, parseEther, parseUnits } from "viem";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { ROUTE_500 } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice] = TRADERS as [Address];
const [first, second, third] = LPS as [Address, Address, Address];
const usdc = (amount: number) => parseUnits(String(amount), 6);

describe("OptionVault", () => {
  const world = useFork(keelWorld);

  const sharesOf = (account: Address) =>
    world().clients.public.readContract({ ...world().keel.vault, functionName: "balanceOf", args: [account] });
  const nav = () => world().clients.public.readContract({ ...world().keel.vault, functionName: "nav" });
  const cash = () => world().clients.public.readContract({ ...world().keel.vault, functionName: "cash" });
  const usdcOf = (account: Address) => balanceOf(world().clients, world().protocols.usdc, account);

  /** Goes past the end of the epoch, at the same price, and processes it. */
  async function nextEpoch(price = 3000): Promise<void> {
    const { keel, market, clients } = world();
    const endsAt = await clients.public.readContract({ ...keel.vault, functionName: "epochEndsAt" });
    await market.moveTo(price, { at: Number(endsAt) + 1, forceRound: true });
    await keel.renewSurface();
    await keel.processEpoch();
  }

  describe("epochs", () => {
    it("fills a deposit at the NAV per share of its epoch, not before", async () => {
      const { keel, clients } = world();
      const before = await sharesOf(first);
      const supply = await clients.public.readContract({ ...keel.vault, functionName: "totalSupply" });
      await keel.requestDeposit(first, usdc(500_000));
      const pending = await clients.public.readContract({
        ...keel.vault,
        functionName: "pendingDepositRequest",
        args: [0n, first],
      });
      expect(pending).to.equal(usdc(500_000));
      expect(await cash(), "queued money is not the pool's").to.equal(3n * LP_DEPOSIT);
      await expectRevert(keel.processEpoch(), "EpochOpen");

      await nextEpoch();
      await keel.claimShares(first);
      // Nothing was traded: NAV per share is still what it was, and half a deposit buys half the shares.
      expectClose(Number((await sharesOf(first)) - before) / 1e18, 500_000, 1e-6);
      const after = await clients.public.readContract({ ...keel.vault, functionName: "totalSupply" });
      expectClose(Number(after - supply) / 1e18, 500_000, 1e-6);
    });

    it("T3, T5: a deposit that is redeemed the next epoch earns nothing from trades it took no part in", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [{ id: call(3000), quantity: parseEther("50") }]); // open risk, so bid and ask differ
      await keel.requestDeposit(first, usdc(1_000_000));
      await nextEpoch();
      const had = await sharesOf(first);
      await keel.claimShares(first);
      await keel.requestRedeem(first, (await sharesOf(first)) - had);
      const balance = await usdcOf(first);
      await nextEpoch();
      await keel.claimAssets(first);
      // A day of time value went to those who held the risk; the newcomer shared in one of two days at most.
      expect(Number((await usdcOf(first)) - balance) / 1e6).to.be.below(1_000_000 + 500);
    });

    it("T4: those who leave in one epoch leave at one price, whoever asked first", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [{ id: call(3000), quantity: parseEther("20") }]);
      for (const lp of [third, first]) await keel.requestRedeem(lp, (await sharesOf(lp)) / 4n);
      await nextEpoch(3300); // an unhedged book loses
      const before = { first: await usdcOf(first), third: await usdcOf(third) };
      await keel.claimAssets(first);
      await keel.claimAssets(third);
      expect((await usdcOf(first)) - before.first).to.equal((await usdcOf(third)) - before.third);
    });

    it("T3, T4: once an epoch is over nobody joins or leaves it, until it is processed or long overdue", async () => {
      const { keel, market, clients } = world();
      await keel.requestDeposit(first, usdc(1000));
      const endsAt = await clients.public.readContract({ ...keel.vault, functionName: "epochEndsAt" });
      await market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
      await expectRevert(keel.requestDeposit(second, usdc(1000)), "EpochOver");
      await expectRevert(keel.requestRedeem(second, 1n), "EpochOver");
      const cancel = { ...keel.vault, functionName: "cancelDepositRequest", args: [first, first] } as const;
      await expectRevert(keel.write(first, cancel), "EpochOver");
      await clients.test.increaseTime({ seconds: 86_400 });
      await clients.test.mine({ blocks: 1 });
      await keel.write(first, cancel);
      await market.report(3000);
      await keel.processEpoch();
      await keel.requestDeposit(second, usdc(1000));
    });

    it("a pool without assets takes deposits again, though a last share is still out", async () => {
      const { keel, clients } = world();
      for (const lp of LPS) await keel.requestRedeem(lp, (await sharesOf(lp)) - (lp === first ? 1n : 0n));
      await nextEpoch();
      for (const lp of LPS) await keel.claimAssets(lp);
      await keel.requestDeposit(second, usdc(1000));
      await nextEpoch();
      await keel.claimShares(second);
      const worth = await clients.public.readContract({
        ...keel.vault,
        functionName: "convertToAssets",
        args: [await sharesOf(second)],
      });
      expectClose(Number(worth), Number(usdc(1000)), 2);
    });

    it("T7: a claim pays once", async () => {
      const { keel, clients } = world();
      await keel.requestRedeem(first, (await sharesOf(first)) / 2n);
      await nextEpoch();
      await keel.claimAssets(first);
      const redeem = clients.public.simulateContract({
        ...keel.vault,
        functionName: "redeem",
        args: [1n, first, first],
        account: first,
      });
      await expectRevert(redeem, "ExceedsClaimable");
    });

    it("lets an operator act for a controller, and nobody else", async () => {
      const { keel } = world();
      await keel.requestDeposit(first, usdc(1000));
      await nextEpoch();
      const claim = { ...keel.vault, functionName: "deposit", args: [usdc(1000), second, first] } as const;
      await expectRevert(keel.write(second, claim), "Unauthorized");
      await keel.write(first, { ...keel.vault, functionName: "setOperator", args: [second, true] });
      await keel.write(second, claim);
      const steal = { ...keel.vault, functionName: "requestDeposit", args: [usdc(1), third, first] } as const;
      await expectRevert(keel.write(third, steal), "Unauthorized");
    });

    it("T28: pays out only what the rest can spare, to all in proportion, and the remainder later", async () => {
      const { keel, call, clients } = world();
      await keel.trade(alice, [{ id: call(3000), quantity: parseEther("390") }]);
      const asked = await sharesOf(first);
      for (const lp of LPS) await keel.requestRedeem(lp, await sharesOf(lp));
      await nextEpoch();
      const waiting = (lp: Address) =>
        clients.public.readContract({ ...keel.vault, functionName: "pendingRedeemRequest", args: [0n, lp] });
      const left = await Promise.all(LPS.map(waiting));
      expect(left[0]).to.be.within((asked * 90n) / 100n, (asked * 99n) / 100n);
      for (const shares of left) expect(shares).to.equal(left[0]);
      const [navs, worst] = await clients.public.readContract({ ...keel.vault, functionName: "stress" });
      const reserve = Number(await nav()) * 0.2;
      expectClose(Number(navs[Number(worst)]) / reserve, 1, 1e-3);

      await keel.trade(alice, [{ id: call(3000), quantity: -parseEther("390") }]);
      await nextEpoch();
      expect(await waiting(first)).to.equal(0n);
    });

    it("T26: waits for an expired series to be settled, which anyone may do", async () => {
      const { keel, call, expiries, market } = world();
      await keel.trade(alice, [{ id: call(3000), quantity: parseEther("1") }]);
      await market.moveTo(3000, { at: Number(expiries[0]) + 60, forceRound: true });
      const [expiry] = await expectRevert(keel.processEpoch(), "ExpiryUnsettled");
      expect(expiry).to.equal(expiries[0]);
      await keel.settle(expiries[0]);
      await keel.processEpoch();
    });
  });

  describe("accounts", () => {
    it("T1, T9: a donation changes neither NAV nor what anyone may do", async () => {
      const { keel, clients, protocols } = world();
      const before = { nav: await nav(), cash: await cash() };
      await dealUsdc(clients, protocols.usdc, keel.vault.address, usdc(1_000_000));
      expect(await nav()).to.equal(before.nav);
      expect(await cash()).to.equal(before.cash);
      await keel.requestRedeem(first, await sharesOf(first));
      await nextEpoch();
      const balance = await usdcOf(first);
      await keel.claimAssets(first);
      expectClose(Number((await usdcOf(first)) - balance), Number(LP_DEPOSIT), 2);
    });

    it("T6: a trade changes NAV and the insurance reserve by what it charges beyond mid, and by nothing else", async () => {
      const { keel, call, clients } = world();
      const total = async () => {
        const insured = await clients.public.readContract({ ...keel.vault, functionName: "insurance" });
        return Number(await nav()) / 1e18 + Number(insured) / 1e6;
      };
      const before = await total();
      const { quote } = await keel.trade(alice, [{ id: call(3000), quantity: parseEther("10") }]);
      const charged = Number(quote.total) / 1e6 - Number(quote.mid) / 1e18;
      expectClose((await total()) - before, charged, 1e-5);
    });

    it("refuses the market's and the desk's doors to everyone else", async () => {
      const { keel, expiries } = world();
      const { vault } = keel;
      for (const from of [alice, KEEPER, GOVERNOR]) {
        await expectRevert(
          keel.write(from, {
            ...vault,
            functionName: "bookTrade",
            args: [[], { packedSpread: 0n, rules: 0n }, from, false],
          }),
          "Unauthorized",
        );
        for (const functionName of ["list", "delist"] as const) {
          await expectRevert(keel.write(from, { ...vault, functionName, args: [[1n]] }), "Unauthorized");
        }
        await expectRevert(
          keel.write(from, { ...vault, functionName: "settle", args: [expiries[0], 1n] }),
          "Unauthorized",
        );
        await expectRevert(
          keel.write(from, { ...vault, functionName: "payHolder", args: [1n, 1n, from] }),
          "Unauthorized",
        );
        await expectRevert(
          keel.write(from, { ...vault, functionName: "payForHedge", args: [from, 1n] }),
          "Unauthorized",
        );
        await expectRevert(keel.write(from, { ...vault, functionName: "creditHedge", args: [1n] }), "Unauthorized");
        await expectRevert(keel.write(from, { ...vault, functionName: "noteHedge", args: [1n, true] }), "Unauthorized");
      }
    });

    it("refuses requests for nothing, for nobody, or of another's money", async () => {
      const { keel } = world();
      const zero: Address = "0x0000000000000000000000000000000000000000";
      const deposit = (assets: bigint, controller: Address, owner: Address) =>
        keel.write(first, { ...keel.vault, functionName: "requestDeposit", args: [assets, controller, owner] });
      await expectRevert(deposit(0n, first, first), "ZeroAmount");
      await expectRevert(deposit(1n, zero, first), "ZeroAddress");
      await expectRevert(deposit(1n, first, second), "Unauthorized");
      const redeem = { ...keel.vault, functionName: "requestRedeem", args: [1n, first, second] } as const;
      await expectRevert(keel.write(first, redeem), "ERC20InsufficientAllowance");
      const cancel = { ...keel.vault, functionName: "cancelDepositRequest", args: [first, first] } as const;
      await expectRevert(keel.write(first, cancel), "NothingPending");
    });
  });

  describe("limits", () => {
    it("stop what adds risk beyond them, and never what takes risk away", async () => {
      const { keel, call, clients } = world();
      await expectRevert(
        keel.trade(alice, [{ id: call(3000), quantity: parseEther("1100") }]), // 3.3 million on 3 million of NAV
        "SeriesCapExceeded",
      );
      await keel.trade(alice, [{ id: call(3000), quantity: parseEther("100") }]);
      const limits = await clients.public.readContract({ ...keel.vault, functionName: "limits" });
      const tight = { ...limits, vegaCapacityBps: 1 };
      await keel.write(GOVERNOR, { ...keel.vault, functionName: "setLimits", args: [tight] });
      await expectRevert(keel.trade(alice, [{ id: call(3000), quantity: parseEther("1") }]), "VegaCapacityExceeded");
      await keel.trade(alice, [{ id: call(3000), quantity: -parseEther("50") }]);
    });

    it("have bounds of their own, and only the governor sets them", async () => {
      const { keel, clients } = world();
      const limits = await clients.public.readContract({ ...keel.vault, functionName: "limits" });
      const set = (from: Address, next: typeof limits) =>
        keel.write(from, { ...keel.vault, functionName: "setLimits", args: [next] });
      await expectRevert(set(alice, limits), "AccessManagedUnauthorized");
      await expectRevert(set(GOVERNOR, { ...limits, epochLength: 59 }), "InvalidLimits");
      await expectRevert(set(GOVERNOR, { ...limits, vegaCapacityBps: 0 }), "InvalidLimits");
      await expectRevert(set(GOVERNOR, { ...limits, reserveBps: 10_000 }), "InvalidLimits");
      const modules = { ...keel.vault, functionName: "setModules", args: [alice, alice] } as const;
      await expectRevert(keel.write(KEEPER, modules), "AccessManagedUnauthorized");
    });
  });

  it("T36: settlement and exercise complete while the hedge is still open", async () => {
    const { keel, call, clients, expiries, market } = world();
    await keel.trade(alice, [{ id: call(3000), quantity: parseEther("100") }]);
    const { timestamp } = await clients.public.getBlock();
    const order = {
      amount: parseEther("50"),
      cashLimit: usdc(200_000),
      venue: keel.contracts.uniswapV3Venue,
      route: ROUTE_500,
      deadline: timestamp + 60n,
    };
    await keel.write(KEEPER, { ...keel.desk, functionName: "rebalance", args: [order] });
    await market.moveTo(3500, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.settle(expiries[0]);
    expect((await keel.exercise(alice, call(3000))).assets).to.equal(usdc(50_000));
  });
});
