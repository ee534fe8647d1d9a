import { expect } from "chai";
import { erfc, normalCdf, normalDensity } from "../../../sdk/pricing/index.ts";
import { precise, preciseCdf, preciseDensity } from "../../../scripts/fit/preciseMills.ts";
import { expectClose } from "../../helpers/numbers.ts";

/** One unit in the last place of a number just below a power of two, as a share of it. */
const ULP = 2 ** -53;

describe("normal distribution", () => {
  it("is right to a few units in the last place, in relative terms, down to 1e-300", () => {
    for (let x = -37; x <= 8; x += 0.0837) {
      const exact = precise(x);
      const cdfError = preciseCdf(exact).div(normalCdf(x)).minus(1).abs().toNumber();
      const densityError = preciseDensity(exact).div(normalDensity(x)).minus(1).abs().toNumber();
      expect(cdfError, `Φ(${String(x)})`).to.be.at.most(8 * ULP);
      expect(densityError, `φ(${String(x)})`).to.be.at.most(8 * ULP);
    }
  });

  it("reaches 0 and 1 at the ends and passes NaN on", () => {
    expect(normalCdf(0)).to.equal(0.5);
    expect(normalCdf(-Infinity)).to.equal(0);
    expect(normalCdf(Infinity)).to.equal(1);
    expect(normalCdf(-40)).to.equal(0);
    expect(normalCdf(NaN)).to.be.NaN;
  });

  it("gives the complementary error function", () => {
    // Abramowitz & Stegun table 7.1: erf(0.5) and erf(2)
    expectClose(erfc(0.5), 1 - 0.5204998778130465, 2e-16);
    expectClose(erfc(2), 0.004677734981047266, 1e-17);
    expectClose(erfc(-2), 2 - 0.004677734981047266, 4e-16);
  });
});
