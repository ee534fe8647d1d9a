import { expect } from "chai";
import { type Abi, type Address, encodeFunctionData, parseEther, parseUnits } from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { sqrtPriceX96 } from "../../simulator/chain/prices.ts";
import { NO_LIMIT, deskEvents, deskOf } from "../helpers/desk.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice, bob] = TRADERS as [Address, Address];
const mallory = devAccount(DEV_ROLES.traders[3]).address;
const WAD = 10n ** 18n;
const GRACE = 1800;
const MODES = { Keep: 0, Short: 1, Overfill: 2, Reenter: 3, Watch: 4, Nothing: 5, Part: 6 } as const;

describe("HedgeDesk against an adversary", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    const { clients, protocols } = fork;
    const { keel } = built;
    const sender = { public: clients.public, wallet: clients.wallet, account: mallory };
    const { weth, usdc, uniswap } = protocols;
    const adversaryCode = compiled("test/harness/DeskAdversary");
    const adversary = await deployContract(sender, adversaryCode, [weth, usdc, uniswap.router, keel.desk.address]);
    const venueCode = compiled("test/harness/HostileVenue");
    const venueArgs = [weth, usdc, keel.desk.address, keel.vault.address, 3000n];
    const venue = await deployContract(sender, venueCode, venueArgs);
    for (const rich of [adversary, venue]) {
      await dealWeth(clients, weth, rich, parseEther("10000"));
      await dealUsdc(clients, usdc, rich, parseUnits("30000000", 6));
    }
    await keel.trade(alice, [{ id: built.call(2700), quantity: parseEther("200") }]);
    return {
      ...built,
      adversary: { address: adversary, abi: [...adversaryCode.abi, ...errorsAbi] as Abi },
      hostile: { address: venue, abi: venueCode.abi },
    };
  });
  const desk = deskOf(world);

  /** @param sightings How often the net delta has been seen outside: 10 bp each. */
  async function open(sightings = 1): Promise<void> {
    const { keel, clients, market } = world();
    for (let i = 0; i < sightings; i++) {
      await keel.write(bob, { ...keel.desk, functionName: "poke" });
      await clients.test.increaseTime({ seconds: GRACE });
      await market.moveTo(3000, { forceRound: true });
    }
  }

  async function orderOf(amount: bigint, fee = 500) {
    const venue = world().keel.contracts.uniswapV3Venue;
    const cashLimit = amount > 0n ? NO_LIMIT : 0n;
    const route = encodeRoute([{ shareBps: 10_000n, hops: [fee] }]);
    return { amount, cashLimit, venue, route, deadline: await desk.deadline() };
  }

  /** Everything that the adversary has, valued at the oracle price, 1e-6 dollars. */
  async function wealth(): Promise<bigint> {
    const { clients, protocols, adversary } = world();
    let total = 0n;
    for (const who of [adversary.address, mallory]) {
      total += await balanceOf(clients, protocols.usdc, who);
      total += ((await balanceOf(clients, protocols.weth, who)) * 3000n) / 10n ** 12n;
    }
    return total;
  }

  const attack = (functionName: string, args: readonly unknown[]) =>
    world().keel.write(mallory, { ...world().adversary, functionName, args });

  for (const fee of [500, 3000] as const) {
    it(`T34: sandwiching an open hedge through the pool at ${fee / 10_000} % loses money`, async () => {
      await open(6);
      const short = -(await desk.netDelta());
      const at = (price: number) => sqrtPriceX96(world().protocols, price);
      // The bound for anyone is 0.6 % by now, less the pool's fee.
      const room = 0.006 - fee / 1e6;
      for (const share of [0.2, 0.5, 0.8, 0.95]) {
        const snapshot = await world().clients.test.snapshot();
        const before = await wealth();
        const budget = await desk.budgetLeft(1);
        const nav = await desk.nav();
        await attack("sandwich", [await orderOf(short / 8n, fee), fee, at(3000 * (1 + room * share)), at(3000)]);
        const gain = (await wealth()) - before;
        expect(gain <= 0n, `gained ${gain} by pushing ${share} of the way`).to.equal(true);
        const lost = budget.loss - (await desk.budgetLeft(1)).loss;
        expect(nav - (await desk.nav()) <= (lost * nav) / WAD + parseEther("50"), "loss beyond the charge").to.equal(
          true,
        );
        await world().clients.test.revert({ id: snapshot });
      }
    });
  }

  it("T34: a sandwich beyond the bound has nothing between its slices", async () => {
    await open();
    const at = (price: number) => sqrtPriceX96(world().protocols, price);
    const order = await orderOf(-(await desk.netDelta()) / 2n);
    await expectRevert(attack("sandwich", [order, 500, at(3025), at(3000)]), "NothingFilled");
  });

  it("T1, T9: donating to desk, vault, venue and lender buys nothing and breaks nothing", async () => {
    await open();
    const { keel } = world();
    const { uniswapV3Venue, aaveV3Lender } = keel.contracts;
    const everyone = [keel.desk.address, keel.vault.address, uniswapV3Venue, aaveV3Lender];
    const before = { wealth: await wealth(), nav: await desk.nav() };
    const order = await orderOf(parseEther("10"));
    const receipt = await attack("donate", [order, everyone, parseEther("1"), parseUnits("1000", 6)]);
    const given = 4n * parseUnits("4000", 6);
    const [bounty] = deskEvents(receipt, "BountyPaid");
    expect((await wealth()) - before.wealth).to.equal((bounty?.args.assets ?? 0n) - given);
    expect((await desk.nav()) <= before.nav, "NAV does not count donations").to.equal(true);
  });

  it("T39: front-running with crumbs leaves the real hedge as it was", async () => {
    await open();
    const before = await desk.budgetLeft(1);
    await attack("frontRun", [await orderOf(parseEther("0.0001")), 10n]);
    const used = before.turnover - (await desk.budgetLeft(1)).turnover;
    expect(used <= parseEther("0.00001")).to.equal(true);
    const short = -(await desk.netDelta());
    const order = { ...(await orderOf(short / 2n)), deadline: await desk.deadline() };
    const { keel } = world();
    const receipt = await keel.write(bob, { ...keel.desk, functionName: "rebalancePublic", args: [order] });
    expect(deskEvents(receipt, "BountyPaid").length).to.equal(1);
  });

  describe("that has got a venue listed", () => {
    const list = () => {
      const { keel, hostile } = world();
      return keel.write(GOVERNOR, { ...keel.desk, functionName: "setVenue", args: [hostile.address, true] });
    };
    const setMode = (mode: keyof typeof MODES, call: `0x${string}` = "0x") =>
      world().keel.write(mallory, { ...world().hostile, functionName: "setMode", args: [MODES[mode], call] });
    const trade = (amount: bigint) => desk.rebalance(amount, { venue: world().hostile.address, route: "0x" });

    it("T40: pays no more and gets no less than the oracle bound, whatever the venue says", async () => {
      await list();
      await setMode("Keep");
      await expectRevert(trade(parseEther("10")), "SlippageExceeded");
      await setMode("Short"); // would take 1.5 % more than is fair, and is sent 1 %
      const [dear] = deskEvents(await trade(parseEther("10")), "Rebalanced");
      expect(dear?.args.cash).to.equal(parseUnits("30300", 6));
      await setMode("Overfill");
      await expectRevert(trade(parseEther("10")), "FilledTooMuch");
      for (const mode of ["Part", "Nothing"] as const) {
        await setMode(mode);
        await expectRevert(trade(parseEther("10")), "SlippageExceeded");
      }
      await setMode("Watch");
      await trade(parseEther("20"));
      const { keel, call } = world();
      await keel.trade(alice, [{ id: call(2700), quantity: -parseEther("200") }]);
      for (const mode of ["Keep", "Short", "Part", "Nothing"] as const) {
        await setMode(mode);
        await expectRevert(trade(-parseEther("10")), "SlippageExceeded");
      }
    });

    it("T50: cannot be re-entered through any door", async () => {
      await list();
      const { keel, hostile } = world();
      const route = await desk.route({ venue: hostile.address, route: "0x" });
      const order = { ...(await orderOf(parseEther("1"))), venue: hostile.address };
      const calls = [
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "rebalance", args: [order] }),
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "rebalancePublic", args: [order] }),
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "unwind", args: [1n, route] }),
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "raiseCash", args: [route] }),
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "restoreHealth", args: [route] }),
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "syncLoan" }),
        encodeFunctionData({ abi: hedgeDeskAbi, functionName: "poke" }),
      ];
      for (const call of calls) {
        await setMode("Reenter", call);
        await expectRevert(trade(parseEther("10")), "ReentrancyGuardReentrantCall");
      }
      expect(keel.desk.address).to.not.equal(KEEPER);
    });

    it("T50: nobody who looks in the middle of a swap sees another NAV than before and after", async () => {
      await list();
      await setMode("Watch");
      const { clients, hostile, keel, call, put } = world();
      const seen = () => clients.public.readContract({ ...hostile, functionName: "navSeen" }) as Promise<bigint>;
      const expectSame = async (before: bigint) => {
        const distance = (await seen()) - before;
        // The order's limit is on its way, not its price: nothing is missing, and nothing counted twice.
        expect(distance < parseEther("1") && distance > -parseEther("1"), `off by ${distance}`).to.equal(true);
      };
      let before = await desk.nav();
      await trade(parseEther("50"));
      await expectSame(before);
      await keel.trade(alice, [{ id: call(2700), quantity: -parseEther("200") }]);
      before = await desk.nav();
      await trade(-parseEther("30")); // inventory
      await expectSame(before);
      await keel.trade(alice, [{ id: put(3300), quantity: parseEther("100") }]);
      before = await desk.nav();
      await trade(-parseEther("60")); // a part of it borrowed
      await expectSame(before);
      await keel.trade(alice, [{ id: put(3300), quantity: -parseEther("100") }]);
      await keel.trade(alice, [{ id: call(2700), quantity: parseEther("60") }]);
      before = await desk.nav();
      await trade(parseEther("10")); // covers
      await expectSame(before);
    });
  });
});
