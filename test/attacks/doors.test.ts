import { expect } from "chai";
import { type Abi, type Address, encodeFunctionData, parseAbi, parseEther, parseUnits } from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { sqrtPriceX96 } from "../../simulator/chain/prices.ts";
import { NO_LIMIT, deskEvents, deskOf, setVaultCash } from "../helpers/desk.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice, bob] = TRADERS as [Address, Address];
const mallory = devAccount(DEV_ROLES.traders[3]).address;
const GRACE = 1800;
const BLOCK = 12;
/** Of NAV, what all doors for anyone may cost LPs in a day. */
const DAILY = 0.001;
const slotAbi = parseAbi([
  "function slot0() view returns (uint160, int24 tick, uint16, uint16, uint16, uint8, bool)",
  "function tickSpacing() view returns (int24)",
]);

describe("Attack: the desk's doors, with options for a moment and liquidity where the desk has to trade", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork, { days: [7, 28], moneyness: [0.3, 0.4, 0.8, 1] });
    await dealUsdc(fork.clients, fork.protocols.usdc, alice, parseUnits("20000000", 6));
    const { weth, usdc } = fork.protocols;
    const sender = { public: fork.clients.public, wallet: fork.clients.wallet, account: mallory };
    const code = compiled("test/harness/DoorAdversary");
    const { desk, market } = built.keel;
    const address = await deployContract(sender, code, [weth, usdc, desk.address, market.address]);
    await dealWeth(fork.clients, weth, address, parseEther("100000"));
    await dealUsdc(fork.clients, usdc, address, parseUnits("300000000", 6));
    return { ...built, door: { address, abi: [...code.abi, ...errorsAbi] as Abi } };
  });
  const desk = deskOf(world);

  const attack = (functionName: string, args: readonly unknown[]) =>
    world().keel.write(mallory, { ...world().door, functionName, args });

  /** Dollars that the adversary and his friend have at the oracle's price. */
  async function wealth(): Promise<number> {
    const { clients, protocols, door } = world();
    let total = 0;
    for (const who of [door.address, mallory, alice]) {
      total += Number(await balanceOf(clients, protocols.usdc, who)) / 1e6;
      total += (Number(await balanceOf(clients, protocols.weth, who)) / 1e18) * 3000;
    }
    return total;
  }
  const nav = async () => Number(await desk.nav()) / 1e18;

  async function pass(seconds: number): Promise<void> {
    await world().clients.test.increaseTime({ seconds });
    await world().market.moveTo(3000, { forceRound: true });
  }

  /** A pool that stands just where the desk has to stop, with liquidity of the adversary's from there on. */
  async function trap(buys: boolean, slippageBps: number, fee: "500" | "3000" = "500") {
    const { clients, protocols } = world();
    const pool = protocols.uniswap.pools[fee];
    const share = slippageBps / 10_000;
    const limit = buys ? 3000 * (1 + share) * (1 - Number(fee) / 1e6) : (3000 * (1 - share)) / (1 - Number(fee) / 1e6);
    const [, tick] = await clients.public.readContract({ address: pool, abi: slotAbi, functionName: "slot0" });
    const spacing = await clients.public.readContract({ address: pool, abi: slotAbi, functionName: "tickSpacing" });
    const isBase0 = BigInt(protocols.weth) < BigInt(protocols.usdc);
    const shift = Math.log(limit / 3000) / Math.log(1.0001);
    const lower = Math.floor((tick + (isBase0 ? shift : -shift)) / spacing) * spacing - spacing;
    const inside = buys ? 0.9999 : 1.0001;
    return {
      ...{ pool, buys, lower, upper: lower + 3 * spacing, liquidity: fee === "500" ? 10n ** 21n : 3n * 10n ** 20n },
      push: sqrtPriceX96(protocols, limit * inside),
      back: sqrtPriceX96(protocols, 3000),
    };
  }

  async function orderOf(amount: bigint, fee = 500) {
    return {
      ...{ amount, cashLimit: amount > 0n ? NO_LIMIT : 0n, venue: world().keel.contracts.uniswapV3Venue },
      route: encodeRoute([{ shareBps: 10_000n, hops: [fee] }]),
      deadline: await desk.deadline(),
    };
  }

  describe("a hedge that anyone may make", () => {
    it("T61: delta that is gone before the block is over is not seen, however much", async () => {
      const { call, clients, keel } = world();
      await attack("show", [call(2400), parseEther("300")]);
      expect(await clients.public.readContract({ ...keel.desk, functionName: "seenOutside" })).to.deep.equal([0n, 0n]);
      await pass(GRACE);
      const args = [
        call(2400),
        parseEther("300"),
        parseEther("300"),
        await trap(true, 10),
        await orderOf(parseEther("250")),
      ];
      await expectRevert(attack("hedge", args), "NotYetOpen");
    });

    it("T61: a hedge undoes no more than was seen before, though far more is there in its block", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [{ id: call(2400), quantity: parseEther("60") }]);
      await keel.write(bob, { ...keel.desk, functionName: "poke" });
      const seen = -(await desk.netDelta());
      await pass(GRACE);
      const before = { wealth: await wealth(), nav: await nav() };
      const through = async (amount: bigint) => {
        const order = await orderOf(amount);
        return attack("hedge", [call(2400), parseEther("320"), parseEther("320"), await trap(true, 10), order]);
      };
      await expectRevert(through(parseEther("300")), "NotTowardsNeutral");
      const receipt = await through((seen * 999n) / 1000n);
      const [filled] = deskEvents(receipt, "Rebalanced");
      expect((filled?.args.amount ?? 0n) <= (seen * 1001n) / 1000n, "more than was seen").to.equal(true);
      const gain = (await wealth()) - before.wealth;
      console.log(`      gained ${gain.toFixed(0)} dollars; NAV ${((await nav()) - before.nav).toFixed(0)}`);
      expect(gain).to.be.at.most(50); // the bounty
    });

    it("T61: a hedge undoes no more than was seen a grace period ago, though the net delta has grown since", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [{ id: call(2400), quantity: parseEther("60") }]);
      await keel.write(bob, { ...keel.desk, functionName: "poke" });
      const seen = -(await desk.netDelta());
      await pass(GRACE - BLOCK);
      await keel.trade(alice, [{ id: call(2400), quantity: parseEther("40") }]);
      await pass(BLOCK);
      const order = await desk.rebalance((seen * 3n) / 2n, { open: true, from: bob });
      const [filled] = deskEvents(order, "Rebalanced");
      const share = Number(filled?.args.amount ?? 0n) / Number(seen);
      expect(share, "of what was seen").to.be.within(0.99, 1.0001);
      await expectRevert(desk.rebalance(parseEther("10"), { open: true, from: bob }), "NotYetOpen");
    });

    for (const sightings of [1, 3] as const) {
      it(`T61: holding over the seam of two blocks, ${sightings + 1} times, costs more than ${sightings} sightings let through`, async function () {
        this.timeout(600_000);
        const { call } = world();
        const size = parseEther("380");
        const before = { wealth: await wealth(), nav: await nav() };
        for (let i = 0; i < sightings; i++) {
          await attack("trade", [call(2400), size]);
          await pass(BLOCK);
          await attack("showAndSell", [call(2400), size]);
          await pass(GRACE);
        }
        await attack("trade", [call(2400), size]);
        await pass(BLOCK);
        const allowed = await world().clients.public.readContract({
          ...world().keel.desk,
          functionName: "opening",
          args: [1],
        });
        expect(allowed[1]).to.equal(BigInt(10 * sightings));
        const order = await orderOf(parseEther("360"));
        const budget = (await desk.budgetLeft(1)).loss;
        let gain = -Infinity;
        // What the budget lets through at this bound, and less.
        for (const amount of [360n, 200n, 75n]) {
          const snapshot = await world().clients.test.snapshot();
          const args = [
            call(2400),
            0n,
            size,
            await trap(true, 10 * sightings),
            { ...order, amount: amount * 10n ** 18n },
          ];
          const done = await attack("hedge", args).then(
            () => true,
            () => false,
          );
          if (done) {
            gain = Math.max(gain, (await wealth()) - before.wealth);
            expect(before.nav - (await nav())).to.be.at.most(DAILY * before.nav);
          }
          await world().clients.test.revert({ id: snapshot });
        }
        console.log(
          `      ${sightings} sightings, budget ${Number(budget) / 1e16} % of NAV: best gain ${gain.toFixed(0)} dollars`,
        );
        expect(gain).to.be.at.most(50);
        expect(gain, "a fill was tried").to.be.greaterThan(-Infinity);
      });
    }

    it("T61: who holds for longer is hedged by the keeper, and finds the door shut", async () => {
      const { call } = world();
      const before = await wealth();
      await attack("trade", [call(2400), parseEther("380")]);
      await pass(BLOCK);
      await world().keel.write(mallory, { ...world().keel.desk, functionName: "poke" });
      await desk.neutral();
      await pass(GRACE);
      const args = [call(2400), 0n, parseEther("380"), await trap(true, 10), await orderOf(parseEther("300"))];
      await expectRevert(attack("hedge", args), "NotYetOpen");
      await attack("trade", [call(2400), -parseEther("380")]);
      expect((await wealth()) - before).to.be.at.most(0);
    });
  });

  for (const fee of ["500", "3000"] as const) {
    it(`T62: a shortfall made to order, and a forced sale into his own liquidity in the ${fee} pool`, async function () {
      this.timeout(600_000);
      const { keel, clients, market, expiries, call, protocols } = world();
      await market.moveTo(3000, { at: Number(expiries[0]) - 7200, forceRound: true });
      await keel.postSurface(new Map(expiries.map((expiry) => [expiry, flat] as const)));
      await pass(130);
      for (let i = 0; i < 10; i++) {
        await keel.trade(alice, [{ id: call(i % 2 ? 1200 : 900), quantity: parseEther("160") }]);
        for (let part = 3n; part > 0n; part--) {
          const net = await desk.netDelta();
          await desk.rebalance(part > 1n ? -net / part : (-net * 999_999n) / 1_000_000n);
          await market.arbitrage(3000);
        }
        await pass(125);
      }
      await market.moveTo(3000, { at: Number(expiries[0]) + BLOCK, forceRound: true });
      const round = await findSettlementRound(clients.public, protocols.feed, expiries[0]);
      const start = await nav();
      const rich = await wealth();
      const route = () => orderOf(1n, Number(fee));
      if (fee === "500") {
        const atOnce = [expiries[0], round, await trap(false, 10, fee), await route()];
        await expectRevert(attack("raise", atOnce), "KeepersFirst");
      }
      await keel.settle(expiries[0]);
      let raised = 0;
      for (let hour = 0; hour < 24; hour++) {
        await keel.write(mallory, { ...keel.desk, functionName: "poke" });
        await pass(3600);
        const [, slippage] = await clients.public.readContract({ ...keel.desk, functionName: "opening", args: [2] });
        const args = [0n, 0n, await trap(false, Number(slippage), fee), await route()];
        raised += await attack("raise", args).then(
          () => 1,
          () => 0,
        );
      }
      const lost = start - (await nav());
      console.log(
        `      in a day without a keeper: ${raised} forced sales, NAV −${lost.toFixed(0)} (${((lost / start) * 100).toFixed(3)} %), ` +
          `adversary ${((await wealth()) - rich).toFixed(0)}`,
      );
      expect(lost / start).to.be.at.most(DAILY);
      const missing = () => clients.public.readContract({ ...keel.vault, functionName: "shortfall" });
      for (let calls = 0; (await missing()) > 0n && calls < 8; calls++) {
        await market.arbitrage(3000);
        await keel.write(devAccount(DEV_ROLES.keeper).address, {
          ...keel.desk,
          functionName: "raiseCash",
          args: [await desk.route()],
        });
      }
      expect(await missing(), "a keeper raises the rest at once").to.equal(0n);
    });
  }

  it("T61: gamma of this block's trades is no delta either, however far the mark is from spot", async () => {
    const { keel, market, clients, expiries, call } = world();
    const move = async (price: number) => {
      await market.moveTo(price, { forceRound: true });
      await clients.test.increaseTime({ seconds: 130 });
      await market.report(price);
    };
    await market.moveTo(3000, { at: Number(expiries[0]) - 7_000, forceRound: true });
    await keel.renewSurface();
    await move(3000);
    await keel.write(bob, { ...keel.vault, functionName: "mark" });
    await move(3014.9);
    for (const contracts of [200, 300, 380]) {
      await attack("show", [call(3000), parseEther(String(contracts))]).catch(() => undefined);
      const seen = await clients.public.readContract({ ...keel.desk, functionName: "seenOutside" });
      expect(seen, `${contracts} contracts`).to.deep.equal([0n, 0n]);
    }
  });

  it("T61: a keeper's key does not keep the door shut with options for a moment", async () => {
    const { keel, clients, call, put, expiries } = world();
    await dealUsdc(clients, world().protocols.usdc, KEEPER, parseUnits("5000000", 6));
    await keel.trade(alice, [{ id: call(2400, expiries[1]), quantity: parseEther("100") }]);
    await keel.write(bob, { ...keel.desk, functionName: "poke" });
    await pass(GRACE + 5);
    const opening = () => clients.public.readContract({ ...keel.desk, functionName: "opening", args: [1] });
    const [open] = await opening();
    expect(open).to.be.above(parseEther("50"));
    // In one block: as many puts as calls, a crumb of a hedge, and the puts again.
    await clients.test.setAutomine(false);
    const hedge = {
      ...{ amount: parseEther("0.00001"), cashLimit: NO_LIMIT, venue: keel.contracts.uniswapV3Venue },
      ...{ route: encodeRoute([{ shareBps: 10_000n, hops: [500] }]), deadline: await desk.deadline(6_000n) },
    };
    const id = put(3000, expiries[1]);
    const trade = (quantity: bigint) => [[{ id, quantity }], 2n ** 100n, KEEPER, 2n ** 40n] as const;
    const { market } = keel;
    const tradeData = (quantity: bigint) =>
      encodeFunctionData({ abi: market.abi, functionName: "trade", args: trade(quantity) });
    const hedgeData = encodeFunctionData({ abi: keel.desk.abi, functionName: "rebalance", args: [hedge] });
    const calls = [
      { to: market.address, data: tradeData(parseEther("180")) },
      { to: keel.desk.address, data: hedgeData },
      { to: market.address, data: tradeData(-parseEther("180")) },
    ];
    const usdcAbi = parseAbi(["function approve(address, uint256) returns (bool)"]);
    const { usdc } = world().protocols;
    const fees = { account: KEEPER, chain: null, gas: 3_000_000n } as const;
    const sent = [
      await clients.wallet.writeContract({
        ...fees,
        address: usdc,
        abi: usdcAbi,
        functionName: "approve",
        args: [keel.market.address, 2n ** 255n],
      }),
    ];
    for (const { to, data } of calls) sent.push(await clients.wallet.sendTransaction({ ...fees, to, data }));
    await clients.test.mine({ blocks: 1 });
    await clients.test.setAutomine(true);
    const receipts = await Promise.all(sent.map((hash) => clients.public.getTransactionReceipt({ hash })));
    expect(receipts.map(({ status }) => status)).to.deep.equal(["success", "success", "success", "success"]);
    expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).to.equal(1);
    expect((await opening())[0]).to.equal(open);
  });

  it("T62: nobody goes before keepers with the hedge of an empty book", async () => {
    const { keel, call, clients } = world();
    await keel.trade(alice, [{ id: call(2400), quantity: parseEther("100") }]);
    await desk.neutral();
    await world().market.arbitrage(3000);
    await keel.trade(alice, [{ id: call(2400), quantity: -parseEther("100") }]);
    const unwind = async (who: Address) =>
      keel.write(who, { ...keel.desk, functionName: "unwind", args: [parseEther("1000"), await desk.route()] });
    await expectRevert(unwind(bob), "KeepersFirst");
    await keel.write(bob, { ...keel.desk, functionName: "poke" });
    await pass(GRACE + 5);
    const snapshot = await clients.test.snapshot();
    await unwind(bob);
    await clients.test.revert({ id: snapshot });
    await unwind(KEEPER);
  });

  it("T62: a shortfall that nobody could raise for want of a price does not open the door", async () => {
    const { keel, call, clients, expiries, market } = world();
    await keel.trade(alice, [{ id: call(2400), quantity: parseEther("100") }]);
    await desk.neutral();
    await market.moveTo(3000, { at: Number(expiries[0]) + 12, forceRound: true });
    await keel.settle(expiries[0]);
    await setVaultCash(world(), 1_000n);
    await clients.test.increaseTime({ seconds: 5_000 });
    await clients.test.mine({ blocks: 1 });
    await expectRevert(keel.write(bob, { ...keel.desk, functionName: "poke" }), "StalePrice");
    await market.moveTo(3000, { forceRound: true });
    const [size] = await clients.public.readContract({ ...keel.desk, functionName: "opening", args: [2] });
    expect(size).to.equal(0n);
  });

  it("T62: the hedge of a book that he has emptied is closed within the budget of what is forced", async () => {
    const { call, clients, keel } = world();
    const before = { wealth: await wealth(), nav: await nav() };
    await attack("trade", [call(2400), parseEther("300")]);
    await pass(BLOCK);
    await desk.neutral();
    await world().market.arbitrage(3000);
    const hedged = await nav();
    await attack("trade", [call(2400), -parseEther("300")]);
    await pass(BLOCK);
    await keel.write(bob, { ...keel.desk, functionName: "poke" });
    await pass(GRACE);
    expect(await clients.public.readContract({ ...keel.vault, functionName: "openContracts" })).to.equal(0n);
    const order = await orderOf(1n);
    await attack("unwind", [parseEther("1000"), await trap(false, 10), order]);
    const gain = (await wealth()) - before.wealth;
    console.log(`      gained ${gain.toFixed(0)} dollars; NAV ${((await nav()) - hedged).toFixed(0)} since the hedge`);
    expect(gain).to.be.at.most(0);
    expect(hedged - (await nav())).to.be.at.most(DAILY * before.nav);
  });
});

const flat = { atmVol: parseEther("0.7"), skew: -parseEther("0.1"), curvature: parseEther("1"), carry: 0n };
