import { expect } from "chai";
import type { DeskState } from "../../../keeper/hedging/deskState.ts";
import { type HedgeProposal, proposeHedge, wantedHedge } from "../../../keeper/hedging/hedgeOrder.ts";
import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import { ladder } from "../../../keeper/hedging/route.ts";
import { fromUsdc, fromWad, toWad } from "../../../sdk/units.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { type TheoreticalPool, quotesOf } from "../support/constantProduct.ts";

const NOW = 1_800_000_000;
const POOLS: readonly TheoreticalPool[] = [
  { fee: 0.0005, reserve: 20_000, price: 3000 },
  { fee: 0.003, reserve: 5_000, price: 3000 },
];
const dollars = (value: number) => BigInt(Math.round(value * 1e6));

/** A desk of a vault with three million dollars, a million of it free, two thirds of a percent to lose. */
function stateOf(changes: Partial<DeskState> = {}): DeskState {
  return {
    block: { number: 1n, time: NOW },
    spot: toWad(3000),
    netDelta: toWad(-40),
    nav: toWad(3_000_000),
    freeCash: dollars(1_000_000),
    isFlat: false,
    rules: {
      maxSlippageBps: 100,
      openSlippageBps: 60,
      bandBps: 500,
      gracePeriod: 1800,
      minBudgetNav: dollars(100_000),
    },
    budgets: {
      keepers: { turnover: toWad(3), loss: toWad(0.0025) },
      anyone: { turnover: toWad(3), loss: toWad(0.0025) },
      bounty: dollars(50),
    },
    hedge: { inventory: 0n, debt: 0n, collateral: 0n },
    loan: {
      health: 2n ** 255n,
      minHealthBps: 13_000n,
      targetHealthBps: 17_000n,
      thresholdBps: 8_000n,
      canBorrow: true,
    },
    seenOutside: { long: 0, short: 0 },
    ...changes,
  };
}

function propose(state: DeskState, { pools = POOLS, own = state.netDelta, policy = {} } = {}): HedgeProposal {
  const wanted = wantedHedge(state, DEFAULT_POLICY);
  const quotes = wanted === 0n ? [] : quotesOf(pools, ladder(wanted, 16), wanted > 0n);
  return proposeHedge({ state, pools: quotes, policy: { ...DEFAULT_POLICY, ...policy }, ownNetDelta: own });
}

/** The ordered amount in ether, and what limited it. */
function ordered(proposal: HedgeProposal): readonly [number, string | undefined] {
  if (!proposal.order) return [0, proposal.reason.code];
  return [fromWad(proposal.order.amount), proposal.limitedBy];
}

