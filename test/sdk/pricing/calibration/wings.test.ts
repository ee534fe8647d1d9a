import { expect } from "chai";
import fc from "../../../support/fastCheck.ts";
import { isButterflyFree, isCalendarFree } from "../../../../sdk/pricing/index.ts";
import { leastSquares } from "../../../../sdk/pricing/calibration/leastSquares.ts";
import { roundToOnChainUnits } from "../../../../sdk/pricing/calibration/onChainUnits.ts";
import { LEAST_PARAMETER, decode, encode, sliceOf, wingsOf } from "../../../../sdk/pricing/calibration/wings.ts";
import { logUniform, slices } from "../../../support/arbitraries.ts";
import { TRUE_SLICES } from "../../../support/syntheticChain.ts";
import { expectClose } from "../../../helpers/numbers.ts";

const DAY = 86_400;

describe("wing parametrisation", () => {
  it("turns any parameters into surfaces that are free of arbitrage", () => {
    const parameter = logUniform(LEAST_PARAMETER, 100);
    fc.assert(
      fc.property(fc.array(parameter, { minLength: 12, maxLength: 12 }), (parameters) => {
        const surface = decode(Float64Array.from(parameters)).map((wings, i) => {
          const timeToExpiry = (i + 1) * 7 * DAY;
          return { slice: sliceOf(wings, timeToExpiry, 0), timeToExpiry };
        });
        surface.forEach((far, i) => {
          expect(isButterflyFree(far)).to.equal(true);
          const near = surface[i - 1];
          if (near !== undefined) expect(isCalendarFree(near, far)).to.equal(true);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it("returns to the slice it came from", () => {
    fc.assert(
      fc.property(slices, (slice) => {
        const again = sliceOf(wingsOf(slice, 30 * DAY), 30 * DAY, slice.carry);
        expectClose(again.atmVol, slice.atmVol, 1e-12);
        expectClose(again.skew, slice.skew, 1e-12);
        expectClose(again.curvature / slice.curvature, 1, 1e-12);
      }),
    );
  });

  it("encodes a surface without arbitrage as itself", () => {
    const wanted = TRUE_SLICES.map(([days, slice]) => wingsOf(slice, days * DAY));
    decode(encode(wanted)).forEach((wings, i) => {
      expectClose(wings.left / wanted[i]!.left, 1, 1e-9);
      expectClose(wings.right / wanted[i]!.right, 1, 1e-9);
      expectClose(wings.variance / wanted[i]!.variance, 1, 1e-9);
    });
  });

  it("rounds towards zero, to what a storage slot holds", () => {
    const slice = { atmVol: 0.12345678909, skew: -0.123456789019, curvature: 1.2345678909, carry: -0.1234567890129 };
    expect(roundToOnChainUnits(slice)).to.deep.equal({
      atmVol: 0.123456789,
      skew: -0.12345678901,
      curvature: 1.23456789,
      carry: -0.123456789012,
    });
  });
});

describe("least squares", () => {
  it("finds the minimum of Rosenbrock's valley", () => {
    const valley = ([x = 0, y = 0]: Float64Array) => Float64Array.of(10 * (y - x * x), 1 - x);
    const { parameters, cost } = leastSquares(valley, Float64Array.of(-1.2, 1));
    expect(cost).to.be.below(1e-15);
    expectClose(parameters[0] ?? NaN, 1, 1e-6);
    expectClose(parameters[1] ?? NaN, 1, 1e-6);
  });

  it("keeps parameters at or above their bound, and lets them leave it again", () => {
    const bowl = ([x = 0, y = 0]: Float64Array) => Float64Array.of(x + y - 3, 0.5 * (x + 1));
    const { parameters } = leastSquares(bowl, Float64Array.of(2, 0), 0);
    expect(parameters[0]).to.equal(0);
    expectClose(parameters[1] ?? NaN, 3, 1e-6);
  });

  it("stops at a point without slope", () => {
    const flat = () => Float64Array.of(1, 2);
    expect(leastSquares(flat, Float64Array.of(3)).cost).to.equal(2.5);
  });
});
