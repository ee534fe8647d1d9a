import { expect } from "chai";
import fc from "../support/fastCheck.ts";
import { UserError } from "../../sdk/userError.ts";
import { cut, parsePrices, parseTime } from "../../simulator/path/priceFile.ts";
import { BUNDLED, type Bar, HOUR, generatePath } from "../../simulator/path/prices.ts";
import { createVolatilityEstimate } from "../../simulator/path/volatility.ts";
import { expectClose } from "../helpers/numbers.ts";

const HEADER = "timestamp,low,high,close";

/** The sentence that a function refuses with. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).to.be.instanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error("It was accepted.");
}

describe("A generated price path", () => {
  it("depends on the seed alone", () => {
    expect(generatePath(5, 50)).to.deep.equal(generatePath(5, 50));
    expect(generatePath(5, 50).bars).to.not.deep.equal(generatePath(6, 50).bars);
  });

  it("is shorter or longer without becoming another story", () => {
    const week = generatePath(5).bars;
    expect(generatePath(5, 20).bars).to.deep.equal(week.slice(0, 20));
    expect(generatePath(5, 200).bars.slice(0, week.length)).to.deep.equal(week);
  });

  it("has hourly bars whose close lies between low and high, after a history that ends where it begins", () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (seed) => {
        const { history, bars } = generatePath(seed);
        const all = [...history, ...bars];
        for (const [i, { time, low, high, close }] of all.entries()) {
          expect(low > 0 && low <= close && close <= high, `bar ${i}`).to.equal(true);
          expect(time).to.equal((all[0]?.time ?? 0) + i * HOUR);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("without arguments is calm, drops sharply and recovers in part", () => {
    const closes = generatePath().bars.map(({ close }) => close);
    expect(closes).to.have.length(BUNDLED.hours);
    const [first = 0, last = 0] = [closes[0], closes.at(-1)];
    const low = Math.min(...closes);
    const calm = closes.slice(0, 60);
    expect(Math.min(...calm)).to.be.above(0.88 * first);
    expect(low).to.be.below(0.85 * first);
    expect(last).to.be.above(1.08 * low);
  });
});

describe("A price file", () => {
  it("is read by the names of its columns, in any order, with quotes, blank lines and either line end", () => {
    const text = `close,"timestamp",high,low,volume\r\n3,1600000000,4,2,9\r\n\r\n"3.5",1600003600,4,3,\r\n`;
    expect(parsePrices(text, "p.csv")).to.deep.equal([
      { time: 1_600_000_000, low: 2, high: 4, close: 3 },
      { time: 1_600_003_600, low: 3, high: 4, close: 3.5 },
    ]);
  });

  const broken: [string, string, RegExp][] = [
    ["nothing", "", /holds no prices/],
    ["no rows", `${HEADER}\n`, /holds no prices/],
    ["another header", "time,open\n1,2\n", /line 1: there is no column "timestamp"/],
    ["words for numbers", `${HEADER}\n1600000000,1,3,2\n1600003600,1,x,2\n`, /line 3: high is "x", a positive number/],
    ["an empty cell", `${HEADER}\n1600000000,1,3,\n`, /line 2: close is ""/],
    ["a negative price", `${HEADER}\n1600000000,-1,3,2\n`, /line 2: low is "-1"/],
    ["a row too short", `${HEADER}\n1600000000,1,3,2\n1600003600,1\n`, /line 3: .*Expected a header/],
    ["milliseconds", `${HEADER}\n1600000000000,1,3,2\n`, /line 2: timestamp is "1600000000000", whole unix seconds/],
    ["a date", `${HEADER}\n2021-05-17,1,3,2\n`, /line 2: timestamp is "2021-05-17"/],
    ["times that go back", `${HEADER}\n1600003600,1,3,2\n1600000000,1,3,2\n`, /line 3: .*not after the one before/],
    ["a time twice", `${HEADER}\n1600003600,1,3,2\n1600003600,1,3,2\n`, /line 3: .*not after the one before/],
    ["minutes", `${HEADER}\n1600003600,1,3,2\n1600003660,1,3,2\n`, /line 3: only 60 s after the row before/],
    ["a close above its high", `${HEADER}\n1600003600,1,3,4\n`, /line 2: low ≤ close ≤ high/],
    ["an open quote", `${HEADER}\n1600003600,"1,3,2\n`, /line 2.*Expected a header/],
  ];
  for (const [what, text, sentence] of broken) {
    it(`with ${what} is refused, naming the line`, () => {
      expect(refusal(() => parsePrices(text, "p.csv")))
        .to.match(sentence)
        .and.include("p.csv");
    });
  }

  const bars: Bar[] = Array.from({ length: 10 }, (_, i) => ({ time: i * HOUR, low: 99, high: 101, close: 100 }));

  it("is cut so that the window includes its start and not its end, with what came before as history", () => {
    const { bars: inside, history } = cut(bars, "p.csv", { from: 3 * HOUR, to: 6 * HOUR });
    expect(inside.map(({ time }) => time / HOUR)).to.deep.equal([3, 4, 5]);
    expect(history.map(({ time }) => time / HOUR)).to.deep.equal([0, 1, 2]);
    expect(cut(bars, "p.csv", {}).bars).to.have.length(10);
  });

  it("is refused when the window is empty, turned around or holds a single bar, or prices nobody can play", () => {
    expect(refusal(() => cut(bars, "p.csv", { from: 10, to: 10 }))).to.include("--from");
    expect(refusal(() => cut(bars, "p.csv", { from: 11 * HOUR })))
      .to.include("no prices")
      .and.include("It covers 1970");
    expect(refusal(() => cut(bars, "p.csv", { from: 9 * HOUR }))).to.include("only one price");
    const rich = bars.map((bar) => ({ ...bar, high: 60_000, close: 60_000 }));
    expect(refusal(() => cut(rich, "p.csv", {}))).to.include("60000");
  });
});

describe("A moment on the command line", () => {
  it("is a date or a time in UTC, or unix seconds", () => {
    const midnight = Date.UTC(2021, 4, 17) / 1000;
    expect(parseTime("2021-05-17")).to.equal(midnight);
    expect(parseTime("2021-05-17T08:00")).to.equal(midnight + 8 * HOUR);
    expect(parseTime("2021-05-17 08:00:30Z")).to.equal(midnight + 8 * HOUR + 30);
    expect(parseTime("2021-05-17T08:00+02:00")).to.equal(midnight + 6 * HOUR);
    expect(parseTime(String(midnight))).to.equal(midnight);
  });

  it("is nothing else", () => {
    for (const text of ["", "yesterday", "2021", "17.5.2021", "2021-13-01", "2021-05-17T", "1e9"]) {
      expect(parseTime(text), text).to.equal(undefined);
    }
  });
});

describe("The volatility estimate", () => {
  const swing = (hours: number, size: number, start = 0): Bar[] =>
    Array.from({ length: hours }, (_, i) => {
      const close = 1000 * Math.exp(i % 2 === 0 ? 0 : size);
      return { time: start + i * HOUR, low: close, high: close, close };
    });

  it("is what was realised, and a tenth more", () => {
    const hourly = 0.01;
    expectClose(createVolatilityEstimate(swing(500, hourly)).value, 1.1 * hourly * Math.sqrt(365 * 24), 1e-9);
  });

  it("knows only what it has observed", () => {
    const estimate = createVolatilityEstimate(swing(500, 0.01));
    const before = estimate.value;
    for (const bar of swing(24, 0.05, 500 * HOUR)) estimate.observe(bar);
    expect(estimate.value).to.be.above(before);
  });

  it("is a usual figure when there is nothing to look back at, and bounded when there is", () => {
    expect(createVolatilityEstimate([]).value).to.equal(0.8);
    expect(createVolatilityEstimate(swing(100, 0)).value).to.equal(0.25);
    expect(createVolatilityEstimate(swing(100, 0.2)).value).to.equal(3);
  });
});
