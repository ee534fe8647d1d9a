import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { callAndPut, greeks, intrinsicValue, price, yearsOf } from "../../../sdk/pricing/index.ts";
import { kinds, logUniform, marketOptions, options } from "../../support/arbitraries.ts";

const RUNS = { numRuns: 2_000 };
/** Rounding of two prices of size F or K. */
const ROUNDING = 1e-15;

describe("Black-Scholes properties", () => {
  it("keeps prices between intrinsic value and the forward or strike", () => {
    fc.assert(
      fc.property(kinds, options, (kind, option) => {
        const value = price(kind, option);
        expect(value).to.be.at.least(intrinsicValue(kind, option.forward, option.strike));
        expect(value).to.be.at.most((kind === "call" ? option.forward : option.strike) * (1 + ROUNDING));
      }),
      RUNS,
    );
  });

  it("keeps call − put = F − K", () => {
    fc.assert(
      fc.property(options, (option) => {
        const { call, put } = callAndPut(option);
        const scale = Math.max(option.forward, option.strike);
        expect(Math.abs(call - put - (option.forward - option.strike))).to.be.at.most(4 * ROUNDING * scale);
      }),
      RUNS,
    );
  });

  it("never falls when vol, time or a call's forward rises", () => {
    fc.assert(
      fc.property(kinds, options, logUniform(1.001, 2), (kind, option, factor) => {
        const value = price(kind, option);
        const slack = 4 * ROUNDING * Math.max(option.forward, option.strike);
        expect(price(kind, { ...option, vol: option.vol * factor })).to.be.at.least(value - slack);
        expect(price(kind, { ...option, timeToExpiry: option.timeToExpiry * factor })).to.be.at.least(value - slack);
        const call = price("call", option);
        expect(price("call", { ...option, forward: option.forward * factor })).to.be.at.least(call - slack);
      }),
      RUNS,
    );
  });

  it("has Greeks that are the slopes of the price and of each other", () => {
    fc.assert(
      fc.property(kinds, marketOptions, (kind, option) => {
        const { forward, timeToExpiry, vol } = option;
        const here = greeks(kind, option);
        const years = yearsOf(timeToExpiry);
        const s = vol * Math.sqrt(years);
        const byForward = slope(
          (f) => greeks(kind, { ...option, forward: f }),
          forward,
          1e-4 * forward * Math.min(s, 1),
        );
        const byVol = slope((v) => greeks(kind, { ...option, vol: v }), vol, 1e-4 * vol);
        const byTime = slope((t) => greeks(kind, { ...option, timeToExpiry: t }), timeToExpiry, 1e-4 * timeToExpiry);
        const vegaScale = forward * Math.sqrt(years);
        expectClose(here.delta, byForward.price, 1);
        expectClose(here.gamma, byForward.delta, 1 / (forward * s));
        expectClose(here.vega, byVol.price, vegaScale);
        expectClose(here.vanna, byVol.delta, (1 + s) / vol);
        expectClose(here.volga, byVol.vega, (vegaScale * (1 + s)) / vol);
        expectClose(here.theta, (-byTime.price * timeToExpiry) / years, vegaScale * (vol / years));
        expectClose(here.charm, (-byTime.delta * timeToExpiry) / years, (1 + s) / years);
      }),
      RUNS,
    );
  });

  it("has the rho of an option whose spot is fixed", () => {
    const option = { forward: 2000, strike: 2100, timeToExpiry: 15_768_000, vol: 0.8 };
    for (const kind of ["call", "put"] as const) {
      // Discounted at rate r, with F = S·exp(r·T) and T = ½.
      const discounted = (r: number) => Math.exp(-r / 2) * price(kind, { ...option, forward: 2000 * Math.exp(r / 2) });
      const numeric = (discounted(1e-5) - discounted(-1e-5)) / 2e-5;
      expect(Math.abs(greeks(kind, option).rho - numeric)).to.be.at.most(1e-5 * 2000);
    }
  });

  it("is intrinsic value with a delta of 0, ½ or 1 at expiry and without volatility", () => {
    const at = (strike: number) => ({ forward: 100, strike, timeToExpiry: 0, vol: 0.5 });
    expect(callAndPut(at(90))).to.deep.equal({ call: 10, put: 0, callDelta: 1, vega: 0 });
    expect(callAndPut(at(100))).to.deep.equal({ call: 0, put: 0, callDelta: 0.5, vega: 0 });
    expect(callAndPut({ ...at(110), timeToExpiry: 100, vol: 0 })).to.deep.equal({
      call: 0,
      put: 10,
      callDelta: 0,
      vega: 0,
    });
    expect(greeks("put", at(110))).to.include({ price: 10, delta: -1, gamma: 0, theta: 0, charm: 0 });
    expect(greeks("put", at(100))).to.include({ price: 0, delta: -0.5 });
  });

  it("refuses what is not an option, by name", () => {
    const option = { forward: 100, strike: 100, timeToExpiry: 1, vol: 1 };
    expect(() => price("call", { ...option, strike: 0 })).to.throw(RangeError, "strike must be positive");
    expect(() => price("call", { ...option, forward: NaN })).to.throw(RangeError, "forward must be positive");
    expect(() => greeks("put", { ...option, timeToExpiry: -1 })).to.throw(RangeError, "timeToExpiry must be zero or");
    expect(() => greeks("put", { ...option, vol: Infinity })).to.throw(RangeError, "vol must be zero or positive");
  });
});

type Row = Readonly<Record<"price" | "delta" | "vega", number>>;

/** Central differences of price, delta and vega. */
function slope(at: (x: number) => Row, x: number, step: number): Row {
  const up = at(x + step);
  const down = at(x - step);
  const width = x + step - (x - step);
  const by = (name: keyof Row) => (up[name] - down[name]) / width;
  return { price: by("price"), delta: by("delta"), vega: by("vega") };
}

/** Central differences with steps of 1e-4 are right to a few 1e-7 of a Greek's scale. */
function expectClose(actual: number, numeric: number, scale: number): void {
  expect(Math.abs(actual - numeric) / scale).to.be.at.most(5e-6);
}
