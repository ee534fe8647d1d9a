import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { priceOracleAbi } from "../../keeper/chain/abi/priceOracle.ts";
import { findSettlementRound } from "../../keeper/chain/settlementRound.ts";
import { compiled, deployContract } from "../../scripts/deploy/transact.ts";
import { DEV_ROLES, devAccount } from "../../scripts/devnet/accounts.ts";
import { feedAbi, latestRound, openPhase, proxyRoundId } from "../../scripts/devnet/feed.ts";
import { GOVERNOR } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";

const MAX_AGE = 4200;
const TWAP_WINDOW = 120;

const lyingFeed = compiled("test/harness/LyingFeed");

describe("PriceOracle", () => {
  const world = useFork(async (fork) => {
    const oracle = await deployOracle(fork, fork.protocols.feed);
    const liar = await deployContract(senderOf(fork), lyingFeed, []);
    return { oracle, liar, overLiar: await deployOracle(fork, liar) };
  });

  type Oracle = Awaited<ReturnType<typeof deployOracle>>;

  const spot = (oracle: Oracle = world().oracle) =>
    world().clients.public.readContract({ ...oracle, functionName: "spot" });
  const range = () => world().clients.public.readContract({ ...world().oracle, functionName: "spotRange" });
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
      await lie("say", round, 3000_00000000n, time);
      await clients.test.increaseTime({ seconds: MAX_AGE + 60 });
      await clients.test.mine({ blocks: 1 });
      const [updatedAt, maxAge] = await expectRevert(spot(overLiar), "StalePrice");
      expect([updatedAt, maxAge]).to.deep.equal([time, BigInt(MAX_AGE)]);
    });

    it("T20: stays in WAD when an upgrade changes the feed's decimals", async () => {
      const { overLiar } = world();
      await lie("say", proxyRoundId(1, 1n), parseEther("3000"), await now());
      await lie("setDecimals", 18);
      expect((await spot(overLiar))[0]).to.equal(parseEther("3000"));
    });
  });

  describe("spotRange", () => {
    it("is one price while Chainlink and the pool agree", async () => {
      const { market } = world();
      await market.report(3000);
      const [low, high] = await range();
      expectClose(Number(low) / 1e18, 3000, 1);
      expectClose(Number(high) / 1e18, 3000, 1);
    });

    it("T21: spans both when the pool has moved and the feed has not", async () => {
      const { market, clients } = world();
      await market.report(3000);
      await market.arbitrage(3030);
      await clients.test.increaseTime({ seconds: TWAP_WINDOW });
      await clients.test.mine({ blocks: 1 });
      const [low, high] = await range();
      expect(low).to.equal(parseEther("3000"));
      expectClose(Number(high) / 1e18, 3030, 1);
    });

    it("T21: spans the pool's price in the very block of a jump, before average and feed know of it", async () => {
      const { market } = world();
      await market.report(3000);
      await market.arbitrage(3150);
      const [low, high] = await range();
      expect(low).to.equal(parseEther("3000"));
      expectClose(Number(high) / 1e18, 3150, 1);
    });

    it("T18: a swap moves no valuation, only the range that trades are priced in", async () => {
      const { market } = world();
      await market.report(3000);
      await market.arbitrage(4000);
      expect((await spot())[0]).to.equal(parseEther("3000"));
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
      // One between the phases settles from the first round of the new one, and from that alone.
      expect(await settlement(between, proxyRoundId(2, 1n))).to.equal(parseEther("3003"));
      await expectRevert(settlement(between, proxyRoundId(2, 2n)), "NotFirstRound");
      expect(await findSettlementRound(clients.public, protocols.feed, between)).to.equal(proxyRoundId(2, 1n));
      expect(await findSettlementRound(clients.public, protocols.feed, expiry)).to.equal(first);
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

    it("T23: an old aggregator that wakes up again does not decide after its successor has", async () => {
      const { overLiar, clients, liar } = world();
      const time = await now();
      const expiry = time - 5000n;
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, time - 7200n);
      await lie("say", proxyRoundId(2, 1n), 3000_00000000n, time - 4000n);
      expect(await settlement(expiry, proxyRoundId(2, 1n), overLiar)).to.equal(parseEther("3000"));
      await lie("say", proxyRoundId(1, 2n), 3300_00000000n, time - 2000n);
      await lie("say", proxyRoundId(2, 2n), 3001_00000000n, time - 1500n); // phase 2 is the current one again
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

    it("T23: an old aggregator that goes on publishing decides nothing once its successor has begun", async () => {
      const { overLiar } = world();
      const time = await now();
      await lie("say", proxyRoundId(1, 1n), 2900_00000000n, time - 7200n);
      await lie("say", proxyRoundId(1, 2n), 2950_00000000n, time - 1000n); // published after the change of phase
      await lie("say", proxyRoundId(2, 1n), 3000_00000000n, time - 5000n);
      await lie("say", proxyRoundId(2, 2n), 3010_00000000n, time - 900n);
      const expiry = time - 2000n;
      await expectRevert(settlement(expiry, proxyRoundId(1, 2n), overLiar), "PhaseSuperseded");
      expect(await settlement(expiry, proxyRoundId(2, 2n), overLiar)).to.equal(parseEther("3010"));
    });
  });
});

function senderOf({ clients }: Fork) {
  return { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
}

async function deployOracle(fork: Fork, feed: Address) {
  const { weth, usdc, uniswap } = fork.protocols;
  const args = [feed, uniswap.pools["500"], weth, usdc, MAX_AGE, TWAP_WINDOW];
  return {
    address: await deployContract(senderOf(fork), compiled("contracts/PriceOracle"), args),
    abi: priceOracleAbi,
  } as const;
}
