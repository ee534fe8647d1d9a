import { expect } from "chai";
import { parseAbi, zeroAddress } from "viem";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { createMarket } from "../../simulator/chain/market.ts";
import { priceAtTick, priceOf, usdcIsToken0 } from "../../simulator/chain/prices.ts";
import { GOVERNOR } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { openPool } from "../helpers/pools.ts";

const MAX_AGE = 4200;
const TWAP_WINDOW = 120;
const FEED_PRICE = 3000;
/** Of a price: a tick that is one too high or too low is a hundred times as much. */
const TOLERANCE = 1e-6;

const poolAbi = parseAbi([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 index, uint16 cardinality, uint16, uint8, bool)",
  "function observations(uint256) view returns (uint32 time, int56 tickCumulative, uint160, bool initialized)",
  "function observe(uint32[] secondsAgos) view returns (int56[] tickCumulatives, uint160[])",
  "function increaseObservationCardinalityNext(uint16 next)",
]);

/** The average as the pool itself works it out, for a pool of either token order and of any age. */
for (const etherFirst of [true, false]) {
  describe(`PriceOracle's average, over a young pool whose ${etherFirst ? "ether" : "dollar"} is token0`, () => {
    const world = useFork(async (fork) => openYoungPool(fork, etherFirst));

    async function pass(seconds: number): Promise<void> {
      const { clients } = world();
      await clients.test.increaseTime({ seconds });
      await clients.test.mine({ blocks: 1 });
    }

    /** The mean tick over the window, or over the pool's life where that is shorter; rounded down, as ticks are. */
    async function meanTick(): Promise<number> {
      const { clients, pool } = world();
      const [{ timestamp }, [birth]] = await Promise.all([
        clients.public.getBlock(),
        clients.public.readContract({ ...pool, functionName: "observations", args: [0n] }),
      ]);
      const span = Math.min(TWAP_WINDOW, Number(timestamp) - birth);
      const [[before = 0n, now = 0n]] = await clients.public.readContract({
        ...pool,
        functionName: "observe",
        args: [[span, 0]],
      });
      return Math.floor(Number(now - before) / span);
    }

    /** The ticks between the observations that were written within the window, and the one before. */
    async function pastTicks(): Promise<number[]> {
      const { clients, pool } = world();
      const [{ timestamp }, [, , newest]] = await Promise.all([
        clients.public.getBlock(),
        clients.public.readContract({ ...pool, functionName: "slot0" }),
      ]);
      const observations = await Promise.all(
        Array.from({ length: newest + 1 }, (_, i) =>
          clients.public.readContract({ ...pool, functionName: "observations", args: [BigInt(i)] }),
        ),
      );
      return observations.flatMap(([time, sum], i) => {
        const [before, sumBefore] = observations[i - 1] ?? [0, 0n];
        if (i === 0 || Number(timestamp) - time >= TWAP_WINDOW) return [];
        return [Math.floor(Number(sum - sumBefore) / (time - before))];
      });
    }

    async function expectRange(): Promise<void> {
      const { clients, pool, pair, oracle, market } = world();
      await market.report(FEED_PRICE);
      const [{ low, high, spot }, average, [root], mean, past] = await Promise.all([
        clients.public.readContract({ ...oracle, functionName: "read" }),
        clients.public.readContract({ ...oracle, functionName: "average" }),
        clients.public.readContract({ ...pool, functionName: "slot0" }),
        meanTick(),
        pastTicks(),
      ]);
      const prices = [FEED_PRICE, priceOf(pair, root), ...[mean, ...past].map((tick) => priceAtTick(pair, tick))];
      expectClose(Number(average) / 1e18 / priceAtTick(pair, mean), 1, TOLERANCE);
      expect(Number(spot) / 1e18).to.equal(FEED_PRICE);
      expectClose(Number(low) / 1e18 / Math.min(...prices), 1, TOLERANCE);
      expectClose(Number(high) / 1e18 / Math.max(...prices), 1, TOLERANCE);
    }

    it("is what the pool remembers, while that is less than the window", async () => {
      const { youngMarket } = world();
      await expectRange();
      await pass(20);
      await youngMarket.arbitrage(3100);
      await pass(30);
      await expectRange();
    });

    it("is that of the window, once the pool remembers it", async () => {
      const { youngMarket } = world();
      await pass(TWAP_WINDOW);
      await youngMarket.arbitrage(3150);
      await pass(TWAP_WINDOW / 3);
      await expectRange();
    });

    it("rounds a mean between two ticks down, not towards zero", async () => {
      const { youngMarket, pair } = world();
      await pass(TWAP_WINDOW);
      // From below and from above: one of the two means is a whole tick off where rounding goes the other way.
      for (const price of [2800, 3200, 2900]) {
        await youngMarket.arbitrage(price);
        await pass(37);
        const mean = await meanTick();
        expect(mean < 0, "the sign of the pool's ticks").to.equal(priceAtTick(pair, 1) > priceAtTick(pair, 0));
        await expectRange();
      }
    });
  });
}

async function openYoungPool(fork: Fork, etherFirst: boolean) {
  const { clients, protocols } = fork;
  const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
  const dollarOf = () => deployContract(sender, compiled("contracts/devnet/DevUSDC"), [GOVERNOR]);
  let pair = { weth: protocols.weth, usdc: await dollarOf() };
  while (usdcIsToken0(pair) === etherFirst) pair = { ...pair, usdc: await dollarOf() };
  const open = (fee: number) => openPool(fork, pair.usdc, { fee, ether: 1000, price: FEED_PRICE });
  const pools = { "3000": await open(3000), "500": await open(500) };
  const pool = { address: pools["500"], abi: poolAbi } as const;
  await clients.wallet.writeContract({
    ...pool,
    functionName: "increaseObservationCardinalityNext",
    args: [64],
    account: GOVERNOR,
    chain: null,
  });
  const { feed, weth, uniswap } = protocols;
  const args = [feed, pool.address, weth, pair.usdc, MAX_AGE, MAX_AGE, TWAP_WINDOW, zeroAddress, 0n];
  const oracle = {
    address: await deployContract(sender, compiled("contracts/PriceOracle"), args),
    abi: priceOracleAbi,
  } as const;
  const youngMarket = createMarket(clients, { ...protocols, usdc: pair.usdc, uniswap: { ...uniswap, pools } });
  return { pool, pair, oracle, youngMarket };
}
