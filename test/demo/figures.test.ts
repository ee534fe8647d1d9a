import { expect } from "chai";
import { expiriesAt, missingListings, strikesAround, withListings } from "../../simulator/people/calendar.ts";
import { type Scene, legsFor } from "../../simulator/people/legs.ts";
import { type Intent, PUT_SHARE, planOrders } from "../../simulator/people/orders.ts";
import { DAY, HOUR } from "../../simulator/path/prices.ts";
import { changes, spread, standardDeviation } from "../../simulator/ledger/statistics.ts";
import { expectClose } from "../helpers/numbers.ts";

const START = Date.UTC(2026, 0, 5) / 1000;

describe("The demo's statistics", () => {
  it("measure changes between neighbours", () => {
    expect(changes([1, 4, 2])).to.deep.equal([3, -2]);
    expect(changes([1])).to.deep.equal([]);
  });

  it("take the sample standard deviation", () => {
    expectClose(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]), Math.sqrt(32 / 7), 1e-12);
    expect(standardDeviation([3])).to.equal(0);
  });

  it("say how values spread", () => {
    expect(spread([5, 1, 3])).to.deep.equal({ count: 3, min: 1, mean: 3, max: 5 });
    expect(() => spread([])).to.throw(RangeError);
  });
});

describe("The demo's calendar", () => {
  it("keeps short, weekly and monthly expiries open, all at 08:00 UTC, and never more than the book holds", () => {
    for (let now = START - DAY; now < START + 90 * DAY; now += HOUR) {
      const expiries = expiriesAt(now, START);
      expect(expiries.length).to.be.within(4, 6);
      for (const expiry of expiries) {
        expect(expiry % DAY).to.equal(8 * HOUR);
        expect(expiry).to.be.above(now - (now % DAY));
      }
    }
  });

  it("lists round strikes around spot", () => {
    expect(strikesAround(3000)).to.deep.equal([2400, 2600, 2800, 3000, 3200, 3400, 3600, 3800]);
    expect(strikesAround(85)).to.deep.equal([70, 75, 80, 85, 90, 95, 100, 105]);
  });

  it("adds what is missing when spot has moved, within the sixteen strikes that an expiry holds", () => {
    let listed = withListings([], missingListings([], START, START, 3000));
    for (const spot of [2000, 1200, 4000]) listed = withListings(listed, missingListings(listed, START, START, spot));
    for (const { strikes } of listed) {
      expect(strikes).to.have.length(16);
      expect(strikes).to.deep.equal([...new Set(strikes)].sort((a, b) => a - b));
    }
  });
});

describe("The traders' wishes", () => {
  const scene: Scene = {
    now: START,
    spot: 3000,
    capital: 3_000_000,
    listings: [
      { expiry: START + 2 * DAY, strikes: [2600, 2800, 3000, 3200] },
      { expiry: START + 7 * DAY, strikes: [2600, 2800, 3000, 3200] },
    ],
    holdings: [{ expiry: START + 2 * DAY, strike: 3000, type: "call", quantity: 10 }],
    calls: 10,
    puts: 0,
  };
  const intent: Intent = { bar: 0, trader: 0, kind: "buy call", moneyness: 0, tenor: 0, size: 0.01, part: 0.5 };

  it("depend on the seed alone", () => {
    expect(planOrders(3, 100)).to.deep.equal(planOrders(3, 100));
    expect(planOrders(3, 100)).to.not.deep.equal(planOrders(4, 100));
  });

  it("become legs of listed series", () => {
    const [expiry, strike, type] = [START + 2 * DAY, 3000, "call"] as const;
    expect(legsFor(intent, scene)).to.deep.equal([{ expiry, strike, type, quantity: 10 }]);
    expect(legsFor({ ...intent, kind: "sell back" }, scene)).to.deep.equal([{ expiry, strike, type, quantity: -5 }]);
    expect(legsFor({ ...intent, kind: "roll" }, scene)).to.deep.equal([
      { expiry, strike, type, quantity: -5 },
      { expiry: START + 7 * DAY, strike, type, quantity: 5 },
    ]);
    expect(legsFor({ ...intent, kind: "move strike", moneyness: 0.1 }, scene)).to.deep.equal([
      { expiry, strike, type, quantity: -5 },
      { expiry, strike: 3200, type, quantity: 5 },
    ]);
  });

  it("never make puts more than a small share of the calls", () => {
    const [put] = legsFor({ ...intent, kind: "buy put", size: 1 }, { ...scene, calls: 100 }) ?? [];
    expect(put).to.include({ type: "put", quantity: PUT_SHARE * 100 });
    expect(legsFor({ ...intent, kind: "buy put" }, { ...scene, puts: 5 })?.[0]).to.include({ type: "call" });
  });

  it("rest when the book is full or nothing lives long enough", () => {
    expect(legsFor(intent, { ...scene, calls: 2000 })).to.equal(undefined);
    expect(legsFor(intent, { ...scene, now: START + 7 * DAY })).to.equal(undefined);
  });
});
