import { expect } from "chai";
import {
  type GreeksBatch,
  type OptionBatch,
  type OptionInput,
  type OptionKind,
  createGreeksBatch,
  createOptionBatch,
  greeks,
  greeksBatch,
} from "../../../sdk/pricing/index.ts";
import { fixed, toNumber } from "../../support/fixedPoint.ts";
import { REFERENCE, inputOf, scaleOf, wideOptions } from "../../support/optionSamples.ts";
import { referenceGreeks } from "../../support/referenceGreeks.ts";
import { expectClose } from "../../helpers/numbers.ts";

const NAMES = ["price", "delta", "gamma", "vega", "theta"] as const;

describe("batch pricing", () => {
  it("agrees with the scalar form to 1e-15 of the price's scale and 1e-14 of each Greek's", () => {
    const options = [...REFERENCE.blackScholes.map(inputOf), ...wideOptions(20_000)];
    const results = run(options);
    options.forEach((option, i) => {
      const expected = greeks(kindOf(i), option);
      const scale = scaleOf(kindOf(i), option);
      for (const name of NAMES) {
        const error = Math.abs((results[name][i] ?? NaN) - expected[name]) / scale[name];
        expect(error, `${name} of ${JSON.stringify(option)}`).to.be.at.most(name === "price" ? 1e-15 : 1e-14);
      }
    });
  });

  it("meets the reference grid's bounds", () => {
    const rows = REFERENCE.blackScholes;
    const results = run(rows.map(inputOf));
    rows.forEach((row, i) => {
      const option = inputOf(row);
      const kind = kindOf(i);
      const value = Number(kind === "call" ? row.call : row.put);
      const scale = scaleOf(kind, option);
      expect(Math.abs((results.price[i] ?? NaN) - value) / scale.price).to.be.at.most(1e-15);
      const delta = Number(kind === "call" ? row.callDelta : row.putDelta);
      expect(Math.abs((results.delta[i] ?? NaN) - delta)).to.be.at.most(1e-12);
      for (const name of ["gamma", "vega", "theta"] as const) {
        expect(Math.abs((results[name][i] ?? NaN) - Number(row[name])) / scale[name]).to.be.at.most(1e-12);
      }
    });
  });

  it("meets the bounds on 20000 wide random options", () => {
    const options = wideOptions(20_000);
    const results = run(options);
    options.forEach((option, i) => {
      const expected = referenceGreeks(kindOf(i), option);
      const scale = scaleOf(kindOf(i), option);
      for (const name of NAMES) {
        const error = Math.abs(toNumber(fixed(results[name][i] ?? NaN) - expected[name])) / scale[name];
        expect(error, `${name} of ${JSON.stringify(option)}`).to.be.at.most(name === "price" ? 1e-14 : 1e-12);
      }
    });
  });

  it("gives intrinsic value at expiry and without volatility", () => {
    const results = run([
      { forward: 110, strike: 100, timeToExpiry: 0, vol: 0.5 },
      { forward: 110, strike: 100, timeToExpiry: 60, vol: 0 },
      { forward: 100, strike: 100, timeToExpiry: 0, vol: 0.5 },
    ]);
    expect([...results.price]).to.deep.equal([10, 0, 0]);
    expect([...results.delta]).to.deep.equal([1, 0, 0.5]);
    expect([...results.theta]).to.deep.equal([0, 0, 0]);
  });

  it("keeps nonsense to the option it came with", () => {
    const good = { forward: 100, strike: 100, timeToExpiry: 86_400, vol: 0.5 };
    const results = run([{ ...good, vol: NaN }, good]);
    expect(results.price[0]).to.be.NaN;
    expectClose(results.price[1] ?? NaN, greeks("put", good).price, 1e-13);
  });

  it("refuses arrays of different lengths, by name", () => {
    const options = createOptionBatch(2);
    expect(() => greeksBatch(options, createGreeksBatch(3))).to.throw(RangeError, "price has 3 entries, forward has 2");
  });
});

/** Even entries are calls, odd ones puts. */
function kindOf(i: number): OptionKind {
  return i % 2 === 0 ? "call" : "put";
}

function run(inputs: readonly OptionInput[]): GreeksBatch {
  const options: OptionBatch = createOptionBatch(inputs.length);
  inputs.forEach(({ forward, strike, timeToExpiry, vol }, i) => {
    options.forward[i] = forward;
    options.strike[i] = strike;
    options.timeToExpiry[i] = timeToExpiry;
    options.vol[i] = vol;
    options.isCall[i] = kindOf(i) === "call" ? 1 : 0;
  });
  const results = createGreeksBatch(inputs.length);
  greeksBatch(options, results);
  return results;
}
