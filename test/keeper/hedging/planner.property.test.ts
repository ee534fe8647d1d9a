import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { spareCollateral } from "../../../keeper/hedging/caps.ts";
import { type Plan, planHedge as planFrom } from "../../../keeper/hedging/planner.ts";
import { slippageOf } from "../../../keeper/hedging/route.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { type Snapshot, netDeltaOf } from "../../../sdk/portfolio/snapshot.ts";
import { WAD, abs, fromWad, toWad } from "../../../sdk/units.ts";
import { type Circumstances, stateOf } from "../support/hedgeStates.ts";
import { type BookLine, type World, NOW, afterFill, snapshotOf } from "../support/snapshots.ts";

const planHedge = (snapshot: Snapshot, policy: HedgePolicy, given: Circumstances = {}): Plan =>
  planFrom(stateOf(snapshot, policy, given), policy);
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

const line: fc.Arbitrary<BookLine> = fc.record({
  kind: fc.constantFrom("call" as const, "put" as const),
  strike: number(1000, 9000),
  days: number(-1, 60),
  quantity: fc.oneof(fc.constant(0), number(-100, 100)),
});
const worlds: fc.Arbitrary<World> = fc.record({
  spot: number(500, 10_000),
  book: fc.array(line, { maxLength: 6 }),
  hedge: fc.oneof(fc.constant(0), number(0, 200)),
  cash: fc.oneof(fc.constant(0), number(0, 5_000_000)),
  vol: number(0.2, 2),
  skew: number(-0.7, 0.7),
  maxSlippageBps: fc.integer({ min: 1, max: 500 }),
});
const policies: fc.Arbitrary<HedgePolicy> = fc.record({
  target: fc.constantFrom("edge" as const, "neutral" as const),
  bandFloor: number(0.001, 1),
  riskAversion: number(1e-4, 1e-1),
  costBps: number(1, 50),
  cashRate: number(0, 0.5),
  crumbShare: number(0, 1),
  holdingHours: number(1, 100),
  gasShare: number(0.1, 2),
  urgentSlippageBps: fc.integer({ min: 1, max: 500 }),
  fillMarginBps: fc.integer({ min: 1, max: 100 }),
  maxGapBps: fc.integer({ min: 1, max: 60 }),
  urgentBands: number(1, 4),
  emergencyBands: number(2, 9),
  urgentAfterSeconds: fc.integer({ min: 0, max: 3600 }),
  taperSeconds: fc.constantFrom(0, 1800, 86_400),
  minClip: number(0.01, 1),
  maxClip: number(1, 100),
  slippageBps: fc.integer({ min: 1, max: 500 }),
  deadlineSeconds: fc.constant(60),
  markTolerance: fc.constant(DEFAULT_POLICY.markTolerance),
});

const amount = (max: number) => fc.oneof(fc.constant(0n), number(0, max).map(toWad));
const dollars = (max: number) => number(0, max).map((value) => BigInt(Math.round(value * 1e6)));
const pool = fc.record({ fee: number(0.0001, 0.01), reserve: number(10, 100_000), price: number(500, 10_000) });
const conditions: fc.Arbitrary<Circumstances> = fc.record(
  {
    gasCost: number(0, 100),
    borrowRate: number(0, 0.5),
    expectedBps: number(-400, 400),
    depth: amount(100),
    pools: fc.array(pool, { minLength: 1, maxLength: 5 }),
    hedgedAt: fc.integer({ min: NOW - 2_000, max: NOW }),
    budgets: fc.record({ turnover: dollars(500_000), loss: dollars(2_000) }, { requiredKeys: [] }),
    shortable: amount(100),
    outsideSince: fc.integer({ min: NOW - 7200, max: NOW }),
  },
  { requiredKeys: [] },
);

/** The average is near spot, so it comes with the world: a share of spot, at most half a percent from one. */
const leads = fc.option(number(-0.005, 0.005), { nil: undefined });
const withAverage = (now: Circumstances, { spot = 3000 }: World, lead: number | undefined): Circumstances =>
  lead === undefined ? now : { ...now, average: toWad(spot * (1 + lead)) };

