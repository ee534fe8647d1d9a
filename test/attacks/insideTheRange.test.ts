import { expect } from "chai";
import { type Address, parseEther } from "viem";
import type { Leg } from "../../sdk/actions/trading.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";

const [alice] = TRADERS as [Address];
const SAMPLES = 100;

describe("Attack: an end of the range replaced by a push", () => {
  const world = useFork((fork) => keelWorld(fork));
  const side = marketSide(world);
  const id = (strike: number): bigint => world().call(strike);

  /** Feed at `feed`, the pool at 3000, `hours` before the near expiry. */
  async function lag(feed: number, hours: number): Promise<void> {
    const { expiries, keel, market } = world();
    await market.moveTo(feed, { at: Number(expiries[0]) - hours * 3600 - 300, forceRound: true });
    await keel.postSurface(new Map(expiries.map((x) => [x, slice(0.7, -0.1, 1)])));
    await market.arbitrage(3000);
    await side.wait(150);
  }

  /** The most that `legs` are worth at any of many spots inside the range of now, WAD. */
  async function dearest(legs: readonly Leg[]): Promise<bigint> {
    const { keel, clients } = world();
    const reading = await clients.public.readContract({ ...keel.oracle, functionName: "read" });
    const args = [reading.spot] as const;
    const [exposure, navs] = await clients.public.readContract({ ...keel.vault, functionName: "stressAt", args });
    let most = -(2n ** 255n);
    for (let i = 0n; i <= SAMPLES; ++i) {
      const spot = reading.low + ((reading.high - reading.low) * i) / BigInt(SAMPLES);
      const at = [legs, { ...reading, low: spot, high: spot }, exposure, navs] as const;
      const { mid } = await clients.public.readContract({ ...keel.market, functionName: "quoteAt", args: at });
      if (mid > most) most = mid;
    }
    return most;
  }

  /** Quotes `legs` at the honest range and with the pool pushed to each price. */
  async function push(legs: readonly Leg[], prices: readonly number[]): Promise<{ honest: bigint; best: bigint }> {
    const { keel, market } = world();
    const honest = await keel.quote(legs);
    const contracts = legs.reduce((sum, { quantity }) => sum + (quantity < 0n ? -quantity : quantity), 0n);
    expect(honest.mid + (contracts * 3000n) / 100_000n >= (await dearest(legs)), "dearest inside").to.equal(true);
    let best = 2n ** 255n;
    for (const price of prices) {
      await market.arbitrage(price);
      const { total } = await keel.quote(legs);
      if (total < best) best = total;
    }
    return { honest: honest.total, best };
  }

  it("T72: whoever sells straddles gains nothing by it, near expiry, however the feed lags", async () => {
    const { keel, call, put, clients } = world();
    await keel.trade(alice, [buy(call(3000), 200), buy(put(3000), 200)]);
    for (const feed of [2988, 2940, 2910]) {
      for (const hours of [0.6, 2]) {
        const snapshot = await clients.test.snapshot();
        await lag(feed, hours);
        const legs = [sell(call(3000), 200), sell(put(3000), 200)];
        const { honest, best } = await push(legs, [3002, 6000 - feed, 6000 - feed + 30]);
        console.log(`      feed ${feed}, ${hours} h: gets ${-Number(honest) / 1e6}, pushed ${-Number(best) / 1e6}`);
        expect(best >= honest, `pays ${best}, honestly ${honest}`).to.equal(true);
        await clients.test.revert({ id: snapshot });
      }
    }
  });

  it("T72: whoever buys a butterfly pays its peak, which lies inside, pushed or not", async () => {
    const { keel, expiries, clients } = world();
    await keel.listSeries(expiries[0], [parseEther("2960"), parseEther("3040")]);
    await keel.trade(alice, [buy(id(3000), 200)]);
    for (const feed of [2988, 2970, 2955]) {
      const snapshot = await clients.test.snapshot();
      await lag(feed, 0.7);
      const legs = [buy(id(2960), 100), sell(id(3000), 200), buy(id(3040), 100)];
      const { honest, best } = await push(legs, [3012, 3030, 3041]);
      console.log(`      feed ${feed}: pays ${Number(honest) / 1e6}, pushed ${Number(best) / 1e6}`);
      expect(best >= honest, `pays ${best}, honestly ${honest}`).to.equal(true);
      await clients.test.revert({ id: snapshot });
    }
  });
});
