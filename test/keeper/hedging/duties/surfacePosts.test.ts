import { expect } from "chai";
import fc from "../../../support/fastCheck.ts";
import type { SlicePost } from "../../../../keeper/hedging/duties/duty.ts";
import {
  DEFAULT_SURFACE_POLICY,
  type PostedSlice,
  type SurfaceState,
  planSurface,
} from "../../../../keeper/hedging/duties/surfacePosts.ts";
import { isArbitrageFree } from "../../../../keeper/hedging/duties/surfaceStep.ts";
import { type SsviSlice, yearsOf } from "../../../../sdk/pricing/index.ts";
import { expectClose } from "../../../helpers/numbers.ts";
import { SURFACE_LIMITS } from "../../support/surfaceLimits.ts";

const NOW = Date.UTC(2026, 11, 1, 8) / 1000;
const DAY = 86_400;
const HOUR = 3600;
/** So few expiries that the count is reached. */
const LIMITS = { ...SURFACE_LIMITS, maxExpiries: 4 };
const WEEK: SsviSlice = { atmVol: 0.6, skew: -0.1, curvature: 8, carry: 0.05 };
const MONTH: SsviSlice = { atmVol: 0.62, skew: -0.1, curvature: 4, carry: 0.05 };
const WEEK_END = NOW + 7 * DAY;
const MONTH_END = NOW + 30 * DAY;

const posted = (age = HOUR): PostedSlice[] => [
  { expiry: WEEK_END, slice: WEEK, updatedAt: NOW - age },
  { expiry: MONTH_END, slice: MONTH, updatedAt: NOW - age },
];
const plan = (state: Partial<SurfaceState>) =>
  planSurface({ now: NOW, posted: posted(), targets: [], limits: LIMITS, ...state }, DEFAULT_SURFACE_POLICY);
const target = (week: Partial<SsviSlice>, month: Partial<SsviSlice> = {}) => [
  { expiry: WEEK_END, slice: { ...WEEK, ...week } },
  { expiry: MONTH_END, slice: { ...MONTH, ...month } },
];

