import { expect } from "chai";
import { type Address, parseAbi, parseEther, zeroAddress } from "viem";
import { readHedgeState } from "../../../keeper/chain/hedgeState.ts";
import { type DeskOrder, deskOrder } from "../../../keeper/execution/deskOrder.ts";
import { contractsOf } from "../../../sdk/contracts.ts";
import { type Plan, planHedge } from "../../../keeper/hedging/planner.ts";
import type { HedgeState } from "../../../keeper/hedging/state.ts";
import { uniswapV3Venue } from "../../../keeper/venues/uniswapV3/venue.ts";
import type { HedgeVenue } from "../../../keeper/venues/venue.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { slippageOf } from "../../../keeper/hedging/route.ts";
import { abs, fromWad } from "../../../sdk/units.ts";
import { deskEvents, deskOf, setVaultCash } from "../../helpers/desk.ts";
import { GOVERNOR, TRADERS, keelWorld } from "../../helpers/keelWorld.ts";
import { useFork } from "../../helpers/localFork.ts";
import { buy, marketSide, sell } from "../../helpers/marketSide.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { expectRevert } from "../../helpers/reverts.ts";
import { flatQuotes } from "../support/hedgeStates.ts";

const [ALICE] = TRADERS as [Address];
const SPOT = 3000;
const TWAP_WINDOW = 120;
/** Nothing is urgent unless a test is about that. */
const CALM = { ...DEFAULT_POLICY, maxGapBps: 25, target: "neutral", urgentBands: 1e9, emergencyBands: 1e9 } as const;

