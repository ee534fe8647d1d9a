import { expect } from "chai";
import { constants, fit, TARGETS } from "../../scripts/fit/coefficients.ts";
import { density } from "../../scripts/fit/functions.ts";
import { differences, literalsInSolidity } from "../../scripts/fit/solidity.ts";
import { DEEP } from "../deep.ts";
import { cdf, fromWad } from "../reference/blackScholes.ts";
import { wad } from "../reference/options.ts";
import { uniforms } from "../../simulator/path/random.ts";
import { deployPricingHarness, type PricingHarness } from "./harness.ts";

const CASES = DEEP ? 5_000 : 200;

describe("FixedPoint and Gaussian", () => {
  let harness: PricingHarness;
  const random = uniforms(11);
  before(async () => {
    harness = await deployPricingHarness();
  });

  it("knows logarithms to 3e-18 from one wei to 2^96", async () => {
    expect(await harness.ln(wad(1))).to.equal(0n);
    for (let i = 0; i < CASES; i++) {
      const x = BigInt(Math.ceil(2 ** (53 * random()))) * 2n ** BigInt(Math.floor(43 * random()));
      const error = fromWad(await harness.ln(x)).minus(fromWad(x).ln());
      expect(error.abs().toNumber(), `ln ${x}`).to.be.at.most(3e-18);
    }
  });

  it("knows exponentials to 4e-18 of themselves and the size of their argument", async () => {
    expect(await harness.exp(0n)).to.equal(wad(1));
    expect(await harness.exp(wad(-43))).to.equal(0n);
    for (let i = 0; i < CASES; i++) {
      const x = wad(80 * random() - 40);
      const exact = fromWad(x).exp();
      const error = fromWad(await harness.exp(x))
        .minus(exact)
        .abs();
      const allowed = exact
        .times(4e-18)
        .times(Math.max(1, Math.abs(Number(x) / 1e18)))
        .plus("1e-18");
      expect(error.lte(allowed), `exp ${x}`).to.equal(true);
    }
  });

  it("gives no exponential above 40, as the shift would not hold it", async () => {
    await harness.exp(wad(40));
    await expect(harness.exp(wad(40) + 1n))
      .to.be.revertedWithCustomError(harness, "ExpOverflow")
      .withArgs(wad(40) + 1n, wad(40));
  });

  it("takes square roots to the unit", async () => {
    for (const x of [0n, 1n, 2n, 3n, 4n, 2n ** 96n, 2n ** 160n - 1n]) {
      const root = await harness.sqrt(x);
      expect((root - 1n) * (root - 1n) <= x || root === 0n).to.equal(true);
      expect((root + 1n) * (root + 1n) > x).to.equal(true);
    }
  });

  it("knows Φ to 5e-15 and φ to the unit", async () => {
    expect(await harness.cdf(0n)).to.equal(wad(0.5));
    for (let i = 0; i < CASES; i++) {
      const x = wad(24 * random() - 12);
      expect(
        fromWad(await harness.cdf(x))
          .minus(cdf(fromWad(x)))
          .abs()
          .toNumber(),
      ).to.be.at.most(5e-15);
      expect(
        fromWad(await harness.pdf(x))
          .minus(density(fromWad(x)))
          .abs()
          .toNumber(),
      ).to.be.at.most(3e-18);
    }
  });

  if (DEEP) {
    it("holds exactly the coefficients that the fits yield, and none of unknown origin", function () {
      this.timeout(600_000);
      expect(differences(TARGETS.map((target) => fit(target)))).to.deep.equal([]);
    });
  } else {
    it("holds the coefficients that the two quicker fits yield (all of them in test:deep), and the constants", function () {
      const present = literalsInSolidity();
      const quick = TARGETS.filter(({ name }) => name === "exponential" || name === "logarithm");
      const expected = [constants(), ...quick.map((target) => fit(target).literals)];
      for (const [name, hex] of expected.flatMap((literals) => Object.entries(literals)))
        expect(present.has(hex), `${name} = ${hex}`).to.equal(true);
    });
  }
});
