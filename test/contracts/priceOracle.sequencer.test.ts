import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";
import { UserError } from "../../sdk/userError.ts";
import { checkSequencerFeed } from "../../deployments/oracleSources.ts";
import { DEFAULT_PARAMETERS } from "../../deployments/parameters.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { TYPICAL_SLICE } from "../../simulator/chain/openMarket.ts";
import { deskOf } from "../helpers/desk.ts";
import { GOVERNOR, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const GRACE = DEFAULT_PARAMETERS.oracle.sequencerGrace;
const UP = 0n;
const DOWN = 1n;
const lyingFeed = compiled("test/harness/LyingFeed");
const [alice] = TRADERS as [Address];

/** A market on an L2: its oracle knows the uptime feed of the sequencer. */
describe("An L2 whose sequencer stood still", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    const sender = { public: fork.clients.public, wallet: fork.clients.wallet, account: GOVERNOR };
    const uptime = await deployContract(sender, lyingFeed, []);
    await sayTo(fork, uptime, UP, (await fork.clients.public.getBlock()).timestamp - 100_000n);
    const { feed, uniswap, weth, usdc } = fork.protocols;
    const { maxAge, lastResortAge, twapWindow } = DEFAULT_PARAMETERS.oracle;
    const args = [feed, uniswap.pools["500"], weth, usdc, maxAge, lastResortAge, twapWindow, uptime, GRACE];
    const oracle = await deployContract(sender, compiled("contracts/PriceOracle"), args);
    await built.keel.write(GOVERNOR, { ...built.keel.vault, functionName: "setOracle", args: [oracle] });
    await built.keel.trade(alice, [buy(built.call(2700), 100)]);
    return { ...built, uptime, oracle: { address: oracle, abi: priceOracleAbi } as const };
  });
  const side = marketSide(world);
  const desk = deskOf(world);

  const say = (answer: bigint, since: bigint) => sayTo(world(), world().uptime, answer, since);
  const read = () => world().clients.public.readContract({ ...world().oracle, functionName: "read" });
  const spot = () => world().clients.public.readContract({ ...world().oracle, functionName: "spot" });

  it("T65: nothing is opened, hedged or priced while it is down, nor for an hour after; holders may close", async () => {
    const { keel, market, call, expiries } = world();
    const closedOnly = async () => {
      await market.report(3000);
      expect((await read()).stale).to.equal(true);
      await expectRevert(spot(), "SequencerDown");
      await expectRevert(keel.trade(alice, [buy(call(2700), 1)]), "FeedStale");
      await expectRevert(desk.rebalance(parseEther("1")), "SequencerDown");
      await expectRevert(keel.processEpoch(), "SequencerDown");
      await keel.trade(alice, [sell(call(2700), 1)]);
    };
    await side.wait(86_400);
    await keel.postSurface(new Map(expiries.map((expiry) => [expiry, TYPICAL_SLICE])));
    await say(DOWN, await side.now());
    await closedOnly();
    const back = await side.now();
    await say(UP, back);
    await closedOnly();
    await side.wait(Number(back) + GRACE - 60 - Number(await side.now()));
    await closedOnly();
    await side.wait(60);
    await market.report(3000);
    expect((await read()).stale).to.equal(false);
    await keel.trade(alice, [buy(call(2700), 1)]);
    await desk.rebalance(parseEther("1"));
    await keel.processEpoch();
  });

  it("T65: options bought in the first block after an outage gain nothing by it: there is no such purchase", async () => {
    const { keel, market, call } = world();
    await market.moveTo(3000, { forceRound: true });
    await side.wait(3000); // outside, the price goes to 3,150
    await say(UP, await side.now());
    await expectRevert(keel.trade(alice, [buy(call(3000), 300)]), "FeedStale");
  });

  it("T65: an uptime feed that does not answer, or with a time that cannot be, counts as down", async () => {
    const now = await side.now();
    await say(UP, 0n);
    await expectRevert(spot(), "SequencerDown");
    await say(UP, now + 10_000n);
    await expectRevert(spot(), "SequencerDown");
    await say(UP, 2n ** 255n);
    await expectRevert(spot(), "SequencerDown");
    await say(UP, now - 100_000n);
    expect((await spot())[0]).to.equal(parseEther("3000"));
    await callOn(world(), world().uptime, "failOn", [1n]);
    const [since, grace] = await expectRevert(spot(), "SequencerDown");
    expect([since, grace]).to.deep.equal([0n, BigInt(GRACE)]);
    expect((await read()).stale).to.equal(true);
  });

  it("T65: options settle by their rounds, sequencer or not", async () => {
    const { keel, market, expiries } = world();
    await market.moveTo(3000, { at: Number(expiries[0]) + 10, forceRound: true });
    await say(DOWN, expiries[0]);
    await keel.settle(expiries[0]);
    expect(await side.readVault("settlementPriceOf", [expiries[0]])).to.equal(parseEther("3000"));
  });

  it("T65: deployment asks for the uptime feed where there is a sequencer, and a grace period with it", async () => {
    for (const chain of [10, 8453, 42161, 534352]) {
      expect(() => checkSequencerFeed({}, chain)).to.throw(UserError, "--sequencer-feed");
      expect(() => checkSequencerFeed({ sequencerFeed: world().uptime }, chain)).to.not.throw();
    }
    for (const chain of [1, 31337]) expect(() => checkSequencerFeed({}, chain)).to.not.throw();
    const { feed, uniswap, weth, usdc } = world().protocols;
    const sender = { public: world().clients.public, wallet: world().clients.wallet, account: GOVERNOR };
    const args = [feed, uniswap.pools["500"], weth, usdc, 4200, 86_400, 120, world().uptime, 0];
    const deployment = deployContract(sender, compiled("contracts/PriceOracle"), args);
    expect(await expectRevert(deployment, "InvalidOracle")).to.deep.equal(["sequencerGrace"]);
  });
});

function sayTo(fork: Fork, uptime: Address, answer: bigint, since: bigint): Promise<void> {
  return callOn(fork, uptime, "say", [1n, answer, since]);
}

async function callOn({ clients }: Fork, address: Address, functionName: string, args: unknown[]): Promise<void> {
  const request = { address, abi: lyingFeed.abi, functionName, args, account: GOVERNOR, chain: null };
  const hash = await clients.wallet.writeContract(request);
  await clients.public.waitForTransactionReceipt({ hash });
}
