import { expect } from "chai";
import { type Address, decodeFunctionResult, encodeFunctionData, parseEther, parseUnits } from "viem";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { deskOf, setVaultCash } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice, bob] = TRADERS as [Address, Address];
const dollars = (usdc: bigint) => Number(usdc) / 1e6;

describe("The pool, its reserve and its lists", () => {
  const world = useFork((fork) => keelWorld(fork));
  const side = marketSide(world);
  const usdcOf = (account: Address) => balanceOf(world().clients, world().protocols.usdc, account);
  const insurance = () => side.readVault<bigint>("insurance");
  const sharesOf = (account: Address) => side.readVault<bigint>("balanceOf", [account]);

  /** A reserve as if earned over months: by many trades at a high fee, then everything back to the defaults. */
  async function fillReserve(): Promise<void> {
    const { keel, call, expiries } = world();
    await side.setLimits({ insuranceShareBps: 5_000 });
    await side.setPricing({ feeBps: 100, feeCapBps: 2_500 });
    for (let i = 0; i < 12; ++i) {
      await keel.trade(alice, [buy(call(3000, expiries[1]), 200)]);
      await keel.trade(alice, [sell(call(3000, expiries[1]), 200)]);
    }
    await side.setPricing({ feeBps: 3, feeCapBps: 1_250 });
    await side.setLimits({ insuranceShareBps: 2_000 });
  }

  it("T71: the reserve is left alone by whoever is LP and trader in one, whichever way the price goes", async function () {
    this.timeout(600_000);
    const { keel, call, put, expiries, clients, protocols } = world();
    await fillReserve();
    for (const account of [alice, bob]) await dealUsdc(clients, protocols.usdc, account, parseUnits("10000000", 6));
    for (const price of [3150, 2850, 2700]) {
      const snapshot = await clients.test.snapshot();
      for (const lp of LPS) await keel.requestRedeem(lp, await sharesOf(lp)); // the others leave, for whatever reason
      const start = (await usdcOf(alice)) + (await usdcOf(bob));
      await keel.requestDeposit(bob, parseUnits("1000000", 6));
      await side.nextEpoch(3000);
      await keel.claimShares(bob);
      const before = await insurance();
      await side.wait(150);
      await world().market.report(3000);
      const legs = [call(3000, expiries[1]), put(3000, expiries[1])];
      await keel.trade(
        alice,
        legs.map((id) => buy(id, 100)),
      );
      await side.nextEpoch(price);
      await side.wait(150);
      await world().market.report(price);
      await keel.trade(
        alice,
        legs.map((id) => sell(id, 100)),
      );
      await keel.requestRedeem(bob, await sharesOf(bob));
      await side.nextEpoch(price);
      await keel.claimAssets(bob);
      const gain = dollars((await usdcOf(alice)) + (await usdcOf(bob)) - start);
      console.log(
        `      to ${price}: reserve ${dollars(before)} -> ${dollars(await insurance())}, LP and trader ${gain}`,
      );
      expect(await insurance()).to.be.at.least(before);
      expect(gain).to.be.at.most(0);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T71: the reserve pays holders what the pool cannot, and only then", async () => {
    const { keel, call, expiries, market } = world();
    await fillReserve();
    await keel.trade(alice, [buy(call(2700), 200)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    const owed = await side.readVault<bigint>("owed");
    const before = await insurance();
    await setVaultCash(world(), owed - before - 1_000_000n); // a dollar more than the reserve has
    await expectRevert(keel.exercise(alice, call(2700)), "InsufficientCash");
    await setVaultCash(world(), owed - 5_000_000_000n);
    const { assets } = await keel.exercise(alice, call(2700));
    expect(assets).to.be.within(owed - 1n, owed);
    expect(before - (await insurance())).to.be.within(4_999_999_998n, 5_000_000_000n);
  });

  it("T71: and nothing while the hedge has anything left that holders could be paid with", async () => {
    const { keel, call, expiries, market } = world();
    await fillReserve();
    await keel.trade(alice, [buy(call(2700), 100)]);
    await deskOf(world).neutral();
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    await setVaultCash(world(), (await side.readVault<bigint>("owed")) - 5_000_000_000n);
    await expectRevert(keel.exercise(alice, call(2700)), "InsufficientCash");
  });

  it("T59: who leaves cannot choose the moment between two posts", async () => {
    const { keel, call, put, expiries, clients, market } = world();
    const expiry = expiries[1]!;
    await keel.trade(alice, [buy(call(3000, expiry), 200), buy(put(3000, expiry), 200)]);
    const [leaver] = LPS as [Address];
    await keel.requestRedeem(leaver, await sharesOf(leaver));
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    await market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
    const [stale] = await expectRevert(keel.processEpoch(), "EpochSurfaceStale");
    expect(expiries).to.include(stale);
    const paid: number[] = [];
    for (const vol of [0.7, 0.85]) {
      const snapshot = await clients.test.snapshot();
      await keel.postSurface(new Map(expiries.map((one) => [one, slice(vol, -0.1, 0.7 / vol)])));
      await keel.processEpoch();
      paid.push(dollars(await side.readVault<bigint>("maxWithdraw", [leaver])));
      await clients.test.revert({ id: snapshot });
    }
    console.log(`      paid at the true vol ${paid[0]}, at 15 points more ${paid[1]}`);
    expect(paid[1]).to.be.below(paid[0]!);
    // A whole epoch later it is processed all the same, at a wider spread: nobody can keep LPs in by not posting.
    await market.moveTo(3000, { at: Number(endsAt) + 86_401, forceRound: true });
    await keel.processEpoch();
    expect(dollars(await side.readVault<bigint>("maxWithdraw", [leaver]))).to.be.below(paid[0]!);
  });

  it("T73: `totalAssets` counts a payout once, feed or no feed", async () => {
    const { keel, call, expiries, market } = world();
    await keel.trade(alice, [buy(call(2700), 300)]);
    await market.moveTo(3300, { at: Number(expiries[0]) - 60, forceRound: true });
    await side.callVault(GOVERNOR, "mark");
    await market.moveTo(3300, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    const live = await side.readVault<bigint>("totalAssets");
    await side.wait(5_000);
    expect(await side.readVault<bigint>("totalAssets")).to.equal(live);
    const [cash, owed] = [await side.readVault<bigint>("cash"), await side.readVault<bigint>("owed")];
    expect(live, "nothing else is open").to.equal(cash - owed);
    expect(await side.readVault<bigint>("convertToAssets", [parseEther("1")])).to.be.above(0n);
  });

  it("T73: `totalAssets` answers the same with any gas, or not at all", async () => {
    const { keel, call, put, expiries, market, clients } = world();
    for (const strike of [2400, 2700, 3000, 3300])
      await keel.trade(alice, [buy(call(strike, expiries[1]), 50), buy(put(strike), 10)]);
    await market.moveTo(2400, { forceRound: true });
    const data = encodeFunctionData({ abi: keel.vault.abi, functionName: "totalAssets" });
    const answers = new Set<bigint>();
    for (let gas = 900_000n; gas > 25_000n; gas -= 7_000n) {
      const answer = await clients.public.call({ to: keel.vault.address, data, gas }).then(
        (x) => decodeFunctionResult({ abi: keel.vault.abi, functionName: "totalAssets", data: x.data! }),
        () => undefined,
      );
      if (answer !== undefined) answers.add(answer);
    }
    expect([...answers]).to.deep.equal([await side.readVault<bigint>("totalAssets")]);
  });

  it("T74: what a lister has listed, and nobody holds, is taken off again, and the place is free", async () => {
    const { keel, call, put, expiries } = world();
    const { timestamp } = await keel.clients.public.getBlock();
    const today = timestamp - (timestamp % 86_400n) + 8n * 3_600n;
    const friday = (ahead: bigint) =>
      today + ((1n - ((today / 86_400n) % 7n) + 7n) % 7n) * 86_400n + ahead * 7n * 86_400n;
    const far = [2n, 3n, 5n, 6n, 40n, 41n].map(friday);
    await side.wait(1_900);
    await world().market.moveTo(3000, { forceRound: true });
    await keel.postSurface(new Map(far.map((expiry) => [expiry, slice(0.7, -0.1, 1)])));
    for (const expiry of far) await keel.listSeries(expiry, [parseEther("3000")]);
    const next = today + 3n * 86_400n;
    await keel.postSurface(new Map([[next, slice(0.7, -0.1, 1)]]));
    await expectRevert(keel.listSeries(next, [parseEther("3000")]), "TooManyExpiries");
    await keel.trade(alice, [buy(call(3000, far[0]), 1)]);
    await expectRevert(side.callMarket(GOVERNOR, "delistSeries", [[call(3000, far[0])]]), "SeriesInUse");
    await side.callMarket(GOVERNOR, "delistSeries", [[call(3000, far[1]), put(3000, far[1])]]);
    await keel.listSeries(next, [parseEther("3000")]);
    await expectRevert(keel.quote([buy(call(3000, far[1]), 1)]), "SeriesNotListed");
    // What stays in an expiry is found where it moved to.
    await side.callMarket(GOVERNOR, "delistSeries", [[call(2400, expiries[1]), put(2700, expiries[1])]]);
    await keel.trade(alice, [buy(put(3600, expiries[1]), 2), buy(call(3600, expiries[1]), 3)]);
    expect(await side.readVault<bigint>("positionOf", [call(3600, expiries[1])])).to.equal(-parseEther("3"));
    const [ids, quantities] = await side.readVault<readonly [bigint[], bigint[]]>("book");
    const counted = (id: bigint) => quantities[ids.indexOf(id)];
    expect(counted(call(3600, expiries[1])), "and counted there").to.equal(-parseEther("3"));
    expect(counted(put(3600, expiries[1])), "and counted there").to.equal(-parseEther("2"));
    await expectRevert(side.callMarket(bob, "delistSeries", [[call(2700, expiries[1])]]), "AccessManagedUnauthorized");
  });

  it("T74: a holder who never comes keeps no market; the one that is replaced goes on paying, and no more than it owes", async () => {
    const { keel, call, expiries, market, clients } = world();
    await keel.trade(alice, [buy(call(2700), 1)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    const hedge = await side.readVault("desk");
    await side.callVault(GOVERNOR, "setModules", [KEEPER, hedge]);
    const before = await usdcOf(alice);
    const receipt = await keel.exercise(alice, call(2700));
    expect((await usdcOf(alice)) - before).to.equal(receipt.assets);
    expect(receipt.assets).to.equal(300_000_000n);
    // Another market's holders are not its affair.
    await expectRevert(
      clients.public.simulateContract({
        ...keel.vault,
        functionName: "payHolder",
        args: [call(2700), 0n, alice],
        account: keel.market.address,
      }),
      "Unauthorized",
    );
  });

  it("T74: the market that comes next takes nothing that holders of the last one have not claimed", async () => {
    const { keel, call, expiries, market } = world();
    await keel.trade(alice, [buy(call(2400), 10)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    await side.callVault(GOVERNOR, "setModules", [KEEPER, await side.readVault("desk")]);
    await expectRevert(side.callVault(KEEPER, "payHolder", [call(2400), parseEther("10"), KEEPER]), "Unauthorized");
    expect((await keel.exercise(alice, call(2400))).assets).to.equal(6_000_000_000n);
  });

  it("T74: far expiries that somebody holds a crumb of leave room for near ones", async () => {
    const { keel, market } = world();
    const { timestamp } = await keel.clients.public.getBlock();
    const today = timestamp - (timestamp % 86_400n) + 8n * 3_600n;
    const friday = (ahead: bigint) =>
      today + ((1n - ((today / 86_400n) % 7n) + 7n) % 7n) * 86_400n + ahead * 7n * 86_400n;
    const listed: bigint[] = [];
    for (const ahead of [52n, 51n, 50n, 12n, 11n, 10n, 9n]) {
      await side.wait(1_900);
      await market.moveTo(3000, { forceRound: true });
      await keel.postSurface(new Map([[friday(ahead), slice(0.7, -0.1, 1)]]));
      if (listed.length === 2 && ahead > 15n) {
        await expectRevert(keel.listSeries(friday(ahead), [parseEther("3000")]), "TooManyFarExpiries");
        continue;
      }
      if (listed.length === 4) {
        await expectRevert(keel.listSeries(friday(ahead), [parseEther("3000")]), "TooManyFarExpiries");
        break;
      }
      await keel.listSeries(friday(ahead), [parseEther("3000")]);
      listed.push(friday(ahead));
    }
    expect(listed.length).to.equal(4);
    for (const ahead of [2n, 3n]) {
      await keel.postSurface(new Map([[friday(ahead), slice(0.7, -0.1, 1)]]));
      await keel.listSeries(friday(ahead), [parseEther("3000")]);
    }
  });

  it("T64: LPs do not wait for the price of an expiry that nobody holds", async () => {
    const { keel, market, expiries } = world();
    const [lp] = LPS as [Address];
    await keel.requestRedeem(lp, await sharesOf(lp));
    await market.moveTo(3000, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.renewSurface();
    await keel.processEpoch();
    expect(await side.readVault<bigint>("maxWithdraw", [lp])).to.be.above(0n);
  });

  it("T74: wash trades do not use the vega window up", async () => {
    const { keel, call } = world();
    const before = await side.readVault<bigint>("vegaWindowLeft");
    for (let i = 0; i < 10; ++i) {
      await keel.trade(alice, [buy(call(3000), 200)]);
      await keel.trade(alice, [sell(call(3000), 200)]);
    }
    const left = await side.readVault<bigint>("vegaWindowLeft");
    expect(Number(left) / Number(before)).to.be.above(0.99);
    await keel.trade(bob, [buy(call(3000), 200)]);
  });
});
