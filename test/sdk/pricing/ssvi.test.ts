import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import {
  type SsviSlice,
  type TimedSlice,
  atmVariance,
  butterflyHeadroom,
  calendarHeadroom,
  forwardPrice,
  isButterflyFree,
  isCalendarFree,
  leastSlopeRatio,
  price,
  smileVol,
  surfaceForward,
  surfaceOf,
  surfaceVariance,
  surfaceVol,
  totalVariance,
} from "../../../sdk/pricing/index.ts";
import { logUniform, slices } from "../../support/arbitraries.ts";
import { expectClose } from "../../helpers/numbers.ts";

const RUNS = { numRuns: 2_000 };
const DAY = 86_400;
const LOG_MONEYNESS = Array.from({ length: 41 }, (_, i) => (i - 20) / 8);

const timed: fc.Arbitrary<TimedSlice> = fc.record({ slice: slices, timeToExpiry: logUniform(3600, 63_072_000) });
const butterflyFree = timed.filter(isButterflyFree);
const shares = fc.double({ min: 0, max: 1, noNaN: true });

/** Two neighbours that satisfy the conditions, built from their limits outward. */
const neighbours: fc.Arbitrary<[TimedSlice, TimedSlice]> = fc
  .tuple(butterflyFree, slices, logUniform(1.01, 10), shares, shares)
  .map(([near, other, timeRatio, skewShare, share]): [TimedSlice, TimedSlice] => {
    const skew = near.slice.skew + (other.skew - near.slice.skew) * skewShare;
    const least = leastSlopeRatio(near.slice, { ...near.slice, skew }) * (1 + 1e-9);
    // ψ₂/ψ₁ = θratio·φratio; choose φratio ≤ 1 and θratio so that the product is at least `least`.
    const curvatureRatio = 1 - 0.9 * share;
    const varianceRatio = Math.max(1, least / curvatureRatio) * (1 + share);
    const timeToExpiry = near.timeToExpiry * timeRatio;
    const atmVol = near.slice.atmVol * Math.sqrt(varianceRatio / timeRatio);
    const curvature = near.slice.curvature * curvatureRatio;
    return [near, { slice: { atmVol, skew, curvature, carry: other.carry }, timeToExpiry }];
  })
  .filter(([near, far]) => isCalendarFree(near, far));

describe("SSVI", () => {
  const slice: SsviSlice = { atmVol: 0.6, skew: -0.3, curvature: 2, carry: 0.05 };

  it("gives the ATM vol at the forward, and a skewed smile around it", () => {
    expect(smileVol(slice, 0)).to.equal(0.6);
    expect(smileVol(slice, -0.3)).to.be.greaterThan(smileVol(slice, 0.3));
    expect(smileVol(slice, 1.5)).to.be.greaterThan(0.6);
  });

  it("turns carry into a forward", () => {
    expectClose(forwardPrice(slice, 2000, 31_536_000), 2000 * Math.exp(0.05), 1e-9);
    expect(forwardPrice({ ...slice, carry: 0 }, 2000, 31_536_000)).to.equal(2000);
  });

  it("has a non-negative variance for every slice and strike", () => {
    fc.assert(
      fc.property(timed, fc.double({ min: -20, max: 20, noNaN: true }), (any, k) => {
        expect(totalVariance(any, k)).to.be.at.least(0);
      }),
      RUNS,
    );
  });

  it("prices butterflies at zero or more where the butterfly conditions hold", () => {
    fc.assert(
      fc.property(butterflyFree, fc.double({ min: -1.5, max: 1.5, noNaN: true }), (any, middle) => {
        const step = 0.02;
        const call = (strike: number) => price("call", { ...optionAt(any, Math.log(strike)), strike });
        const strike = Math.exp(middle);
        const butterfly = call(strike * (1 - step)) - 2 * call(strike) + call(strike * (1 + step));
        expect(butterfly).to.be.at.least(-1e-14);
      }),
      RUNS,
    );
  });

  it("lets no total variance fall between neighbours where the calendar conditions hold", () => {
    fc.assert(
      fc.property(neighbours, ([near, far]) => {
        for (const k of LOG_MONEYNESS) {
          expect(totalVariance(far, k)).to.be.at.least(totalVariance(near, k) * (1 - 1e-12));
        }
      }),
      RUNS,
    );
  });

  it("keeps its conditions as time passes", () => {
    fc.assert(
      fc.property(neighbours, shares, ([near, far], share) => {
        const passed = near.timeToExpiry * share * 0.999;
        const later = ({ slice: same, timeToExpiry }: TimedSlice) => ({
          slice: same,
          timeToExpiry: timeToExpiry - passed,
        });
        expect(isButterflyFree(later(near))).to.equal(true);
        if (isButterflyFree(far)) expect(isButterflyFree(later(far))).to.equal(true);
        expect(isCalendarFree(later(near), later(far))).to.equal(true);
      }),
      RUNS,
    );
  });

  it("measures headroom as the unused share of each limit", () => {
    const near = { slice, timeToExpiry: 30 * DAY };
    const theta = atmVariance(near);
    expectClose(butterflyHeadroom(near).wing, 1 - (theta * 2 * 1.3) / 4, 1e-15);
    expectClose(butterflyHeadroom(near).density, 1 - (theta * 4 * 1.3) / 4, 1e-15);
    const far = { slice: { ...slice, curvature: 1.5 }, timeToExpiry: 60 * DAY };
    const { atm, wings, curvature } = calendarHeadroom(near, far);
    expectClose(atm, 0.5, 1e-15);
    expectClose(wings, 1 - 1 / 1.5, 1e-15);
    expectClose(curvature, 0.25, 1e-15);
    expect(isCalendarFree(far, near)).to.equal(false);
  });
});

