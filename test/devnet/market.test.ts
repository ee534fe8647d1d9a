import { expect } from "chai";
import fc from "../support/fastCheck.ts";
import { UserError } from "../../sdk/userError.ts";
import { FEED_HEARTBEAT } from "../../simulator/chain/feed.ts";
import { positionAmounts, priceAtTick, priceOf, sqrtPriceX96, ticksOf } from "../../simulator/chain/prices.ts";
import { describeOnForks, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";

const PRECISION = 1e-6; // of the price: an oracle's price has 8 decimals, a pool's far more

describeOnForks("The market mover", (origin) => {
  const world = useFork(undefined, origin);

  for (const factor of [0.25, 0.5, 0.9, 1.1, 2, 4]) {
    it(`takes both pools and the oracle to ×${factor}`, async () => {
      const { market } = world();
      const start = (await market.prices()).oracle;
      const target = start * factor;
      const { after, round } = await market.moveTo(target);
      expect(round).to.equal("deviation");
      expectClose(after.oracle / target, 1, PRECISION);
      expectClose(after.pools["500"] / target, 1, PRECISION);
      expectClose(after.pools["3000"] / target, 1, PRECISION);
    });
  }

  it("goes down and all the way up and back again", async () => {
    const { market } = world();
    const start = (await market.prices()).oracle;
    for (const factor of [0.25, 4, 1]) await market.moveTo(start * factor);
    const { pools, oracle } = await market.prices();
    for (const price of [oracle, pools["500"], pools["3000"]]) expectClose(price / start, 1, PRECISION);
  });

  it("leaves the oracle behind on a small move, until the heartbeat or unless told otherwise", async () => {
    const { clients, market } = world();
    const start = (await market.moveTo((await market.prices()).oracle, { forceRound: true })).after;
    const small = start.oracle * 1.004;

    const quiet = await market.moveTo(small);
    expect(quiet.round).to.equal(undefined);
    expect(quiet.after.oracle).to.equal(start.oracle);
    expectClose(quiet.after.pools["500"] / small, 1, PRECISION);

    expect((await market.moveTo(small, { forceRound: true })).round).to.equal("forced");
    await clients.test.increaseTime({ seconds: FEED_HEARTBEAT });
    expect((await market.moveTo(small)).round).to.equal("heartbeat");
  });

  it("repeats the oracle's price when the heartbeat has passed, and not before", async () => {
    const { clients, market } = world();
    const { after } = await market.moveTo((await market.prices()).oracle, { forceRound: true });
    await market.heartbeat();
    expect((await market.prices()).oracleUpdatedAt).to.equal(after.oracleUpdatedAt);
    await clients.test.increaseTime({ seconds: FEED_HEARTBEAT });
    await market.heartbeat();
    const later = await market.prices();
    expect(later.oracle).to.equal(after.oracle);
    expect(later.oracleUpdatedAt).to.be.at.least(after.oracleUpdatedAt + FEED_HEARTBEAT);
  });

  it("moves everything in one block, at the time asked for", async () => {
    const { clients, market } = world();
    const start = await market.prices();
    await market.moveTo(start.oracle * 1.01); // the arbitrageur fills its purse
    const { number, timestamp } = await clients.public.getBlock();
    const { after } = await market.moveTo(start.oracle * 1.02, { at: Number(timestamp) + 600 });
    expect(await clients.public.getBlockNumber()).to.equal(number + 1n);
    expect(after.oracleUpdatedAt).to.equal(Number(timestamp) + 600);
    expect(await clients.test.getAutomine()).to.equal(true);
  });

  it("skips to a time before it moves", async () => {
    const { clients, market } = world();
    const { timestamp } = await clients.public.getBlock();
    const later = Number(timestamp) + 7 * 86_400;
    const { after } = await market.moveTo((await market.prices()).oracle, { at: later });
    expect(after.oracleUpdatedAt).to.be.within(later, later + 10);
  });

  it("moves the pools alone, or the oracle alone", async () => {
    const { market } = world();
    const start = await market.prices();
    await market.arbitrage(start.oracle * 1.05);
    expect((await market.prices()).oracle).to.equal(start.oracle);
    const moved = (await market.prices()).pools;
    await market.report(start.oracle * 0.95);
    const end = await market.prices();
    expect(end.pools).to.deep.equal(moved);
    expectClose(end.oracle / start.oracle, 0.95, PRECISION);
  });

  it("refuses a price that is none", async () => {
    const { market } = world();
    for (const price of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const failure = await market.moveTo(price).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(UserError);
    }
  });
});

describe("A pool's price", () => {
  const low = "0x0000000000000000000000000000000000000001";
  const high = "0x0000000000000000000000000000000000000002";
  const orders = [
    { weth: low, usdc: high },
    { weth: high, usdc: low },
  ] as const;
  const anyPrice = fc.double({ min: 1, max: 1_000_000, noNaN: true });

  for (const pair of orders) {
    const name = pair.usdc === low ? "USDC first" : "WETH first";

    it(`survives being written as a square root and read back (${name})`, () => {
      fc.assert(
        fc.property(anyPrice, (price) => {
          expectClose(priceOf(pair, sqrtPriceX96(pair, price)) / price, 1, 1e-7);
        }),
      );
    });

    it(`lies within the ticks of a range around it (${name})`, () => {
      fc.assert(
        fc.property(anyPrice, (price) => {
          const [lower, upper] = ticksOf(pair, [price * 0.9, price * 1.1], 10);
          const ends = [priceAtTick(pair, lower), priceAtTick(pair, upper)].sort((a, b) => a - b);
          expect(ends[0]).to.be.within(price * 0.899, price * 0.901);
          expect(ends[1]).to.be.within(price * 1.099, price * 1.101);
        }),
      );
    });
  }

  it("gives a position in the middle of its range the value asked for", () => {
    fc.assert(
      fc.property(anyPrice, (price) => {
        const { weth, usdc } = positionAmounts(price, [price / 2, price * 2], 1_000_000);
        expectClose((Number(weth) / 1e18) * price + Number(usdc) / 1e6, 1_000_000, 1);
      }),
    );
  });
});
