import { expect } from "chai";
import { type Address, erc20Abi, parseEther, parseUnits, zeroAddress } from "viem";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { ROUTE_500, deskEvents, deskOf, setVaultCash } from "../helpers/desk.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice, bob] = TRADERS as [Address, Address];
const ONE = parseEther("1");
const SPOT = parseEther("3000");

describe("HedgeDesk", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await built.keel.trade(alice, [{ id: built.call(3000), quantity: parseEther("20") }]);
    return built;
  });
  const desk = deskOf(world);
  const { rebalance, netDelta } = desk;

  /** Sells the calls back and buys puts: the book is too long, and the vault has nothing to sell. */
  async function turnLong(): Promise<void> {
    const { keel, call, put } = world();
    await keel.trade(alice, [
      { id: call(3000), quantity: -parseEther("20") },
      { id: put(3000), quantity: parseEther("20") },
    ]);
  }

  const govern = (functionName: "setRules" | "setBudgets" | "setLending" | "setVenue", args: readonly unknown[]) =>
    world().keel.write(GOVERNOR, { ...world().keel.desk, functionName, args });

  describe("orders", () => {
    it("T32: accepts only what brings net delta nearer to zero, and not past it", async () => {
      const short = -(await netDelta());
      await expectRevert(rebalance(-ONE), "NotTowardsNeutral");
      await expectRevert(rebalance(short + parseEther("0.1")), "NotTowardsNeutral");
      await expectRevert(rebalance(0n), "ZeroAmount");
      await rebalance(short / 2n);
      await rebalance(short / 4n);
      const left = await netDelta();
      expect(left < 0n && left > -short / 2n).to.equal(true);
      await turnLong();
      const long = await netDelta();
      expect(long > 0n).to.equal(true);
      await expectRevert(rebalance(ONE), "NotTowardsNeutral");
      await expectRevert(rebalance(-long - parseEther("0.1")), "NotTowardsNeutral");
    });

    it("T31: the same order twice is refused the second time", async () => {
      const order = -(await netDelta()) - parseEther("0.01");
      await rebalance(order);
      await expectRevert(rebalance(order), "NotTowardsNeutral");
    });

    it("T34: fills nothing too far from the oracle, whatever the keeper's own limit", async () => {
      const { market } = world();
      await market.arbitrage(3050); // 1.7 % above the oracle, maxSlippage is 1 %
      await expectRevert(rebalance(ONE), "NothingFilled");
      await market.arbitrage(3000);
      await rebalance(ONE);
      await world().clients.test.increaseTime({ seconds: 130 }); // until 3050 is out of the range
      await market.arbitrage(2950);
      await turnLong();
      await expectRevert(rebalance(-ONE), "NothingFilled");
    });

    it("T34: fills in part as far as the oracle bound reaches, and no order moves the pool beyond it", async () => {
      const { market, keel, call } = world();
      await market.arbitrage(3026.5); // the bound is 3030, less the pool's fee: room for a small part
      await keel.trade(bob, [{ id: call(2700), quantity: parseEther("300") }]);
      const order = -(await netDelta());
      const [event] = deskEvents(await rebalance(order), "Rebalanced");
      expect(event?.args.amount).to.satisfy((amount: bigint) => amount > 0n && amount < order);
      const { pools } = await market.prices();
      expect(pools["500"]).to.be.within(3026.5, 3030 * (1 - 0.0005) + 1e-6);
    });

    it("T35: keeps to the keeper's limit and deadline", async () => {
      await expectRevert(rebalance(ONE, { cashLimit: parseUnits("2999", 6) }), "NothingFilled");
      await rebalance(ONE, { cashLimit: parseUnits("3010", 6) });
      await expectRevert(rebalance(ONE, { deadlineFromNow: -1n }), "DeadlinePassed");
      const route = await desk.route({ deadlineFromNow: -1n });
      for (const [functionName, args] of [
        ["raiseCash", [route]],
        ["restoreHealth", [route]],
      ] as const) {
        const call = { ...world().keel.desk, functionName, args } as never;
        await expectRevert(world().keel.write(alice, call), "DeadlinePassed");
      }
    });

    it("T40, T53: trades for a keeper alone, and on allow-listed venues alone", async () => {
      const { keel } = world();
      await expectRevert(rebalance(ONE, { from: alice }), "AccessManagedUnauthorized");
      await expectRevert(rebalance(ONE, { venue: alice }), "VenueNotAllowed");
      const ban = { ...keel.desk, functionName: "setVenue", args: [keel.contracts.uniswapV3Venue, false] } as const;
      await expectRevert(keel.write(KEEPER, ban), "AccessManagedUnauthorized");
      await keel.write(GOVERNOR, ban);
      await expectRevert(rebalance(ONE), "VenueNotAllowed");
    });

    it("T40: all that moves goes from the vault to the pool and back, nothing to the caller", async () => {
      const { keel, clients, protocols } = world();
      const parties = [KEEPER, keel.contracts.uniswapV3Venue, keel.contracts.aaveV3Lender];
      const all = () =>
        Promise.all(
          parties.flatMap((who) => [protocols.usdc, protocols.weth].map((token) => balanceOf(clients, token, who))),
        );
      const before = await all();
      await desk.neutral();
      await turnLong();
      await desk.neutral();
      expect(await all()).to.deep.equal(before);
      expect(await balanceOf(clients, protocols.usdc, keel.desk.address)).to.equal(0n);
    });

    it("T1, T30: tokens sent to desk, venue and lender by anyone change no account, and go with no swap", async () => {
      const { keel, clients, protocols } = world();
      const { uniswapV3Venue: venue, aaveV3Lender: lender } = keel.contracts;
      const before = { net: await netDelta(), equity: await desk.equity(SPOT), cash: await desk.cash() };
      for (const to of [keel.desk.address, venue, lender]) {
        await dealWeth(clients, protocols.weth, to, parseEther("5"));
        await dealUsdc(clients, protocols.usdc, to, parseUnits("5000", 6));
      }
      expect(await netDelta()).to.equal(before.net);
      expect(await desk.equity(SPOT)).to.equal(before.equity);
      expect(await desk.cash()).to.equal(before.cash);
      await rebalance(ONE);
      await rebalance(ONE);
      expect((await desk.holdings()).inventory).to.equal(2n * ONE);
      for (const to of [venue, lender]) {
        expect(await balanceOf(clients, protocols.weth, to)).to.equal(parseEther("5"));
        expect(await balanceOf(clients, protocols.usdc, to)).to.equal(parseUnits("5000", 6));
      }
      expect(await balanceOf(clients, protocols.weth, keel.desk.address)).to.equal(parseEther("7"));
      expect(await balanceOf(clients, protocols.usdc, keel.desk.address)).to.equal(parseUnits("5000", 6));
    });

    it("leaves no allowance with the venue or the lender", async () => {
      const { keel, clients, protocols } = world();
      await rebalance(ONE);
      await turnLong();
      await desk.neutral();
      for (const token of [protocols.weth, protocols.usdc]) {
        for (const spender of [keel.contracts.uniswapV3Venue, keel.contracts.aaveV3Lender]) {
          const args = [keel.desk.address, spender] as const;
          const read = { address: token, abi: erc20Abi, functionName: "allowance", args } as const;
          expect(await clients.public.readContract(read)).to.equal(0n);
        }
      }
    });
  });

  describe("budgets", () => {
    const budgets = (turnover: string, loss: string) =>
      govern("setBudgets", [{ turnover: parseEther(turnover), loss: parseEther(loss) }]);

    it("T34: turns over no more than a share of NAV, and what does not fit at once fits later in pieces", async () => {
      const { clients } = world();
      await budgets("0.02", "0.01"); // of 3 million in a day: 15,000 dollars at once, and as much in the day after
      const short = -(await netDelta());
      await expectRevert(rebalance(short), "TurnoverExceeded");
      await rebalance(4n * ONE);
      await expectRevert(rebalance(4n * ONE), "TurnoverExceeded");
      const piece = ONE / 4n;
      await clients.test.increaseTime({ seconds: 3600 });
      await world().market.report(3000);
      await rebalance(piece);
      expect((await desk.budgetLeft(0)).turnover < parseEther("0.005")).to.equal(true);
    });

    it("T40: loses no more against the oracle than the loss budget, which counts fees and refills", async () => {
      await budgets("12", "0.0001"); // 75 dollars at once
      await world().market.arbitrage(3020); // 0.67 % above: 22 dollars of loss per ether with the fee
      await rebalance(3n * ONE);
      const [share, available] = await expectRevert(rebalance(3n * ONE), "LossExceeded");
      expect((share as bigint) > (available as bigint)).to.equal(true);
      await world().market.arbitrage(3000);
      await rebalance(ONE); // 1.5 dollars, the fee: cheap hedging goes on
    });

    it("T82: what traders add to the net delta can be hedged the same day, however often they turn it", async () => {
      const { keel, call, market } = world();
      await budgets("0.3", "0.0006"); // at once 225,000 dollars of turnover, and 450 of loss
      const id = call(2400);
      for (let round = 0; round < 3; round++) {
        for (const quantity of [parseEther("60"), -parseEther("60")]) {
          await keel.trade(bob, [{ id, quantity }]);
          await desk.neutral(); // some 180,000 dollars each time, and 125 of loss
          await market.arbitrage(3000);
        }
      }
      const { turnover } = await desk.budgetLeft(0);
      expect(turnover < parseEther("0.1"), "a bucket holds no more than ever").to.equal(true);
    });

    it("T40, T62: what is open to anyone loses a tenth of what is lost in all, and keepers nothing of theirs", async () => {
      const [keepers, open, forced] = await Promise.all([desk.budgetLeft(0), desk.budgetLeft(1), desk.budgetLeft(2)]);
      expect([keepers.loss, open.loss, forced.loss]).to.deep.equal(
        ["0.0025", "0.00025", "0.00025"].map((share) => parseEther(share)),
      );
    });

    it("T40: keepers and everyone else have budgets of their own", async () => {
      const before = await desk.budgetLeft(1);
      await rebalance(ONE);
      expect(await desk.budgetLeft(1)).to.deep.equal(before);
      expect((await desk.budgetLeft(0)).turnover < before.turnover).to.equal(true);
    });
  });

  it("T40, T53: forced trades are the desk's own affair, whoever asks for one", async () => {
    await turnLong();
    const force = { lane: 0, cause: 0, caller: KEEPER };
    const route = await desk.route();
    for (const from of [alice, KEEPER]) {
      const { keel } = world();
      const call = { ...keel.desk, functionName: "force", args: [0, force, 1_000_000n, route] } as const;
      await expectRevert(keel.write(from, call), "OnlyDesk");
    }
  });

  it("T32: sells short only where there is a lender, and buys only with cash", async () => {
    await expectRevert(rebalance(ONE, { cashLimit: 0n }), "NoFunds");
    await govern("setLending", [{ lender: zeroAddress, minHealth: 13_000, targetHealth: 17_000 }]);
    await turnLong();
    await expectRevert(rebalance(-ONE), "NoLender");
  });

  it("T36: orders nothing for cash that buys less than the smallest unit", async () => {
    await setVaultCash(world(), 1n); // a fifth of what one wei of ether may cost
    await expectRevert(rebalance(1n), "NoFunds");
  });

  describe("governance", () => {
    for (const [field, value] of [
      ["maxSlippageBps", 501],
      ["maxSlippageBps", 0],
      ["publicSlippageBps", 0],
      ["publicSlippageBps", 101],
      ["bandBps", 0],
      ["bandBps", 5001],
      ["gracePeriod", 299],
      ["gracePeriod", 86_401],
      ["bountyBps", 21],
      ["bountyCap", 10_000_000_001n],
      ["bountyInterval", 3599],
      ["bountyInterval", 30 * 86_400 + 1],
      ["minBudgetNav", 0n],
      ["minBudgetNav", 1_000_000_001_000_000n],
    ] as const) {
      it(`refuses a ${field} of ${value}, by name`, async () => {
        const rules = { ...(await desk.rules()), [field]: value };
        expect(await expectRevert(govern("setRules", [rules]), "InvalidRules")).to.deep.equal([field]);
      });
    }

    for (const [minHealth, targetHealth, field] of [
      [10_999, 17_000, "minHealth"],
      [30_001, 50_000, "minHealth"],
      [13_000, 13_999, "targetHealth"],
      [13_000, 50_001, "targetHealth"],
    ] as const) {
      it(`refuses health factors from ${minHealth} to ${targetHealth}`, async () => {
        const lending = { lender: world().keel.contracts.aaveV3Lender, minHealth, targetHealth };
        expect(await expectRevert(govern("setLending", [lending]), "InvalidRules")).to.deep.equal([field]);
      });
    }

    for (const [turnover, loss, field] of [
      ["1", 510n, "loss"],
      ["1", 0n, "loss"],
      ["0.009", 100n, "turnover"],
      ["1001", 100n, "turnover"],
    ] as const) {
      it(`refuses budgets of ${turnover} for turnover and ${loss} bps for losses`, async () => {
        const budgets = { turnover: parseEther(turnover), loss: (loss * ONE) / 10_000n };
        expect(await expectRevert(govern("setBudgets", [budgets]), "InvalidRules")).to.deep.equal([field]);
      });
    }

    it("shows the budgets, and what is left for bounties", async () => {
      const budgets = { turnover: parseEther("2"), loss: parseEther("0.004") };
      await govern("setBudgets", [budgets]);
      const { keel, clients } = world();
      const read = (functionName: "budgets" | "bountyLeft") =>
        clients.public.readContract({ ...keel.desk, functionName });
      expect(await read("budgets")).to.deep.equal(budgets);
      expect(await read("bountyLeft")).to.equal(BigInt((await desk.rules()).bountyCap));
    });

    it("changes no lender while it is owed", async () => {
      await turnLong();
      await rebalance(-(await netDelta()) / 2n);
      await expectRevert(
        govern("setLending", [{ lender: alice, minHealth: 13_000, targetHealth: 17_000 }]),
        "LenderInUse",
      );
      await govern("setLending", [
        { lender: world().keel.contracts.aaveV3Lender, minHealth: 12_000, targetHealth: 17_000 },
      ]);
    });
  });

  it("T33: without options anyone unwinds the hedge to the last wei, long or short, after keepers could", async () => {
    const { keel, call, put, clients, protocols, market } = world();
    const unwind = async () => {
      const doIt = async () =>
        keel.write(bob, { ...keel.desk, functionName: "unwind", args: [2n ** 255n, await desk.route()] });
      await expectRevert(doIt(), "KeepersFirst");
      await keel.write(bob, { ...keel.desk, functionName: "poke" });
      await clients.test.increaseTime({ seconds: 1_801 });
      await market.moveTo(3000, { forceRound: true });
      return doIt();
    };
    await desk.neutral();
    await expectRevert(
      keel.write(bob, { ...keel.desk, functionName: "unwind", args: [2n ** 255n, await desk.route()] }),
      "BookOpen",
    );
    await keel.trade(alice, [{ id: call(3000), quantity: -parseEther("20") }]);
    await unwind();
    expect(await desk.position()).to.deep.equal([0n, 0n]);
    expect(await balanceOf(clients, protocols.weth, keel.desk.address)).to.equal(0n);

    await keel.trade(alice, [{ id: put(3000), quantity: parseEther("20") }]);
    await desk.neutral();
    expect((await desk.holdings()).debt > 0n).to.equal(true);
    await clients.test.increaseTime({ seconds: 3600 });
    await clients.test.mine({ blocks: 1 });
    await keel.trade(alice, [{ id: put(3000), quantity: -parseEther("20") }]);
    await unwind();
    expect(await desk.position()).to.deep.equal([0n, 0n]);
    expect(await desk.holdings()).to.include({ inventory: 0n, debt: 0n, collateral: 0n });
  });

  it("splits an order over two fee tiers", async () => {
    const route = encodeRoute([
      { shareBps: 6_000n, hops: [500] },
      { shareBps: 4_000n, hops: [3000] },
    ]);
    const [event] = deskEvents(await rebalance(5n * ONE, { route }), "Rebalanced");
    expect(event?.args.amount).to.equal(5n * ONE);
    expect(ROUTE_500).to.not.equal(route);
  });
});
