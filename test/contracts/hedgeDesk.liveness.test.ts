import { expect } from "chai";
import { type Address, parseEther, parseUnits } from "viem";
import { deskEvents, deskOf, setVaultCash } from "../helpers/desk.ts";
import { GOVERNOR, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice, bob, carol] = TRADERS as [Address, Address, Address];
const GRACE = 1800;
const DUST = parseEther("0.0001");

describe("HedgeDesk without its keepers", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    // Half a million dollars of delta in a pool of three million: far outside the band of 5 %.
    await built.keel.trade(alice, [{ id: built.call(2700), quantity: parseEther("200") }]);
    return built;
  });
  const desk = deskOf(world);
  const { netDelta } = desk;

  const poke = (who = bob) => world().keel.write(who, { ...world().keel.desk, functionName: "poke" });
  const raiseCash = async () =>
    world().keel.write(bob, { ...world().keel.desk, functionName: "raiseCash", args: [await desk.route()] });
  const hedge = (amount: bigint, from = bob) => desk.rebalance(amount, { open: true, from });
  const seen = () => world().clients.public.readContract({ ...world().keel.desk, functionName: "seenOutside" });
  const usdcOf = (who: Address) => balanceOf(world().clients, world().protocols.usdc, who);

  /** Lets time pass with the oracle alive. */
  async function pass(seconds: number, price = 3000): Promise<void> {
    await world().clients.test.increaseTime({ seconds });
    await world().market.moveTo(price, { forceRound: true });
  }

  describe("the open door", () => {
    it("opens to anyone a grace period after the net delta was seen outside the band, and not before", async () => {
      const short = -(await netDelta());
      await expectRevert(hedge(short), "NotYetOpen");
      await poke();
      await pass(GRACE - 60);
      await expectRevert(hedge(short / 2n), "NotYetOpen");
      await pass(60);
      const before = await usdcOf(bob);
      const receipt = await hedge(short / 2n);
      const [bounty] = deskEvents(receipt, "BountyPaid");
      expect(bounty?.args.assets).to.equal(parseUnits("50", 6)); // 5 bp of some 250,000 dollars is more than the cap
      expect((await usdcOf(bob)) - before).to.equal(bounty?.args.assets);
      expect(deskEvents(receipt, "Rebalanced")[0]?.args.netDeltaAfter).to.satisfy((net: bigint) => net < 0n);
      const { mark } = await world().clients.public.readContract({ ...world().keel.vault, functionName: "exposure" });
      expect(mark.inventory, "the hedge as the vault knows it").to.equal((await desk.holdings()).inventory);
    });

    it("stays open while the net delta stays outside, and is shut once it is inside", async () => {
      await poke();
      await pass(GRACE);
      const short = -(await netDelta());
      await hedge(short / 4n);
      await hedge(short / 4n);
      const left = -(await netDelta());
      await hedge(left - parseEther("1"));
      await expectRevert(hedge(parseEther("0.5")), "NotYetOpen");
    });

    it("T32, T62: keeps anyone to orders towards neutral, and to a bound that starts tight and never is a keeper's", async () => {
      await poke();
      await pass(GRACE);
      const short = -(await netDelta());
      await expectRevert(hedge(-parseEther("1")), "NotTowardsNeutral");
      await expectRevert(hedge(short + parseEther("1")), "NotTowardsNeutral");
      await world().market.arbitrage(3003); // 10 bp, and the pool's fee: beyond what one sighting allows
      await expectRevert(hedge(parseEther("1")), "NothingFilled");
      for (let sightings = 2; sightings <= 8; sightings++) {
        await pass(GRACE);
        await world().market.arbitrage(3003);
        await poke();
      }
      await hedge(parseEther("1")); // 60 bp after six
      await world().market.arbitrage(3020); // 0.67 %, beyond 0.6 % but within a keeper's 1 %
      await expectRevert(hedge(parseEther("1")), "NothingFilled");
      await desk.rebalance(parseEther("1"));
    });

    it("T39, T61: a keeper who brings the net delta inside shuts the door, and what was seen before opens it no more", async () => {
      const { keel, call } = world();
      await poke();
      await pass(GRACE);
      await desk.neutral();
      await keel.trade(alice, [{ id: call(2700), quantity: parseEther("100") }]);
      await pass(60);
      await expectRevert(hedge(parseEther("1")), "NotYetOpen");
    });

    it("T39: nobody can put off the opening: poking again, poking inside or hedging dust moves nothing", async () => {
      const { keel, call } = world();
      await poke();
      const [, since] = await seen();
      await pass(600);
      await poke(carol);
      // A griefer sells the vault back to neutral for a moment, pokes, and buys again.
      await keel.trade(alice, [{ id: call(2700), quantity: -parseEther("200") }]);
      await poke(carol);
      await keel.trade(alice, [{ id: call(2700), quantity: parseEther("200") }]);
      expect((await seen())[1]).to.equal(since);
      await pass(GRACE - 600);
      await hedge(DUST, carol);
      await hedge(-(await netDelta()) / 2n);
    });

    it("T39: dust takes no bounty away from whoever hedges the rest", async () => {
      await poke();
      await pass(GRACE);
      for (let i = 0; i < 5; ++i) await hedge(DUST, carol);
      const [bounty] = deskEvents(await hedge(-(await netDelta()) / 2n), "BountyPaid");
      expect(bounty?.args.assets).to.equal(parseUnits("50", 6));
    });

    it("T39: an outsider who uses up his budget leaves a keeper's untouched", async () => {
      const { keel } = world();
      await keel.write(GOVERNOR, {
        ...keel.desk,
        functionName: "setBudgets",
        args: [{ turnover: parseEther("0.1"), loss: parseEther("0.01") }],
      });
      await desk.rebalance(DUST); // what traders have added is given back by now: a keeper has his own budget alone
      await poke();
      await pass(GRACE);
      const own = await desk.budgetLeft(0);
      await hedge(parseEther("24"));
      await expectRevert(hedge(parseEther("24")), "TurnoverExceeded");
      const left = await desk.budgetLeft(0);
      expect(left.turnover >= own.turnover && left.loss >= own.loss, "a keeper's is all there").to.equal(true);
      await desk.rebalance(parseEther("24"));
    });

    it("pays no more bounty than the cap in an interval, whatever is hedged, and hedges on without", async () => {
      await poke();
      await pass(GRACE);
      const piece = -(await netDelta()) / 8n;
      let paid = 0n;
      for (let i = 0; i < 6; ++i) paid += deskEvents(await hedge(piece), "BountyPaid")[0]?.args.assets ?? 0n;
      expectClose(Number(paid), 50e6, 0.05e6); // a trickle refills between the calls
    });

    it("forgets what was seen four grace periods ago", async () => {
      await poke();
      await pass(4 * GRACE + 60);
      await expectRevert(hedge(parseEther("10")), "NotYetOpen");
      await poke();
      await pass(GRACE);
      await hedge(parseEther("10"));
    });
  });

  describe("payouts", () => {
    /** Has the shortfall seen, and waits until others than keepers may trade for it. */
    async function wait(price = 3300): Promise<void> {
      await poke();
      await pass(GRACE, price);
    }

    /** Calls end in the money, everything is hedged, and the vault's cash is all but gone. */
    async function owe(cash: bigint): Promise<bigint> {
      const { keel, expiries, clients, market } = world();
      await desk.neutral();
      await clients.test.increaseTime({
        seconds: Number(expiries[0] - (await clients.public.getBlock()).timestamp) + 1,
      });
      await market.moveTo(3300, { forceRound: true });
      await keel.settle(expiries[0]);
      await setVaultCash(world(), cash);
      return clients.public.readContract({ ...keel.vault, functionName: "shortfall" });
    }

    it("T25, T36: anyone sells just enough of the hedge for holders to be paid", async () => {
      const { keel, call } = world();
      await expectRevert(raiseCash(), "NoShortfall");
      const missing = await owe(parseUnits("50000", 6));
      expect(missing > parseUnits("60000", 6)).to.equal(true);
      await expectRevert(raiseCash(), "KeepersFirst");
      await wait();
      const before = await desk.holdings();
      await raiseCash();
      const after = await desk.holdings();
      expect(after.inventory > 0n, "no more than needed").to.equal(true);
      const raised = (await desk.cash()) - parseUnits("50000", 6);
      expect(Number(raised) / Number(missing)).to.be.within(1, 1.01);
      expectClose(Number(before.inventory - after.inventory) / 1e18, Number(missing) / 1e6 / 3300, 0.5);
      expect((await keel.exercise(alice, call(2700))).assets).to.equal(parseUnits("120000", 6));
      await expectRevert(raiseCash(), "NoShortfall");
    });

    it("T36: with the pool too thin it raises a part, and the rest later", async () => {
      const { market } = world();
      await owe(0n);
      await wait();
      await market.arbitrage(3296); // the bound is 3296.70 after one sighting
      await expectRevert(raiseCash(), "NothingFilled");
      await market.arbitrage(3298.8);
      await raiseCash();
      const { keel, clients } = world();
      const shortfall = () => clients.public.readContract({ ...keel.vault, functionName: "shortfall" });
      expect((await shortfall()) > 0n).to.equal(true);
      for (let calls = 0; (await shortfall()) > 0n && calls < 4; calls++) {
        await market.arbitrage(3300);
        await raiseCash();
      }
      expect(await shortfall()).to.equal(0n);
    });

    it("T36, T62: in a pool that is kept away the bound widens with waiting, up to what keepers may", async () => {
      const { market } = world();
      await owe(parseUnits("100000", 6));
      let waits = 0;
      for (; waits < 12; waits++) {
        await wait();
        await market.arbitrage(3275); // 0.76 %, for hours
        if (await raiseCash().then(Boolean, () => false)) break;
      }
      expect(waits).to.be.within(6, 9);
      await market.arbitrage(3266);
      await expectRevert(raiseCash(), "NothingFilled");
    });

    it("T36: takes collateral to spare first, and then buys back what frees enough", async () => {
      const { keel, put, call, expiries, clients, market } = world();
      await keel.trade(alice, [{ id: call(2700), quantity: -parseEther("200") }]);
      await keel.trade(alice, [
        { id: put(3300, expiries[1]), quantity: parseEther("150") },
        { id: put(3300), quantity: parseEther("60") },
      ]);
      await desk.neutral();
      await clients.test.increaseTime({
        seconds: Number(expiries[0] - (await clients.public.getBlock()).timestamp) + 1,
      });
      await market.moveTo(2900, { forceRound: true });
      await keel.settle(expiries[0]);
      await setVaultCash(world(), parseUnits("1000", 6));
      const shortfall = () => clients.public.readContract({ ...keel.vault, functionName: "shortfall" });
      const before = await desk.holdings();
      const receipt = await raiseCash();
      expect(deskEvents(receipt, "Unwound").length, "collateral was enough").to.equal(0);
      expect(await shortfall()).to.equal(0n);
      expectClose(Number((await desk.holdings()).debt - before.debt) / 1e18, 0, 1e-3);

      await setVaultCash(world(), 0n);
      const missing = await shortfall();
      // Where there is too little to spare, anyone gets that at once: only the rest has to be seen first.
      for (let price = 3000, left = 0n; left === 0n || left === missing; price += 50) {
        await market.moveTo(price, { forceRound: true });
        expect(deskEvents(await raiseCash(), "Unwound").length).to.equal(0);
        left = await shortfall();
        if (left === 0n) await setVaultCash(world(), 0n);
      }
      await setVaultCash(world(), 0n);
      await market.moveTo(3800, { forceRound: true }); // nothing to spare at this price
      while ((await shortfall()) > 0n) {
        await wait(3800);
        const debt = (await desk.holdings()).debt;
        await raiseCash();
        expect((await desk.holdings()).debt < debt).to.equal(true);
      }
      expect((await desk.health()) >= parseEther("1.49"), "T70: above the floor of 1.30").to.equal(true);
    });

    it("T40: nothing more is sold by force while what it may lose is used up, and says so", async () => {
      const { keel, market } = world();
      await owe(0n);
      await wait();
      await market.arbitrage(3298.8);
      await raiseCash();
      await keel.write(GOVERNOR, {
        ...keel.desk,
        functionName: "setBudgets",
        args: [{ turnover: parseEther("12"), loss: parseEther("0.0001") }],
      });
      await market.arbitrage(3300);
      await expectRevert(raiseCash(), "LossExceeded");
      expect((await desk.budgetLeft(2)).loss).to.equal(0n);
    });

    it("T36: a hedge that cannot trade holds up neither settlement nor pay-outs nor exits", async () => {
      const { keel, call, market, clients, expiries } = world();
      await desk.rebalance(parseEther("10"));
      await clients.test.increaseTime({
        seconds: Number(expiries[0] - (await clients.public.getBlock()).timestamp) + 1,
      });
      await market.moveTo(3300, { forceRound: true });
      await market.arbitrage(3500); // far beyond any bound
      await keel.settle(expiries[0]);
      expect((await keel.exercise(alice, call(2700))).assets).to.equal(parseUnits("120000", 6));
      await keel.processEpoch();
      const shares = await clients.public.readContract({
        ...keel.vault,
        functionName: "balanceOf",
        args: [LPS[0] as Address],
      });
      await keel.requestRedeem(LPS[0] as Address, shares);
      await pass(86_400, 3300);
      await keel.processEpoch();
      await keel.claimAssets(LPS[0] as Address);
    });
  });
});
