import { expect } from "chai";
import { bandHalfWidth } from "../../../keeper/hedging/band.ts";
import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import { expectClose } from "../../helpers/numbers.ts";

const POLICY = { ...DEFAULT_POLICY, bandFloor: 0.02, riskAversion: 0.001, costBps: 6 };

describe("No-trade band", () => {
  it("is Whalley and Wilmott's: (3/2 · c·S·Γ²/λ)^(1/3)", () => {
    // 1.5 · 0.0006 · 3000 · 0.01² / 0.001 = 0.27
    expectClose(bandHalfWidth({ spot: 3000, gamma: -0.01 }, POLICY), Math.cbrt(0.27), 1e-12);
  });

  it("does not care whether the book is long or short gamma", () => {
    expect(bandHalfWidth({ spot: 3000, gamma: 0.01 }, POLICY)).to.equal(
      bandHalfWidth({ spot: 3000, gamma: -0.01 }, POLICY),
    );
  });

  it("narrows with risk aversion and widens with cost", () => {
    const band = bandHalfWidth({ spot: 3000, gamma: 0.01 }, POLICY);
    expectClose(bandHalfWidth({ spot: 3000, gamma: 0.01 }, { ...POLICY, riskAversion: 0.008 }), band / 2, 1e-12);
    expectClose(bandHalfWidth({ spot: 3000, gamma: 0.01 }, { ...POLICY, costBps: 48 }), band * 2, 1e-12);
  });

  it("never goes below the floor", () => {
    expect(bandHalfWidth({ spot: 3000, gamma: 0 }, POLICY)).to.equal(0.02);
  });
});
