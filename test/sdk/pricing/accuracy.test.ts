import { expect } from "chai";
import {
  type Greeks,
  type OptionKind,
  callAndPut,
  greeks,
  totalVariance,
  yearsOf,
} from "../../../sdk/pricing/index.ts";
import { fixed, toNumber } from "../../support/fixedPoint.ts";
import { REFERENCE, inputOf, scaleOf, wideOptions } from "../../support/optionSamples.ts";
import { referenceGreeks } from "../../support/referenceGreeks.ts";

const KINDS: readonly OptionKind[] = ["call", "put"];
const GREEK_BOUND = 1e-12;
const WIDE_POINTS = 20_000;

describe("Black-Scholes accuracy", () => {
  it("gives prices within 1e-15 of the forward on the reference grid", () => {
    for (const row of REFERENCE.blackScholes) {
      const input = inputOf(row);
      const { call, put } = callAndPut(input);
      expect(Math.abs(call - Number(row.call)) / input.forward, `call ${JSON.stringify(row)}`).to.be.at.most(1e-15);
      const scale = Math.max(input.forward, input.strike);
      expect(Math.abs(put - Number(row.put)) / scale, `put ${JSON.stringify(row)}`).to.be.at.most(1e-15);
    }
  });

  it("gives the reference grid's Greeks within 1e-12 of their scale", () => {
    const names = ["gamma", "vega", "theta", "vanna", "volga"] as const;
    for (const row of REFERENCE.blackScholes) {
      const input = inputOf(row);
      for (const kind of KINDS) {
        const actual = greeks(kind, input);
        const scale = scaleOf(kind, input);
        const delta = Number(kind === "call" ? row.callDelta : row.putDelta);
        expect(Math.abs(actual.delta - delta), `${kind} delta ${JSON.stringify(row)}`).to.be.at.most(GREEK_BOUND);
        for (const name of names) {
          const error = Math.abs(actual[name] - Number(row[name])) / scale[name];
          expect(error, `${kind} ${name} ${JSON.stringify(row)}`).to.be.at.most(GREEK_BOUND);
        }
      }
    }
  });

  it(`gives price within 1e-14 and all Greeks within 1e-12 on ${String(WIDE_POINTS)} wide random options`, () => {
    const worst = new Map<string, number>();
    wideOptions(WIDE_POINTS).forEach((input, i) => {
      const kind: OptionKind = i % 2 === 0 ? "call" : "put";
      const actual = greeks(kind, input);
      const expected = referenceGreeks(kind, input);
      const scale = scaleOf(kind, input);
      for (const name of Object.keys(actual) as (keyof Greeks)[]) {
        const error = Math.abs(toNumber(fixed(actual[name]) - expected[name])) / scale[name];
        const bound = name === "price" ? 1e-14 : GREEK_BOUND;
        expect(error, `${kind} ${name} of ${JSON.stringify(input)}`).to.be.at.most(bound);
        worst.set(name, Math.max(worst.get(name) ?? 0, error));
      }
    });
    const list = [...worst].map(([name, error]) => `${name} ${error.toExponential(1)}`).join(", ");
    console.log(`      worst errors: ${list}`);
  });
});

describe("SSVI accuracy", () => {
  it("gives the reference total variances and vols within 1e-14, relative", () => {
    for (const row of REFERENCE.ssvi) {
      const theta = Number(row.theta);
      const slice = {
        atmVol: Math.sqrt(theta / yearsOf(row.seconds)),
        skew: Number(row.rho),
        curvature: Number(row.eta) * theta ** -Number(row.gamma),
        carry: 0,
      };
      const variance = totalVariance({ slice, timeToExpiry: row.seconds }, Number(row.logMoneyness));
      expect(Math.abs(variance / Number(row.totalVariance) - 1)).to.be.at.most(1e-14);
      const vol = Math.sqrt(variance / yearsOf(row.seconds));
      expect(Math.abs(vol / Number(row.vol) - 1)).to.be.at.most(1e-14);
    }
  });
});
