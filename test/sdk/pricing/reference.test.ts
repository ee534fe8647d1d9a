import { expect } from "chai";
import { Precise, precise, preciseCdf } from "../../../scripts/fit/preciseMills.ts";
import { ONE, fixed, logarithm, squareRoot } from "../../support/fixedPoint.ts";
import { REFERENCE, inputOf } from "../../support/optionSamples.ts";
import { seededRandom } from "../../support/random.ts";
import { referenceCdf, referenceGreeks } from "../../support/referenceGreeks.ts";

const DIGITS = 45;

/** The fixed-point number with DIGITS decimal places. */
function decimals(value: bigint): string {
  const scaled = (value * 10n ** BigInt(DIGITS)) / ONE;
  return new Precise(scaled.toString()).div(new Precise(10).pow(DIGITS)).toFixed(DIGITS);
}

describe("the fixed-point reference of these tests", () => {
  const random = seededRandom(7);

  it("agrees with a decimal library to more than 40 digits", () => {
    for (let i = 0; i < 60; i++) {
      const x = random.uniform(-12, 12);
      const size = random.logUniform(1e-4, 1e4);
      const pairs = [
        [referenceCdf(fixed(x)), preciseCdf(precise(x))],
        [logarithm(fixed(size)), precise(size).ln()],
        [squareRoot(fixed(size)), precise(size).sqrt()],
      ] as const;
      for (const [actual, expected] of pairs) {
        expect(new Precise(decimals(actual)).minus(expected).abs().toNumber()).to.be.below(1e-42);
      }
    }
  });

  it("agrees with the 60-digit reference grid as far as that grid's rounded inputs allow", () => {
    for (const row of REFERENCE.blackScholes.slice(0, 100)) {
      const call = Number(decimals(referenceGreeks("call", inputOf(row)).price));
      expect(Math.abs(call - Number(row.call)) / Number(row.spot)).to.be.below(3e-16);
    }
  });
});