describe("Surface posts", () => {
  it("posts nothing while the calibrated slices are near and the posted ones young", () => {
    expect(plan({ targets: target({ atmVol: 0.605 }, { skew: -0.11 }) })).to.equal(undefined);
    expect(plan({ posted: [], targets: [] })).to.equal(undefined);
  });

  it("posts only what deviates, all the way when the limits allow it, and says by how much", () => {
    const duty = plan({ targets: target({ atmVol: 0.65 }) });
    expect(duty?.slices.map(({ expiry, share }) => [expiry, share])).to.deep.equal([[WEEK_END, 1]]);
    expect(duty?.slices[0]?.slice.atmVol).to.equal(0.65);
    const reason = duty?.slices[0]?.reason;
    if (reason?.code !== "deviation") throw new Error("It should deviate.");
    expect(reason).to.include({ parameter: "atmVol", allowed: 0.01 });
    expectClose(reason.by, 0.05, 1e-12);
  });

  it("renews slices at the heartbeat, however little they moved", () => {
    const age = DEFAULT_SURFACE_POLICY.heartbeatSeconds;
    const duty = plan({ posted: posted(age) });
    expect(duty?.slices).to.deep.equal([
      { expiry: WEEK_END, slice: WEEK, share: 1, reason: { code: "heartbeat", ageSeconds: age } },
      { expiry: MONTH_END, slice: MONTH, share: 1, reason: { code: "heartbeat", ageSeconds: age } },
    ]);
  });

  it("takes a partial step towards a target that is further than a limit, all parameters by the same share", () => {
    const far = { atmVol: 0.9, skew: -0.2 };
    const [week] = plan({ targets: target(far, { atmVol: 0.95 }) })?.slices ?? [];
    if (!week) throw new Error("Nothing is posted.");
    expectClose(week.slice.atmVol, 0.75, 1e-6); // 0.6 + the limit of 0.15, half of the way
    expectClose(week.slice.skew, -0.15, 1e-6);
    expectClose(week.share, 0.5, 1e-5);
  });

  it("waits out the interval between two posts of an expiry", () => {
    expect(plan({ posted: posted(1799), targets: target({ atmVol: 0.9 }) })).to.equal(undefined);
  });

  it("takes the neighbours along when what is due alone would hold a calendar arbitrage", () => {
    // The near slice alone would need more total variance than the far one has.
    const near = { ...WEEK, atmVol: 1.25, curvature: 3.9 };
    const old = [
      { expiry: WEEK_END, slice: near, updatedAt: NOW - HOUR },
      { expiry: MONTH_END, slice: { ...MONTH, atmVol: 0.62, curvature: 3.8 }, updatedAt: NOW - HOUR },
    ];
    const targets = [
      { expiry: WEEK_END, slice: { ...near, atmVol: 1.35 } },
      { expiry: MONTH_END, slice: { ...MONTH, atmVol: 0.629, curvature: 3.8 } }, // not due by itself
    ];
    expect(isArbitrageFree(timed(old.map(({ expiry, slice }) => ({ expiry, slice }))))).to.equal(true);
    const duty = plan({ posted: old, targets });
    if (!duty) throw new Error("Nothing is posted.");
    expect(isArbitrageFree(timed(after(old, duty.slices)))).to.equal(true);
    expect(duty.slices.some(({ expiry }) => expiry === WEEK_END)).to.equal(true);
  });

  it("opens a new expiry near to the vol that the surface gives there", () => {
    const between = NOW + 14 * DAY;
    const slice = { ...WEEK, atmVol: 0.9, curvature: 5.6 };
    const duty = plan({
      targets: [{ expiry: between, slice }, ...target({ atmVol: 0.6 }, { atmVol: 0.75, curvature: 5 })],
    });
    const opened = duty?.slices.find(({ expiry }) => expiry === between);
    expect(opened?.reason).to.deep.equal({ code: "new-expiry" });
    // Total variance is linear in time between 0.6² · 7 and 0.62² · 30 days.
    const vol = Math.sqrt((0.36 * 7 + ((0.3844 * 30 - 0.36 * 7) * 7) / 23) / 14);
    expectClose(opened?.slice.atmVol ?? 0, vol + LIMITS.maxVolStep, 1e-6);
  });

  it("opens no more expiries than the surface holds, the nearest first, and none beyond its tenor", () => {
    const targets = [35, 42, 49, 401].map((days, i) => ({
      expiry: NOW + days * DAY,
      slice: { ...MONTH, curvature: 3.5 - i / 10, atmVol: 0.63 },
    }));
    const duty = plan({ targets });
    expect(duty?.slices.map(({ expiry }) => (expiry - NOW) / DAY)).to.deep.equal([35, 42]);
  });

  it("keeps inside the bounds however far out calibration is", () => {
    const limits = { ...LIMITS, maxVol: 0.65, maxVolStep: 1 };
    const duty = plan({ targets: target({ atmVol: 0.8 }, { atmVol: 0.8 }), limits });
    for (const { slice } of duty?.slices ?? []) expect(slice.atmVol).to.be.at.most(0.65);
    expect(duty?.slices.length).to.equal(2);
  });

  it("never plans a post that the contract would refuse, whatever calibration says", () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const slice: fc.Arbitrary<SsviSlice> = fc.record({
      atmVol: number(0.01, 6),
      skew: number(-0.99, 0.99),
      curvature: number(0.1, 30),
      carry: number(-1.5, 1.5),
    });
    fc.assert(
      fc.property(fc.array(slice, { minLength: 3, maxLength: 3 }), fc.integer({ min: 0, max: 20 }), (slices, hours) => {
        const old = posted(hours * HOUR);
        const expiries = [WEEK_END, NOW + 14 * DAY, MONTH_END];
        const targets = slices.map((one, i) => ({ expiry: expiries[i] ?? 0, slice: one }));
        const duty = plan({ posted: old, targets });
        if (!duty) return;
        expect(isArbitrageFree(timed(after(old, duty.slices))), "free of arbitrage").to.equal(true);
        for (const post of duty.slices) expectWithinLimits(post, old);
        const seen = duty.slices.map(({ expiry }) => expiry);
        expect(seen, "ascending").to.deep.equal([...new Set(seen)].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  it("gets to any target that is free of arbitrage, in as many posts as it takes, and then rests", () => {
    const targets = target({ atmVol: 1.4, skew: -0.4, curvature: 5 }, { atmVol: 1.1, skew: -0.3, curvature: 3 });
    let current = posted();
    let now = NOW;
    let posts = 0;
    for (; posts < 20; posts++) {
      now += 1800;
      const duty = planSurface({ now, posted: current, targets, limits: LIMITS }, DEFAULT_SURFACE_POLICY);
      if (!duty) break;
      const next = new Map(duty.slices.map(({ expiry, slice }) => [expiry, slice]));
      current = current.map((one) => {
        const slice = next.get(one.expiry);
        return slice ? { ...one, slice, updatedAt: now } : one;
      });
    }
    expect(posts).to.be.within(6, 19); // 0.8 of vol at 0.15 a post
    expectClose(current[0]?.slice.atmVol ?? 0, 1.4, 0.01);
    expectClose(current[1]?.slice.atmVol ?? 0, 1.1, 0.01);
  });
});

interface Bare {
  readonly expiry: number;
  readonly slice: SsviSlice;
}

function after(old: readonly Bare[], posts: readonly SlicePost[]): Bare[] {
  const next = new Map<number, SsviSlice>([...old, ...posts].map(({ expiry, slice }) => [expiry, slice]));
  return [...next].map(([expiry, slice]) => ({ expiry, slice })).sort((a, b) => a.expiry - b.expiry);
}

function timed(slices: readonly Bare[]) {
  return slices.map(({ expiry, slice }) => ({ slice, timeToExpiry: expiry - NOW }));
}

/** Bounds and steps as VolSurface._write checks them. */
function expectWithinLimits({ expiry, slice }: SlicePost, old: readonly PostedSlice[]): void {
  expect(slice.atmVol).to.be.within(LIMITS.minVol, LIMITS.maxVol);
  expect(Math.abs(slice.skew)).to.be.at.most(LIMITS.maxSkew);
  expect(Math.abs(slice.carry)).to.be.at.most(LIMITS.maxCarry);
  const last = old.find((one) => one.expiry === expiry);
  if (!last) return;
  expect(NOW - last.updatedAt).to.be.at.least(LIMITS.minInterval);
  expect(Math.abs(slice.atmVol - last.slice.atmVol)).to.be.at.most(LIMITS.maxVolStep);
  expect(Math.abs(slice.skew - last.slice.skew)).to.be.at.most(LIMITS.maxSkewStep);
  const deviation = slice.atmVol * Math.sqrt(yearsOf(expiry - NOW));
  expect(Math.abs(slice.curvature - last.slice.curvature) * deviation).to.be.at.most(LIMITS.maxWingStep);
  expect(Math.abs(slice.carry - last.slice.carry)).to.be.at.most(LIMITS.maxCarryStep);
}
