import { expect } from "chai";
import {
  type Calibration,
  type OptionChain,
  type OptionQuote,
  calibrate,
} from "../../../../sdk/pricing/calibration/index.ts";
import { isButterflyFree, isCalendarFree } from "../../../../sdk/pricing/index.ts";
import { fromOnChainSlice, toOnChainSlice } from "../../../../sdk/slice.ts";
import { CHAIN_TIME, TRUE_SLICES, syntheticChain, withChanged } from "../../../support/syntheticChain.ts";
import { expectClose } from "../../../helpers/numbers.ts";

/** Index of a quote near the forward of the third expiry: 26 quotes per expiry, calls at even places. */
const NEAR_FORWARD = 2 * 26 + 12;

describe("calibration", () => {
  for (const unit of ["coin", "usd"] as const) {
    it(`finds the surface behind noiseless quotes in ${unit}`, () => {
      const { fits, failures } = calibrate(syntheticChain({ unit }));
      expect(failures).to.deep.equal([]);
      TRUE_SLICES.forEach(([, slice], i) => {
        const fit = fits[i]!;
        expectClose(fit.slice.atmVol, slice.atmVol, 1e-4);
        expectClose(fit.slice.skew, slice.skew, 2e-3);
        expectClose(fit.slice.curvature / slice.curvature, 1, 3e-3);
        expectClose(fit.slice.carry, slice.carry, 1e-9);
        expect(fit.rmse).to.be.below(1e-4);
      });
    });
  }

  it("takes the forward from put-call parity where no quote states it", () => {
    for (const unit of ["coin", "usd"] as const) {
      const { fits } = calibrate(syntheticChain({ unit, withForward: false }));
      TRUE_SLICES.forEach(([, slice], i) => {
        expect(fits[i]!.forward.source).to.equal("parity");
        expectClose(fits[i]!.slice.carry, slice.carry, 0.02);
        expectClose(fits[i]!.slice.atmVol, slice.atmVol, 2e-3);
      });
    }
  });

  it("stays within the noise of noisy quotes, and free of arbitrage as the contract stores it", () => {
    const calibration = calibrate(syntheticChain({ noise: 0.02 }));
    for (const fit of calibration.fits) expect(fit.rmse).to.be.below(0.03);
    expectArbitrageFree(calibration);
  });

  it("is free of arbitrage also where the quotes are not", () => {
    // The second expiry twenty-five vol points lower, and steeper: total variance falls from the first to it.
    const chain = syntheticChain();
    const cheap = chain.quotes.map((quote, i) => (Math.floor(i / 26) === 1 ? scaledPrices(quote, 0.4) : quote));
    const calibration = calibrate({ ...chain, quotes: cheap });
    expect(calibration.failures).to.deep.equal([]);
    expectArbitrageFree(calibration);
  });

  it("is not moved by a wild quote, and names it an outlier", () => {
    const chain = syntheticChain();
    const quote = chain.quotes[NEAR_FORWARD]!;
    const wild = withChanged(chain, NEAR_FORWARD, scaledPrices(quote, 2.5));
    const fit = calibrate(wild).fits[2]!;
    expectClose(fit.slice.atmVol, 0.68, 0.002);
    expect(fit.skipped.map(({ quote: { instrument }, reason }) => [instrument, reason])).to.deep.equal([
      [quote.instrument, "outlier"],
    ]);
  });

  it("gives slices that are whole on-chain units", () => {
    for (const { slice } of calibrate(syntheticChain({ noise: 0.01 })).fits) {
      expect(fromOnChainSlice(toOnChainSlice(slice))).to.deep.equal(slice);
    }
  });
});

