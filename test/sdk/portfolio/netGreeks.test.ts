import { expect } from "chai";
import { netGreeks, valuePositions } from "../../../sdk/portfolio/netGreeks.ts";
import type { Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { toWad } from "../../../sdk/units.ts";
import { type BookLine, snapshotOf } from "../../keeper/support/snapshots.ts";
import { expectClose } from "../../helpers/numbers.ts";

const SHORT_CALL: BookLine = { kind: "call", strike: 3000, days: 7, quantity: -10 };
const STRADDLE: readonly BookLine[] = [SHORT_CALL, { ...SHORT_CALL, kind: "put" }];

describe("Net Greeks of the book", () => {
  it("signs everything for the vault: a short straddle loses by moves and vol, and earns time", () => {
    const net = netGreeks(valuePositions(snapshotOf({ book: STRADDLE })));
    expect(net.value).to.be.below(0);
    expect(net.gamma).to.be.below(0);
    expect(net.vega).to.be.below(0);
    expect(net.theta).to.be.above(0);
    expect(Math.abs(net.delta)).to.be.below(1); // call and put nearly cancel at the money
  });

  it("gives the delta and gamma by which the value moves with spot, with a carry in the forward", () => {
    const bump = 0.5;
    const at = (spot: number): number =>
      netGreeks(valuePositions(withCarry(snapshotOf({ spot, book: STRADDLE })))).value;
    const { delta, gamma } = netGreeks(valuePositions(withCarry(snapshotOf({ spot: 3100, book: STRADDLE }))));
    expectClose(delta, (at(3100 + bump) - at(3100 - bump)) / (2 * bump), 1e-5);
    expectClose(gamma, (at(3100 + bump) - 2 * at(3100) + at(3100 - bump)) / bump ** 2, 1e-6);
  });

  it("is worth its pay-off from expiry on, without needing a slice", () => {
    const expired = [
      { kind: "call", strike: 2800, days: 0, quantity: -2 },
      { kind: "put", strike: 2800, days: -1, quantity: -3 },
    ] as const;
    const net = netGreeks(valuePositions(snapshotOf({ book: expired })));
    expect(net).to.deep.equal({ value: -400, delta: -2, gamma: 0, vega: 0, weightedVega: 0, theta: 0 });
  });

  it("lists series without a position too, at zero", () => {
    const [position] = valuePositions(snapshotOf({ book: [{ ...SHORT_CALL, quantity: 0 }] }));
    expect(position).to.include({ quantity: 0, value: 0, delta: 0 });
    expect(position?.contract.value).to.be.above(0);
  });
});

/** With 10 % carry, and a flat smile, since a smile that moves with the forward has a delta of its own. */
function withCarry(snapshot: Snapshot): Snapshot {
  const slices = snapshot.slices.map((slice) => ({ ...slice, skew: 0n, curvature: 0n, carry: toWad(0.1) }));
  return { ...snapshot, slices };
}
