import { expect } from "chai";
import { impliedVol, normalDensity, price, timeValue, yearsOf } from "../../../sdk/pricing/index.ts";
import { wideOptions } from "../../support/optionSamples.ts";
import { expectClose } from "../../helpers/numbers.ts";

const EPSILON = 2 ** -52;

describe("implied volatility", () => {
  it("returns the vol that made an out-of-the-money price, to the precision the price carries", () => {
    let tried = 0;
    for (const option of wideOptions(20_000)) {
      const { forward, strike, timeToExpiry, vol } = option;
      const kind = forward <= strike ? "call" : "put";
      const value = price(kind, option);
      if (value < 1e-250 || value >= Math.min(forward, strike) * (1 - 1e-12)) continue;
      tried++;
      const result = impliedVol(kind, { forward, strike, timeToExpiry, price: value });
      if (!result.ok) throw new Error(`${result.reason} for ${JSON.stringify(option)}`);
      expect(Math.abs(result.vol / vol - 1), JSON.stringify(option)).to.be.at.most(16 * conditioning(option, value));
    }
    expect(tried).to.be.greaterThan(8_000);
  });

  it("inverts in-the-money prices as far as their time value survives", () => {
    const option = { forward: 2200, strike: 1800, timeToExpiry: 2_592_000, vol: 0.65 };
    const result = impliedVol("call", { ...option, price: price("call", option) });
    expectClose(result.ok ? result.vol : NaN, 0.65, 1e-13);
  });

  it("gives zero for intrinsic value", () => {
    const option = { forward: 2200, strike: 1800, timeToExpiry: 3600 };
    expect(impliedVol("call", { ...option, price: 400 })).to.deep.equal({ ok: true, vol: 0 });
    expect(impliedVol("put", { ...option, price: 0 })).to.deep.equal({ ok: true, vol: 0 });
  });

  it("names why a price has no vol", () => {
    const option = { forward: 2200, strike: 1800, timeToExpiry: 3600 };
    const reason = (kind: "call" | "put", value: number, timeToExpiry = 3600) => {
      const result = impliedVol(kind, { ...option, timeToExpiry, price: value });
      return result.ok ? `vol ${String(result.vol)}` : result.reason;
    };
    expect(reason("call", 399)).to.equal("below-intrinsic");
    expect(reason("put", -1)).to.equal("below-intrinsic");
    expect(reason("put", NaN)).to.equal("below-intrinsic");
    expect(reason("call", 2200)).to.equal("above-maximum");
    expect(reason("put", 1800)).to.equal("above-maximum");
    expect(reason("put", 1, 0)).to.equal("expired");
  });

  it("solves prices near their maximum and at the money", () => {
    for (const target of [1e-12, 1e-6, 0.01, 0.5, 0.99, 1 - 1e-6, 1 - 1e-10]) {
      const option = { forward: 1, strike: 1, timeToExpiry: 31_536_000 };
      const result = impliedVol("call", { ...option, price: target });
      if (!result.ok) throw new Error(result.reason);
      const again = timeValue({ ...option, vol: result.vol });
      expect(Math.abs(again - target)).to.be.at.most(4 * EPSILON * target);
    }
  });
});

/** How much a last-place change of the price, and of ln(F/K) and s inside it, moves the vol. */
function conditioning(
  option: { forward: number; strike: number; timeToExpiry: number; vol: number },
  value: number,
): number {
  const { forward, strike, timeToExpiry, vol } = option;
  const s = vol * Math.sqrt(yearsOf(timeToExpiry));
  const x = Math.log(forward / strike);
  const vega = forward * normalDensity(x / s + s / 2);
  return EPSILON * (value / (vega * s) + 1 + (x / s) ** 2);
}