describe("calibration with bad quotes", () => {
  const chain = syntheticChain();
  const cases: [name: string, change: Partial<OptionQuote>, reason: string][] = [
    ["crossed", { bid: 0.2, ask: 0.1 }, "crossed"],
    ["locked", { bid: 0.1, ask: 0.1 }, "crossed"],
    ["without any price", { bid: 0, ask: 0, mark: 0 }, "no price"],
    ["with a NaN price", { bid: NaN }, "not a number"],
    ["with an infinite price", { mark: Infinity }, "not a number"],
    ["with a negative strike", { strike: -100 }, "not a number"],
    ["dearer than its coin", { bid: 1.1, ask: 1.2, mark: 1.15 }, "outside arbitrage bounds"],
  ];
  for (const [name, change, reason] of cases) {
    it(`names and skips one that is ${name}`, () => {
      const { fits, failures } = calibrate(withChanged(chain, NEAR_FORWARD, change));
      expect(failures).to.deep.equal([]);
      expect(fits[2]!.skipped.map((skip) => skip.reason)).to.deep.equal([reason]);
      expectClose(fits[2]!.slice.atmVol, 0.68, 1e-3);
    });
  }

  it("names and skips duplicates, keeping the first", () => {
    const again = { ...chain.quotes[NEAR_FORWARD]!, instrument: "again" };
    const { fits } = calibrate({ ...chain, quotes: [...chain.quotes, again] });
    expect(fits[2]!.skipped.map(({ quote, reason }) => [quote.instrument, reason])).to.deep.equal([
      ["again", "duplicate"],
    ]);
  });

  it("uses a quote that lacks its forward as long as another states it", () => {
    const { underlying: _, ...without } = chain.quotes[NEAR_FORWARD]!;
    const { fits } = calibrate({ ...chain, quotes: chain.quotes.with(NEAR_FORWARD, without) });
    expect(fits[2]!.quotes).to.have.length(26);
  });

  it("says why an expiry fails and fits the others", () => {
    const expect1 = failureOf(expiryWith(chain, 2, (quotes) => quotes.slice(0, 2)));
    expect(expect1).to.equal("only one strike has usable quotes, a smile needs 3.");
    expect(failureOf(expiryWith(chain, 2, (quotes) => quotes.slice(0, 4)))).to.equal(
      "only 2 strikes have usable quotes, a smile needs 3.",
    );
    expect(failureOf(expiryWith(chain, 2, (quotes) => quotes.map((quote) => ({ ...quote, mark: NaN }))))).to.equal(
      "none of its 26 quotes can be used.",
    );
    const calls = (quotes: OptionQuote[]) =>
      quotes.filter(({ kind }) => kind === "call").map(({ underlying: _, ...quote }) => quote);
    expect(failureOf(expiryWith(chain, 2, calls))).to.match(/^no quote states a forward and no strike has a two-sided/);
  });

  it("says of an expiry in the past that it has expired", () => {
    const { fits, failures } = calibrate({ ...chain, at: CHAIN_TIME + 3 * 86_400 });
    expect(fits).to.have.length(4);
    expect(failures.map(({ reason }) => reason)).to.deep.equal(["it has expired."]);
    expect(failures[0]!.skipped[0]!.reason).to.equal("expired");
  });

  it("returns failures alone when nothing can be fitted", () => {
    const { fits, failures } = calibrate({ ...chain, quotes: chain.quotes.slice(0, 2) });
    expect(fits).to.deep.equal([]);
    expect(failures).to.have.length(1);
  });
});

/** Both conditions on the slices as `VolSurface` unpacks them. */
function expectArbitrageFree({ fits }: Calibration): void {
  const stored = fits.map(({ slice, timeToExpiry }) => ({
    slice: fromOnChainSlice(toOnChainSlice(slice)),
    timeToExpiry,
  }));
  stored.forEach((far, i) => {
    expect(isButterflyFree(far), `butterfly ${String(i)}`).to.equal(true);
    const near = stored[i - 1];
    if (near !== undefined) expect(isCalendarFree(near, far), `calendar ${String(i)}`).to.equal(true);
  });
}

function scaledPrices(quote: OptionQuote, factor: number): OptionQuote {
  const { bid = NaN, ask = NaN, mark = NaN } = quote;
  return { ...quote, bid: bid * factor, ask: ask * factor, mark: mark * factor };
}

function expiryWith(chain: OptionChain, index: number, change: (quotes: OptionQuote[]) => OptionQuote[]): OptionChain {
  const inside = (_: OptionQuote, i: number) => Math.floor(i / 26) === index;
  const others = chain.quotes.filter((quote, i) => !inside(quote, i));
  return { ...chain, quotes: [...others, ...change(chain.quotes.filter(inside))] };
}

function failureOf(chain: OptionChain): string {
  const { fits, failures } = calibrate(chain);
  expect(fits).to.have.length(TRUE_SLICES.length - 1);
  expect(failures).to.have.length(1);
  return failures[0]!.reason;
}
