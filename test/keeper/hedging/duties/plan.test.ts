import { expect } from "chai";
import { DEFAULT_DUTY_POLICY, type DutyState, planDuties } from "../../../../keeper/hedging/duties/plan.ts";
import { SURFACE_LIMITS } from "../../support/surfaceLimits.ts";

const NOW = Date.UTC(2026, 11, 1, 8) / 1000;
const HOUR = 3600;
const POLICY = {
  ...DEFAULT_DUTY_POLICY,
  listing: { ...DEFAULT_DUTY_POLICY.listing, dailies: 1, weeklies: 0, monthlies: 0 },
};
const HOLDER = (n: number) => `0x${n.toString(16).padStart(40, "0")}` as const;

/** A quiet vault with options: nothing is due. */
function state(change: Partial<DutyState> = {}): DutyState {
  return {
    now: NOW,
    spot: 3000,
    mark: { time: NOW - 60, spot: 3000 },
    epoch: { number: 7n, endsAt: NOW + HOUR },
    expired: [],
    unpaid: [],
    hedge: 2,
    hasOptions: true,
    surface: { posted: [], targets: [], limits: SURFACE_LIMITS },
    listed: [],
    volAt: () => undefined,
    ...change,
  };
}
const duties = (change: Partial<DutyState> = {}) => planDuties(state(change), POLICY);

describe("Duties besides hedging", () => {
  it("are none while nothing is due", () => {
    expect(duties()).to.deep.equal([]);
  });

  it("come in the order in which one makes way for the next", () => {
    const slice = { atmVol: 0.6, skew: 0, curvature: 4, carry: 0 };
    const all = duties({
      expired: [{ expiry: NOW - HOUR, roundId: 42n }],
      unpaid: [{ id: 5n, holder: HOLDER(1), payout: 100 }],
      hasOptions: false,
      epoch: { number: 7n, endsAt: NOW },
      surface: { posted: [], targets: [{ expiry: NOW + 24 * HOUR, slice }], limits: SURFACE_LIMITS },
      volAt: () => 0.6,
    });
    expect(all.map(({ kind }) => kind)).to.deep.equal([
      "settle",
      "exercise-for",
      "unwind",
      "post-surface",
      "process-epoch",
      "list-series",
    ]);
  });

  it("settle what has expired with the deciding round, oldest first, once the feed has it", () => {
    const expired = [
      { expiry: NOW - 60 },
      { expiry: NOW - HOUR, roundId: 43n },
      { expiry: NOW - 2 * HOUR, roundId: 42n },
    ];
    expect(duties({ expired })).to.deep.equal([
      { kind: "settle", expiry: NOW - 2 * HOUR, roundId: 42n, reason: { code: "expired", secondsAgo: 2 * HOUR } },
      { kind: "settle", expiry: NOW - HOUR, roundId: 43n, reason: { code: "expired", secondsAgo: HOUR } },
    ]);
  });

  it("close an epoch that is over, but not over an expiry whose price is not known yet", () => {
    const epoch = { number: 7n, endsAt: NOW - 30 };
    expect(duties({ epoch })).to.deep.equal([
      { kind: "process-epoch", epoch: 7n, reason: { code: "epoch-over", secondsAgo: 30 } },
    ]);
    expect(duties({ epoch, expired: [{ expiry: NOW - 10 }] })).to.deep.equal([]);
    const kinds = duties({ epoch, expired: [{ expiry: NOW - 10, roundId: 1n }] }).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(["settle", "process-epoch"]);
  });

  it("pay holders in few calls, the largest first, and leave what is not worth its gas", () => {
    const payouts = [3, 10, 500, 4.99, 5, ...Array.from({ length: 20 }, () => 50)];
    const unpaid = payouts.map((payout, i) => ({ id: 5n, holder: HOLDER(i), payout }));
    const [first, second, ...rest] = duties({ unpaid });
    if (first?.kind !== "exercise-for" || second?.kind !== "exercise-for") throw new Error("Nobody is paid.");
    expect(rest).to.deep.equal([]);
    expect(first.holders.length).to.equal(20);
    expect(first.holders[0]).to.equal(HOLDER(2));
    expect(second.holders).to.deep.equal([HOLDER(5 + 19), HOLDER(1), HOLDER(4)]);
    expect(second.reason.payout).to.equal(65);
  });

  it("mark the book when the mark is old or spot has moved, and never an empty one", () => {
    expect(duties({ mark: { time: NOW - 1800, spot: 3000 } })).to.deep.equal([
      { kind: "mark", reason: { code: "age", ageSeconds: 1800, allowed: 1800 } },
    ]);
    expect(duties({ spot: 3030 })).to.deep.equal([
      { kind: "mark", reason: { code: "spot-move", moveBps: 100, allowed: 100 } },
    ]);
    expect(duties({ spot: 3030, hasOptions: false, hedge: 0 })).to.deep.equal([]);
  });

  it("unwind a hedge that has nothing left to hedge, long or short", () => {
    expect(duties({ hasOptions: false, hedge: -0.5 })).to.deep.equal([
      { kind: "unwind", hedge: -0.5, reason: { code: "no-options" } },
    ]);
  });
});