describe("Proposal of one hedge", () => {
  it("takes the net delta to just short of zero, over all pools, with a limit and a deadline", () => {
    const proposal = propose(stateOf());
    if (!proposal.order) return expect.fail("no order");
    expectClose(fromWad(proposal.order.amount), 39.98, 1e-9);
    expect(proposal.limitedBy).to.equal(undefined);
    expect(proposal.order.deadline).to.equal(NOW + DEFAULT_POLICY.deadlineSeconds);
    expectClose(fromUsdc(proposal.order.cashLimit), fromUsdc(proposal.route.cash) * 1.0015, 1e-4);
    expectClose(fromUsdc(proposal.loss), fromUsdc(proposal.route.cash) - 39.98 * 3000, 1e-4);
    expect(proposal.route.parts.map(({ feeTier }) => feeTier)).to.deep.equal([500, 3000]);
  });

  it("accepts what the pools would give now and the margin, either way, and never less than the slippage bound", () => {
    const limits = (netDelta: number, price: number, policy = {}) => {
      const pools = POOLS.map((pool) => ({ ...pool, price }));
      const { order, ...rest } = propose(stateOf({ netDelta: toWad(netDelta) }), { pools, policy });
      if (!order || !("route" in rest)) return expect.fail("no order");
      return [fromUsdc(order.cashLimit), fromUsdc(rest.route.cash), Math.abs(fromWad(order.amount)) * 3000] as const;
    };
    for (const price of [3000, 2988, 3006]) {
      const [most, cost] = limits(-12, price);
      expectClose(most, cost * 1.0015, 1e-3);
      const [least, proceeds] = limits(12, price);
      expectClose(least, proceeds * 0.9985, 1e-3);
    }
    const [most, , bought] = limits(-12, 3018, { slippageBps: 75 });
    expectClose(most, bought * 1.0075, 1e-3);
    const [least, , sold] = limits(12, 2982, { slippageBps: 75 });
    expectClose(least, sold * 0.9925, 1e-3);
  });

  it("counts what it loses at the worse of oracle and average, as the desk does", () => {
    const lossOf = (netDelta: number, average?: number) => {
      const proposal = propose(stateOf({ netDelta: toWad(netDelta), ...(average && { average: toWad(average) }) }));
      return proposal.order ? fromUsdc(proposal.loss) : expect.fail("no order");
    };
    for (const [netDelta, worse, better] of [
      [-12, 2994, 3006],
      [12, 3006, 2994],
    ] as const) {
      expectClose(lossOf(netDelta, worse) - lossOf(netDelta), 11.98 * 6, 1e-3);
      expectClose(lossOf(netDelta, better), lossOf(netDelta), 1e-9);
    }
    // Nine tenths of 150 dollars, of which the average takes 3 dollars a unit.
    const { budgets } = stateOf();
    const keepers = { ...budgets.keepers, loss: toWad(0.00005) };
    const state = stateOf({ budgets: { ...budgets, keepers } });
    const without = propose(state);
    const cut = propose({ ...state, average: toWad(2994) });
    if (!cut.order || !without.order) return expect.fail("no order");
    expect(cut.limitedBy).to.equal("loss-budget");
    expect(cut.order.amount < without.order.amount).to.equal(true);
    expectClose(fromUsdc(cut.loss), 135, 0.01);
  });

  it("sells what is too much, and everything when no option is open", () => {
    expectClose(ordered(propose(stateOf({ netDelta: toWad(12) })))[0], -11.98, 1e-9);
    const flat = stateOf({
      netDelta: toWad(0.01),
      isFlat: true,
      hedge: { inventory: toWad(0.01), debt: 0n, collateral: 0n },
    });
    expectClose(ordered(propose(flat))[0], -0.01, 1e-12);
  });

  it("holds while the net delta is neutral", () => {
    expect(ordered(propose(stateOf({ netDelta: toWad(0.015) })))).to.deep.equal([0, "neutral"]);
  });

  it("is cut to each budget, to depth, cash and collateral, and says which", () => {
    const budgets = (turnover: number, loss: number) => ({
      ...stateOf().budgets,
      keepers: { turnover: toWad(turnover), loss: toWad(loss) },
    });
    const limited = (changes: Partial<DeskState>, pools = POOLS) => ordered(propose(stateOf(changes), { pools }));
    const [byTurnover, turnover] = limited({ budgets: budgets(0.01, 0.0025) });
    expect(turnover).to.equal("turnover-budget");
    expectClose(byTurnover, 10, 1e-9);

    const tight = stateOf({ budgets: budgets(3, 0.00001) }); // 30 dollars, of which nine tenths are used
    const byLoss = propose(tight);
    if (!byLoss.order) return expect.fail("no order");
    expect(byLoss.limitedBy).to.equal("loss-budget");
    expectClose(fromUsdc(byLoss.loss), 27, 0.01);

    const [byCash, cash] = limited({ freeCash: dollars(30_000) });
    expect(cash).to.equal("cash");
    expectClose(byCash, 30_000 / 3000 / 1.008, 1e-6);

    const [byCollateral, collateral] = limited({ netDelta: toWad(40), freeCash: dollars(60_000) });
    expect(collateral).to.equal("collateral");
    expectClose(byCollateral, (-(60_000 * 0.8) / 1.7 / 3000) * 0.999, 1e-6);

    const [byDepth, depth] = limited({}, [{ fee: 0.0005, reserve: 1000, price: 3000 }]);
    expect(depth).to.equal("depth");
    expectClose(byDepth, 1000 * (1 - Math.sqrt(1 / (0.9995 * 1.008))), 0.02);

    expect(ordered(propose(stateOf(), { policy: { maxClip: 7 } }))).to.deep.equal([7, "max-clip"]);
  });

  it("orders nothing when what is left is not worth an order", () => {
    const proposal = propose(stateOf({ freeCash: dollars(30) }));
    expect(proposal).to.deep.include({ order: undefined });
    expect(ordered(proposal)[1]).to.equal("limited");
  });

  it("sells no more than the inventory while there is no lender, or it takes no loans", () => {
    const hedge = { inventory: toWad(5), debt: 0n, collateral: 0n };
    const closed = { ...stateOf().loan!, canBorrow: false };
    for (const loan of [undefined, closed]) {
      expect(ordered(propose(stateOf({ netDelta: toWad(40), hedge, loan })))).to.deep.equal([-5, "collateral"]);
    }
  });

  it("T42: does nothing while its own reading of the net delta is not the desk's", () => {
    const state = stateOf({ netDelta: toWad(30), hedge: { inventory: toWad(50), debt: 0n, collateral: 0n } });
    expect(ordered(propose(state))[0]).to.equal(-29.98);
    // The inventory read as nothing: the book alone, and the other way round.
    for (const own of [-20, 0, 29.99]) {
      expect(ordered(propose(state, { own: toWad(own) }))).to.deep.equal([0, "readings-disagree"]);
      expect(ordered(propose({ ...state, netDelta: toWad(own) }, { own: toWad(30) }))[1]).to.equal("readings-disagree");
    }
  });
});
