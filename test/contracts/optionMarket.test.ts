import { expect } from "chai";
import { type Address, parseEther } from "viem";
import type { Leg } from "../../sdk/actions/trading.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice, bob] = TRADERS as [Address, Address];
const NO_LIMIT = 2n ** 200n;
const one = parseEther("1");

describe("OptionMarket", () => {
  const world = useFork(keelWorld);

  const buy = (id: bigint, contracts: number): Leg => ({ id, quantity: parseEther(String(contracts)) });
  const sell = (id: bigint, contracts: number): Leg => ({ id, quantity: -parseEther(String(contracts)) });

  const chargesOf = (q: { inventory: bigint; hedging: bigint; spread: bigint; capital: bigint; fees: bigint }) =>
    q.inventory + q.hedging + q.spread + q.capital + q.fees;

  async function tradeUntil(deadlineFromNow: bigint, legs: readonly Leg[], limit = NO_LIMIT) {
    const { keel, clients } = world();
    const { timestamp } = await clients.public.getBlock();
    const args = [legs, limit, alice, timestamp + deadlineFromNow] as const;
    return keel.write(alice, { ...keel.market, functionName: "trade", args });
  }

  describe("quote", () => {
    it("names every component, and they add up to the total", async () => {
      const { keel, call } = world();
      const q = await keel.quote([buy(call(3000), 10)]);
      const sum = q.mid + q.inventory + q.hedging + q.spread + q.capital + q.fees;
      expect(q.total).to.equal((sum + 10n ** 12n - 1n) / 10n ** 12n);
      for (const part of [q.inventory, q.hedging, q.spread, q.fees]) expect(part > 0n).to.equal(true);
    });

    it("T21: charges the dearer end when the pool runs ahead of the feed, for calls and for puts", async () => {
      const { keel, call, put, market, clients } = world();
      const still = { call: await keel.quote([buy(call(3000), 1)]), put: await keel.quote([buy(put(3000), 1)]) };
      await market.arbitrage(3012); // within the feed's threshold of 0.5 %, so Chainlink stays at 3000
      await clients.test.increaseTime({ seconds: 120 });
      await clients.test.mine({ blocks: 1 });
      const ahead = { call: await keel.quote([buy(call(3000), 1)]), put: await keel.quote([buy(put(3000), 1)]) };
      expectClose(Number(ahead.call.mid - still.call.mid) / 1e18, 12 * 0.52, 0.5); // delta times the move
      expect(ahead.put.spot).to.equal(still.put.spot); // a put is dearer at the lower end: Chainlink's
    });

    it("lets a delta-neutral spread pay little for the range", async () => {
      const { keel, call, market, clients } = world();
      const legs = [buy(call(3000), 1), buy(call(3300), 1)];
      const before = await keel.quote([...legs, sell(call(3000), 1), sell(call(3300), 1)]);
      await market.arbitrage(3012);
      await clients.test.increaseTime({ seconds: 120 });
      await clients.test.mine({ blocks: 1 });
      const after = await keel.quote([...legs, sell(call(3000), 1), sell(call(3300), 1)]);
      expect(before.mid).to.equal(0n);
      expect(after.mid).to.equal(0n);
    });

    it("T10: splitting a purchase does not make it cheaper, and a round trip costs", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3300), 1)]);
      const whole = await keel.quote([buy(call(3000), 10)]);
      let charges = 0n;
      let paid = 0n;
      for (let i = 0; i < 5; ++i) {
        const { quote } = await keel.trade(alice, [buy(call(3000), 2)]);
        charges += chargesOf(quote);
        paid += quote.total;
      }
      // Blocks are a second apart: of a week, in which time value falls by less than a millionth; and of the ten minutes in which
      // delta that was bought is forgotten.
      expectClose(Number(charges - chargesOf(whole)) / 1e18, 0, 0.05);
      const back = await keel.trade(alice, [sell(call(3000), 10)]);
      expect(paid + back.quote.total > 0n, "a closed cycle costs").to.equal(true);
    });

    it("T11: a far option costs at least the least fee, and a seller of it never pays", async () => {
      const { keel, call, expiries, market, clients } = world();
      const [near] = expiries;
      await keel.trade(alice, [buy(call(3600), 10)]);
      await market.moveTo(2000, { at: Number(near) - 4000, forceRound: true });
      await keel.postSurface(new Map(expiries.map((expiry) => [expiry, slice(0.7, -0.1, 1)])));
      await clients.test.increaseTime({ seconds: 121 });
      await clients.test.mine({ blocks: 1 });
      const bought = await keel.quote([buy(call(3600), 1)]);
      expect(bought.total >= 10_000n, "one cent").to.equal(true);
      const sold = await keel.quote([sell(call(3600), 10)]);
      expect(sold.total <= 0n).to.equal(true);
    });
  });

  it("T21: buying in the block of a jump, before feed and average know of it, earns nothing", async () => {
    const { keel, call, market, clients } = world();
    for (const jump of [1.004, 1.01, 1.02, 1.029]) {
      const snapshot = await clients.test.snapshot();
      await market.arbitrage(3000 * jump);
      const bought = await keel.trade(alice, [buy(call(3000), 100)]);
      await market.report(3000 * jump);
      await clients.test.increaseTime({ seconds: 121 });
      await clients.test.mine({ blocks: 1 });
      const sold = await keel.trade(alice, [sell(call(3000), 100)]);
      expect(bought.quote.total + sold.quote.total > 0n, `a jump to ${3000 * jump}`).to.equal(true);
      await clients.test.revert({ id: snapshot });
    }
    await market.arbitrage(3000 * 1.05);
    await expectRevert(keel.trade(alice, [buy(call(3000), 100)]), "PricesDisagree");
  });

  describe("trade", () => {
    it("T14: refuses to cost more than the limit, fees included, or to come late", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3600), 1)]); // approves
      const { total } = await keel.quote([buy(call(3000), 1)]);
      const [cash, limit] = await expectRevert(tradeUntil(60n, [buy(call(3000), 1)], total - 1_000n), "CostAboveLimit");
      expectClose(Number(cash), Number(total), 200);
      expect(limit).to.equal(total - 1_000n);
      await tradeUntil(60n, [buy(call(3000), 1)], total);
      await expectRevert(tradeUntil(-1n, [buy(call(3000), 1)]), "DeadlinePassed");
    });

    it("rolls in one call: sells one series and buys another, or does neither", async () => {
      const { keel, call, clients, expiries } = world();
      const [near, far] = expiries;
      await keel.trade(alice, [buy(call(3000, near), 2)]);
      await keel.trade(alice, [sell(call(3000, near), 2), buy(call(3000, far), 2)]);
      const held = (id: bigint) =>
        clients.public.readContract({ ...keel.market, functionName: "balanceOf", args: [alice, id] });
      expect(await held(call(3000, near))).to.equal(0n);
      expect(await held(call(3000, far))).to.equal(2n * one);
      await expectRevert(
        keel.trade(alice, [sell(call(3000, near), 1), buy(call(3000, far), 1)]),
        "ERC6909InsufficientBalance",
      );
      expect(await held(call(3000, far))).to.equal(2n * one);
    });

    it("refuses empty trades, dust, and series that are not listed", async () => {
      const { keel, call } = world();
      await expectRevert(keel.trade(alice, []), "NoLegs");
      await expectRevert(keel.trade(alice, [{ id: call(3000), quantity: 1n }]), "QuantityTooSmall");
      await expectRevert(keel.trade(alice, [{ id: call(3000), quantity: 0n }]), "QuantityTooSmall");
      await expectRevert(keel.trade(alice, [buy(call(3001), 1)]), "SeriesNotListed");
    });

    it("closes at the cut-off before expiry", async () => {
      const { keel, call, expiries, market } = world();
      await market.moveTo(3000, { at: Number(expiries[0]) - 1700, forceRound: true });
      await expectRevert(keel.trade(alice, [buy(call(3000), 1)]), "TradingClosed");
    });

    it("T29: what the vault stores is what its positions add up to", async () => {
      const { keel, call, put, clients, expiries } = world();
      await keel.trade(alice, [buy(call(3000), 7), buy(put(2700), 3)]);
      await keel.trade(bob, [buy(call(3300, expiries[1]), 5)]);
      await keel.trade(alice, [sell(call(3000), 2)]);
      const exposure = () => clients.public.readContract({ ...keel.vault, functionName: "exposure" });
      const stored = (await exposure()).mark;
      await keel.write(KEEPER, { ...keel.vault, functionName: "mark" });
      const recomputed = (await exposure()).mark;
      for (const key of ["value", "delta", "gamma", "weightedVega", "grossVega"] as const) {
        // Some seconds passed between the trades' mark and the new one.
        expectClose(Number(stored[key]) / Number(recomputed[key]), 1, 1e-4);
      }
    });
  });

  describe("settlement", () => {
    it("T22: fixes the price once, whenever it is called", async () => {
      const { keel, expiries, market, clients } = world();
      const [expiry] = expiries;
      await market.moveTo(3210, { at: Number(expiry) + 30, forceRound: true });
      await market.moveTo(3500, { at: Number(expiry) + 7200, forceRound: true });
      await keel.settle(expiry);
      const price = await clients.public.readContract({
        ...keel.vault,
        functionName: "settlementPriceOf",
        args: [expiry],
      });
      expect(price).to.equal(parseEther("3210"));
      await expectRevert(keel.settle(expiry), "AlreadySettled");
    });

    it("T7: pays each option once, and nothing before settlement", async () => {
      const { keel, call, expiries, market, clients } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      await expectRevert(keel.exercise(alice, call(3000)), "NotSettled");
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(600_000_000n);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(0n);
      const exercise = (quantity: bigint) =>
        clients.public.simulateContract({
          ...keel.market,
          functionName: "exercise",
          args: [call(3000), quantity, alice],
          account: alice,
        });
      await expectRevert(exercise(one), "ERC6909InsufficientBalance");
    });

    it("T25: pays holders the same in whatever order they come", async () => {
      const { keel, call, expiries, market } = world();
      await keel.trade(alice, [buy(call(3000), 3)]);
      await keel.trade(bob, [buy(call(3000), 3)]);
      await market.moveTo(3333.33, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      const second = await keel.exercise(bob, call(3000));
      const first = await keel.exercise(alice, call(3000));
      expect(first.assets).to.equal(second.assets);
      expect(first.assets).to.equal(999_990_000n);
    });

    it("settles while the feed is stale: payouts need no live price", async () => {
      const { keel, call, expiries, market, clients } = world();
      await keel.trade(alice, [buy(call(3000), 1)]);
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await clients.test.increaseTime({ seconds: 86_400 });
      await clients.test.mine({ blocks: 1 });
      await keel.settle(expiries[0]);
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(300_000_000n);
    });
  });

  describe("listing and parameters", () => {
    it("needs its role, a future expiry with a slice, and a series not listed before", async () => {
      const { keel, expiries, strikes } = world();
      const list = (from: Address, expiry: bigint, at: readonly bigint[]) =>
        keel.write(from, { ...keel.market, functionName: "listSeries", args: [expiry, at] });
      await expectRevert(list(alice, expiries[0], [parseEther("3100")]), "AccessManagedUnauthorized");
      await expectRevert(list(GOVERNOR, expiries[0] - 30n * 86_400n, [one]), "ExpiryOutOfRange");
      await expectRevert(list(GOVERNOR, expiries[0] + 1n, [strikes[0] ?? 0n]), "ExpiryOffCalendar");
      await expectRevert(list(GOVERNOR, expiries[0] + 86_400n, [strikes[0] ?? 0n]), "NoSlice");
      await expectRevert(list(GOVERNOR, expiries[0], [strikes[0] ?? 0n]), "SeriesAlreadyListed");
      await list(GOVERNOR, expiries[0], [parseEther("3100")]);
      await keel.trade(alice, [buy(world().call(3100), 1)]);
    });

    it("T56: caps the series of an expiry", async () => {
      const { keel, expiries } = world();
      const strikes = Array.from({ length: 12 }, (_, i) => parseEther(String(4000 + i * 100)));
      const list = keel.write(GOVERNOR, { ...keel.market, functionName: "listSeries", args: [expiries[0], strikes] });
      await expectRevert(list, "TooManySeries");
    });

    it("keeps pricing parameters within their bounds, and from anyone but the governor", async () => {
      const { keel, clients } = world();
      const pricing = await clients.public.readContract({ ...keel.market, functionName: "pricing" });
      const set = (from: Address, next: typeof pricing) =>
        keel.write(from, { ...keel.market, functionName: "setPricing", args: [next] });
      await expectRevert(set(alice, pricing), "AccessManagedUnauthorized");
      await expectRevert(set(GOVERNOR, { ...pricing, feeBps: 101 }), "InvalidPricing");
      await expectRevert(set(GOVERNOR, { ...pricing, minQuantity: 0n }), "InvalidPricing");
      await set(GOVERNOR, { ...pricing, feeBps: 5 });
    });
  });
});
