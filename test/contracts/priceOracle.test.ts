import { expect } from "chai";
import hre from "hardhat";
import { type Address, encodeFunctionData, parseAbi, parseEther, zeroAddress } from "viem";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { feedAbi, latestRound, openPhase, proxyRoundId } from "../../simulator/chain/feed.ts";
import { dealWeth } from "../../simulator/chain/deal.ts";
import { sqrtPriceX96 } from "../../simulator/chain/prices.ts";
import { GOVERNOR } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";

const MAX_AGE = 4200;
const LAST_RESORT_AGE = 86_400;
const TWAP_WINDOW = 120;
const NO_SEQUENCER = [zeroAddress, 0n] as const;

const lyingFeed = compiled("test/harness/LyingFeed");
const poolAbi = parseAbi([
  "function slot0() view returns (uint160, int24, uint16 index, uint16 cardinality, uint16, uint8, bool)",
]);
const priceWitness = compiled("test/harness/PriceWitness");

describe("PriceOracle", () => {
  const world = useFork(async (fork) => {
    const oracle = await deployOracle(fork, fork.protocols.feed);
    const liar = await deployContract(senderOf(fork), lyingFeed, []);
    return { oracle, liar, overLiar: await deployOracle(fork, liar) };
  });

  type Oracle = Awaited<ReturnType<typeof deployOracle>>;

  const spot = (oracle: Oracle = world().oracle) =>
    world().clients.public.readContract({ ...oracle, functionName: "spot" });
  const read = (oracle: Oracle = world().oracle) =>
    world().clients.public.readContract({ ...oracle, functionName: "read" });
  const average = async (oracle: Oracle = world().oracle) =>
    Number(await world().clients.public.readContract({ ...oracle, functionName: "average" })) / 1e18;
  const settlement = (expiry: bigint, round: bigint, oracle: Oracle = world().oracle) =>
    world().clients.public.readContract({ ...oracle, functionName: "settlementPrice", args: [expiry, round] });
  const now = async () => (await world().clients.public.getBlock()).timestamp;

  /** Makes the lying feed say something. */
  async function lie(functionName: string, ...args: unknown[]): Promise<void> {
    const { clients, liar } = world();
    const request = { address: liar, abi: lyingFeed.abi, functionName, args, account: GOVERNOR, chain: null };
    const hash = await clients.wallet.writeContract(request);
    await clients.public.waitForTransactionReceipt({ hash });
  }

  /** Calls a contract of this project from an unlocked account. */
  async function write(from: Address, address: Address, source: string, functionName: string, args: unknown[]) {
    const { clients } = world();
    const { abi } = compiled(source);
    const hash = await clients.wallet.writeContract({ address, abi, functionName, args, account: from, chain: null });
    await clients.public.waitForTransactionReceipt({ hash });
  }

  /** What the oracle says before and after a swap that takes its pool to `price`, all in one transaction. */
  async function readAround(price: number) {
    const { clients, protocols, oracle } = world();
    const { weth, usdc, uniswap } = protocols;
    const witness = await deployContract(senderOf(world()), priceWitness, []);
    const amountIn = parseEther("100000");
    await dealWeth(clients, weth, witness, amountIn);
    const swap = {
      tokenIn: weth,
      tokenOut: usdc,
      fee: 500,
      recipient: witness,
      deadline: 2n ** 40n,
      amountIn,
      amountOutMinimum: 0n,
      sqrtPriceLimitX96: sqrtPriceX96(protocols, price),
    };
    const args = [oracle.address, uniswap.router, swap];
    await write(GOVERNOR, witness, "test/harness/PriceWitness", "readAroundSwap", args);
    const [before, afterwards, spotBefore, spotAfter] = (await clients.public.readContract({
      address: witness,
      abi: priceWitness.abi,
      functionName: "witnessed",
    })) as [Reading, Reading, bigint, bigint];
    return { before, afterwards, spotBefore, spotAfter };
  }

  describe("spot", () => {
    it("is Chainlink's latest answer as WAD, with its time", async () => {
      const { market } = world();
      await market.report(2987.65);
      const [price, updatedAt] = await spot();
      expect(price).to.equal(parseEther("2987.65"));
      expect(updatedAt).to.equal(await now());
    });

    it("T16: refuses a price that is stale, zero, negative or from the future", async () => {
      const { clients, overLiar } = world();
      const time = await now();
      const round = proxyRoundId(1, 1n);
      await lie("say", round, 3000_00000000n, time);
      expect((await spot(overLiar))[0]).to.equal(parseEther("3000"));
      await lie("say", round, 0n, time);
      await expectRevert(spot(overLiar), "InvalidPrice");
      await lie("say", round, -1n, time);
      await expectRevert(spot(overLiar), "InvalidPrice");
      await lie("say", round, 3000_00000000n, 0n);
      await expectRevert(spot(overLiar), "InvalidPrice");
      await lie("say", round, 3000_00000000n, time + 10_000n);
      await expectRevert(spot(overLiar), "InvalidPrice");
      await expectRevert(settlement(time, round, overLiar), "InvalidPrice");
      await lie("say", round, 3000_00000000n, time);
      await clients.test.increaseTime({ seconds: MAX_AGE + 60 });
      await clients.test.mine({ blocks: 1 });
      const [updatedAt, maxAge] = await expectRevert(spot(overLiar), "StalePrice");
      expect([updatedAt, maxAge]).to.deep.equal([time, BigInt(MAX_AGE)]);
    });

    it("T16: refuses an answer at or beyond its aggregator's bounds, in the first phase and in later ones", async () => {
      const { liar } = world();
      await lie("setBounds", 100_00000000n, 10_000_00000000n);
      await lie("setAggregator", 1, liar);
      await lie("setAggregator", 2, liar);
      const bounded = await deployOracle(world(), liar);
      for (const phase of [1, 2]) {
        const round = proxyRoundId(phase, 1n);
        for (const answer of [99_00000000n, 100_00000000n, 10_000_00000000n, 10_001_00000000n]) {
          await lie("say", round, answer, await now());
          await expectRevert(spot(bounded), "InvalidPrice");
          await expectRevert(read(bounded), "InvalidPrice");
        }
        await lie("say", round, 9_999_00000000n, await now());
        expect((await spot(bounded))[0]).to.equal(parseEther("9999"));
      }
    });

    it("T20: stays in WAD when an upgrade of the aggregator changes the feed's decimals, and afterwards", async () => {
      const { clients, market, protocols, oracle } = world();
      await market.report(3000);
      const before = await spot();
      expect(before[0]).to.equal(parseEther("3000"));
      const owner = devAccount(DEV_ROLES.protocols).address;
      const reporter = devAccount(DEV_ROLES.reporter).address;
      // The same story again over a new phase whose aggregator writes 18 decimals where the old one wrote 8.
      const args = [reporter, 18, "ETH / USD"];
      const next = await deployContract(senderOf(world()), compiled("contracts/devnet/PriceAggregator"), args);
      await write(reporter, next, "contracts/devnet/PriceAggregator", "transmit", [parseEther("3000")]);
      await write(owner, protocols.feed, "contracts/devnet/PriceFeed", "proposeAggregator", [next]);
      await write(owner, protocols.feed, "contracts/devnet/PriceFeed", "confirmAggregator", [next]);
      expect((await spot())[0]).to.equal(before[0]);
      expect((await read()).spot).to.equal(before[0]);
      await write(GOVERNOR, oracle.address, "contracts/PriceOracle", "notePhase", []);
      await write(reporter, next, "contracts/devnet/PriceAggregator", "transmit", [parseEther("3010.5")]);
      expect((await spot())[0]).to.equal(parseEther("3010.5"));
      const { roundId } = await latestRound(clients, protocols.feed);
      const { timestamp } = await clients.public.getBlock();
      expect(await settlement(timestamp, roundId, oracle)).to.equal(parseEther("3010.5"));
    });
  });

  describe("read", () => {
    it("is one price while Chainlink and the pool agree", async () => {
      const { market } = world();
      await market.report(3000);
      const reading = await read();
      expect(reading.spot).to.equal(parseEther("3000"));
      expect(reading.updatedAt).to.equal(await now());
      expect(reading.stale).to.equal(false);
      expectClose(Number(reading.low) / 1e18, 3000, 1);
      expectClose(Number(reading.high) / 1e18, 3000, 1);
    });

    it("T16: says when the feed is stale, and has no price at all for one that is dead, zero, negative or ahead", async () => {
      const { clients, overLiar } = world();
      const time = await now();
      const round = proxyRoundId(1, 1n);
      for (const [answer, updatedAt] of [
        [0n, time],
        [-1n, time],
        [3000_00000000n, 0n],
        [3000_00000000n, time + 10_000n],
      ] as const) {
        await lie("say", round, answer, updatedAt);
        await expectRevert(read(overLiar), "InvalidPrice");
      }
      await lie("say", round, 3000_00000000n, time);
      const at = async (age: number) => {
        await clients.test.setNextBlockTimestamp({ timestamp: time + BigInt(age) });
        await clients.test.mine({ blocks: 1 });
      };
      await at(MAX_AGE);
      expect((await read(overLiar)).stale).to.equal(false);
      await at(MAX_AGE + 1);
      const stale = await read(overLiar);
      expect([stale.spot, stale.stale]).to.deep.equal([parseEther("3000"), true]);
      await expectRevert(spot(overLiar), "StalePrice");
      await at(LAST_RESORT_AGE);
      expect((await read(overLiar)).stale).to.equal(true);
      await at(LAST_RESORT_AGE + 1);
      const [updatedAt, limit] = await expectRevert(read(overLiar), "StalePrice");
      expect([updatedAt, limit]).to.deep.equal([time, BigInt(LAST_RESORT_AGE)]);
    });

    it("T17, T18: gives one price throughout a transaction, whatever it swaps, and to the vault's valuation too", async () => {
      const { market } = world();
      await market.report(3000);
      const { before, afterwards, spotBefore, spotAfter } = await readAround(2500);
      expect([before.spot, spotBefore, spotAfter, afterwards.spot]).to.deep.equal(Array(4).fill(parseEther("3000")));
      expectClose(Number(before.low) / 1e18, 3000, 1);
      expectClose(Number(afterwards.low) / 1e18, 2500, 1);
      expect(afterwards.high >= before.high, "pushing the pool only widens the range").to.equal(true);
    });

    it("T21: spans both when the pool has moved and the feed has not", async () => {
      const { market, clients } = world();
      await market.report(3000);
      await market.arbitrage(3030);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW });
      await clients.test.mine({ blocks: 1 });
      const { low, high } = await read();
      expect(low).to.equal(parseEther("3000"));
      expectClose(Number(high) / 1e18, 3030, 1);
    });

    it("T21: spans the pool's price in the very block of a jump, before average and feed know of it", async () => {
      const { market } = world();
      await market.report(3000);
      await market.arbitrage(3150);
      const { low, high } = await read();
      expect(low).to.equal(parseEther("3000"));
      expectClose(Number(high) / 1e18, 3150, 1);
    });

    it("T21: cannot be narrowed by pushing the pool back to the lagging feed for one transaction", async () => {
      const { market } = world();
      await market.report(3000);
      await market.arbitrage(3150);
      const { before, afterwards } = await readAround(3000);
      expectClose(Number(before.high) / 1e18, 3150, 1);
      expect(afterwards.low).to.equal(before.low);
      expectClose(Number(afterwards.high) / 1e18, 3150, 1);
    });

    it("T21: keeps what the pool was in a window in which it moved twice; the average is between", async () => {
      const { market, clients } = world();
      await market.report(3000);
      await market.arbitrage(3200);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW / 2 });
      await market.arbitrage(3000);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW / 4 });
      await clients.test.mine({ blocks: 1 });
      // Half of the window at 3200 and half at 3000, but for the seconds that blocks take.
      expectClose(await average(), 3100, 10);
      expectClose(Number((await read()).high) / 1e18, 3200, 1);
    });

    it("costs below 32,000 gas, cold, in a quiet market", async function () {
      if (hre.globalOptions.coverage) {
        console.log("      skipped: contracts measured for coverage use more gas");
        this.skip();
      }
      const { clients, market, oracle } = world();
      await market.report(3000);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW });
      await clients.test.mine({ blocks: 1 });
      const gas = await clients.public.estimateGas({
        account: GOVERNOR,
        to: oracle.address,
        data: encodeFunctionData({ ...oracle, functionName: "read" }),
      });
      expect(Number(gas) - 21_000 - 4 * 16).to.be.below(32_000);
    });

    it("T18: a swap moves no valuation, only the range that trades are priced in", async () => {
      const { market } = world();
      await market.report(3000);
      await market.arbitrage(4000);
      expect((await spot())[0]).to.equal(parseEther("3000"));
    });

    it("T19: answers, as spot and settlement do, at any price that the pool can be pushed to", async () => {
      const { market } = world();
      await market.report(3000);
      for (const price of [60, 19_000]) {
        await market.arbitrage(price);
        const reading = await read();
        expect(reading.spot).to.equal(parseEther("3000"));
        expectClose(Number(price < 3000 ? reading.low : reading.high) / 1e18 / price, 1, 1e-3);
        expect((await spot())[0]).to.equal(parseEther("3000"));
      }
    });

    it("reads the pool whichever way its tokens are ordered, in their own decimals", async () => {
      const { clients, protocols, market } = world();
      await market.arbitrage(3000);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW });
      await clients.test.mine({ blocks: 1 });
      const { feed, weth, usdc, uniswap } = protocols;
      const ages = [MAX_AGE, LAST_RESORT_AGE, TWAP_WINDOW];
      const lowest = async (base: Address, quote: Address) => {
        const args = [feed, uniswap.pools["500"], base, quote, ...ages, ...NO_SEQUENCER];
        const address = await deployContract(senderOf(world()), compiled("contracts/PriceOracle"), args);
        return Number((await read({ address, abi: priceOracleAbi })).low) / 1e18;
      };
      await market.report(3100);
      expectClose(await lowest(weth, usdc), 3000, 1);
      expectClose((await lowest(usdc, weth)) * 3000, 1, 1e-3); // ether per dollar; the feed is that of another pair
    });

    it("T53: refuses a pool of other tokens, and ages or windows that make no sense", async () => {
      const { protocols } = world();
      const { feed, weth, usdc, uniswap } = protocols;
      const pool = uniswap.pools["500"];
      const bad = [
        [[feed, pool, weth, feed, MAX_AGE, LAST_RESORT_AGE, TWAP_WINDOW], "pool"],
        [[feed, pool, feed, usdc, MAX_AGE, LAST_RESORT_AGE, TWAP_WINDOW], "pool"],
        [[feed, pool, weth, usdc, 0, LAST_RESORT_AGE, TWAP_WINDOW], "maxAge"],
        [[feed, pool, weth, usdc, MAX_AGE, MAX_AGE - 1, TWAP_WINDOW], "lastResortAge"],
        [[feed, pool, weth, usdc, MAX_AGE, LAST_RESORT_AGE, 0], "twapWindow"],
      ] as const;
      for (const [args, field] of bad) {
        const deployment = deployContract(senderOf(world()), compiled("contracts/PriceOracle"), [
          ...args,
          ...NO_SEQUENCER,
        ]);
        expect(await expectRevert(deployment, "InvalidOracle")).to.deep.equal([field]);
      }
    });
  });

  describe("the pool's average", () => {
    /** Moves the pool to each price in turn, so many seconds apart, and then lets the feed and the pool say 3000. */
    async function history(prices: readonly number[], seconds: number) {
      const { clients, market } = world();
      for (const price of prices) {
        await market.arbitrage(price);
        await clients.test.increaseTime({ seconds });
      }
      await market.arbitrage(3000);
      await market.report(3000);
      await clients.test.increaseTime({ seconds: 10 });
      await clients.test.mine({ blocks: 1 });
    }

    it("reaches back over the window, however often the pool was traded in it", async () => {
      // Every 5 seconds a swap: 3300 and 3310 in turn, longer than the window; then 10 of 120 seconds at 3000.
      await history(
        Array.from({ length: 40 }, (_, i) => 3300 + 10 * (i % 2)),
        5,
      );
      expectClose(await average(), 3280, 10);
    });

    it("weighs a jump after hours of quiet by the time since then", async () => {
      const { clients, market } = world();
      await market.arbitrage(3000);
      await clients.test.increaseTime({ seconds: 7200 });
      await market.arbitrage(3300);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW / 2 });
      await market.arbitrage(3000);
      await market.report(3000);
      expectClose(await average(), 3150, 10);
    });

    it("does without what a ring that was just enlarged does not hold yet", async () => {
      const { clients, protocols } = world();
      const pool = { address: protocols.uniswap.pools["500"], abi: poolAbi } as const;
      const [, , index, cardinality] = await clients.public.readContract({ ...pool, functionName: "slot0" });
      expect(index).to.be.below(cardinality - 1);
      await history([3200, 3100], 30);
      expect(await average()).to.be.within(3050, 3150);
    });
  });

  describe("settlementPrice", () => {
    /** Writes hourly rounds 3000, 3001, … and gives an expiry between the second and the third. */
    async function hourlyRounds(count: number): Promise<{ expiry: bigint; first: bigint }> {
      const { market, clients, protocols } = world();
      let expiry = 0n;
      let first = 0n;
      for (let i = 0; i < count; ++i) {
        await clients.test.increaseTime({ seconds: 3600 });
        await market.report(3000 + i);
        const round = await latestRound(clients, protocols.feed);
        if (i === 1) expiry = BigInt(round.updatedAt) + 1800n;
        if (i === 2) first = round.roundId;
      }
      return { expiry, first };
    }

    it("T22, T23: is that of the first round at or after expiry, and no other round is accepted", async () => {
      const { expiry, first } = await hourlyRounds(6);
      expect(await settlement(expiry, first)).to.equal(parseEther("3002"));
      await expectRevert(settlement(expiry, first - 1n), "RoundBeforeExpiry");
      await expectRevert(settlement(expiry, first + 1n), "NotFirstRound");
      await expectRevert(settlement(expiry, first + 3n), "NotFirstRound");
      await expectRevert(settlement(expiry, first + 100n), "InvalidPrice");
    });

    it("counts a round at the very second of expiry", async () => {
      const { clients, protocols } = world();
      const { first } = await hourlyRounds(4);
      const [, , , expiry] = await clients.public.readContract({
        address: protocols.feed,
        abi: feedAbi,
        functionName: "getRoundData",
        args: [first],
      });
      expect(await settlement(expiry, first)).to.equal(parseEther("3002"));
    });

    it("is not known before expiry", async () => {
      const { first } = await hourlyRounds(3);
      await expectRevert(settlement((await now()) + 60n, first), "NotExpired");
    });

    it("T23: crosses a phase change, before and after", async () => {
      const { clients, protocols, market } = world();
      const owner = devAccount(DEV_ROLES.protocols).address;
      const reporter = devAccount(DEV_ROLES.reporter).address;
      const { expiry, first } = await hourlyRounds(4);
      const between = (await now()) + 60n;
      await clients.test.increaseTime({ seconds: 3600 });
      await openPhase(clients, protocols.feed, owner, reporter);
      await clients.test.increaseTime({ seconds: 3600 });
      await market.report(3100);
      await market.report(3101);

      // An expiry of the old phase still settles from the old phase.
      expect(await settlement(expiry, first)).to.equal(parseEther("3002"));
      expect(await findSettlementRound(clients.public, protocols.feed, expiry, world().oracle.address)).to.equal(first);
      // One between the phases settles from the first round of the new one, and from that alone, once the old one, which may
      // have been in force, has written none for a day.
      await expectRevert(settlement(between, proxyRoundId(2, 1n)), "PhaseUndecided");
      await clients.test.setNextBlockTimestamp({ timestamp: between + BigInt(LAST_RESORT_AGE) + 1n });
      await clients.test.mine({ blocks: 1 });
      expect(await settlement(between, proxyRoundId(2, 1n))).to.equal(parseEther("3003"));
      await expectRevert(settlement(between, proxyRoundId(2, 2n)), "NotFirstRound");
      const found = await findSettlementRound(clients.public, protocols.feed, between, world().oracle.address);
      expect(found).to.equal(proxyRoundId(2, 1n));
    });

    it("T23: passes over gaps, and refuses when the gap is too long to prove anything", async () => {
      const { overLiar } = world();
      const time = await now();
      const round = (id: bigint) => proxyRoundId(1, id);
      await lie("say", round(10n), 2900_00000000n, time - 7200n);
      await lie("failOn", round(12n)); // 11 answers zeros, 12 reverts: neither is a round
      await lie("say", round(13n), 3000_00000000n, time - 3600n);
      expect(await settlement(time - 5000n, round(13n), overLiar)).to.equal(parseEther("3000"));
      const [id, earlier] = await expectRevert(settlement(time - 7300n, round(13n), overLiar), "NotFirstRound");
      expect([id, earlier]).to.deep.equal([round(13n), round(10n)]);
      await lie("say", round(100n), 3100_00000000n, time - 60n);
      await expectRevert(settlement(time - 5000n, round(100n), overLiar), "GapTooLong");
    });

    it("T23: looks past a phase that never published, in both directions", async () => {
      const { overLiar, clients, liar } = world();
      const time = await now();
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, time - 7200n);
      await lie("say", proxyRoundId(1, 2n), 3000_00000000n, time - 3000n);
      await lie("say", proxyRoundId(3, 1n), 3300_00000000n, time - 1000n); // phase 2 is empty
      const expiry = time - 5000n;
      expect(await settlement(expiry, proxyRoundId(1, 2n), overLiar)).to.equal(parseEther("3000"));
      await expectRevert(settlement(expiry, proxyRoundId(3, 1n), overLiar), "NotFirstRound");
      expect(await findSettlementRound(clients.public, liar, expiry)).to.equal(proxyRoundId(1, 2n));
      await expectRevert(settlement(time - 500n, proxyRoundId(1, 2n), overLiar), "RoundBeforeExpiry");
    });

    it("T23: an old aggregator that wakes up within a day of the expiry decides, and no later phase until then", async () => {
      const { overLiar, clients, liar } = world();
      const time = await now();
      const expiry = time - 5000n;
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, time - 7200n);
      await lie("say", proxyRoundId(2, 1n), 3000_00000000n, time - 4000n);
      // Nobody can tell whether the proxy had switched at expiry: the old one may still write what decides.
      const [phase, until] = await expectRevert(settlement(expiry, proxyRoundId(2, 1n), overLiar), "PhaseUndecided");
      expect([phase, until]).to.deep.equal([1, expiry + BigInt(LAST_RESORT_AGE)]);
      await lie("say", proxyRoundId(1, 2n), 3300_00000000n, time - 2000n);
      await lie("say", proxyRoundId(2, 2n), 3001_00000000n, time - 1500n); // phase 2 is the current one again
      expect(await settlement(expiry, proxyRoundId(1, 2n), overLiar)).to.equal(parseEther("3300"));
      await expectRevert(settlement(expiry, proxyRoundId(2, 1n), overLiar), "NotFirstRound");
      expect(await findSettlementRound(clients.public, liar, expiry)).to.equal(proxyRoundId(1, 2n));
    });

    it("T23: an old aggregator that wakes up after that day does not", async () => {
      const { overLiar, clients, liar } = world();
      const time = await now();
      const expiry = time - 100_000n;
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, expiry - 2000n);
      await lie("say", proxyRoundId(2, 1n), 3000_00000000n, expiry + 1000n);
      expect(await settlement(expiry, proxyRoundId(2, 1n), overLiar)).to.equal(parseEther("3000"));
      await lie("say", proxyRoundId(1, 2n), 3300_00000000n, time - 2000n);
      await lie("say", proxyRoundId(2, 2n), 3001_00000000n, time - 1500n);
      expect(await settlement(expiry, proxyRoundId(2, 1n), overLiar)).to.equal(parseEther("3000"));
      await expectRevert(settlement(expiry, proxyRoundId(1, 2n), overLiar), "NotFirstRound");
      expect(await findSettlementRound(clients.public, liar, expiry)).to.equal(proxyRoundId(2, 1n));
    });

    it("T23: when no phase writes anything for a day, the first that does decides", async () => {
      const { overLiar, clients, liar } = world();
      const time = await now();
      const expiry = time - 200_000n;
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, expiry - 2000n);
      await lie("say", proxyRoundId(1, 2n), 2950_00000000n, expiry + 95_000n);
      await lie("say", proxyRoundId(2, 1n), 3000_00000000n, expiry + 90_000n);
      expect(await settlement(expiry, proxyRoundId(2, 1n), overLiar)).to.equal(parseEther("3000"));
      await expectRevert(settlement(expiry, proxyRoundId(1, 2n), overLiar), "NotFirstRound");
      expect(await findSettlementRound(clients.public, liar, expiry)).to.equal(proxyRoundId(2, 1n));
    });

    it("T20: an old round keeps the decimals of its own aggregator", async () => {
      const { overLiar, liar } = world();
      const time = await now();
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, time - 7200n);
      await lie("say", proxyRoundId(1, 2n), 3000_00000000n, time - 3000n);
      const old = await deployContract(senderOf(world()), lyingFeed, []); // says 8 decimals
      await lie("setAggregator", 1, old);
      await lie("setDecimals", 18);
      expect(liar).to.not.equal(old);
      expect(await settlement(time - 5000n, proxyRoundId(1, 2n), overLiar)).to.equal(parseEther("3000"));
    });

    it("T23: an old aggregator that goes on publishing decides nothing once its successor was seen in force", async () => {
      const { overLiar, clients, liar } = world();
      const time = await now();
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, time - 7200n);
      await lie("say", proxyRoundId(2, 1n), 3000_00000000n, time - 5000n);
      await write(GOVERNOR, overLiar.address, "contracts/PriceOracle", "notePhase", []);
      const expiry = (await now()) + 60n;
      await clients.test.setNextBlockTimestamp({ timestamp: expiry + 600n });
      await clients.test.mine({ blocks: 1 });
      await lie("say", proxyRoundId(1, 2n), 2950_00000000n, expiry + 10n);
      await lie("say", proxyRoundId(2, 2n), 3010_00000000n, expiry + 20n);
      const [id, phase] = await expectRevert(settlement(expiry, proxyRoundId(1, 2n), overLiar), "PhaseSuperseded");
      expect([id, phase]).to.deep.equal([proxyRoundId(1, 2n), 2]);
      expect(await settlement(expiry, proxyRoundId(2, 2n), overLiar)).to.equal(parseEther("3010"));
      const found = await findSettlementRound(clients.public, liar, expiry, overLiar.address);
      expect(found).to.equal(proxyRoundId(2, 2n));
    });

    it("T16, T22: a round at a bound of its aggregator is none: the next one decides", async () => {
      const { clients, liar } = world();
      await lie("setBounds", 100_00000000n, 10_000_00000000n);
      await lie("setAggregator", 1, liar);
      const bounded = await deployOracle(world(), liar);
      const expiry = (await now()) + 60n;
      await clients.test.setNextBlockTimestamp({ timestamp: expiry + 600n });
      await clients.test.mine({ blocks: 1 });
      await lie("say", proxyRoundId(1, 1n), 3000_00000000n, expiry - 100n);
      await lie("say", proxyRoundId(1, 2n), 10_000_00000000n, expiry + 10n);
      await lie("say", proxyRoundId(1, 3n), 9_000_00000000n, expiry + 20n);
      await expectRevert(settlement(expiry, proxyRoundId(1, 2n), bounded), "InvalidPrice");
      expect(await settlement(expiry, proxyRoundId(1, 3n), bounded)).to.equal(parseEther("9000"));
      const found = await findSettlementRound(clients.public, liar, expiry, bounded.address);
      expect(found).to.equal(proxyRoundId(1, 3n));
    });
  });
});

interface Reading {
  readonly spot: bigint;
  readonly low: bigint;
  readonly high: bigint;
  readonly updatedAt: bigint;
  readonly stale: boolean;
}

function senderOf({ clients }: Fork) {
  return { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
}

async function deployOracle(fork: Fork, feed: Address, sequencer: readonly [Address, bigint] = NO_SEQUENCER) {
  const { weth, usdc, uniswap } = fork.protocols;
  const args = [feed, uniswap.pools["500"], weth, usdc, MAX_AGE, LAST_RESORT_AGE, TWAP_WINDOW, ...sequencer];
  return {
    address: await deployContract(senderOf(fork), compiled("contracts/PriceOracle"), args),
    abi: priceOracleAbi,
  } as const;
}
