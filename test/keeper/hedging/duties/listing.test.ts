import { expect } from "chai";
import { wantedExpiries } from "../../../../keeper/hedging/duties/calendar.ts";
import {
  DEFAULT_LISTING_POLICY,
  type ListingState,
  planListings,
  strikesAround,
} from "../../../../keeper/hedging/duties/listing.ts";

const at = (text: string) => Date.parse(text) / 1000;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16);
/** A Tuesday. */
const NOW = at("2026-12-01T09:00:00Z");
const DAY = 86_400;

describe("Calendar of expiries", () => {
  it("opens days near, then Fridays, then last Fridays of months, all at 08:00 UTC", () => {
    const policy = { dailies: 2, weeklies: 2, monthlies: 2, minLeadSeconds: 0 };
    expect(wantedExpiries(NOW, policy).map(iso)).to.deep.equal([
      "2026-12-02T08:00",
      "2026-12-03T08:00",
      "2026-12-04T08:00",
      "2026-12-11T08:00",
      "2026-12-25T08:00",
      "2027-01-29T08:00",
    ]);
  });

  it("names an expiry once, when a day is a Friday and a Friday the last of its month", () => {
    const policy = { dailies: 2, weeklies: 2, monthlies: 1, minLeadSeconds: 0 };
    const thursday = at("2026-12-24T12:00:00Z");
    expect(wantedExpiries(thursday, policy).map(iso)).to.deep.equal([
      "2026-12-25T08:00",
      "2026-12-26T08:00",
      "2027-01-01T08:00",
    ]);
  });

  it("leaves out what expires too soon, to the second", () => {
    const policy = { dailies: 1, weeklies: 0, monthlies: 0, minLeadSeconds: 23 * 3600 };
    expect(wantedExpiries(NOW, policy).map(iso)).to.deep.equal(["2026-12-02T08:00"]);
    expect(wantedExpiries(NOW + 1, policy).map(iso)).to.deep.equal(["2026-12-03T08:00"]);
  });
});

describe("Listing of series", () => {
  const state = (change: Partial<ListingState> = {}): ListingState => ({
    now: NOW,
    spot: 3000,
    listed: [],
    volAt: () => 0.7,
    ...change,
  });

  it("opens the calendar's expiries, nearest first, with round strikes around spot", () => {
    const duties = planListings(state(), DEFAULT_LISTING_POLICY);
    expect(duties.map(({ expiry }) => expiry)).to.deep.equal(wantedExpiries(NOW, DEFAULT_LISTING_POLICY));
    expect(duties[0]).to.deep.equal({
      kind: "list-series",
      expiry: at("2026-12-02T08:00:00Z"),
      strikes: [2800, 2850, 2900, 2950, 3000, 3050, 3100, 3150, 3200],
      reason: { code: "new-expiry" },
    });
  });

  it("spaces strikes by the deviation to expiry, symmetric and positive", () => {
    expect(strikesAround(3000, 0.1, DEFAULT_LISTING_POLICY).sort((a, b) => a - b)).to.deep.equal([
      2600, 2700, 2800, 2900, 3000, 3100, 3200, 3300, 3400,
    ]);
    expect(strikesAround(0.9, 1, DEFAULT_LISTING_POLICY).every((strike) => strike > 0)).to.equal(true);
  });

  it("opens nothing where the surface has no vol, since it could not be traded", () => {
    expect(planListings(state({ volAt: () => undefined }), DEFAULT_LISTING_POLICY)).to.deep.equal([]);
  });

  it("does nothing twice", () => {
    const listed = planListings(state(), DEFAULT_LISTING_POLICY).map(({ expiry, strikes }) => ({ expiry, strikes }));
    expect(planListings(state({ listed }), DEFAULT_LISTING_POLICY)).to.deep.equal([]);
  });

  it("adds strikes only when spot has gone to the edge of what is listed", () => {
    const policy = { ...DEFAULT_LISTING_POLICY, dailies: 1, weeklies: 0, monthlies: 0 };
    const listed = planListings(state(), policy).map(({ expiry, strikes }) => ({ expiry, strikes }));
    expect(planListings(state({ listed, spot: 3060 }), policy)).to.deep.equal([]);
    const [moved] = planListings(state({ listed, spot: 3190 }), policy);
    expect(moved?.reason).to.deep.equal({ code: "spot-moved" });
    expect(moved?.strikes.every((strike) => strike > 3200)).to.equal(true);
  });

  it("stays within what the book holds: expiries and strikes", () => {
    const old = Array.from({ length: 7 }, (_, i) => ({ expiry: NOW + (100 + i) * DAY, strikes: [3000] }));
    expect(planListings(state({ listed: old }), DEFAULT_LISTING_POLICY).length).to.equal(1);
    const [first] = wantedExpiries(NOW, DEFAULT_LISTING_POLICY);
    const full = [{ expiry: first ?? 0, strikes: Array.from({ length: 15 }, (_, i) => 2000 + i) }];
    const [duty] = planListings(state({ listed: full }), DEFAULT_LISTING_POLICY);
    expect(duty?.strikes).to.deep.equal([3000]); // the nearest, and no more
  });
});
