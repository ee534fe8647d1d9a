import { expect } from "chai";
import { type Address, parseEther, zeroAddress } from "viem";
import { type HedgePool, readConditions } from "../../../keeper/chain/conditions.ts";
import { contractsOf } from "../../../sdk/contracts.ts";
import { uniswapRouting } from "../../../sdk/route.ts";
import { quoterOf } from "../../../keeper/chain/quoter.ts";
import { readSnapshot } from "../../../sdk/actions/snapshot.ts";
import { type Order, planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { slippageOf } from "../../../keeper/hedging/route.ts";
import { abs, fromWad } from "../../../sdk/units.ts";
import { deskEvents, deskOf } from "../../helpers/desk.ts";
import { GOVERNOR, TRADERS, keelWorld } from "../../helpers/keelWorld.ts";
import { useFork } from "../../helpers/localFork.ts";
import { buy, marketSide, sell } from "../../helpers/marketSide.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { expectRevert } from "../../helpers/reverts.ts";

const [ALICE] = TRADERS as [Address];
const SPOT = 3000;
const TWAP_WINDOW = 120;
/** Nothing is urgent unless a test is about that. */
const CALM = { ...DEFAULT_POLICY, maxGapBps: 25, target: "neutral", urgentBands: 1e9, emergencyBands: 1e9 } as const;

describe("Conditions of a hedge, from the pool that it goes through", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await built.keel.trade(ALICE, [buy(built.call(2400), 200)]);
    return built;
  });
  const desk = deskOf(world);
  const side = marketSide(world);

  /** What a keeper sees at the newest block, and plans. */
  async function plan(policy: HedgePolicy = CALM, changes: Partial<HedgePool> = {}) {
    const { clients, keel, protocols } = world();
    const contracts = contractsOf({ network: "fork", contracts: { ...keel.contracts } });
    const snapshot = await readSnapshot(clients.public, contracts, await clients.public.getBlockNumber());
    const pool = { quoter: quoterOf({ protocols }), feeTier: 500, maxClip: policy.maxClip, ...changes };
    const conditions = await readConditions(clients.public, contracts, snapshot, pool);
    const routing = uniswapRouting(contracts, 500);
    return { snapshot, routing, conditions, plan: planHedge(snapshot, policy, routing, conditions) };
  }

  async function order(policy?: HedgePolicy): Promise<Order> {
    const { plan: decided } = await plan(policy);
    return decided.decision === "hedge" ? decided.order : expect.fail(`It holds: ${decided.reason.code}.`);
  }

  /** Fills an order and says how much of it, and how much worse than the oracle, in basis points. */
  async function fill({ amount, cashLimit, venue, route }: Order) {
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
        const { conditions } = await plan();
        const { filled, slippageBps } = await fill(await order());
        expect(filled > 0n).to.equal(isBuy);
        expect(slippageBps).to.be.above(5);
        expectClose(conditions.expectedBps ?? 0, slippageBps, 0.05); // the order stops short of neutral
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
        const expected = (await plan()).conditions.expectedBps ?? 0;
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
        const { conditions } = await plan();
        expect(conditions.expectedBps).to.be.within(-36, -20);
        const pending = await order();
        const limit = slippageOf(pending.amount, pending.cashLimit, SPOT);
        expectClose(limit, Math.ceil(conditions.expectedBps ?? 0) + DEFAULT_POLICY.fillMarginBps, 0.01);
        await market.arbitrage(SPOT);
        await expectRevert(fill(pending), "NothingFilled");
      });
    });
  }

  it("have no expected fill when there is nobody to ask, or no such pool: then the slippage bound alone holds", async () => {
    const { protocols } = world();
    const quoter = { ...quoterOf({ protocols }), quoter: zeroAddress };
    const { conditions, plan: decided } = await plan(CALM, { quoter });
    expect(conditions).not.to.have.property("expectedBps");
    if (decided.decision !== "hedge") return expect.fail("It holds.");
    expectClose(slippageOf(decided.order.amount, decided.order.cashLimit, SPOT), DEFAULT_POLICY.slippageBps, 0.01);
    expect((await plan(CALM, { feeTier: 10_000 })).conditions, "no such pool").not.to.have.property("expectedBps");
  });

  it("have the average as the desk judges by it; a routine order waits until it is near, an urgent one does not", async () => {
    const { market } = world();
    expectClose(fromWad((await plan()).conditions.average ?? 0n), SPOT, 1);
    await market.arbitrage(2985);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(SPOT);
    const { conditions, plan: waiting } = await plan();
    expectClose(fromWad(conditions.average ?? 0n), 2985, 1);
    expect(waiting.reason).to.include({ code: "prices-apart", spot: SPOT });
    const urgent = await plan({ ...CALM, urgentBands: 1 });
    expect(urgent.plan).to.include({ decision: "hedge", urgency: "urgent" });
    await market.arbitrage(SPOT);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(SPOT);
    expect((await plan()).plan.decision).to.equal("hedge");
  });

  it("count what an order may lose as the desk does: by the oracle alone, the budget would be overdrawn and nothing filled", async () => {
    const { market, keel } = world();
    const budgets = { turnover: parseEther("12"), loss: parseEther("0.002") }; // 1,500 dollars at once
    await keel.write(GOVERNOR, { ...keel.desk, functionName: "setBudgets", args: [budgets] });
    await market.arbitrage(2987);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(SPOT);
    await market.arbitrage(SPOT); // the average stays behind, so that a fill at the oracle's price counts as a loss
    const urgent = { ...CALM, urgentBands: 1 };
    const pending = await order(urgent);
    const { snapshot, conditions, routing } = await plan(urgent);
    const { average, ...others } = conditions;
    expect(fromWad(average ?? 0n)).to.be.below(2995);
    const blind = planHedge(snapshot, urgent, routing, others);
    if (blind.decision !== "hedge") return expect.fail(blind.reason.code);
    await expectRevert(fill(blind.order), "LossExceeded");
    expect((await fill(pending)).filled).to.equal(pending.amount);
    expect(pending.amount).to.satisfy((amount: bigint) => amount >= parseEther("40") && amount < blind.order.amount);
  });
});
