import { expect } from "chai";
import hre from "hardhat";
import { real } from "../../scripts/fit/functions.ts";
import { fromWad } from "../reference/blackScholes.ts";
import { wad } from "../reference/options.ts";
import {
  DAY,
  emptySurface,
  followedSurface,
  LIMITS,
  networkHelpers,
  postedSurface,
  slice,
  START,
  type Surface,
  YEAR,
} from "../support/surface.ts";

describe("VolSurface", () => {
  describe("stores", () => {
    it("a slice as it was posted, rounded towards zero to one slot", async () => {
      const { surface, asKeeper } = await emptySurface();
      const expiry = START + 30 * DAY;
      await asKeeper.post(
        [expiry],
        [slice("0.65432109876543", "-0.3123456789012345", "2.34567890123", "0.0123456789012345")],
      );
      const [stored, updatedAt] = await surface.sliceOf(expiry);
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
      for (const view of viewsOf(surface, near))
        await expect(view()).to.be.revertedWithCustomError(surface, "NoSlice").withArgs(near);
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
      const [, updatedAt] = await surface.sliceOf(near);
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
        { maxFollow: 0n },
        { maxFollow: wad("4.1") },
        { maxForwardMove: 0n },
        { maxForwardMove: wad("1.1") },
        { followWindow: 0n },
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

  describe("has a reference beside each slice", () => {
    const EXPIRY = START + 90 * DAY;
    /** The same vol at every strike, so that the distance of two slices is that of their vols. */
    const flat = (vol: string, carry = "0") => slice(vol, "0", "0", carry);

    /** A surface at 60 % that was posted at 68 % a minute later, and whoever lets its reference follow. */
    async function raisedSurface() {
      const world = await followedSurface();
      await world.asKeeper.post([EXPIRY], [flat("0.6")]);
      await networkHelpers.time.increase(60);
      await world.asKeeper.post([EXPIRY], [flat("0.68")]);
      return world;
    }

    it("T58: that stays where it was when a slice is posted", async () => {
      const { surface } = await raisedSurface();
      const q = await surface.quoted(EXPIRY);
      expect([q.posted.atmVol, q.anchor.atmVol, q.lags]).to.deep.equal([wad("0.68"), wad("0.6"), true]);
    });

    it("T57: that follows by time, 12 points of vol a day and no faster, however often it is asked to", async () => {
      const { surface, follower } = await raisedSurface();
      const start = await networkHelpers.time.latest();
      for (const hours of [1, 1, 2, 4]) {
        await networkHelpers.time.increase(hours * 3600);
        await follower.getFunction("followSurface")();
        const { anchor } = await surface.quoted(EXPIRY);
        const allowed = (0.12 * ((await networkHelpers.time.latest()) - start)) / DAY;
        expect(Number(anchor.atmVol) / 1e18 - 0.6).to.be.within(allowed - 1e-5, allowed + 1e-9);
      }
      await networkHelpers.time.increase(DAY);
      await follower.getFunction("followSurface")();
      expect((await surface.quoted(EXPIRY)).lags, "it has arrived").to.equal(false);
    });

    it("T57: that moves by no more than the part that the vault allows", async () => {
      const { surface, follower } = await raisedSurface();
      await follower.getFunction("setPortion")(wad("0.25"));
      await networkHelpers.time.increase(DAY);
      await follower.getFunction("followSurface")();
      expect((await surface.quoted(EXPIRY)).anchor.atmVol).to.equal(wad("0.62"));
    });

    it("T57: that follows a carry by five basis points of the forward a day", async () => {
      const { surface, asKeeper, follower } = await raisedSurface();
      await networkHelpers.time.increase(60);
      await asKeeper.post([EXPIRY], [flat("0.68", "0.05")]);
      await networkHelpers.time.increase(DAY);
      await follower.getFunction("followSurface")();
      const { anchor } = await surface.quoted(EXPIRY);
      const years = (EXPIRY - (await networkHelpers.time.latest())) / YEAR;
      expect((Number(anchor.carry) / 1e18) * years).to.be.within(0.00049, 0.000501);
    });

    it("T57: that no walk there and back moves", async () => {
      const { surface, asKeeper } = await raisedSurface();
      for (const vol of ["0.76", "0.68", "0.6"]) {
        await networkHelpers.time.increase(61);
        await asKeeper.post([EXPIRY], [flat(vol)]);
      }
      const q = await surface.quoted(EXPIRY);
      // It followed for some minutes, by less than a hundredth of a point each.
      expect(Number(q.lags ? q.anchor.atmVol : q.posted.atmVol) / 1e18).to.be.within(0.6, 0.6005);
    });

    it("T57: to which it may be posted back at once, however far it was led away", async () => {
      const { surface, asKeeper, follower } = await raisedSurface();
      await follower.getFunction("setPortion")(0);
      for (const vol of ["0.77", "0.86"]) {
        await networkHelpers.time.increase(61);
        await asKeeper.post([EXPIRY], [flat(vol)]);
      }
      await networkHelpers.time.increase(61);
      await expect(asKeeper.post([EXPIRY], [flat("0.61")])).to.be.revertedWithCustomError(surface, "VolStepTooLarge");
      await asKeeper.post([EXPIRY], [flat("0.6")]);
      expect((await surface.quoted(EXPIRY)).lags).to.equal(false);
    });

    it("T57: that follows nothing once a guardian has frozen the surface, until it is posted anew", async () => {
      const { surface, asKeeper, follower } = await raisedSurface();
      await expect(surface.freeze()).to.emit(surface, "Frozen");
      await networkHelpers.time.increase(DAY);
      await follower.getFunction("followSurface")();
      let q = await surface.quoted(EXPIRY);
      expect([q.anchor.atmVol, q.frozen]).to.deep.equal([wad("0.6"), true]);
      await asKeeper.post([EXPIRY], [flat("0.64")]);
      q = await surface.quoted(EXPIRY);
      expect([q.anchor.atmVol, q.frozen]).to.deep.equal([wad("0.6"), false]);
      await expect(asKeeper.freeze()).to.be.revertedWithCustomError(surface, "AccessManagedUnauthorized");
    });

    it("T57: that only the vault moves", async () => {
      const { surface } = await raisedSurface();
      await expect(surface.advance([EXPIRY], [wad("1")])).to.be.revertedWithCustomError(surface, "OnlyVault");
    });

    it("T57: that of a new expiry is no cheaper than its neighbours', nor of another carry", async () => {
      const { surface, asKeeper } = await raisedSurface();
      await networkHelpers.time.increase(61);
      await asKeeper.post([EXPIRY], [flat("0.6")]);
      await asKeeper.post([START + 30 * DAY], [flat("0.52", "0.04")]);
      const { anchor } = await surface.quoted(START + 30 * DAY);
      expect(Number(anchor.atmVol) / 1e18).to.be.within(0.5999, 0.6005);
      expect(anchor.carry).to.equal(0n);
      await asKeeper.post([START + 120 * DAY], [flat("0.69")]);
      expect((await surface.quoted(START + 120 * DAY)).lags, "a dearer one is its own").to.equal(false);
    });

    it("T80: whatever nobody has listed binds nobody", async () => {
      const { surface, asKeeper, follower } = await raisedSurface();
      // Total variance may not fall: a dear slice before the listed one and a cheap one after it leave it no room.
      const [before, after] = [START + 60 * DAY, START + 100 * DAY];
      await asKeeper.post([before, after], [flat("0.74"), flat("0.7")]);
      await networkHelpers.time.increase(61);
      for (const vol of ["0.6", "0.75"])
        await expect(asKeeper.post([EXPIRY], [flat(vol)])).to.be.revertedWithCustomError(surface, "CalendarArbitrage");
      for (const expiry of [before, after]) await follower.getFunction("delist")(expiry);
      await asKeeper.post([EXPIRY], [flat("0.6")]);
      expect(await surface.expiries()).to.deep.equal([BigInt(EXPIRY), BigInt(after)]);
      await networkHelpers.time.increase(61);
      await asKeeper.post([EXPIRY], [flat("0.7")]);
      await networkHelpers.time.increase(61);
      await asKeeper.post([EXPIRY], [flat("0.75")]);
      expect(await surface.expiries()).to.deep.equal([BigInt(EXPIRY)]);
      // Nor do they take places: of five slices the one that nobody has listed goes.
      const further = [110, 120, 130].map((days) => START + days * DAY);
      await asKeeper.post(further, [flat("0.76"), flat("0.76"), flat("0.76")]);
      await follower.getFunction("delist")(further[1]!);
      await asKeeper.post([START + 140 * DAY], [flat("0.76")]);
      expect(await surface.expiries()).to.deep.equal([EXPIRY, further[0]!, further[2]!, START + 140 * DAY].map(BigInt));
    });
  });

  describe("counts its posts", () => {
    it("with every post, and with nothing else", async () => {
      const { surface, asKeeper, near, far } = await postedSurface();
      expect(await surface.version()).to.equal(1n);
      await networkHelpers.time.increase(60);
      await asKeeper.post([near, far], [slice("0.6", "-0.2", "3"), slice("0.7", "-0.2", "1.5")]);
      expect(await surface.version()).to.equal(2n);
      await surface.setLimits(LIMITS);
      expect(await surface.version()).to.equal(2n);
    });
  });

  describe("is cheap to read", () => {
    it("a slice or the version with one storage slot: cold, below 4,500 gas of execution", async function () {
      if (hre.globalOptions.coverage) {
        console.log("      skipped: contracts measured for coverage use more gas");
        this.skip();
      }
      const { surface, near } = await postedSurface();
      // 21,000 for a transaction, and up to 16 for each of 36 bytes of arguments.
      expect(await surface.getFunction("sliceOf").estimateGas(near)).to.be.below(21_000n + 600n + 4_500n);
      expect(await surface.getFunction("version").estimateGas()).to.be.below(21_000n + 100n + 2_500n);
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
      for (const view of [...viewsOf(surface, far + 1), () => surface.impliedVol(far + 1, strike, wad("2000"))])
        await expect(view())
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

/** Everything that can be asked about an expiry's slice. */
function viewsOf(surface: Surface, expiry: number): (() => Promise<unknown>)[] {
  return [
    () => surface.sliceOf(expiry),
    () => surface.quoted(expiry),
    () => surface.moveOf(expiry),
    () => surface.forward(expiry, wad("2000")),
  ];
}

/** The bound that a refusal names beside the value. */
function anyBound(error: string): bigint {
  const bounds: Record<string, bigint> = {
    SkewOutOfBounds: LIMITS.maxSkew,
    CurvatureOutOfBounds: LIMITS.maxCurvature,
    CarryOutOfBounds: LIMITS.maxCarry,
  };
  return bounds[error]!;
}
