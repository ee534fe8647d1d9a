import { expect } from "chai";
import { expectedLoss } from "../../../keeper/hedging/lossPrice.ts";
import { type Plan, planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, atOnce } from "../../../keeper/hedging/policy.ts";
import type { DeskReading } from "../../../keeper/hedging/state.ts";
import { fromUsdc, fromWad, toWad } from "../../../sdk/units.ts";
import { expectClose } from "../../helpers/numbers.ts";
import type { TheoreticalPool } from "../support/constantProduct.ts";
import { type Circumstances, LOAN, stateOf } from "../support/hedgeStates.ts";
import { NOW, snapshotOf } from "../support/snapshots.ts";

const POOLS: readonly TheoreticalPool[] = [
  { fee: 0.0005, reserve: 20_000, price: 3000 },
  { fee: 0.003, reserve: 5_000, price: 3000 },
];
const dollars = (value: number) => BigInt(Math.round(value * 1e6));

interface Desk {
  readonly netDelta?: number;
  readonly freeCash?: number;
  readonly isFlat?: boolean;
  readonly holdings?: DeskReading["holdings"];
  /** Null when there is no lender. */
  readonly loan?: DeskReading["loan"] | null;
  /** Shares of three million dollars. */
  readonly budgets?: { readonly turnover: number; readonly loss: number };
  readonly average?: bigint;
}

/** A vault with three million dollars, a million of it free, whose deep calls alone make its delta. */
function planOf(given: Desk, { pools = POOLS, policy = {} } = {}): Plan {
  const { netDelta = -40, freeCash = 1_000_000, isFlat = false, loan = LOAN, average } = given;
  const { holdings = { inventory: 0n, debt: 0n, collateral: 0n } } = given;
  const held = fromWad(holdings.inventory - holdings.debt);
  const quantity = netDelta - held;
  // So deep in the money that its delta is its quantity.
  const book = isFlat ? [] : [{ kind: "call" as const, strike: 10, days: 1, quantity }];
  const snapshot = snapshotOf({ book, hedge: held, cash: freeCash });
  const { turnover, loss } = given.budgets ?? { turnover: 3, loss: 0.0025 };
  const usdc = (share: number) => dollars(3_000_000 * share);
  const circumstances: Circumstances = {
    ...{ pools, budgets: { turnover: usdc(turnover), loss: usdc(loss) }, desk: { holdings, loan: loan ?? undefined } },
    ...(average !== undefined && { average }),
  };
  const whole = atOnce({ ...DEFAULT_POLICY, ...policy });
  return planHedge(stateOf(snapshot, whole, circumstances), whole);
}

function hedged(plan: Plan) {
  return plan.decision === "hedge" ? plan : expect.fail(`It holds: ${plan.reason.code}.`);
}

/** The ordered amount in ether, and what limited it or why there is no order. */
function ordered(plan: Plan): readonly [number, string | undefined] {
  if (plan.decision === "hold") return [0, plan.reason.code];
  return [fromWad(plan.order.amount), plan.reason.limitedBy];
}

