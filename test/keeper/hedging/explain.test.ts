import { expect } from "chai";
import type { Duty } from "../../../keeper/hedging/duties/duty.ts";
import { explainDuty, explainPlan } from "../../../keeper/hedging/explain.ts";
import { planHedge } from "../../../keeper/hedging/planner.ts";
import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import { seriesId } from "../../../sdk/series.ts";
import { toWad } from "../../../sdk/units.ts";
import { type Circumstances, stateOf } from "../support/hedgeStates.ts";
import { NOW, type World, snapshotOf } from "../support/snapshots.ts";

const BOOK = [{ kind: "call", strike: 3000, days: 7, quantity: -10 }] as const;
const FRIDAY = Date.UTC(2026, 11, 4, 8) / 1000;

const explained = (world: World, circumstances: Circumstances = {}, policy = DEFAULT_POLICY) =>
  explainPlan(planHedge(stateOf(snapshotOf(world), policy, circumstances), policy)).join(" ");

describe("Explanation of a decision", () => {
  it("says what was found, what was decided and what bound it", () => {
    expect(explained({ book: BOOK }, { gasCost: 4.5, depth: toWad(2) })).to.match(
      /^The net delta is -5\.\d{4}; the no-trade band is ±0\.\d{4}, from costs of 6\.0 bp a trade and 4\.50 USDC of gas\. Decision: buy 2\.0000 as an emergency, which brings it towards the edge of the band\. The band asks for \d\.\d{4}, but the pools take no more within the slippage bound\.$/,
    );
  });

  it("has a sentence for every reason to hold", () => {
    expect(explained({})).to.include("hold. Inside the band");
    expect(explained({ book: BOOK, cash: 10 })).to.match(/should be bought, but the free cash pays for 0\.0033 only/);
    expect(explained({ book: [{ ...BOOK[0], kind: "put" }] })).to.include("may not borrow");
    expect(explained({ book: BOOK }, { budgets: { turnover: 0n } })).to.include("turnover budget is nearly used up");
    expect(explained({ hedge: 1 })).to.include("Decision: sell 1.0000, since there are no options left to hedge.");
    const calm = { ...DEFAULT_POLICY, maxGapBps: 25, urgentBands: 1e9, emergencyBands: 1e9 };
    const apart = explained({ book: BOOK }, { average: toWad(2991) }, calm);
    expect(apart).to.include("The oracle says 3000.00 and the pool's average is 2991.00");
    const soon = explained({ book: BOOK, hedge: 4.2 }, { hedgedAt: NOW - 30 }, { ...calm, crumbShare: 1 });
    expect(soon).to.match(/hold\. \d\.\d{4} is outside the band, 30 s after a hedge: less than the \d\.\d{4} that/);
    const snapshot = snapshotOf({ book: BOOK });
    const lying = { ...snapshot, mark: { ...snapshot.mark, delta: toWad(-1) } };
    const text = explainPlan(planHedge(stateOf(lying, DEFAULT_POLICY), DEFAULT_POLICY)).join(" ");
    expect(text).to.match(/The chain's delta is -1, ours is -5\.\d+, and more than .* apart; nothing is done/);
  });

  it("has a sentence for every duty", () => {
    const id = seriesId(FRIDAY, toWad(3000), "call");
    const slice = { atmVol: 0.6, skew: 0, curvature: 4, carry: 0 };
    const duties: readonly (readonly [Duty, string])[] = [
      [
        { kind: "settle", expiry: FRIDAY, roundId: 42n, reason: { code: "expired", secondsAgo: 90 } },
        "Settle 04DEC26 with round 42: it expired 90 s ago.",
      ],
      [
        { kind: "exercise-for", id, holders: ["0x01"], reason: { code: "worth-its-gas", payout: 12.3 } },
        "Pay 1 holder of WETH-04DEC26-3000-C 12.30 USDC.",
      ],
      [
        { kind: "unwind", hedge: -0.5, reason: { code: "no-options" } },
        "Unwind the hedge of -0.5000: there are no options left.",
      ],
      [
        {
          kind: "post-surface",
          slices: [
            {
              expiry: FRIDAY,
              slice,
              share: 0.5,
              reason: { code: "deviation", parameter: "atmVol", by: 0.3, allowed: 0.01 },
            },
            { expiry: FRIDAY + 7 * 86_400, slice, share: 1, reason: { code: "heartbeat", ageSeconds: 14_400 } },
          ],
        },
        "Post 2 slices: 04DEC26 (atmVol is off by 0.300, 50 % of the way); 11DEC26 (4.0 h old).",
      ],
      [
        { kind: "mark", reason: { code: "spot-move", moveBps: 123, allowed: 100 } },
        "Mark the book: spot has moved by 123 bp since the last mark.",
      ],
      [
        { kind: "process-epoch", epoch: 7n, reason: { code: "epoch-over", secondsAgo: 600 } },
        "Close epoch 7: it ended 10 min ago.",
      ],
      [
        { kind: "list-series", expiry: FRIDAY, strikes: [2900, 3000], reason: { code: "new-expiry" } },
        "List 04DEC26 at 2900, 3000: the calendar opens this expiry.",
      ],
    ];
    for (const [duty, sentence] of duties) expect(explainDuty(duty)).to.equal(sentence);
  });
});
