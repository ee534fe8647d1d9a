import { expect } from "chai";
import { crossCheck } from "../../../sdk/portfolio/crossCheck.ts";
import type { MarkReading } from "../../../sdk/portfolio/snapshot.ts";
import { snapshotOf } from "../../keeper/support/snapshots.ts";

const TOLERANCE = 1e-6;
const WORLD = snapshotOf({
  book: [
    { kind: "call", strike: 3000, days: 7, quantity: -10 },
    { kind: "put", strike: 2700, days: 28, quantity: -20 },
  ],
});

describe("Cross-check of the vault's mark (T42)", () => {
  it("agrees when both readings say the same", () => {
    expect(crossCheck(WORLD, TOLERANCE)).to.deep.equal({ agrees: true });
    expect(crossCheck(snapshotOf(), TOLERANCE)).to.deep.equal({ agrees: true });
  });

  it("lets the last digits differ", () => {
    const mark = { ...WORLD.mark, delta: WORLD.mark.delta + 10n ** 9n };
    expect(crossCheck({ ...WORLD, mark }, TOLERANCE)).to.deep.equal({ agrees: true });
  });

  for (const figure of ["value", "delta", "gamma", "weightedVega"] as const) {
    it(`names the ${figure} when it is a thousandth off`, () => {
      const mark: MarkReading = { ...WORLD.mark, [figure]: (WORLD.mark[figure] * 1001n) / 1000n };
      const check = crossCheck({ ...WORLD, mark }, TOLERANCE);
      expect(check).to.include({ agrees: false, figure });
    });
  }

  it("refuses a book that reads as empty while the mark is not", () => {
    const check = crossCheck({ ...WORLD, book: [], slices: [] }, TOLERANCE);
    expect(check).to.include({ agrees: false, figure: "value", own: 0 });
  });

  it("refuses a mark that reads as zero while the book is not", () => {
    const mark: MarkReading = { ...WORLD.mark, value: 0n, delta: 0n, gamma: 0n, weightedVega: 0n };
    expect(crossCheck({ ...WORLD, mark }, TOLERANCE)).to.include({ agrees: false, figure: "value", onChain: 0 });
  });

  it("refuses a mark made at another spot than the oracle's", () => {
    const oracle = { ...WORLD.oracle, spot: (WORLD.oracle.spot * 101n) / 100n };
    expect(crossCheck({ ...WORLD, oracle }, TOLERANCE)).to.include({ agrees: false, figure: "spot" });
  });
});
