import { expect } from "chai";
import { halveOrder } from "../../../keeper/hedging/clip.ts";
import { type Plan, type Routing, planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import type { Snapshot } from "../../../keeper/portfolio/snapshot.ts";
import { fromWad, toWad } from "../../../keeper/units.ts";
import { type BookLine, NOW, snapshotOf } from "../support/snapshots.ts";
import { expectClose } from "../../helpers/numbers.ts";

const ROUTING: Routing = { venue: "0x00000000000000000000000000000000000000aa", route: "0x01f4" };
const SHORT_CALLS: BookLine = { kind: "call", strike: 3000, days: 7, quantity: -10 };
const SHORT_PUTS: BookLine = { ...SHORT_CALLS, kind: "put" };

const plan = (snapshot: Snapshot, policy: Partial<HedgePolicy> = {}): Plan =>
  planHedge(snapshot, { ...DEFAULT_POLICY, ...policy }, ROUTING);

function orderOf(decided: Plan) {
  if (decided.decision !== "hedge") throw new Error(`It holds: ${decided.reason.code}.`);
  return decided.order;
}

describe("Hedge planner", () => {
  it("buys what short calls need, down to the edge of the band", () => {
    const decided = plan(snapshotOf({ book: [SHORT_CALLS] }));
    expect(decided.reason).to.deep.equal({ code: "outside-band" });
    const order = orderOf(decided);
    expect(order).to.include({ ...ROUTING, deadline: NOW + DEFAULT_POLICY.deadlineSeconds });
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

  it("does nothing while the chain's mark and our own Greeks disagree (T42)", () => {
    const snapshot = snapshotOf({ book: [SHORT_CALLS] });
    const decided = plan({ ...snapshot, mark: { ...snapshot.mark, delta: toWad(-9.9) } });
    expect(decided.decision).to.equal("hold");
    expect(decided.reason).to.include({ code: "mark-disagrees", figure: "delta", onChain: -9.9 });
  });
});

describe("Clip for a shallow pool", () => {
  it("halves the amount and never loosens the price", () => {
    const buy = { ...ROUTING, amount: toWad(3), cashLimit: 9001n, deadline: NOW };
    expect(halveOrder(buy, toWad(1))).to.deep.equal({ ...buy, amount: toWad(1.5), cashLimit: 4500n });
    const sell = { ...buy, amount: toWad(-3) };
    expect(halveOrder(sell, toWad(1))).to.deep.equal({ ...sell, amount: toWad(-1.5), cashLimit: 4501n });
  });

  it("ends at the smallest order", () => {
    const order = { ...ROUTING, amount: toWad(-1), cashLimit: 3000n, deadline: NOW };
    expect(halveOrder(order, toWad(0.6))).to.equal(undefined);
  });
});
