import { expect } from "chai";
import { callAndPut, greeks, smileVol, totalVariance } from "../../sdk/pricing/index.ts";
import { DEEP } from "../deep.ts";
import type { WadOption } from "../reference/blackScholes.ts";
import { wad, wideOptions } from "../reference/options.ts";
import { uniforms } from "../../simulator/path/random.ts";
import { type PricingHarness, deployPricingHarness, greeksOfAll } from "./harness.ts";

/** The two sides' own bounds added up: 3e-14 on-chain and 1e-14 in TypeScript for prices, 1e-13 and 1e-12 for Greeks. */
const PRICE_GAP = 4e-14;
const GREEK_GAP = 1.1e-12;
const COUNT = DEEP ? 100_000 : 2_000;
const SEED = 20_260_101;
const STEPS = 2 ** 18;

describe("Solidity and TypeScript price alike", () => {
  let harness: PricingHarness;
  before(async () => {
    harness = await deployPricingHarness();
  });

  it(`on ${COUNT} random options far wider than any market`, async function () {
    this.timeout(600_000);
    const options = wideOptions(COUNT, SEED).map(onBothSides);
    const results = await greeksOfAll(
      harness,
      options.map(({ chain }) => chain),
    );
    for (const [i, { number }] of options.entries()) {
      const onChain = results[i];
      if (!onChain) throw new Error("One result for each option.");
      const { call, put } = callAndPut(number);
      const own = greeks("call", number);
      const scale = Math.max(number.forward, number.strike);
      const rootT = Math.sqrt(number.timeToExpiry / 31_536_000);
      const check = (name: string, a: bigint, b: number, allowed: number) => {
        const gap = Math.abs(Number(a) / 1e18 - b);
        if (gap > allowed + 2e-18) expect.fail(`${name} of ${JSON.stringify(number)}: ${a} on-chain, ${b} here`);
      };
      check("call", onChain.call, call, PRICE_GAP * scale);
      check("put", onChain.put, put, PRICE_GAP * scale);
      check("delta", onChain.callDelta, own.delta, GREEK_GAP);
      check("vega", onChain.vega, own.vega, GREEK_GAP * number.forward * rootT);
      check("gamma", onChain.gamma, own.gamma, GREEK_GAP / (number.forward * number.vol * rootT));
    }
  });

  it("on random slices, at any strike", async () => {
    const random = uniforms(SEED);
    for (let i = 0; i < 500; ++i) {
      const slice = { atmVol: 0.1 + 2 * random(), skew: 1.8 * random() - 0.9, curvature: 20 * random(), carry: 0 };
      const wads = [wad(slice.atmVol), wad(slice.skew), wad(slice.curvature), 0n] as const;
      const exact = { ...slice, atmVol: unit(wads[0]), skew: unit(wads[1]), curvature: unit(wads[2]) };
      const k = wad(4 * random() - 2);
      const vol = unit(await harness.impliedVolAt(wads, k));
      const own = smileVol(exact, unit(k));
      expect(Math.abs(vol / own - 1), JSON.stringify({ slice, k: unit(k) })).to.be.below(1e-13);
      const timeToExpiry = 30 * 86_400;
      const variance = Number(await harness.varianceAt(wads, k)) / 1e36;
      const ownVariance = totalVariance({ slice: exact, timeToExpiry }, unit(k)) / (timeToExpiry / 31_536_000);
      expect(Math.abs(variance / ownVariance - 1)).to.be.below(1e-13);
    }
  });
});

/**
 * The option moved onto multiples of 2^-18, which doubles and WAD both hold exactly: both sides are asked the same
 * question. A rounded strike alone would move the delta of an option with seconds to live by more than the bound.
 */
function onBothSides(option: WadOption) {
  const forward = snap(option.forward);
  const strike = snap(option.strike);
  const vol = snap(option.vol);
  return {
    chain: { forward: forward.wad, strike: strike.wad, timeToExpiry: option.timeToExpiry, vol: vol.wad },
    number: {
      forward: forward.number,
      strike: strike.number,
      timeToExpiry: Number(option.timeToExpiry),
      vol: vol.number,
    },
  };
}

function snap(value: bigint): { wad: bigint; number: number } {
  const steps = Math.max(1, Math.round(unit(value) * STEPS));
  return { wad: BigInt(steps) * (10n ** 18n / BigInt(STEPS)), number: steps / STEPS };
}

function unit(value: bigint): number {
  return Number(value) / 1e18;
}