describe("the surface between slices", () => {
  const near = { slice: { atmVol: 0.6, skew: -0.3, curvature: 2, carry: 0.1 }, timeToExpiry: 30 * DAY };
  const far = { slice: { atmVol: 0.5, skew: -0.2, curvature: 1.5, carry: 0.04 }, timeToExpiry: 90 * DAY };
  const surface = surfaceOf([near, far]);

  it("is each slice at its own expiry, and linear in total variance between", () => {
    expectClose(surfaceVariance(surface, 30 * DAY, 0.1), totalVariance(near, 0.1), 1e-16);
    expectClose(surfaceVariance(surface, 90 * DAY, 0.1), totalVariance(far, 0.1), 1e-16);
    const middle = (totalVariance(near, 0.1) + totalVariance(far, 0.1)) / 2;
    expectClose(surfaceVariance(surface, 60 * DAY, 0.1), middle, 1e-16);
  });

  it("keeps the first slice's vol and carry before it, and has no answer after the last", () => {
    expectClose(surfaceVol(surface, DAY, -0.2), smileVol(near.slice, -0.2), 1e-15);
    expectClose(surfaceForward(surface, DAY, 2000), 2000 * Math.exp(0.1 / 365), 1e-9);
    expect(() => surfaceVol(surface, 91 * DAY, -0.2)).to.throw(RangeError, "no slice at or after");
    expect(() => surfaceVol(surface, 0, -0.2)).to.throw(RangeError, "must be positive");
  });

  it("has a forward whose growth is linear in time between slices", () => {
    expectClose(surfaceForward(surface, 30 * DAY, 2000), 2000 * Math.exp((0.1 * 30) / 365), 1e-9);
    const growth = (0.1 * 30 + 0.04 * 90) / 365 / 2;
    expectClose(surfaceForward(surface, 60 * DAY, 2000), 2000 * Math.exp(growth), 1e-9);
  });

  it("refuses slices that are missing, expired or out of order", () => {
    expect(() => surfaceOf([])).to.throw(RangeError, "at least one");
    expect(() => surfaceOf([far, near])).to.throw(RangeError, "ascending order");
    expect(() => surfaceOf([{ ...near, timeToExpiry: 0 }, far])).to.throw(RangeError, "unexpired");
  });
});

function optionAt(any: TimedSlice, logMoneyness: number) {
  return { forward: 1, timeToExpiry: any.timeToExpiry, vol: smileVol(any.slice, logMoneyness) };
}
