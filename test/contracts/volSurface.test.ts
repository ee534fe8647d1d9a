import { expect } from "chai";
import { real } from "../../scripts/fit/functions.ts";
import { fromWad } from "../reference/blackScholes.ts";
import { wad } from "../reference/options.ts";
import { DAY, emptySurface, LIMITS, networkHelpers, postedSurface, slice, START, YEAR } from "../support/surface.ts";

describe("VolSurface", () => {
  describe("stores", () => {
    it("a slice as it was posted, rounded towards zero to one slot", async () => {
      const { surface, asKeeper } = await emptySurface();
      const expiry = START + 30 * DAY;
      await asKeeper.post(
        [expiry],
        [slice("0.65432109876543", "-0.3123456789012345", "2.34567890123", "0.0123456789012345")],
      );
      const [stored, updatedAt] = await surface.slice(expiry);
      expect(stored.atmVol).to.equal(wad("0.6543210987"));
      expect(stored.skew).to.equal(wad("-0.31234567890"));
      expect(stored.curvature).to.equal(wad("2.345678901"));
      expect(stored.carry).to.equal(wad("0.012345678901"));
      expect(updatedAt).to.equal(BigInt(await networkHelpers.time.latest()));
    });

    it("expiries in ascending order, whichever comes first", async () => {
      const { surface, asKeeper } = await emptySurface();
      await asKeeper.post([START + 60 * DAY], [slice("0.6")]);
      await asKeeper.post([START + 30 * DAY, START + 90 * DAY], [slice("0.6"), slice("0.6")]);
      expect(await surface.expiries()).to.deep.equal([30, 60, 90].map((d) => BigInt(START + d * DAY)));
    });

    it("an event for each slice", async () => {
      const { surface, asKeeper } = await emptySurface();
      await expect(asKeeper.post([START + DAY], [slice("0.6", "-0.1", "2", "0.01")]))
        .to.emit(surface, "SlicePosted")
        .withArgs(START + DAY, wad("0.6"), wad("-0.1"), wad("2"), wad("0.01"));
    });
  });

  describe("drops", () => {
    it("slices when they expire, from every view at once", async () => {
      const { surface, near, far } = await postedSurface();
      await networkHelpers.time.increaseTo(near);
      expect(await surface.expiries()).to.deep.equal([BigInt(far)]);
      for (const call of [surface.slice(near), surface.forward(near, wad("2000"))])
        await expect(call).to.be.revertedWithCustomError(surface, "NoSlice").withArgs(near);
    });

    it("expired slices from its count when the next is posted", async () => {
      const { surface, asKeeper } = await emptySurface();
      const days = [1, 2, 3, 4].map((d) => START + d * DAY);
      await asKeeper.post(
        days,
        days.map(() => slice("0.6")),
      );
      await networkHelpers.time.increaseTo(days[0]!);
      await asKeeper.post([START + 5 * DAY], [slice("0.6")]);
      expect(await surface.expiries()).to.have.length(4);
    });
  });

  describe("refuses", () => {
    it("anyone but a keeper, and limits from anyone but the governor (T52)", async () => {
      const { surface, asKeeper, stranger } = await emptySurface();
      const asStranger = surface.connect(stranger);
      await expect(asStranger.post([START + DAY], [slice("0.6")]))
        .to.be.revertedWithCustomError(surface, "AccessManagedUnauthorized")
        .withArgs(stranger.address);
      await expect(asKeeper.setLimits(LIMITS)).to.be.revertedWithCustomError(surface, "AccessManagedUnauthorized");
    });

    it("lists of different length, and expiries out of order or twice", async () => {
      const { surface, asKeeper } = await emptySurface();
      await expect(asKeeper.post([START + DAY], []))
        .to.be.revertedWithCustomError(surface, "LengthMismatch")
        .withArgs(1, 0);
      for (const second of [START + DAY, START + 2 * DAY])
        await expect(asKeeper.post([START + 2 * DAY, second], [slice("0.6"), slice("0.6")]))
          .to.be.revertedWithCustomError(surface, "ExpiriesNotAscending")
          .withArgs(START + 2 * DAY, second);
    });

    it("expiries that have passed, lie too far ahead or are too many", async () => {
      const { surface, asKeeper } = await emptySurface();
      await expect(asKeeper.post([START], [slice("0.6")])).to.be.revertedWithCustomError(surface, "ExpiryPassed");
      await expect(asKeeper.post([START + 3 * YEAR], [slice("0.6")])).to.be.revertedWithCustomError(
        surface,
        "ExpiryTooFar",
      );
      const days = [1, 2, 3, 4, 5].map((d) => START + d * DAY);
      await expect(
        asKeeper.post(
          days,
          days.map(() => slice("0.6")),
        ),
      )
        .to.be.revertedWithCustomError(surface, "TooManyExpiries")
        .withArgs(5, 4);
    });

    it("parameters outside their bounds, whatever their size", async () => {
      const { surface, asKeeper } = await emptySurface();
      const expiry = START + 30 * DAY;
      const smallest = -(2n ** 255n);
      const refusals = [
        [slice("0.0499"), "VolOutOfBounds", wad("0.0499")],
        [slice("4.1"), "VolOutOfBounds", wad("4.1")],
        [{ ...slice("1"), atmVol: 2n ** 256n - 1n }, "VolOutOfBounds", 2n ** 256n - 1n],
        [slice("0.6", "0.96"), "SkewOutOfBounds", wad("0.96")],
        [slice("0.6", "-0.96"), "SkewOutOfBounds", wad("-0.96")],
        [{ ...slice("0.6"), skew: smallest }, "SkewOutOfBounds", smallest],
        [slice("0.6", "0", "10001"), "CurvatureOutOfBounds", wad("10001")],
        [slice("0.6", "0", "1", "-1.1"), "CarryOutOfBounds", wad("-1.1")],
        [{ ...slice("0.6"), carry: smallest }, "CarryOutOfBounds", smallest],
      ] as const;
      for (const [bad, error, value] of refusals)
        await expect(asKeeper.post([expiry], [bad]))
          .to.be.revertedWithCustomError(surface, error)
          .withArgs(
            expiry,
            value,
            ...(error === "VolOutOfBounds" ? [LIMITS.minVol, LIMITS.maxVol] : [anyBound(error)]),
          );
    });

    it("butterfly arbitrage, with both numbers", async () => {
      const { surface, asKeeper } = await emptySurface();
      // θ = 0.36, φ = 3, ρ = −0.5: ψ(1 + |ρ|) = 1.62 is below 4, but ψφ(1 + |ρ|) = 4.86 is not.
      await networkHelpers.time.setNextBlockTimestamp(START + 100);
      await expect(asKeeper.post([START + 100 + YEAR], [slice("0.6", "-0.5", "3")]))
        .to.be.revertedWithCustomError(surface, "ButterflyArbitrage")
        .withArgs(START + 100 + YEAR, wad("1.62"), wad("4.86"));
    });

    it("calendar arbitrage at the money, in a wing, or through curvature", async () => {
      const { surface, asKeeper } = await emptySurface();
      const near = START + 180 * DAY;
      const far = START + YEAR;
      const bad = [
        [slice("0.8"), slice("0.5")], // θ falls
        [slice("0.6", "0", "2"), slice("0.6", "0.5", "1.5")], // the put wing's slope falls
        [slice("0.6", "0", "1"), slice("0.6", "0", "1.1")], // φ rises
      ];
      for (const slices of bad)
        await expect(asKeeper.post([near, far], slices))
          .to.be.revertedWithCustomError(surface, "CalendarArbitrage")
          .withArgs(near, far);
    });

    it("calendar arbitrage with a neighbour that was posted before", async () => {
      const { surface, asKeeper, near, far } = await postedSurface();
      const between = START + 200 * DAY;
      await expect(asKeeper.post([between], [slice("0.69", "-0.2", "1.2")]))
        .to.be.revertedWithCustomError(surface, "CalendarArbitrage")
        .withArgs(between, far);
      await expect(asKeeper.post([between], [slice("0.69", "-0.2", "3.5")]))
        .to.be.revertedWithCustomError(surface, "CalendarArbitrage")
        .withArgs(near, between);
    });

    it("a second post within the interval, in the same block too", async () => {
      const { surface, asKeeper, near } = await postedSurface();
      const [, updatedAt] = await surface.slice(near);
      await expect(asKeeper.post([near], [slice("0.6", "-0.2", "3")]))
        .to.be.revertedWithCustomError(surface, "PostTooSoon")
        .withArgs(near, updatedAt + LIMITS.minInterval);
    });

    it("steps above the limit for vol, skew, wing and carry", async () => {
      const { surface, asKeeper, near } = await postedSurface();
      await networkHelpers.time.increase(60);
      const refusals = [
        [slice("0.4999", "-0.2", "3"), "VolStepTooLarge", wad("0.1001"), LIMITS.maxVolStep],
        [slice("0.6", "0.0001", "3"), "SkewStepTooLarge", wad("0.2001"), LIMITS.maxSkewStep],
        [slice("0.6", "-0.2", "3", "0.06"), "CarryStepTooLarge", wad("0.06"), LIMITS.maxCarryStep],
      ] as const;
      for (const [bad, error, step, limit] of refusals)
        await expect(asKeeper.post([near], [bad]))
          .to.be.revertedWithCustomError(surface, error)
          .withArgs(near, step, limit);
      // √θ = 0.6·√(30 days) = 0.172: a change of φ by 2 is one of 0.344 in the wing.
      await expect(asKeeper.post([near], [slice("0.6", "-0.2", "5")])).to.be.revertedWithCustomError(
        surface,
        "WingStepTooLarge",
      );
      await asKeeper.post([near], [slice("0.55", "-0.2", "3")]);
    });

    it("a new slice far from what the surface gave there (T40)", async () => {
      const { surface, asKeeper } = await postedSurface();
      const before = START + 10 * DAY;
      await expect(asKeeper.post([before], [slice("0.49", "-0.2", "4")])).to.be.revertedWithCustomError(
        surface,
        "VolStepTooLarge",
      );
      await asKeeper.post([before], [slice("0.58", "-0.2", "4")]);
    });

    it("limits that contradict each other or a slot cannot hold", async () => {
      const { surface } = await emptySurface();
      const bad = [
        { minVol: 0n },
        { minVol: wad("3"), maxVol: wad("2") },
        { maxVol: wad("10.1") },
        { maxSkew: wad("1") },
        { maxCurvature: wad("100001") },
        { maxCarry: wad("4.1") },
        { minInterval: 0n },
        { maxTenor: BigInt(11 * YEAR) },
        { maxExpiries: 0n },
      ];
      for (const change of bad)
        await expect(surface.setLimits({ ...LIMITS, ...change })).to.be.revertedWithCustomError(
          surface,
          "InvalidLimits",
        );
      await expect(surface.setLimits({ ...LIMITS, maxVol: wad("2") })).to.emit(surface, "LimitsSet");
      expect((await surface.limits()).maxVol).to.equal(wad("2"));
    });
  });

  describe("answers", () => {
    it("spot for the forward without carry, and spot·exp(b·T) with it", async () => {
      const { surface, asKeeper } = await emptySurface();
      await networkHelpers.time.setNextBlockTimestamp(START + 100);
      const half = START + 100 + YEAR / 2;
      const whole = START + 100 + YEAR;
      await asKeeper.post([half, whole], [slice("0.6"), slice("0.6", "0", "1", "0.08")]);
      expect(await surface.forward(half, wad("2000"))).to.equal(wad("2000"));
      const inAYear = fromWad(await surface.forward(whole, wad("2000")));
      expect(inAYear.div(2000).minus(real("0.08").exp()).abs().toNumber()).to.be.at.most(1e-17);
      // Between them b·T is linear: half of 0.08 at three quarters of the year.
      const between = fromWad(await surface.forward(START + 100 + (YEAR * 3) / 4, wad("2000")));
      expect(between.div(2000).minus(real("0.04").exp()).abs().toNumber()).to.be.at.most(1e-17);
    });

    it("total variance linear in time between slices, at the same ln(strike/forward)", async () => {
      const { surface, near, far } = await postedSurface();
      const middle = (near + far) / 2;
      for (const strike of ["1000", "2000", "4500"]) {
        const at = (expiry: number) => surface.totalVariance(expiry, wad(strike), wad("2000"));
        const mean = ((await at(near)) + (await at(far))) / 2n;
        expect((await at(middle)) - mean).to.be.within(-1n, 1n);
        const vol = fromWad(await surface.impliedVol(middle, wad(strike), wad("2000")));
        const time = real(middle - (await networkHelpers.time.latest())).div(YEAR);
        expect(vol.pow(2).times(time).minus(fromWad(mean)).abs().toNumber()).to.be.at.most(3e-18);
      }
    });

    it("the first slice's vol before it, and nothing after the last", async () => {
      const { surface, near, far } = await postedSurface();
      const strike = wad("1700");
      expect(await surface.impliedVol(near - 20 * DAY, strike, wad("2000"))).to.equal(
        await surface.impliedVol(near, strike, wad("2000")),
      );
      await expect(surface.impliedVol(far + 1, strike, wad("2000")))
        .to.be.revertedWithCustomError(surface, "NoSlice")
        .withArgs(far + 1);
    });

    it("whether a slice, or one of the two it would interpolate, is stale", async () => {
      const { surface, asKeeper, near, far } = await postedSurface();
      const middle = (near + far) / 2;
      expect(await surface.isStale(near)).to.equal(false);
      await networkHelpers.time.increase(3_601);
      await asKeeper.post([near], [slice("0.6", "-0.2", "3")]);
      expect(await surface.isStale(near)).to.equal(false);
      expect(await surface.isStale(middle)).to.equal(true);
      expect(await surface.isStale(far)).to.equal(true);
      expect(await surface.isStale(far + 1), "no slice").to.equal(true);
    });

    it("keeps answering when stale, so that positions can be closed", async () => {
      const { surface, near } = await postedSurface();
      await networkHelpers.time.increase(20 * DAY);
      expect(await surface.impliedVol(near, wad("2000"), wad("2000"))).to.equal(wad("0.6"));
    });
  });
});

/** The bound that a refusal names beside the value. */
function anyBound(error: string): bigint {
  const bounds: Record<string, bigint> = {
    SkewOutOfBounds: LIMITS.maxSkew,
    CurvatureOutOfBounds: LIMITS.maxCurvature,
    CarryOutOfBounds: LIMITS.maxCarry,
  };
  return bounds[error]!;
}