describe("The policy of hedging at once", () => {
  it("takes the net delta to just short of zero, over all pools, with a limit and a deadline", () => {
    const { order, route, reason } = hedged(planOf({}));
    expectClose(fromWad(order.amount), 39.98, 1e-4);
    expect(reason).to.deep.equal({ code: "outside-band" });
    expect(order.deadline).to.equal(NOW + DEFAULT_POLICY.deadlineSeconds);
    expectClose(fromUsdc(order.cashLimit) / fromUsdc(route.cash), 1.0015, 1e-4);
    expect(route.parts.map(({ feeTier }) => feeTier)).to.deep.equal([500, 3000]);
  });

  it("accepts what the pools would give now and the margin, either way, and never less than the slippage bound", () => {
    const limits = (netDelta: number, price: number, policy = {}) => {
      const pools = POOLS.map((pool) => ({ ...pool, price }));
      const { order, route } = hedged(planOf({ netDelta }, { pools, policy }));
      return [fromUsdc(order.cashLimit), fromUsdc(route.cash), Math.abs(fromWad(order.amount)) * 3000] as const;
    };
    for (const price of [3000, 2988, 3006]) {
      const [most, cost] = limits(-12, price);
      expectClose(most / cost, 1.0015, 1e-4);
      const [least, proceeds] = limits(12, price);
      expectClose(least / proceeds, 0.9985, 1e-4);
    }
    const [most, , bought] = limits(-12, 3018, { slippageBps: 75 });
    expectClose(most, bought * 1.0075, 1e-3);
    const [least, , sold] = limits(12, 2982, { slippageBps: 75 });
    expectClose(least, sold * 0.9925, 1e-3);
  });

  it("is told what the fill is expected to lose at the worse of oracle and average, as the desk counts it", () => {
    const lossOf = (netDelta: number, average?: bigint) => {
      const { route } = hedged(planOf({ netDelta }));
      return fromUsdc(expectedLoss(route, toWad(3000), average));
    };
    for (const [netDelta, worse, better] of [
      [-12, 2994, 3006],
      [12, 3006, 2994],
    ] as const) {
      expectClose(lossOf(netDelta, toWad(worse)) - lossOf(netDelta), 11.98 * 6, 1e-2);
      expectClose(lossOf(netDelta, toWad(better)), lossOf(netDelta), 1e-9);
    }
  });

  it("sells what is too much, and everything when no option is open", () => {
    expectClose(ordered(planOf({ netDelta: 12 }))[0], -11.98, 1e-4);
    const holdings = { inventory: toWad(0.01), debt: 0n, collateral: 0n };
    expect(ordered(planOf({ netDelta: 0.01, isFlat: true, holdings }))).to.deep.equal([-0.01, undefined]);
  });

  it("holds while the net delta is neutral", () => {
    expect(ordered(planOf({ netDelta: 0.015 }))).to.deep.equal([0, "inside-band"]);
  });

  it("waits for nothing: neither for the band, nor for gas, nor for prices that are apart", () => {
    const [amount] = ordered(planOf({ netDelta: -0.06, average: toWad(2986) }));
    expectClose(amount, 0.04, 1e-4);
  });

  it("is cut to each budget, to depth, cash and collateral, and says which", () => {
    const limited = (given: Desk, pools = POOLS) => ordered(planOf(given, { pools }));
    const [byTurnover, turnover] = limited({ budgets: { turnover: 0.01, loss: 0.0025 } });
    expect(turnover).to.equal("turnover-budget");
    expectClose(byTurnover, 10 / 1.008, 1e-9);

    const byLoss = hedged(planOf({ budgets: { turnover: 3, loss: 0.00001 } })); // 30 dollars
    expect(byLoss.reason.limitedBy).to.equal("loss-budget");
    const most = fromUsdc(byLoss.order.cashLimit) - fromWad(byLoss.order.amount) * 3000;
    expect(most, "at the limit").to.be.within(15, 30);

    const [byCash, cash] = limited({ freeCash: 30_000 });
    expect(cash).to.equal("cash");
    expect(byCash).to.be.within(30_000 / 3000 / 1.005, 30_000 / 3000 / 1.002);

    const [byCollateral, collateral] = limited({ netDelta: 40, freeCash: 60_000 });
    expect(collateral).to.equal("health-factor");
    expectClose(byCollateral, (-(60_000 * 0.8) / 1.7 / 3000) * 0.999, 1e-6);

    const [byDepth, depth] = limited({}, [{ fee: 0.0005, reserve: 1000, price: 3000 }]);
    expect(depth).to.equal("depth");
    expectClose(byDepth, 1000 * (1 - Math.sqrt(1 / (0.9995 * 1.008))), 0.02);

    expect(ordered(planOf({}, { policy: { maxClip: 7 } }))).to.deep.equal([7, "max-clip"]);
  });

  it("orders nothing when what is left is not worth an order", () => {
    expect(ordered(planOf({ freeCash: 30 }))).to.deep.equal([0, "insufficient-cash"]);
  });

  it("sells no more than the inventory while there is no lender, or it takes no loans", () => {
    const holdings = { inventory: toWad(5), debt: 0n, collateral: 0n };
    for (const loan of [null, { ...LOAN, canBorrow: false }]) {
      expect(ordered(planOf({ netDelta: 40, holdings, loan }))).to.deep.equal([-5, "inventory"]);
    }
  });
});