describe("Hedge planner, whatever the book, the market and the policy", () => {
  it("only ever brings the net delta closer to zero, never past it, and never out of what there is (T32)", () => {
    fc.assert(
      fc.property(worlds, policies, conditions, (world, policy, now) => {
        const before = snapshotOf(world);
        const plan = planHedge(before, policy, now);
        if (plan.decision === "hold") return;
        const { amount, cashLimit } = plan.order;
        const after = netDeltaOf(afterFill(before, amount));
        expect(abs(after) < abs(plan.netDelta), "closer").to.equal(true);
        expect(after === 0n || after < 0n === plan.netDelta < 0n, "not past zero").to.equal(true);
        expect(abs(amount) <= toWad(policy.maxClip), "at most the largest clip").to.equal(true);
        const isWorthwhile = plan.reason.code === "unwind" || abs(amount) >= toWad(policy.minClip);
        expect(isWorthwhile, "at least the smallest clip").to.equal(true);
        const { holdings, loan } = stateOf(before, policy, now).desk;
        const cash = before.vault.freeCash + spareCollateral(holdings, loan, before.mark.spot);
        if (amount > 0n) expect(cashLimit <= cash, "within the free cash").to.equal(true);
        else expect(-amount <= before.hedge.delta + (now.shortable ?? 0n), "within what there is").to.equal(true);
        const parts = plan.route.parts.reduce((sum, part) => sum + part.amount, 0n);
        expect(parts, "all of it goes somewhere").to.equal(amount);
        const shares = plan.route.parts.reduce((sum, { shareBps }) => sum + shareBps, 0n);
        expect(shares).to.equal(10_000n);
        expect(abs(amount) <= plan.wanted, "no more than the band asks for").to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("holds inside the band, and acts outside it unless it says what stops it", () => {
    fc.assert(
      fc.property(worlds, policies, conditions, (world, policy, now) => {
        const plan = planHedge(snapshotOf(world), policy, now);
        const isInside = abs(plan.taperedDelta) <= plan.band;
        expect(plan.reason.code === "inside-band").to.equal(isInside);
        if (isInside) expect(plan.decision).to.equal("hold");
      }),
      { numRuns: 500 },
    );
  });

  it("respects every cap: depth, both budgets and the largest clip, with the worst price it would accept", () => {
    fc.assert(
      fc.property(worlds, policies, conditions, leads, (world, policy, others, lead) => {
        const before = snapshotOf(world);
        const now = withAverage(others, world, lead);
        const plan = planHedge(before, policy, now);
        if (plan.decision === "hold") return;
        const { amount, cashLimit } = plan.order;
        const valueAt = (price: bigint) => (abs(amount) * price) / WAD / 10n ** 12n;
        const lossAt = (price: bigint) => (amount > 0n ? cashLimit - valueAt(price) : valueAt(price) - cashLimit);
        const notional = valueAt(before.mark.spot);
        const [atSpot, atAverage] = [before.mark.spot, now.average ?? before.mark.spot].map(lossAt) as [bigint, bigint];
        const loss = atSpot > atAverage ? atSpot : atAverage;
        const { depth, budgets, pools } = now;
        if (depth !== undefined && !pools) expect(abs(amount) <= depth, "depth").to.equal(true);
        if (budgets?.turnover !== undefined) expect(notional <= budgets.turnover, "turnover").to.equal(true);
        if (budgets?.loss !== undefined) expect(loss <= budgets.loss + 1n, "loss").to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("never accepts a worse price than without the pool's answer, nor than that answer and the margin", () => {
    const price = fc.record({ expectedBps: number(-400, 400) });
    fc.assert(
      fc.property(worlds, policies, price, (world, policy, { expectedBps }) => {
        const before = snapshotOf(world);
        const bound = planHedge(before, policy);
        const plan = planHedge(before, policy, { expectedBps });
        if (plan.decision === "hold" || bound.decision === "hold") return;
        const worse = ({ amount, cashLimit }: typeof plan.order) =>
          slippageOf(amount, cashLimit, fromWad(before.mark.spot));
        // To what a thousandth of a dollar is of the order.
        const unit = 10 / Number(plan.order.cashLimit);
        const rounding = unit * 1e4 + 1e-9;
        expect(worse(plan.order)).to.be.at.most(worse(bound.order) + rounding);
        // The pool's answer is rounded against us by a millionth of a dollar, and then up to a whole basis point.
        expect(worse(plan.order)).to.be.at.most(Math.ceil(expectedBps) + 1 + policy.fillMarginBps + rounding);
      }),
      { numRuns: 500 },
    );
  });

  it("waits out a gap between oracle and average when the order can wait, and never else", () => {
    fc.assert(
      fc.property(worlds, policies, conditions, leads, (world, policy, others, lead) => {
        const before = snapshotOf(world);
        const { average, ...rest } = withAverage(others, world, lead);
        const plan = planHedge(before, policy, { ...rest, ...(average !== undefined && { average }) });
        const beyond = Math.abs(lead ?? 0) * 1e4 - policy.maxGapBps;
        if (plan.urgency === "routine" && beyond > 1e-6) expect(plan.decision).to.equal("hold");
        if (plan.reason.code !== "prices-apart") return;
        expect(plan.urgency).to.equal("routine");
        expect(beyond).to.be.above(-1e-6);
      }),
      { numRuns: 500 },
    );
  });

  it("fills in part, not nothing, when what a cap leaves is worth an order", () => {
    fc.assert(
      fc.property(worlds, policies, conditions, (world, policy, now) => {
        const plan = planHedge(snapshotOf(world), policy, now);
        if (plan.decision === "hedge" || plan.reason.code !== "limited") return;
        const { minClip } = plan.urgency === "routine" ? plan.costs : policy;
        expect(plan.reason.allowed).to.be.below(minClip + 1e-12);
      }),
      { numRuns: 500 },
    );
  });

  it("decides the same from the same", () => {
    fc.assert(
      fc.property(worlds, policies, conditions, (world, policy, now) => {
        const before = snapshotOf(world);
        const first = planHedge(before, policy, now);
        expect(planHedge(before, policy, now)).to.deep.equal(first);
      }),
      { numRuns: 200 },
    );
  });

  it("has nothing more to do after a full fill, unless something limited the order (T31)", () => {
    fc.assert(
      fc.property(worlds, policies, (world, policy) => {
        const before = snapshotOf(world);
        const first = planHedge(before, policy);
        if (first.decision === "hold") return;
        const second = planHedge(afterFill(before, first.order.amount), policy);
        if (first.reason.limitedBy !== "max-clip") expect(second.decision).to.equal("hold");
      }),
      { numRuns: 500 },
    );
  });

  it("gets there in as many clips as it takes", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        let snapshot = snapshotOf(world);
        let clips = 0;
        for (;;) {
          const plan = planHedge(snapshot, { ...DEFAULT_POLICY, maxClip: 7 });
          if (plan.decision === "hold") break;
          snapshot = afterFill(snapshot, plan.order.amount);
          expect(++clips).to.be.at.most(120); // 6 lines of up to 100 contracts and a hedge of 200, at 7 a clip
        }
      }),
      { numRuns: 200 },
    );
  });
});
