import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEFAULT_PARAMETERS } from "../../deployments/parameters.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { deployFeed, proxyRoundId, transmit } from "../../simulator/chain/feed.ts";
import { deskOf } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const DAY = 86_400;
const HOUR = 3_600;
const [alice, bob] = TRADERS as [Address, Address];

/** A feed that dies for good, and what a governor may do about its oracle. */
describe("A feed that dies", () => {
  const world = useFork((fork) => keelWorld(fork));
  const side = marketSide(world);
  const desk = deskOf(world);
  const sender = () => ({ public: world().clients.public, wallet: world().clients.wallet, account: GOVERNOR });
  const sharesOf = (lp: Address) => side.readVault("balanceOf", [lp]);
  const usdcOf = (who: Address) => balanceOf(world().clients, world().protocols.usdc, who);

  const governedPrice = (price: bigint) => deployContract(sender(), compiled("contracts/GovernedPrice"), [price]);
  const setOracle = (oracle: Address, from: Address = GOVERNOR) => side.callVault(from, "setOracle", [oracle]);

  /** Another feed of the same pair, alive, and an oracle over it. */
  async function anotherOracle(price: number) {
    const { clients, protocols } = world();
    const deployer = devAccount(DEV_ROLES.protocols).address;
    const reporter = devAccount(DEV_ROLES.reporter).address;
    const { feed, feedAggregator } = await deployFeed(clients, deployer, reporter, "ETH / USD");
    await transmit(clients, feedAggregator, price);
    const { maxAge, lastResortAge, twapWindow } = DEFAULT_PARAMETERS.oracle;
    const { uniswap, weth, usdc } = protocols;
    const ages = [maxAge, lastResortAge, twapWindow];
    const none = "0x0000000000000000000000000000000000000000";
    const args = [feed, uniswap.pools["500"], weth, usdc, ...ages, none, 0];
    const oracle = await deployContract(sender(), compiled("contracts/PriceOracle"), args);
    return { oracle, say: (next: number) => transmit(clients, feedAggregator, next) };
  }

  /** What strangers may lose in a day is little: the hedge goes in parts, as that refills and the bound widens. */
  async function unwindInParts(): Promise<void> {
    for (let part = 0; part < 400; ++part) {
      await side.callDesk("poke", []).catch(() => undefined);
      await side.wait(HOUR);
      await side.callDesk("unwind", [2n ** 100n, await desk.route()]).catch(() => undefined);
      if ((await desk.position())[0] === 0n) return;
    }
  }

  /** Seen first, so that keepers may act before strangers do. */
  async function raiseInParts(): Promise<void> {
    for (let part = 0; part < 400; ++part) {
      await side.callDesk("poke", []).catch(() => undefined);
      await side.wait(HOUR);
      await side.callDesk("raiseCash", [await desk.route()]).catch(() => undefined);
      if ((await side.readVault("shortfall")) === 0n) return;
    }
  }

  it("T64: everybody is paid and all LPs leave at a governed price, though the feed never speaks again", async () => {
    const { keel, call, put, expiries, protocols, clients } = world();
    const later = expiries[1] ?? 0n;
    await keel.trade(alice, [buy(call(2400), 300), buy(call(2400, later), 20)]);
    await keel.trade(bob, [buy(put(3600), 50)]);
    await desk.neutral();
    for (const lp of LPS) await keel.requestRedeem(lp, await sharesOf(lp));
    await side.wait(40 * DAY); // a week after the later expiry, too
    await expectRevert(desk.rebalance(-parseEther("1")), "StalePrice");

    await setOracle(await governedPrice(parseEther("2990")));
    for (const expiry of expiries) await side.callMarket(GOVERNOR, "settleWithoutFeed", [expiry, parseEther("3000")]);
    await unwindInParts();
    const before = [await usdcOf(alice), await usdcOf(bob)] as const;
    await keel.exercise(alice, call(2400));
    await keel.exercise(alice, call(2400, later));
    await keel.exercise(bob, put(3600));
    expectClose(Number((await usdcOf(alice)) - before[0]) / 1e6, 320 * 600, 1);
    expectClose(Number((await usdcOf(bob)) - before[1]) / 1e6, 50 * 600, 1);

    await keel.processEpoch();
    let paid = 0n;
    for (const lp of LPS) {
      const had = await usdcOf(lp);
      await keel.claimAssets(lp);
      paid += (await usdcOf(lp)) - had;
    }
    expect(await clients.public.readContract({ ...keel.vault, functionName: "totalSupply" })).to.equal(0n);
    expect(Number(paid) / 1e6 / (LPS.length * (Number(LP_DEPOSIT) / 1e6))).to.be.within(0.95, 1.1);
    const left = await balanceOf(clients, protocols.usdc, keel.vault.address);
    const insurance = await side.readVault("insurance");
    expect(Number(left - insurance) / 1e6, "nothing stays behind").to.be.below(10);
  });

  it("T64: cash for holders is raised from the hedge at a governed price", async () => {
    const { keel, call, expiries } = world();
    // As many deep calls as the hedge ties most of the pool's cash down.
    for (let i = 0; i < 6; ++i) {
      await keel.trade(alice, [buy(call(2400), 100)]);
      await desk.neutral();
      await world().market.arbitrage(3000);
      await side.wait(130);
      await world().market.report(3000);
    }
    await side.wait(16 * DAY);
    await setOracle(await governedPrice(parseEther("2995")));
    await side.callMarket(GOVERNOR, "settleWithoutFeed", [expiries[0], parseEther("7000")]);
    const shortfall = await side.readVault("shortfall");
    expect(Number(shortfall) / 1e6).to.be.above(100_000);
    await raiseInParts();
    expect(await side.readVault("shortfall")).to.equal(0n);
    const before = await usdcOf(alice);
    await keel.exercise(alice, call(2400));
    expectClose(Number((await usdcOf(alice)) - before) / 1e6, 600 * 4600, 1);
  });

  it("T64: LPs of an idle pool leave", async () => {
    const { keel } = world();
    const [lp] = LPS as [Address];
    await keel.requestRedeem(lp, await sharesOf(lp));
    await side.wait(3 * DAY);
    await expectRevert(keel.processEpoch(), "StalePrice");
    await setOracle(await governedPrice(parseEther("3000")));
    await keel.processEpoch();
    expect(await side.readVault("maxWithdraw", [lp])).to.be.greaterThan(LP_DEPOSIT - 1000n);
  });

  it("T64: at a governed price holders may close and nothing is opened", async () => {
    const { keel, call } = world();
    await keel.trade(alice, [buy(call(3000), 2)]);
    await setOracle(await governedPrice(parseEther("2995")));
    await expectRevert(keel.trade(alice, [buy(call(3000), 1)]), "FeedStale");
    await keel.trade(alice, [sell(call(3000), 2)]);
  });

  it("T64: an oracle that is replaced while it lives goes on deciding what was listed with it", async () => {
    const { keel, expiries, market, clients } = world();
    const other = await anotherOracle(3300);
    const before = await clients.public.readContract({ ...keel.vault, functionName: "oracle" });
    await setOracle(other.oracle);
    expect(await side.readVault<Address>("oracle")).to.equal(other.oracle);
    expect(await side.readVault<Address>("oracleOf", [expiries[0]])).to.equal(before);
    await keel.listSeries(expiries[0], [parseEther("3100")]); // another series of the same expiry changes nothing
    expect(await side.readVault<Address>("oracleOf", [expiries[0]])).to.equal(before);
    const later = (expiries[1] ?? 0n) + 7n * BigInt(DAY);
    expect(await side.readVault<Address>("oracleOf", [later])).to.equal(other.oracle);

    await market.moveTo(3000, { at: Number(expiries[0]) + 10, forceRound: true });
    await other.say(3500);
    await expectRevert(side.callMarket(bob, "settle", [expiries[0], proxyRoundId(1, 2n)]), "RoundBeforeExpiry");
    await keel.settle(expiries[0]);
    expect(await side.readVault("settlementPriceOf", [expiries[0]])).to.equal(parseEther("3000"));
  });

  it("T64: one that has been silent for a week is replaced for listed expiries too, and not a second earlier", async () => {
    const { expiries, clients, market } = world();
    const listed = expiries[1] ?? 0n;
    await market.moveTo(3000, { forceRound: true });
    const { timestamp } = await clients.public.getBlock();
    const before = await side.readVault<Address>("oracle");
    const snapshot = await clients.test.snapshot();
    for (const silent of [false, true]) {
      const other = await anotherOracle(3300);
      await clients.test.setNextBlockTimestamp({ timestamp: timestamp + BigInt(7 * DAY - 3) });
      await other.say(3300);
      await clients.test.setNextBlockTimestamp({ timestamp: timestamp + BigInt(7 * DAY - (silent ? 0 : 1)) });
      await setOracle(other.oracle);
      const deciding = await side.readVault<Address>("oracleOf", [listed]);
      expect(deciding).to.equal(silent ? other.oracle : before);
      if (silent) {
        await clients.test.setNextBlockTimestamp({ timestamp: listed + 60n });
        await other.say(3456);
        await side.callMarket(bob, "settle", [listed, proxyRoundId(1, 3n)]);
        expect(await side.readVault("settlementPriceOf", [listed])).to.equal(parseEther("3456"));
      }
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T64: only a governor replaces the oracle, by one that has a price; LPs have the delay to leave", async () => {
    const price = await governedPrice(parseEther("3000"));
    for (const stranger of [bob, KEEPER]) await expectRevert(setOracle(price, stranger), "AccessManagedUnauthorized");
    for (const bad of [0n, 2n ** 96n]) {
      await expectRevert(deployContract(sender(), compiled("contracts/GovernedPrice"), [bad]), "InvalidOracle");
    }
    const { oracle } = await anotherOracle(3000);
    await side.wait(2 * DAY);
    await expectRevert(setOracle(oracle), "StalePrice");
    expect(await side.readVault<Address>("oracle")).to.not.equal(oracle);
  });

  it("T64: a governor's price is that of no round: it settles nothing", async () => {
    const { clients, expiries } = world();
    const address = await governedPrice(parseEther("3000"));
    const { abi } = compiled("contracts/GovernedPrice");
    for (const functionName of ["settlementPrice", "settle"]) {
      const call = { address, abi, functionName, args: [expiries[0], 1n] };
      await expectRevert(clients.public.readContract(call), "NoRounds", abi);
    }
  });

  it("T64: the mark is made anew at the new oracle's price", async () => {
    const { keel, call, clients } = world();
    await keel.trade(alice, [buy(call(3000), 10)]);
    await setOracle(await governedPrice(parseEther("3300")));
    const [mark, fresh] = await clients.public.readContract({ ...keel.vault, functionName: "currentMark" });
    expect([mark.spot, fresh]).to.deep.equal([parseEther("3300"), false]);
  });
});
