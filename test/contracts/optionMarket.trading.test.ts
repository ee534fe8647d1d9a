import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import type { Leg } from "../../sdk/actions/trading.ts";
import { seriesId } from "../../sdk/series.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { GOVERNOR, KEEPER, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { NO_LIMIT, buy, deployHarness, marketSide, sell } from "../helpers/marketSide.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";
import { seededRandom } from "../support/random.ts";

const [alice, bob] = TRADERS as [Address, Address];
const USDC_UNIT = 10n ** 12n;

interface Quote {
  readonly mid: bigint;
  readonly inventory: bigint;
  readonly hedging: bigint;
  readonly spread: bigint;
  readonly capital: bigint;
  readonly fees: bigint;
  readonly total: bigint;
}

interface Exposure {
  readonly mark: Record<string, bigint | number>;
  readonly nav: bigint;
  readonly spot: bigint;
  readonly vegaCapacity: bigint;
}

describe("OptionMarket, trading", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    return { ...built, witness: await deployHarness(fork, "TradeWitness") };
  });
  const side = marketSide(world);

  /** Quotes and trades in one transaction, as a contract that holds options and USDC; without leaving a trace. */
  async function witnessed(legs: readonly Leg[]) {
    const { clients, keel, witness } = world();
    const args = [keel.market.address, keel.vault.address, legs];
    const call = { ...witness, functionName: "quoteThenTrade", args, account: alice };
    const { result } = await clients.public.simulateContract(call);
    const [q, foreseen, cash, actual] = result as readonly [Quote, Exposure, bigint, Exposure];
    return { q, foreseen, cash, actual };
  }

  /** Buys options that the witness then holds. */
  async function giveWitness(legs: readonly Leg[]): Promise<void> {
    const { keel, witness } = world();
    await keel.trade(alice, [buy(world().call(3600), 0.001)]); // approves
    await side.callMarket(alice, "trade", [legs, NO_LIMIT, witness.address, (await side.now()) + 600n]);
  }

  describe("a quote", () => {
    const compositions: readonly [string, (of: ReturnType<typeof world>) => readonly Leg[]][] = [
      ["a purchase", ({ call }) => [buy(call(3000), 10)]],
      ["a sale", ({ call }) => [sell(call(3000), 5)]],
      ["a spread", ({ call }) => [buy(call(3000), 3), sell(call(3300), 3)]],
      ["a roll", ({ call, expiries }) => [sell(call(3000), 5), buy(call(3000, expiries[1]), 5)]],
      ["a strangle", ({ call, put, expiries }) => [buy(call(3600, expiries[1]), 2), buy(put(2400), 2)]],
      ["a series twice", ({ call }) => [buy(call(2700), 1), buy(call(2700), 2), sell(call(2700), 2)]],
    ];
    for (const [name, legsOf] of compositions) {
      it(`is what the trade then costs and leaves behind: ${name}`, async () => {
        const { call } = world();
        await giveWitness([buy(call(3000), 20), buy(call(3300), 20), buy(call(2700), 5)]);
        const { q, foreseen, cash, actual } = await witnessed(legsOf(world()));
        expect(cash).to.equal(q.total);
        const sum = q.mid + q.inventory + q.hedging + q.spread + q.capital + q.fees;
        if (q.inventory >= 0n) expect(q.total).to.equal((sum + (sum > 0n ? USDC_UNIT - 1n : 0n)) / USDC_UNIT);
        expect(foreseen).to.deep.equal(actual);
      });
    }

    it("is refused where the trade would be", async () => {
      const { keel, call } = world();
      await expectRevert(keel.quote([buy(call(3000), 1100)]), "SeriesCapExceeded");
      await expectRevert(keel.quote([sell(call(3000), 1)]), "MoreThanOpen");
      await expectRevert(keel.quote([buy(call(3001), 1)]), "SeriesNotListed");
      await side.setLimits({ vegaWindowBps: 1 });
      await side.nextEpoch();
      await expectRevert(keel.quote([buy(call(3000), 100)]), "VegaWindowExceeded");
    });

    it("T29: is not misled by a list in which a series comes twice", async () => {
      const { keel, call } = world();
      await side.setLimits({ seriesCapBps: 3_000 });
      await keel.trade(alice, [buy(call(3000), 100)]);
      const twice = [buy(call(3000), 110), buy(call(3000), 110)];
      const [, notional] = await expectRevert(keel.quote(twice), "SeriesCapExceeded");
      expect(notional).to.equal(parseEther("960000"));
      await expectRevert(keel.trade(alice, twice), "SeriesCapExceeded");
      await expectRevert(keel.trade(alice, [sell(call(3000), 60), sell(call(3000), 60)]), "ERC6909InsufficientBalance");
      await expectRevert(keel.quote([sell(call(3000), 60), sell(call(3000), 60)]), "MoreThanOpen");
    });
  });

  describe("prices", () => {
    it("T10: no cycle of purchases and sales that ends where it began earns anything, fees aside", async () => {
      const { clients, keel, call, put, expiries, witness } = world();
      const random = seededRandom(10);
      const near = [call(2700), call(3000), put(3000), put(2400)];
      const ids = [...near, call(3000, expiries[1]), call(3600, expiries[1])];
      for (let cycle = 0; cycle < 12; ++cycle) {
        const open = new Map<bigint, number>();
        const trades: Leg[][] = [];
        for (let step = 0; step < 8; ++step) {
          const id = ids[Math.floor(random.uniform(0, ids.length))] as bigint;
          const had = open.get(id) ?? 0;
          const sells = had > 0 && random.uniform(0, 1) < 0.4;
          const amount = sells ? Math.ceil(random.uniform(0, had)) : Math.ceil(random.uniform(0, 60));
          open.set(id, had + (sells ? -amount : amount));
          trades.push([sells ? sell(id, amount) : buy(id, amount)]);
        }
        for (const [id, left] of open) if (left > 0) trades.push([sell(id, left)]);
        const args = [keel.market.address, keel.vault.address, trades];
        const call_ = { ...witness, functionName: "tradeAll", args, account: alice };
        const { result } = await clients.public.simulateContract(call_);
        const [cash, fees] = result as readonly [readonly bigint[], readonly bigint[]];
        const paid = cash.reduce((sum, amount) => sum + amount, 0n) * USDC_UNIT;
        const charged = fees.reduce((sum, amount) => sum + amount, 0n);
        expect(paid >= charged, `cycle ${cycle} cost ${paid}, of which fees ${charged}`).to.equal(true);
      }
    });

    it("T10: no trade is better than mid, not even one that frees capacity where it is dear", async () => {
      const { call } = world();
      await side.setPricing({ maxSkew: parseEther("0.5") });
      await giveWitness([buy(call(3000), 360)]);
      const { q, cash } = await witnessed([sell(call(3000), 20), buy(call(3300), 5)]);
      expect(q.inventory + q.hedging + q.spread < 0n, "the rebate exceeds the charges").to.equal(true);
      // What LPs ask for capital comes on top, and must not make up for a rebate.
      expect(cash * USDC_UNIT >= q.mid + q.capital + q.fees, "the trader pays no less than mid").to.equal(true);
    });

    it("T21: whoever sells convexity into a range that was pushed apart gets no more than it is worth between its ends", async () => {
      const { keel, call, put, clients } = world();
      const straddle = [sell(call(3000), 10), sell(put(3000), 10)];
      await keel.trade(alice, [buy(call(3000), 10), buy(put(3000), 10)]);
      const { mark } = await clients.public.readContract({ ...keel.vault, functionName: "exposure" });
      const { spot } = mark;
      const atMark = { ...keel.vault, functionName: "stressAt", args: [spot] } as const;
      const [exposure, navs] = await clients.public.readContract(atMark);
      const within = async (percent: bigint) => {
        const [low, high] = [(spot * (100n - percent)) / 100n, (spot * (100n + percent)) / 100n];
        const reading = { spot, low, high, updatedAt: 0n, stale: false };
        const args = [straddle, reading, exposure, navs] as const;
        return clients.public.readContract({ ...keel.market, functionName: "quoteAt", args });
      };
      const honest = await within(0n);
      for (const percent of [1n, 5n, 10n, 50n]) {
        const pushed = await within(percent);
        expect(pushed.mid >= honest.mid, `${percent} %: mid ${pushed.mid} for ${honest.mid}`).to.equal(true);
        if (percent === 1n) continue;
        const isInside = (100n + percent) * spot > pushed.spot * 100n && (100n - percent) * spot < pushed.spot * 100n;
        expect(isInside, "what is worth least lies inside").to.equal(true);
        expect(pushed.total >= honest.total, `${percent} %: ${pushed.total} for ${honest.total}`).to.equal(true);
      }
    });

    it("T11: a buyer pays at least what exercise now would pay, where carry takes mid below it", async () => {
      const { keel, expiries } = world();
      const expiry = (expiries[1] ?? 0n) + 7n * 86_400n;
      await keel.postSurface(new Map([[expiry, slice(0.7, -0.1, 1, -0.1)]]));
      await keel.listSeries(expiry, [parseEther("1500")]);
      const id = seriesId(expiry, parseEther("1500"), "call");
      const { q, cash } = await witnessed([buy(id, 1)]);
      expect(q.mid < parseEther("1480"), `mid ${q.mid} is below intrinsic value`).to.equal(true);
      expect(cash * USDC_UNIT >= parseEther("1500") + q.fees).to.equal(true);
    });

    it("T11: cutting an order into dust makes it no cheaper", async () => {
      const { clients, keel, call, witness } = world();
      const whole = await witnessed([buy(call(3600), 0.01)]);
      const crumbs = Array.from({ length: 10 }, () => [buy(call(3600), 0.001)]);
      const args = [keel.market.address, keel.vault.address, crumbs];
      const call_ = { ...witness, functionName: "tradeAll", args, account: alice };
      const { result } = await clients.public.simulateContract(call_);
      const [cash] = result as readonly [readonly bigint[], unknown];
      expect(cash.reduce((sum, amount) => sum + amount, 0n) >= whole.cash).to.equal(true);
      for (const amount of cash) expect(amount > 0n).to.equal(true);
    });

    it("T13: the delta that the vault books is the difference of value by spot, far out of the money too", async () => {
      const { keel, clients, expiries } = world();
      await side.setLimits({ maxMarkMoveBps: 0 }); // another spot is always another mark
      const expiry = expiries[0];
      for (const curvature of [0.5, 0]) {
        await side.wait(1800);
        await keel.postSurface(new Map(expiries.map((each) => [each, slice(0.7, 0, curvature)])));
      } // flat: a moving smile would have its own part
      await world().market.report(3000);
      const strikes = [2100, 2400, 3000, 3600, 4200];
      await keel.listSeries(expiry, [parseEther("2100"), parseEther("4200")]);
      const value = async (spot: bigint) =>
        (await clients.public.readContract({ ...keel.vault, functionName: "exposureAt", args: [spot] })).mark;
      const spot = parseEther("3000");
      const step = parseEther("0.3");
      for (const strike of strikes) {
        for (const kind of ["put", "call"] as const) {
          const snapshot = await clients.test.snapshot();
          const id = seriesId(expiry, parseEther(String(strike)), kind);
          await keel.trade(alice, [buy(id, 100)]);
          const [low, mid, high] = [await value(spot - step), await value(spot), await value(spot + step)];
          const slope = Number(high.value - low.value) / 0.6 / 1e18;
          expect(mid.delta, `delta of ${strike} ${kind}`).to.not.equal(0n);
          expectClose(Number(mid.delta) / 1e18 / slope, 1, 2e-5);
          await clients.test.revert({ id: snapshot });
        }
      }
    });
  });

  describe("limits of one trade", () => {
    it("T14: the limit is on all of the cost, and bounds from below what a sale brings", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 10)]);
      const { total, fees } = await keel.quote([sell(call(3000), 10)]);
      const order = (limit: bigint) => keel.trade(alice, [sell(call(3000), 10)], limit);
      await expectRevert(order(total - 1_000_000n), "CostAboveLimit");
      await expectRevert(order(total - fees / USDC_UNIT / 2n), "CostAboveLimit");
      await order(total + 1_000_000n);
    });

    it("sends options and cash to the recipient, and takes both from the caller", async () => {
      const { keel, call, clients, protocols } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      const before = await balanceOf(clients, protocols.usdc, bob);
      const until = (await side.now()) + 600n;
      await side.callMarket(alice, "trade", [[sell(call(3000), 2)], NO_LIMIT, bob, until]);
      const got = (await balanceOf(clients, protocols.usdc, bob)) - before;
      expect(got > 200_000_000n, `bob got ${got}`).to.equal(true);
      await side.callMarket(alice, "trade", [[buy(call(3000), 1)], NO_LIMIT, bob, until]);
      expect(await side.held(bob, call(3000))).to.equal(parseEther("1"));
      expect(await side.held(alice, call(3000))).to.equal(0n);
    });

    it("a sale whose proceeds do not cover its fees pays what there is, and nobody's money goes to the reserve for it", async () => {
      const { keel, call, market } = world();
      await keel.trade(alice, [buy(call(3600), 100)]);
      await market.moveTo(1500, { forceRound: true });
      await side.wait(150);
      await market.report(1500);
      const reserve = await side.readVault<bigint>("insurance");
      const { quote, insured } = await keel.trade(alice, [sell(call(3600), 100)]);
      expect(quote.total).to.equal(0n);
      expect(quote.mid > -parseEther("1"), "less than a hundred times the least fee").to.equal(true);
      expect(quote.fees <= -quote.mid, `fees of ${quote.fees}`).to.equal(true);
      expect(insured).to.equal(0n);
      expect(await side.readVault("insurance")).to.equal(reserve);
    });

    it("T53: takes options from the caller alone, whoever else holds some", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      await expectRevert(keel.trade(bob, [sell(call(3000), 1)]), "ERC6909InsufficientBalance");
    });
  });

  it("charges more the older the surface, the fuller the pool, and the nearer the expiry", async () => {
    const { keel, call, expiries } = world();
    const relative = async (id: bigint) => {
      const { spread } = await keel.quote([buy(id, 1)]);
      const before = (await keel.clients.public.readContract({ ...keel.vault, functionName: "greeks" })).grossVega;
      await keel.trade(alice, [buy(id, 1)]);
      const after = (await keel.clients.public.readContract({ ...keel.vault, functionName: "greeks" })).grossVega;
      return Number(spread) / 1e18 / (Number(after - before) / 1e6);
    };
    const fresh = await relative(call(3000, expiries[1]));
    expectClose(fresh, 0.01, 2e-4);
    await side.wait(6 * 3600);
    await world().market.report(3000);
    const aged = await relative(call(3000, expiries[1]));
    expectClose(aged - fresh, 0.005, 2e-4); // 0.02 a day for a quarter of one
    await keel.trade(alice, [buy(call(3000, expiries[1]), 300)]);
    expect((await relative(call(3000, expiries[1]))) - aged).to.be.above(4e-4); // capacity is used up by a twentieth
    await side.wait(5 * 3600);
    await world().market.report(3000);
    const far = await relative(call(3000, expiries[1]));
    expect((await relative(call(3000))) - far).to.be.above(1e-4); // its last week has begun
  });

  describe("closing only", () => {
    it("T16: on a price that is stale nothing is opened, and holders may close until it is dead", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 10)]);
      await side.wait(4300);
      await expectRevert(keel.trade(bob, [buy(call(3000), 1)]), "FeedStale");
      await expectRevert(keel.quote([buy(call(3000), 1)]), "FeedStale");
      await expectRevert(keel.trade(alice, [sell(call(3000), 1), buy(call(3300), 1)]), "FeedStale");
      await keel.trade(alice, [sell(call(3000), 5)]);
      await side.wait(86_400);
      await expectRevert(keel.trade(alice, [sell(call(3000), 5)]), "StalePrice");
    });

    it("T19: where feed and pool disagree nothing is opened, and holders may close at any price of the pool", async () => {
      const { keel, call, put, market } = world();
      await keel.trade(alice, [buy(call(3000), 10), buy(put(3000), 10)]);
      for (const price of [3200, 2000, 5000]) {
        await market.arbitrage(price);
        await expectRevert(keel.trade(bob, [buy(call(3000), 1)]), "PricesDisagree");
        await keel.trade(alice, [sell(call(3000), 1), sell(put(3000), 1)]);
      }
    });

    it("on a surface that nobody posts any more, until somebody does", async () => {
      const { keel, call, expiries } = world();
      await keel.trade(alice, [buy(call(3000), 10)]);
      await side.wait(12 * 3600 + 60);
      await world().market.report(3000);
      const [expiry] = await expectRevert(keel.trade(bob, [buy(call(3000), 1)]), "SurfaceStale");
      expect(expiry).to.equal(expiries[0]);
      await keel.trade(alice, [sell(call(3000), 5)]);
      await keel.postSurface(new Map(expiries.map((each) => [each, slice(0.7, -0.1, 1)])));
      await keel.trade(bob, [buy(call(3000), 1)]);
    });
  });

  describe("options as tokens", () => {
    it("have names of their series, 18 decimals, and a supply that is what the vault is short", async () => {
      const { keel, call, put } = world();
      await keel.trade(alice, [buy(call(3000), 2), buy(put(2400), 1)]);
      await keel.trade(bob, [buy(call(3000), 3)]);
      expect(await side.readMarket<string>("name", [call(3000)])).to.match(/^WETH-\d\d[A-Z]{3}\d\d-3000-C$/);
      expect(await side.readMarket<string>("symbol", [put(2400)])).to.match(/^WETH-\d\d[A-Z]{3}\d\d-2400-P$/);
      expect(await side.readMarket<number>("decimals", [call(3000)])).to.equal(18);
      expect(await side.readMarket("totalSupply", [call(3000)])).to.equal(parseEther("5"));
      expect(await side.readMarket("totalSupply", [call(3300)])).to.equal(0n);
      for (const id of ["0x01ffc9a7", "0x0f632fb3"]) {
        expect(await side.readMarket<boolean>("supportsInterface", [id])).to.equal(true);
      }
      expect(await side.readMarket<boolean>("supportsInterface", ["0xffffffff"])).to.equal(false);
    });

    it("can be given away and sold back by whoever has them", async () => {
      const { keel, call, clients, protocols } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      await side.callMarket(alice, "transfer", [KEEPER, call(3000), parseEther("2")]);
      await dealUsdc(clients, protocols.usdc, KEEPER, LP_DEPOSIT);
      const { quote } = await keel.trade(KEEPER, [sell(call(3000), 2)]);
      expect(quote.total < 0n).to.equal(true);
      expect(await side.held(GOVERNOR, call(3000))).to.equal(0n);
    });
  });

  describe("delta that is taken in one direction", () => {
    const hedgingOf = async (legs: readonly Leg[]) => Number((await world().keel.quote(legs)).hedging) / 1e18;

    it("T79: costs more the more of it was taken within ten minutes, and nothing is gained by pieces", async () => {
      const { keel, call, expiries } = world();
      const id = call(2400, expiries[1]);
      const whole = await hedgingOf([buy(id, 60)]);
      const first = await hedgingOf([buy(id, 20)]);
      let pieces = 0;
      for (let i = 0; i < 3; ++i) pieces += Number((await keel.trade(alice, [buy(id, 20)])).quote.hedging) / 1e18;
      expect(pieces / whole).to.be.within(0.97, 1.01); // a few seconds have passed
      expect(await hedgingOf([buy(id, 20)])).to.be.above(4 * first);
      await side.wait(601);
      await world().market.report(3000);
      expect(Math.abs((await hedgingOf([buy(id, 20)])) / first - 1)).to.be.below(0.05);
    });

    it("T79: so does a sale, whatever the net delta, and what was bought makes it no cheaper", async () => {
      const { keel, call, put, expiries } = world();
      const id = call(2400, expiries[1]);
      await keel.trade(alice, [buy(id, 60)]);
      const delta = 3000 * 20 * 0.8;
      const alone = await hedgingOf([sell(id, 20)]);
      expect(alone).to.be.above((delta * delta) / (10 * 3_000_000));
      await keel.trade(alice, [sell(id, 20)]);
      expect(await hedgingOf([sell(id, 20)])).to.be.above(2.5 * alone);
      expect(await hedgingOf([buy(put(3600, expiries[1]), 20)]), "puts go the same way").to.be.above(2 * alone);
    });
  });
});
