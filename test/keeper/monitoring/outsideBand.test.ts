import { expect } from "chai";
import type { TickEvent } from "../../../keeper/monitoring/events.ts";
import { outsideBand } from "../../../keeper/monitoring/outsideBand.ts";
import { TICK } from "../support/tickEvents.ts";

describe("Time outside the band", () => {
  /** Follows ticks that are twelve seconds apart, the first at 1,000. */
  const follow = (ticks: readonly Partial<TickEvent>[]): number[] => {
    let since: number | undefined;
    return ticks.map((tick, i) => {
      const { netDelta = TICK.netDelta } = tick;
      const seen = outsideBand(since, { ...TICK, netDeltaAfter: netDelta, ...tick, blockTime: 1_000 + 12 * i });
      since = seen.since;
      expect(seen.isOutside).to.equal(Math.abs(tick.netDeltaAfter ?? netDelta) > TICK.band && since !== undefined);
      return seen.seconds;
    });
  };

  it("counts from when the band was left, on either side, and starts anew after a return", () => {
    expect(follow([{}, { netDelta: 2 }, { netDelta: 0.5 }, { netDelta: 0.6 }, { netDelta: 0.6 }])).to.deep.equal([
      0, 12, 0, 0, 12,
    ]);
  });

  it("ends with the fill that brings the net delta back, not with one that does not", () => {
    const hedge = { decision: "hedge", outcome: "filled", reason: { code: "outside-band" } } as const;
    const ticks = [{}, { ...hedge, netDeltaAfter: -1 }, { ...hedge, netDeltaAfter: -0.5 }];
    expect(follow(ticks)).to.deep.equal([0, 12, 0]);
  });

  it("is none while the planner leaves alone what is outside on purpose", () => {
    for (const code of ["below-min-clip", "tapering"]) {
      expect(follow([{ reason: { code } }, { reason: { code } }]), code).to.deep.equal([0, 0]);
    }
  });

  it("goes on while the planner cannot do what it wants", () => {
    for (const code of ["cannot-short", "insufficient-cash", "limited", "prices-apart", "mark-disagrees"]) {
      expect(follow([{ reason: { code } }, { reason: { code } }]), code).to.deep.equal([0, 12]);
    }
  });
});
