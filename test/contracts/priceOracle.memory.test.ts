import { expect } from "chai";
import { type Hex, parseEther } from "viem";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const TWAP_WINDOW = 120;
/** The market, with a feed that has not noticed. */
const HONEST = 3014;
const FEED = 3000;

/** What the range remembers of a pool that is pushed over several blocks, or that remembers little. */
describe("The range and the pool's memory", () => {
  const world = useFork((fork) => keelWorld(fork));
  const side = marketSide(world);
  const [alice] = TRADERS as [`0x${string}`];

  const read = () => world().clients.public.readContract({ ...world().keel.oracle, functionName: "read" });

  /** The pool remembers so many observations from now on, and of the past only the newest. */
  async function remember(cardinality: number): Promise<void> {
    const { clients, protocols } = world();
    const address = protocols.uniswap.pools["500"];
    const index: Hex = `0x${"0".repeat(64)}`;
    const word = BigInt((await clients.public.getStorageAt({ address, slot: index })) ?? "0x0");
    const newest = (word >> 184n) & 0xffffn;
    // UniswapV3Pool: slot0 is first, observations begin at slot 8.
    const slotOf = (i: bigint): Hex => `0x${(8n + i).toString(16).padStart(64, "0")}`;
    const observation = (await clients.public.getStorageAt({ address, slot: slotOf(newest) })) ?? "0x";
    await clients.test.setStorageAt({ address, index: slotOf(0n), value: observation });
    const fields = 0xffff_ffff_ffffn << 184n;
    const numbers = ((BigInt(cardinality) << 16n) | (BigInt(cardinality) << 32n)) << 184n;
    const value: Hex = `0x${((word & ~fields) | numbers).toString(16).padStart(64, "0")}`;
    await clients.test.setStorageAt({ address, index, value });
  }

  for (const blocks of [1, 2, 3, 4]) {
    it(`T66: the honest price stays in the range when the pool is pushed over ${blocks} block${blocks === 1 ? "" : "s"}`, async () => {
      const { market } = world();
      await market.moveTo(FEED, { forceRound: true });
      await side.wait(600);
      await market.arbitrage(HONEST);
      await side.wait(8);
      // Last in every block, and the pool moves in each, so that each leaves an observation.
      for (let i = 0; i < blocks; ++i) await market.arbitrage(FEED - i);
      await side.wait(1); // first in the next block
      const { low, high, stale } = await read();
      expect(Number(high) / 1e18).to.be.within(HONEST - 1, HONEST + 1);
      expect(Number(low) / 1e18).to.be.within(FEED - blocks - 1, FEED);
      expect(stale).to.equal(false);
    });
  }

  it("T66: a push over many blocks leaves most of the way to the honest price in the range", async () => {
    const { market } = world();
    await market.moveTo(FEED, { forceRound: true });
    await market.arbitrage(HONEST);
    await side.wait(90);
    for (let i = 0; i < 9; ++i) await market.arbitrage(FEED - i);
    expect(Number((await read()).high) / 1e18).to.be.above(HONEST - 3);
  });

  it("T66: nothing is opened on a pool that remembers one observation, when it was just traded; holders may close", async () => {
    const { keel, market, call } = world();
    await keel.trade(alice, [buy(call(3000), 2)]);
    await market.moveTo(FEED, { forceRound: true });
    await market.arbitrage(HONEST);
    await side.wait(8);
    await remember(1);
    await market.arbitrage(FEED); // forgets what was before
    await side.wait(1);
    expect((await read()).stale).to.equal(true);
    await expectRevert(keel.trade(alice, [buy(call(3000), 1)]), "FeedStale");
    await keel.trade(alice, [sell(call(3000), 1)]);
    await side.wait(TWAP_WINDOW);
    expect((await read()).stale, "what the pool has been for a whole window is no push").to.equal(false);
    await keel.trade(alice, [buy(call(3000), 1)]);
  });

  it("T66: a ring that does not reach back over the window opens nothing either", async () => {
    const { market } = world();
    await market.moveTo(FEED, { forceRound: true });
    await side.wait(600);
    await remember(4);
    for (let i = 1; i <= 3; ++i) await market.arbitrage(FEED + i);
    expect((await read()).stale, "the oldest is from before the window").to.equal(false);
    await market.arbitrage(FEED + 4);
    expect((await read()).stale).to.equal(true);
  });

  it("T66: the ring's oldest observation is looked at, wherever the steps would land", async () => {
    const { market } = world();
    await market.moveTo(FEED, { forceRound: true });
    await side.wait(600);
    await remember(12);
    for (let i = 0; i < 11; ++i) await market.arbitrage(FEED + (i % 2));
    expect((await read()).stale).to.equal(false);
    expect((await read()).spot).to.equal(parseEther("3000"));
  });
});
