import { readFileSync } from "node:fs";
import { expect } from "chai";
import { real, type Real } from "../../scripts/fit/functions.ts";
import { DEEP } from "../deep.ts";
import { fromWad, yearsOf } from "../reference/blackScholes.ts";
import { wad } from "../reference/options.ts";
import { uniforms } from "../../simulator/path/random.ts";
import { deployPricingHarness, type PricingHarness, type WadSlice } from "./harness.ts";

interface Vector {
  logMoneyness: string;
  theta: string;
  rho: string;
  eta: string;
  gamma: string;
  seconds: number;
  totalVariance: string;
  vol: string;
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/reference.json", import.meta.url), "utf8")) as {
  ssvi: Vector[];
};

/** Total variance is to be good to 1e-14 of itself. */
const VARIANCE_ERROR = 1e-14;

const toWad = (x: Real): bigint => BigInt(x.times("1e18").toFixed(0));

/** w(k)/T with sixty digits, from the integers that Solidity gets. */
function referenceVariance([atmVol, skew, curvature]: WadSlice, k: bigint): Real {
  const rho = fromWad(skew);
  const z = fromWad(curvature).times(fromWad(k));
  const root = z.plus(rho).pow(2).plus(1).minus(rho.pow(2)).sqrt();
  return fromWad(atmVol).pow(2).div(2).times(rho.times(z).plus(1).plus(root));
}

const relative = (value: Real, expected: Real) => value.div(expected).minus(1).abs().toNumber();

describe("Ssvi", () => {
  let harness: PricingHarness;
  before(async () => {
    harness = await deployPricingHarness();
  });

  it("agrees with 64 reference values of total variance and vol", async () => {
    expect(fixture.ssvi).to.have.length(64);
    for (const v of fixture.ssvi) {
      const years = yearsOf(BigInt(v.seconds));
      // The vectors hold φ(θ) = η/θ^γ, the power law of Gatheral & Jacquier.
      const theta = real(v.theta);
      const curvature = real(v.eta).div(theta.pow(v.gamma));
      const slice: WadSlice = [toWad(theta.div(years).sqrt()), wad(v.rho), toWad(curvature), 0n];
      const vol = fromWad(await harness.impliedVolAt(slice, wad(v.logMoneyness)));
      expect(relative(vol, real(v.vol)), "vol").to.be.at.most(VARIANCE_ERROR / 2);
      expect(relative(vol.pow(2).times(years), real(v.totalVariance)), "variance").to.be.at.most(VARIANCE_ERROR);
    }
  });

  const count = DEEP ? 20_000 : 500;
  it(`agrees with sixty digits on ${count} random slices`, async function () {
    this.timeout(1_200_000);
    const random = uniforms(7);
    for (let i = 0; i < count; i++) {
      const slice: WadSlice = [
        wad(0.01 * 1000 ** random()),
        wad(1.98 * random() - 0.99),
        wad(1e-3 * 1e7 ** random()),
        0n,
      ];
      const k = wad(6 * random() - 3);
      const reference = referenceVariance(slice, k);
      const variance = real((await harness.varianceAt(slice, k)).toString()).div("1e36");
      expect(relative(variance, reference), slice.join(", ")).to.be.at.most(VARIANCE_ERROR);
    }
  });

  it("gives the vol at the money there, and total variance in proportion to time", async () => {
    const slice: WadSlice = [wad("0.64"), wad("-0.3"), wad("1.7"), 0n];
    expect(await harness.impliedVolAt(slice, 0n)).to.equal(wad("0.64"));
    expect(await harness.totalVariance(slice, 31_536_000n, wad(2000), wad(2000))).to.equal(wad("0.4096"));
    expect(await harness.totalVariance(slice, 15_768_000n, wad(2000), wad(2000))).to.equal(wad("0.2048"));
  });

  it("slopes towards puts when the skew is negative", async () => {
    const slice: WadSlice = [wad("0.64"), wad("-0.3"), wad("1.7"), 0n];
    expect(await harness.impliedVolAt(slice, wad(-0.2))).to.be.greaterThan(await harness.impliedVolAt(slice, wad(0.2)));
  });
});
