import { expect } from "chai";
import { borrowable, spareCollateral } from "../../../keeper/hedging/caps.ts";
import { type Plan, isOutside, planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import type { Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { fromWad, toWad } from "../../../sdk/units.ts";
import { type Circumstances, LOAN, stateOf } from "../support/hedgeStates.ts";
import { type BookLine, NOW, afterFill, snapshotOf } from "../support/snapshots.ts";
import { expectClose } from "../../helpers/numbers.ts";

const SHORT_CALLS: BookLine = { kind: "call", strike: 3000, days: 7, quantity: -10 };
const SHORT_PUTS: BookLine = { ...SHORT_CALLS, kind: "put" };

/** Nothing is urgent unless a test is about that. */
const CALM = { urgentBands: 1e9, emergencyBands: 1e9 } as const;
function plan(snapshot: Snapshot, policy: Partial<HedgePolicy> = {}, circumstances: Circumstances = {}): Plan {
  const whole = { ...DEFAULT_POLICY, ...CALM, ...policy };
  return planHedge(stateOf(snapshot, whole, circumstances), whole);
}

function orderOf(decided: Plan) {
  if (decided.decision !== "hedge") throw new Error(`It holds: ${decided.reason.code}.`);
  return decided.order;
}

describe("Hedge planner", () => {
  it("buys what short calls need, down to the edge of the band", () => {
    const decided = plan(snapshotOf({ book: [SHORT_CALLS] }));
    expect(decided.reason).to.deep.equal({ code: "outside-band" });
    const order = orderOf(decided);
    expect(order.deadline).to.equal(NOW + DEFAULT_POLICY.deadlineSeconds);
    expect(order.amount).to.equal(-decided.netDelta - decided.band);
    expect(decided.band > toWad(DEFAULT_POLICY.bandFloor)).to.equal(true);
  });

  it("with a neutral target, leaves only the floor", () => {
    const decided = plan(snapshotOf({ book: [SHORT_CALLS] }), { target: "neutral" });
    expect(orderOf(decided).amount).to.equal(-decided.netDelta - toWad(DEFAULT_POLICY.bandFloor));
  });

  it("sells what is too much", () => {
    const decided = plan(snapshotOf({ book: [SHORT_CALLS], hedge: 9 }));
    expect(orderOf(decided).amount).to.equal(decided.band - decided.netDelta);
    expect(orderOf(decided).amount < 0n).to.equal(true);
  });

  it("bounds the cash by the oracle's price and its own slippage, on the stricter side", () => {
    const buy = orderOf(plan(snapshotOf({ book: [SHORT_CALLS] }), { slippageBps: 50 }));
    expectClose(Number(buy.cashLimit) / 1e6 / fromWad(buy.amount), 3015, 1e-5);
    const sell = orderOf(plan(snapshotOf({ book: [SHORT_CALLS], hedge: 9 }), { slippageBps: 50 }));
    expectClose(Number(sell.cashLimit) / 1e6 / -fromWad(sell.amount), 2985, 1e-5);
  });

  it("never asks for more slippage than the desk allows", () => {
    const order = orderOf(plan(snapshotOf({ book: [SHORT_CALLS], maxSlippageBps: 10 }), { slippageBps: 200 }));
    expectClose(Number(order.cashLimit) / 1e6 / fromWad(order.amount), 3003, 1e-5);
  });

  it("holds inside the band", () => {
    const bought = orderOf(plan(snapshotOf({ book: [SHORT_CALLS] }))).amount;
    const decided = plan(snapshotOf({ book: [SHORT_CALLS], hedge: fromWad(bought) + 0.01 }));
    expect(decided).to.deep.include({ decision: "hold", reason: { code: "inside-band" } });
  });

  it("holds when the order would not be worth its gas", () => {
    const bought = orderOf(plan(snapshotOf({ book: [SHORT_CALLS] }))).amount;
    const decided = plan(snapshotOf({ book: [SHORT_CALLS], hedge: fromWad(bought) - 0.04 }), { minClip: 0.05 });
    expect(decided.reason).to.include({ code: "below-min-clip", minClip: 0.05 });
  });

  it("clips a large order and says so", () => {
    const decided = plan(snapshotOf({ book: [SHORT_CALLS] }), { maxClip: 1 });
    expect(orderOf(decided).amount).to.equal(toWad(1));
    expect(decided.reason).to.deep.equal({ code: "outside-band", limitedBy: "max-clip" });
  });

  it("buys what the free cash allows at the worst price, and holds when that is nothing", () => {
    const decided = plan(snapshotOf({ book: [SHORT_CALLS], cash: 6000 }));
    expect(decided.reason).to.deep.equal({ code: "outside-band", limitedBy: "cash" });
    expectClose(Number(orderOf(decided).cashLimit), 5_999_999_995, 5);
    expect(plan(snapshotOf({ book: [SHORT_CALLS], cash: 100 })).reason).to.include({ code: "insufficient-cash" });
  });

  it("sells what there is for short puts, then says that it cannot go short", () => {
    const decided = plan(snapshotOf({ book: [SHORT_PUTS], hedge: 2 }));
    expect(orderOf(decided).amount).to.equal(toWad(-2));
    expect(decided.reason).to.deep.equal({ code: "outside-band", limitedBy: "inventory" });
    expect(plan(snapshotOf({ book: [SHORT_PUTS] })).reason).to.include({ code: "cannot-short" });
  });

  it("unwinds to exactly zero when no options are left (T33)", () => {
    const decided = plan(snapshotOf({ book: [{ ...SHORT_CALLS, quantity: 0 }], hedge: 4.321 }));
    expect(decided.reason).to.deep.equal({ code: "unwind" });
    expect(orderOf(decided).amount).to.equal(toWad(-4.321));
  });

  it("unwinds even what is less than the smallest order, since LPs can only leave with cash", () => {
    const decided = plan(snapshotOf({ hedge: 0.02 }), { minClip: 0.05 });
    expect(decided.reason).to.deep.equal({ code: "unwind" });
    expect(orderOf(decided).amount).to.equal(toWad(-0.02));
  });

  it("T42: does nothing while the chain's mark and our own Greeks disagree", () => {
    const snapshot = snapshotOf({ book: [SHORT_CALLS] });
    const decided = plan({ ...snapshot, mark: { ...snapshot.mark, delta: toWad(-9.9) } });
    expect(decided.decision).to.equal("hold");
    expect(decided.reason).to.include({ code: "mark-disagrees", figure: "delta", onChain: -9.9 });
  });
});

describe("Hedge planner under conditions", () => {
  const short = snapshotOf({ book: [SHORT_CALLS] });
  const shortPuts = snapshotOf({ book: [SHORT_PUTS] });

  it("widens the band by what an order as large as it would move the pools", () => {
    const flat = plan(short, {}, { expectedBps: 5 });
    expectClose(flat.costs.impactBps, 0, 1e-3);
    const thin = plan(short, {}, { pools: [{ fee: 0.0005, reserve: 1_000, price: 3000 }] });
    // A constant product's price worsens on average by the share of the reserve that is bought.
    const size = fromWad(flat.band);
    expectClose(thin.costs.impactBps, (1e4 * size) / 1_000, 0.05 * thin.costs.impactBps + 0.1);
    expect(thin.band > flat.band).to.equal(true);
    expectClose(thin.costs.costBps, DEFAULT_POLICY.costBps + thin.costs.impactBps, 1e-9);
  });

  it("widens the band by funding when the hedge would grow, and narrows it when it would shrink", () => {
    const rated = (world: Snapshot, rate: number) => plan(world, { cashRate: rate }).band;
    expect(rated(short, 0.3) > rated(short, 0)).to.equal(true);
    const tooMuch = snapshotOf({ book: [SHORT_CALLS], hedge: 9 });
    expect(rated(tooMuch, 0.05) < rated(tooMuch, 0)).to.equal(true);
    const borrowed = (world: Snapshot, borrowRate: number) =>
      plan(world, {}, { shortable: toWad(50), borrowRate }).band;
    expect(borrowed(shortPuts, 0.3) > borrowed(shortPuts, 0)).to.equal(true);
    const tooShort = snapshotOf({ book: [SHORT_PUTS], hedge: -9 });
    expect(borrowed(tooShort, 0.05) < borrowed(tooShort, 0)).to.equal(true);
    expect(borrowed(short, 0.3), "a long hedge borrows nothing").to.equal(borrowed(short, 0));
  });

  it("waits for an order that is worth its gas, but not when it is urgent", () => {
    const { band, netDelta } = plan(short);
    const hedge = fromWad(-netDelta - band) - 0.5; // half a contract outside the band
    const near = snapshotOf({ book: [SHORT_CALLS], hedge });
    // 3000 · 6 bp = 1.8 dollars a unit: 2 dollars of gas are worth 1.11 units
    const held = plan(near, {}, { gasCost: 2 });
    expect(held.reason).to.include({ code: "below-min-clip" });
    expectClose(held.costs.minClip, 2 / 1.8, 1e-9);
    const late = plan(near, { urgentAfterSeconds: 600 }, { gasCost: 2, outsideSince: NOW - 600 });
    expect(late).to.include({ decision: "hedge", urgency: "urgent" });
  });

  it("is urgent and then an emergency by its distance in bands, and accepts more slippage then", () => {
    const tiers = { urgentBands: 2, emergencyBands: 5, slippageBps: 50, urgentSlippageBps: 90 };
    const { band, netDelta } = plan(short);
    const at = (bands: number) =>
      snapshotOf({ book: [SHORT_CALLS], hedge: fromWad(-netDelta - band) * 1 - (bands - 1) * fromWad(band) });
    const priceOf = (decided: Plan) => Number(orderOf(decided).cashLimit) / 1e6 / fromWad(orderOf(decided).amount);
    const routine = plan(at(1.5), tiers);
    expect(routine.urgency).to.equal("routine");
    expectClose(priceOf(routine), 3015, 1e-5);
    const urgent = plan(at(2.5), tiers);
    expect(urgent.urgency).to.equal("urgent");
    expectClose(priceOf(urgent), 3027, 1e-5);
    expect(plan(at(5.5), tiers).urgency).to.equal("emergency");
  });

  it("trades what depth and budgets leave rather than nothing, and names what bound it", () => {
    const limited = (conditions: Circumstances) => plan(short, { slippageBps: 50 }, conditions);
    const byDepth = limited({ depth: toWad(2) });
    expect(orderOf(byDepth).amount).to.equal(toWad(2));
    expect(byDepth.reason).to.deep.equal({ code: "outside-band", limitedBy: "depth" });
    const byTurnover = limited({ budgets: { turnover: 3_015_000_000n } }); // one unit at the worst price
    expect(orderOf(byTurnover).amount).to.equal(toWad(1));
    expect(byTurnover.reason).to.include({ limitedBy: "turnover-budget" });
    const byLoss = limited({ budgets: { loss: 15_000_000n } }); // 50 bp of one unit
    expect(orderOf(byLoss).amount).to.equal(toWad(1));
    expect(byLoss.reason).to.include({ limitedBy: "loss-budget" });
    expect(limited({ budgets: { loss: 0n } }).reason).to.include({ code: "limited", by: "loss-budget", allowed: 0 });
  });

  it("goes short as far as the health factor lets it", () => {
    const decided = plan(shortPuts, {}, { shortable: toWad(1.5) });
    expectClose(fromWad(orderOf(decided).amount), -1.4985, 1e-9); // a thousandth is kept back for interest and rounding
    expect(decided.reason).to.deep.equal({ code: "outside-band", limitedBy: "health-factor" });
  });

  it("keeps the health factor: collateral × threshold / debt never falls below the target", () => {
    const loan = { ...LOAN, targetHealthBps: 16_000n };
    const held = { collateral: 10_000_000_000n, addable: 2_000_000_000n, debt: toWad(1), loan };
    // 12,000 · 0.8 / 1.6 = 6,000 dollars of debt: two units at 3,000, one of which is there already
    expect(borrowable(held, toWad(3000))).to.equal(toWad(1));
    expect(borrowable({ ...held, debt: toWad(3) }, toWad(3000))).to.equal(0n);
  });

  it("pays a purchase out of the loan's collateral as far as the desk would, when the vault has no cash", () => {
    const held = { debt: toWad(2), collateral: 20_000_000_000n };
    // 6,000 dollars of debt need 7,875 of collateral at 1.05, and 11,250 half-way between 1.30 and 1.70.
    expect(spareCollateral(held, LOAN, toWad(3000))).to.equal(12_125_000_000n);
    expect(spareCollateral(held, { ...LOAN, canRepay: false }, toWad(3000))).to.equal(8_750_000_000n);
    expect(spareCollateral(held, { ...LOAN, withdrawable: 5n }, toWad(3000))).to.equal(5n);
    expect(spareCollateral({ ...held, debt: 0n }, LOAN, toWad(3000))).to.equal(0n);
    const broke = snapshotOf({ book: [SHORT_CALLS], hedge: -2, cash: 0 });
    const holdings = { inventory: 0n, ...held };
    const decided = plan(broke, {}, { desk: { holdings, loan: LOAN } });
    expect(decided.reason).to.include({ code: "outside-band", limitedBy: "cash" });
    expectClose(fromWad(orderOf(decided).amount), 12_125 / 3024, 1e-6);
    expect(plan(broke, {}, { desk: { holdings } }).reason).to.include({ code: "insufficient-cash" });
  });

  it("hedges at no NAV at all, out of the budget that the desk grants then", () => {
    const snapshot = snapshotOf({ book: [SHORT_CALLS] });
    const ruined = { ...snapshot, vault: { ...snapshot.vault, nav: toWad(-50_000) } };
    const { desk } = stateOf(ruined, DEFAULT_POLICY);
    const rules = { ...desk.rules, minBudgetNav: 100_000_000_000n };
    const keepers = { turnover: toWad(0.06), loss: toWad(0.01) };
    const decided = plan(ruined, { slippageBps: 50 }, { desk: { rules, budgets: { ...desk.budgets, keepers } } });
    expect(decided.reason).to.include({ limitedBy: "turnover-budget" });
    expectClose(fromWad(orderOf(decided).amount), 6_000 / 3_015, 1e-9);
  });

  it("spreads an order over pools and venues, and goes where it is cheapest", () => {
    const pools = [
      { fee: 0.0005, reserve: 400, price: 3000 },
      { fee: 0.003, reserve: 4_000, price: 3010 },
    ];
    const decided = plan(shortPuts, {}, { shortable: toWad(50), pools });
    if (decided.decision !== "hedge") return expect.fail(decided.reason.code);
    expect(decided.route.parts.map(({ feeTier }) => feeTier)).to.deep.equal([500, 3000]);
    expect(decided.route.amount).to.equal(decided.order.amount);
    expect(decided.route.parts.reduce((sum, { amount }) => sum + amount, 0n)).to.equal(decided.order.amount);
  });

  it("T42: does nothing while the desk's own net delta is not ours", () => {
    const decided = plan(short, {}, { desk: { netDelta: toWad(-3) } });
    expect(decided.decision).to.equal("hold");
    expect(decided.reason).to.include({ code: "mark-disagrees", figure: "netDelta", onChain: -3 });
    const lost = { inventory: 0n, debt: 0n, collateral: 0n };
    const held = snapshotOf({ book: [SHORT_CALLS], hedge: 9 });
    expect(plan(held, {}, { desk: { holdings: lost } }).reason).to.include({ figure: "netDelta" });
  });

  it("does not follow delta near the money in the last half hour, and still hedges what is deep in the money", () => {
    const soon = 0.005; // 7 minutes
    const atTheMoney = snapshotOf({ book: [{ ...SHORT_CALLS, strike: 2995, days: soon }] });
    const steep = plan(atTheMoney, { taperSeconds: 0 });
    const tapered = plan(atTheMoney);
    expect(tapered.taperedDelta > steep.netDelta, "smaller in size").to.equal(true);
    const deep = plan(snapshotOf({ book: [{ ...SHORT_CALLS, strike: 2000, days: soon }] }));
    expectClose(fromWad(deep.taperedDelta), -10, 1e-9);
  });

  it("holds what only tapering sees, since the desk lets nothing pass zero", () => {
    // Out of the money the call has less delta now than with half an hour left: the hedge fits now, and is too small then.
    const book = [{ ...SHORT_CALLS, quantity: -1000, strike: 3006, days: 0.002 }];
    const exact = fromWad(-snapshotOf({ book }).mark.delta);
    const decided = plan(snapshotOf({ book, hedge: exact + 0.01 }), { bandFloor: 0.001, riskAversion: 1e9 });
    expect(decided.reason).to.include({ code: "tapering" });
  });
});

describe("Hedge planner before pools that others may move", () => {
  const short = snapshotOf({ book: [SHORT_CALLS] });
  const long = snapshotOf({ book: [SHORT_CALLS], hedge: 9 });
  const priceOf = (decided: Plan) =>
    Number(orderOf(decided).cashLimit) / 1e6 / Math.abs(fromWad(orderOf(decided).amount));
  const bounds = { slippageBps: 80, fillMarginBps: 15, maxGapBps: 25 };

  it("bounds the cash by what the pool would give now and a margin, either way", () => {
    expectClose(priceOf(plan(short, bounds, { expectedBps: 6.9 })), 3000 * 1.0022, 1e-5);
    expectClose(priceOf(plan(long, bounds, { expectedBps: 6.9 })), 3000 * 0.9978, 1e-5);
    expectClose(priceOf(plan(short, bounds, { expectedBps: 6.2 })), 3000 * 1.0022, 1e-5); // to the next basis point
  });

  it("has to be better than the oracle where the pool is", () => {
    expectClose(priceOf(plan(short, bounds, { expectedBps: -40.1 })), 3000 * 0.9975, 1e-5);
    expectClose(priceOf(plan(long, bounds, { expectedBps: -40.1 })), 3000 * 1.0025, 1e-5);
  });

  it("never goes beyond the slippage bound, and keeps to it without an answer of the pool", () => {
    expectClose(priceOf(plan(short, bounds, { expectedBps: 70 })), 3024, 1e-5);
    expectClose(priceOf(plan(long, bounds, { expectedBps: 70 })), 2976, 1e-5);
    expect(plan(short, bounds, { expectedBps: 90 }).reason).to.include({ code: "limited", by: "depth", allowed: 0 });
    expectClose(priceOf(plan(short, bounds)), 3024, 1e-5);
    const urgent = { ...bounds, urgentBands: 1, urgentSlippageBps: 100 };
    expectClose(priceOf(plan(short, urgent)), 3030, 1e-5);
    expectClose(priceOf(plan(short, urgent, { expectedBps: 6.9 })), 3000 * 1.0022, 1e-5);
  });

  it("counts on losing no more than the limit lets it: the loss budget and the cash go further", () => {
    const budgets = { loss: (3000_000_000n / 10_000n) * 22n }; // 22 bp of one unit
    const decided = plan(short, bounds, { expectedBps: 6.9, budgets });
    expect(orderOf(decided).amount).to.equal(toWad(1));
    expect(decided.reason).to.include({ limitedBy: "loss-budget" });
    const better = plan(short, bounds, { expectedBps: -40.1, budgets: { loss: 0n } });
    expect(better.reason, "nothing can be lost").to.deep.equal({ code: "outside-band" });
    const poor = snapshotOf({ book: [SHORT_CALLS], cash: 6000 });
    expectClose(fromWad(orderOf(plan(poor, bounds, { expectedBps: 6.9 })).amount), 2 / 1.0022, 1e-9);
  });

  it("counts a loss at the worse of oracle and average, as the desk does", () => {
    const budgets = { loss: 30_000_000n };
    const sizeOf = (snapshot: Snapshot, average: number) =>
      Math.abs(fromWad(orderOf(plan(snapshot, bounds, { expectedBps: 4.9, budgets, average: toWad(average) })).amount));
    // A unit may lose 20 bp, which is 6 dollars; 6 more where the average is on the vault's side of the oracle.
    for (const [better, worse, snapshot] of [
      [3006, 2994, short],
      [2994, 3006, long],
    ] as const) {
      expectClose(sizeOf(snapshot, worse), 30 / 12, 1e-9);
      expect(sizeOf(snapshot, better)).to.equal(sizeOf(snapshot, 3000));
    }
    expect(sizeOf(short, 3000)).to.be.above(4.5);
  });

  it("waits while oracle and average are apart, and goes on when it is urgent", () => {
    for (const average of [3009, 2991]) {
      const conditions = { average: toWad(average) };
      const decided = plan(short, bounds, conditions);
      expect(decided.decision).to.equal("hold");
      expect(decided.reason).to.deep.equal({ code: "prices-apart", spot: 3000, average });
      const late = plan(short, { ...bounds, urgentAfterSeconds: 600 }, { ...conditions, outsideSince: NOW - 600 });
      expect(late).to.include({ decision: "hedge", urgency: "urgent" });
      expect(plan(short, { ...bounds, maxGapBps: 30 }, conditions).decision).to.equal("hedge");
    }
    expect(plan(short, bounds, { average: toWad(3007.5) }).decision, "as far as it may be").to.equal("hedge");
    const near = snapshotOf({ book: [SHORT_CALLS], hedge: fromWad(-plan(short).netDelta) });
    expect(plan(near, bounds, { average: toWad(2991) }).reason).to.deep.equal({ code: "inside-band" });
  });
});

describe("Hedge planner right after a hedge", () => {
  const short = snapshotOf({ book: [SHORT_CALLS] });
  const first = plan(short);
  /** A tenth of the band outside of it, as a quote or a tick of the price leaves the net delta after an order. */
  const after = (share: number) => {
    const filled = afterFill(short, orderOf(first).amount);
    const delta = filled.hedge.delta - toWad(fromWad(first.band) * share);
    return { ...filled, hedge: { ...filled.hedge, delta } };
  };

  it("does not follow it by a crumb, and says what it waits for", () => {
    const decided = plan(after(0.1), { minClip: 0.01 }, { hedgedAt: NOW - 2 });
    expect(decided.decision).to.equal("hold");
    expect(decided.reason).to.include({ code: "just-hedged", secondsAgo: 2 });
    expect(isOutside(decided), "the clock of urgency does not run").to.equal(false);
    expect(plan(after(0.1), { minClip: 0.01 }).decision, "nothing is known of a hedge").to.equal("hedge");
    expect(plan(after(0.1), { minClip: 0.01 }, { hedgedAt: NOW - 900 }).decision, "long ago").to.equal("hedge");
  });

  it("follows it by what is worth an order, by what is urgent, and to the last wei when no option is left", () => {
    const bySize = plan(after(0.3), { minClip: 0.01 }, { hedgedAt: NOW - 2 });
    expect(bySize).to.include({ decision: "hedge", urgency: "routine" });
    const urgent = plan(after(0.1), { minClip: 0.01, urgentBands: 1 }, { hedgedAt: NOW - 2 });
    expect(urgent).to.include({ decision: "hedge", urgency: "urgent" });
    expect(plan(snapshotOf({ hedge: 0.02 }), {}, { hedgedAt: NOW - 2 }).decision).to.equal("hedge");
  });

  it("asks for the same band right after an order as before it, so that the order itself is no reason for the next", () => {
    const pools = [{ fee: 0.0005, reserve: 3_000, price: 3000 }];
    const before = plan(short, {}, { pools });
    const next = plan(afterFill(short, orderOf(before).amount), {}, { pools });
    expect(next.reason).to.deep.equal({ code: "inside-band" });
  });
});
