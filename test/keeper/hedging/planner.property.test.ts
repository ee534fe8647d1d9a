import { expect } from "chai";
import fc from "fast-check";
import { planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { netDeltaOf } from "../../../keeper/portfolio/snapshot.ts";
import { abs, toWad } from "../../../keeper/units.ts";
import { type BookLine, type World, afterFill, snapshotOf } from "../support/snapshots.ts";

const ROUTING = { venue: "0x00000000000000000000000000000000000000aa", route: "0x01f4" } as const;
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
  minClip: number(0.01, 1),
  maxClip: number(1, 100),
  slippageBps: fc.integer({ min: 1, max: 500 }),
  deadlineSeconds: fc.constant(60),
  markTolerance: fc.constant(DEFAULT_POLICY.markTolerance),
});

describe("Hedge planner, whatever the book, the market and the policy", () => {
  it("only ever brings the net delta closer to zero, never past it, and never out of what there is (T32)", () => {
    fc.assert(
      fc.property(worlds, policies, (world, policy) => {
        const before = snapshotOf(world);
        const plan = planHedge(before, policy, ROUTING);
        if (plan.decision === "hold") return;
        const { amount, cashLimit } = plan.order;
        const after = netDeltaOf(afterFill(before, amount));
        expect(abs(after) < abs(plan.netDelta), "closer").to.equal(true);
        expect(after === 0n || after < 0n === plan.netDelta < 0n, "not past zero").to.equal(true);
        expect(abs(amount) <= toWad(policy.maxClip), "at most the largest clip").to.equal(true);
        const isWorthwhile = plan.reason.code === "unwind" || abs(amount) >= toWad(policy.minClip);
        expect(isWorthwhile, "at least the smallest clip").to.equal(true);
        if (amount > 0n) expect(cashLimit <= before.vault.freeCash, "within the free cash").to.equal(true);
        else expect(-amount <= before.hedge.delta, "within the inventory").to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("holds inside the band, and acts outside it unless it says what stops it", () => {
    fc.assert(
      fc.property(worlds, policies, (world, policy) => {
        const plan = planHedge(snapshotOf(world), policy, ROUTING);
        const isInside = abs(plan.netDelta) <= plan.band;
        expect(plan.reason.code === "inside-band").to.equal(isInside);
      }),
      { numRuns: 500 },
    );
  });

  it("has nothing more to do after a full fill, unless something limited the order (T31)", () => {
    fc.assert(
      fc.property(worlds, policies, (world, policy) => {
        const before = snapshotOf(world);
        const first = planHedge(before, policy, ROUTING);
        if (first.decision === "hold") return;
        const second = planHedge(afterFill(before, first.order.amount), policy, ROUTING);
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
          const plan = planHedge(snapshot, { ...DEFAULT_POLICY, maxClip: 7 }, ROUTING);
          if (plan.decision === "hold") break;
          snapshot = afterFill(snapshot, plan.order.amount);
          expect(++clips).to.be.at.most(120); // 6 lines of up to 100 contracts and a hedge of 200, at 7 a clip
        }
      }),
      { numRuns: 200 },
    );
  });
});