describe("State of a hedge, from the pools that it goes through", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await built.keel.trade(ALICE, [buy(built.call(2400), 200)]);
    return built;
  });
  const desk = deskOf(world);
  const side = marketSide(world);

  /** Uniswap's pools, asked where the deployment says unless told otherwise. */
  function uniswap(quoter?: Address): HedgeVenue {
    const { keel, protocols } = world();
    const contracts = contractsOf({ network: "fork", contracts: { ...keel.contracts } });
    const asked = quoter ? { ...protocols, uniswap: { ...protocols.uniswap, quoter } } : protocols;
    return uniswapV3Venue({ protocols: asked }, contracts, 500);
  }

  /** What a keeper sees at the newest block, and plans. */
  async function plan(policy: HedgePolicy = CALM, venues: readonly HedgeVenue[] = [uniswap()]) {
    const { clients, keel, protocols } = world();
    const contracts = contractsOf({ network: "fork", contracts: { ...keel.contracts } });
    const block = await clients.public.getBlockNumber();
    const read = await readHedgeState(clients.public, { contracts, protocols, venues }, block, policy);
    const state: HedgeState = { ...read, memory: {} };
    return { state, plan: planHedge(state, policy) };
  }

  /** How much worse than the oracle a plan expects to fill, basis points. */
  function expectedBps(decided: Plan): number {
    return decided.decision === "hedge" ? decided.route.slippageBps : expect.fail(`It holds: ${decided.reason.code}.`);
  }

  async function order(policy?: HedgePolicy, venues?: readonly HedgeVenue[]): Promise<DeskOrder> {
    const { plan: decided } = await plan(policy, venues);
    if (decided.decision !== "hedge") return expect.fail(`It holds: ${decided.reason.code}.`);
    return deskOrder(decided, venues ?? [uniswap()]);
  }

  /** Fills an order and says how much of it, and how much worse than the oracle, in basis points. */
  async function fill({ amount, cashLimit, venue, route }: DeskOrder) {
    const [event] = deskEvents(await desk.rebalance(amount, { cashLimit, venue, route }), "Rebalanced");
    if (!event) throw new Error("A fill reports itself.");
    const { amount: filled, cash } = event.args;
    return { filled, slippageBps: slippageOf(filled, cash, SPOT) };
  }

  /** Undoes what `work` does to the chain. */
  async function tried<T>(work: () => Promise<T>): Promise<T> {
    const { clients } = world();
    const id = await clients.test.snapshot();
    const result = await work();
    await clients.test.revert({ id });
    return result;
  }

  /** Turns the vault from short to long by as much. */
  async function turnLong(): Promise<void> {
    const { keel, call, market, clients } = world();
    await desk.neutral();
    await keel.trade(ALICE, [sell(call(2400), 200)]);
    await market.arbitrage(SPOT);
    await clients.test.increaseTime({ seconds: 2 * TWAP_WINDOW });
    await market.report(SPOT);
  }

  for (const isBuy of [true, false]) {
    describe(isBuy ? "a purchase" : "a sale", () => {
      beforeEach(async () => {
        if (!isBuy) await turnLong();
      });
      const worsened = (bps: number) => SPOT * (1 + ((isBuy ? 1 : -1) * bps) / 1e4);

      it("is expected to fill as the pool then fills it", async () => {
        const { plan: decided } = await plan();
        const { filled, slippageBps } = await fill(await order());
        expect(filled > 0n).to.equal(isBuy);
        expect(slippageBps).to.be.above(5);
        expectClose(expectedBps(decided), slippageBps, 0.05);
      });

      it("reverts between the slices of a sandwich, where the oracle's bound alone would let it fill", async () => {
        const { market } = world();
        const pending = await order();
        await market.arbitrage(worsened(40));
        await expectRevert(fill(pending), "NothingFilled");
        const open = { ...pending, cashLimit: isBuy ? 2n ** 128n : 0n };
        const { filled, slippageBps } = await tried(() => fill(open));
        expect(filled, "without a limit of its own").to.equal(pending.amount);
        expect(slippageBps).to.be.above(40);
        await market.arbitrage(SPOT); // and gone again
        expect((await fill(pending)).filled).to.equal(pending.amount);
      });

      it("never fills further from what was expected than the margin, however the pool is pushed", async () => {
        const { market } = world();
        const pending = await order();
        const expected = expectedBps((await plan()).plan);
        for (const push of [4, 8, 12]) {
          const { filled, slippageBps } = await tried(async () => {
            await market.arbitrage(worsened(push));
            return fill(pending);
          });
          expect(abs(filled) <= abs(pending.amount)).to.equal(true);
          expect(slippageBps - expected, `pushed by ${push} bp`).to.be.at.most(DEFAULT_POLICY.fillMarginBps + 1);
        }
      });

      it("has to fill better than the oracle where the pool does", async () => {
        const { market } = world();
        await market.arbitrage(worsened(-40));
        const expected = expectedBps((await plan()).plan);
        expect(expected).to.be.within(-36, -20);
        const pending = await order();
        const limit = slippageOf(pending.amount, pending.cashLimit, SPOT);
        expectClose(limit, Math.ceil(expected) + DEFAULT_POLICY.fillMarginBps, 0.01);
        await market.arbitrage(SPOT);
        await expectRevert(fill(pending), "NothingFilled");
      });
    });
  }

  it("has no answers when there is nobody to ask: then the slippage bound alone holds, in the home pool", async () => {
    const { plan: decided, state } = await plan(CALM, [uniswap(zeroAddress)]);
    expect(state.venues.flatMap(({ pools }) => pools.flatMap(({ quotes }) => quotes))).to.deep.equal([]);
    if (decided.decision !== "hedge") return expect.fail("It holds.");
    expectClose(slippageOf(decided.order.amount, decided.order.cashLimit, SPOT), DEFAULT_POLICY.slippageBps, 0.01);
    expect(decided.route.parts.map(({ feeTier }) => feeTier)).to.deep.equal([500]);
  });

  it("asks nobody while nothing would be ordered whatever they say", async () => {
    await desk.neutral();
    const { state, plan: decided } = await plan();
    expect(decided.reason.code).to.equal("inside-band");
    expect(state.venues.map(({ pools }) => pools)).to.deep.equal([[]]);
  });

  it("splits an order over two pools where that is cheaper than one, and fills as expected", async () => {
    const { clients, keel, call, market } = world();
    await keel.trade(ALICE, [buy(call(2400), 200)]);
    await market.arbitrage(SPOT + 9); // the cheap pool's next unit costs what the dear one's does after some
    await clients.test.increaseTime({ seconds: 2 * TWAP_WINDOW });
    await market.report(SPOT);
    const policy = { ...CALM, maxGapBps: 500, maxClip: 1000 };
    const { plan: decided } = await plan(policy);
    if (decided.decision !== "hedge") return expect.fail(decided.reason.code);
    const tiers = decided.route.parts.map(({ feeTier }) => feeTier);
    expect(tiers).to.have.members([500, 3000]);
    const { filled, slippageBps } = await fill(deskOrder(decided, [uniswap()]));
    expect(filled).to.equal(decided.order.amount);
    expectClose(slippageBps, decided.route.slippageBps, 0.5);
  });

  it("takes another venue where it is cheaper: one is a name, an address, answers and an encoding", async () => {
    const home = uniswap();
    /** Promises half a percent better than the oracle, and sends everything through one pool. */
    const generous: HedgeVenue = {
      ...{ name: "generous", address: home.address, maxParts: 1, home: 3000 },
      quote: (_, { isBuy, sizes }) => Promise.resolve([{ feeTier: 3000, quotes: flatQuotes(sizes, isBuy, SPOT, -50) }]),
      encode: (parts) => home.encode(parts),
    };
    const { plan: decided } = await plan(CALM, [home, generous]);
    if (decided.decision !== "hedge") return expect.fail(decided.reason.code);
    expect(decided.route).to.deep.include({ venue: "generous" });
    expect(decided.route.parts.map(({ feeTier }) => feeTier)).to.deep.equal([3000]);
    const sent = deskOrder(decided, [home, generous]);
    expect(sent.route).to.equal(home.encode([{ feeTier: 3000, shareBps: 10_000n }]));
    await expectRevert(fill(sent), "NothingFilled"); // it did not keep its promise, and the limit held
    const dear: HedgeVenue = { ...generous, quote: async (...asked) => (await home.quote(...asked)).slice(0, 0) };
    expect((await plan(CALM, [home, dear])).plan).to.have.nested.property("route.venue", home.name);
  });

  it("reads what borrowing costs from Aave, and buys a short back without free cash, out of the collateral", async () => {
    const { keel, call, put, clients } = world();
    await desk.neutral();
    await keel.trade(ALICE, [sell(call(2400), 200)]);
    await keel.trade(ALICE, [buy(put(3300), 200)]);
    const neutral = { ...CALM, maxGapBps: 500, maxClip: 1000 };
    expect((await fill(await order(neutral))).filled < 0n).to.equal(true);
    const { state } = await plan(neutral);
    expect(state.desk.holdings.debt > 0n).to.equal(true);
    const { aave, weth } = world().protocols;
    const rate = await clients.public.readContract({
      address: aave.pool,
      abi: parseAbi([
        "function getReserveData(address) view returns ((uint256 configuration, uint128 liquidityIndex, uint128 currentLiquidityRate, uint128 variableBorrowIndex, uint128 currentVariableBorrowRate))",
      ]),
      functionName: "getReserveData",
      args: [weth],
    });
    expectClose(state.desk.loan?.borrowRate ?? 0, Number(rate.currentVariableBorrowRate) / 1e27, 1e-9);
    expect(state.desk.loan?.borrowRate).to.be.above(0);

    await keel.trade(ALICE, [sell(put(3300), 200)]);
    await setVaultCash(world(), 0n);
    const { state: broke } = await plan(neutral);
    expect(broke.snapshot.vault.freeCash).to.equal(0n);
    const back = await order(neutral);
    expect(back.amount > 0n).to.equal(true);
    expect((await fill(back)).filled).to.equal(back.amount);
    expect((await desk.holdings()).debt < broke.desk.holdings.debt).to.equal(true);
  });

  it("hedges at a NAV below zero, out of the budgets that the desk grants then", async () => {
    await setVaultCash(world(), 30_000_000_000n);
    const { state, plan: decided } = await plan();
    expect(state.snapshot.vault.nav < 0n, "under water").to.equal(true);
    expect(decided.reason).to.include({ code: "outside-band", limitedBy: "cash" });
    const sent = await order();
    expect((await fill(sent)).filled).to.equal(sent.amount);
  });

  it("has the average as the desk judges by it; a routine order waits until it is near, an urgent one does not", async () => {
    const { market } = world();
    expectClose(fromWad((await plan()).state.average ?? 0n), SPOT, 1);
    await market.arbitrage(2985);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(SPOT);
    const { state, plan: waiting } = await plan();
    expectClose(fromWad(state.average ?? 0n), 2985, 1);
    expect(waiting.reason).to.include({ code: "prices-apart", spot: SPOT });
    const urgent = await plan({ ...CALM, urgentBands: 1 });
    expect(urgent.plan).to.include({ decision: "hedge", urgency: "urgent" });
    await market.arbitrage(SPOT);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(SPOT);
    expect((await plan()).plan.decision).to.equal("hedge");
  });

  it("counts what an order may lose as the desk does: by the oracle alone, the budget would be overdrawn and nothing filled", async () => {
    const { market, keel } = world();
    const budgets = { turnover: parseEther("12"), loss: parseEther("0.002") }; // 1,500 dollars at once
    await keel.write(GOVERNOR, { ...keel.desk, functionName: "setBudgets", args: [budgets] });
    await market.arbitrage(2987);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(SPOT);
    await market.arbitrage(SPOT); // the average stays behind, so that a fill at the oracle's price counts as a loss
    const urgent = { ...CALM, urgentBands: 1 };
    const pending = await order(urgent);
    const { average, ...others } = (await plan(urgent)).state;
    expect(fromWad(average ?? 0n)).to.be.below(2995);
    const blind = planHedge(others, urgent);
    if (blind.decision !== "hedge") return expect.fail(blind.reason.code);
    await expectRevert(fill(deskOrder(blind, [uniswap()])), "LossExceeded");
    expect((await fill(pending)).filled).to.equal(pending.amount);
    expect(pending.amount).to.satisfy((amount: bigint) => amount >= parseEther("40") && amount < blind.order.amount);
  });
});
