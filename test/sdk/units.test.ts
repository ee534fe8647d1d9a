import { expect } from "chai";
import fc from "../support/fastCheck.ts";
import { fromUsdc, fromWad, toWad } from "../../sdk/units.ts";

describe("Units", () => {
  it("reads WAD and USDC amounts as the nearest number", () => {
    expect(fromWad(1_250_000_000_000_000_000n)).to.equal(1.25);
    expect(fromWad(-(10n ** 18n))).to.equal(-1);
    expect(fromWad(-1n)).to.equal(-1e-18);
    expect(fromUsdc(1_500_000n)).to.equal(1.5);
    expect(fromUsdc(-7n)).to.equal(-0.000007);
  });

  it("gives every number back that went through WAD, to the last digit that both have", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
        const back = fromWad(toWad(value));
        expect(Math.abs(back - value)).to.be.at.most(Math.max(1e-18, Math.abs(value) * 2 ** -52));
      }),
    );
  });

  it("refuses what WAD cannot hold", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e21]) {
      expect(() => toWad(value)).to.throw(RangeError, "does not fit");
    }
  });
});
