import { readFileSync } from "node:fs";
import { expect } from "chai";
import { real, type Real } from "../../scripts/fit/functions.ts";
import { DEEP } from "../deep.ts";
import { fromWad, referenceGreeks, yearsOf, type ReferenceGreeks, type WadOption } from "../reference/blackScholes.ts";
import { wad, wideOptions } from "../reference/options.ts";
import { deployPricingHarness, greeksOfAll, type HarnessGreeks, type PricingHarness } from "./harness.ts";

/** What the library promises: prices and vega as a share of their scale, delta as it is. */
const PRICE_ERROR = 3e-14;
const DELTA_ERROR = 1e-13;
/** Results are WAD: beside a small forward two units weigh more than the promise. */
const UNITS = real("2e-18");

interface Vector extends Record<keyof ReferenceGreeks, string> {
  spot: string;
  strike: string;
  seconds: number;
  vol: string;
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/reference.json", import.meta.url), "utf8")) as {
  blackScholes: Vector[];
};

/** Throws unless every output is as close to the reference as promised. */
function expectClose(option: WadOption, result: HarnessGreeks, reference: ReferenceGreeks): void {
  const forward = fromWad(option.forward);
  const rootT = yearsOf(option.timeToExpiry).sqrt();
  const check = (name: string, value: bigint, expected: Real, scale: Real, limit: number) => {
    const error = fromWad(value).minus(expected).abs();
    const allowed = scale.times(limit).plus(UNITS);
    const message = () => `${name} of ${Object.values(option).join(", ")}: ${value} for ${expected.toFixed(24)}`;
    if (error.gt(allowed)) expect.fail(message());
  };
  check("call", result.call, reference.call, forward, PRICE_ERROR);
  check("put", result.put, reference.put, forward, PRICE_ERROR);
  check("call from series form", result.seriesCall, reference.call, forward, PRICE_ERROR);
  check("put from series form", result.seriesPut, reference.put, forward, PRICE_ERROR);
  check("delta", result.callDelta, reference.callDelta, real(1), DELTA_ERROR);
  check("vega", result.vega, reference.vega, forward.times(rootT), DELTA_ERROR);
  const deviation = fromWad(option.vol).times(rootT);
  check("gamma", result.gamma, reference.gamma, real(1).div(forward.times(deviation)), DELTA_ERROR);
  check("gamma from vega", result.gammaFromVega, reference.gamma, real(1).div(forward.times(deviation)), DELTA_ERROR);
  const thetaScale = forward.times(fromWad(option.vol)).div(rootT);
  check("theta from vega", result.thetaFromVega, reference.theta, thetaScale, DELTA_ERROR);
  check("theta", result.theta, reference.theta, thetaScale, DELTA_ERROR);
}

describe("BlackScholes", () => {
  let harness: PricingHarness;
  before(async () => {
    harness = await deployPricingHarness();
  });

  it("agrees with 636 reference values", async () => {
    const options = fixture.blackScholes.map((v) => ({
      forward: wad(v.spot),
      strike: wad(v.strike),
      timeToExpiry: BigInt(v.seconds),
      vol: wad(v.vol),
    }));
    const results = await greeksOfAll(harness, options);
    expect(results).to.have.length(636);
    results.forEach((result, i) => {
      const v = fixture.blackScholes[i]!;
      const reference = {
        call: real(v.call),
        put: real(v.put),
        callDelta: real(v.callDelta),
        vega: real(v.vega),
        gamma: real(v.gamma),
        theta: real(v.theta),
      };
      expectClose(options[i]!, result, reference);
    });
  });

  const count = DEEP ? 20_000 : 600;
  it(`T12: agrees with sixty digits on ${count} random options far wider than any market`, async function () {
    this.timeout(1_200_000);
    const options = wideOptions(count, 20240108);
    const results = await greeksOfAll(harness, options);
    results.forEach((result, i) => expectClose(options[i]!, result, referenceGreeks(options[i]!)));
  });

  it("gives intrinsic value and a delta of 0, ½ or 1 without time or vol", async () => {
    for (const [time, vol] of [
      [0n, wad(0.8)],
      [86_400n, 0n],
      [0n, 0n],
    ] as const) {
      const at = async (forward: bigint, strike: bigint) => {
        const { call, put, callDelta } = await harness.greeks(forward, strike, time, vol);
        return [call, put, callDelta];
      };
      expect(await at(wad(2000), wad(1500))).to.deep.equal([wad(500), 0n, wad(1)]);
      expect(await at(wad(2000), wad(2000))).to.deep.equal([0n, 0n, wad(0.5)]);
      expect(await at(wad(2000), wad(2500))).to.deep.equal([0n, wad(500), 0n]);
      expect(await at(1n, 2n ** 96n)).to.deep.equal([0n, 2n ** 96n - 1n, 0n]);
      expect(await at(2n ** 96n, 1n)).to.deep.equal([2n ** 96n - 1n, 0n, wad(1)]);
    }
  });

  it("stays within bounds in every corner of its domain", async () => {
    const amounts = [1n, 2n, 1_000n, wad(1), wad(2000), 2n ** 95n, 2n ** 96n - 1n, 2n ** 96n];
    const times = [0n, 1n, 60n, 3_600n, 31_536_000n, 315_360_000n];
    const vols = [0n, 1n, 10n ** 9n, wad(0.01), wad(1), wad(3), wad(10)];
    const options = amounts.flatMap((forward) =>
      amounts.flatMap((strike) =>
        times.flatMap((timeToExpiry) => vols.map((vol) => ({ forward, strike, timeToExpiry, vol }))),
      ),
    );
    const results = await greeksOfAll(harness, options);
    results.forEach((r, i) => {
      const { forward, strike } = options[i]!;
      const intrinsic = forward > strike ? forward - strike : 0n;
      const where = Object.values(options[i]!).join(", ");
      if (r.call < intrinsic || r.call > forward) expect.fail(`call ${r.call} at ${where}`);
      if (r.call - r.put !== forward - strike) expect.fail(`parity at ${where}`);
      if (r.callDelta > wad(1)) expect.fail(`delta ${r.callDelta} at ${where}`);
      if (r.theta > 0n) expect.fail(`theta ${r.theta} at ${where}`);
    });
  });
});
