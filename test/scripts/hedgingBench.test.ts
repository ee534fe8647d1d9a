import { expect } from "chai";
import { missingSeries } from "../../simulator/people/book.ts";
import { type ChainRun, hedgeBook } from "../../simulator/scenarios/hedgedBook.ts";
import { BOOK, EVERY_HOUR } from "../../scripts/bench/hedging/curve.ts";
import { runHedging } from "../../scripts/bench/hedging/model.ts";
import { curveSvg } from "../../scripts/bench/hedging/plot.ts";
import { createRandom } from "../../simulator/path/random.ts";
import { expectClose } from "../helpers/numbers.ts";
import { runScript } from "../helpers/processes.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = Date.UTC(2021, 3, 1) / 1000;
const OPTIONS = { book: BOOK, gasGwei: 0.1 } as const;

/** Four hours, and the three around the first expiry, which begin 4 % higher: too far for quotes to be given at once. */
const PATH = (() => {
  const random = createRandom(11);
  const expiry = START + 7 * DAY + 8 * HOUR;
  const times = [...Array.from({ length: 4 }, (_, i) => START + i * HOUR), expiry - HOUR, expiry, expiry + HOUR];
  let price = 2_000;
  const closes = times.map((time) => {
    price *= time === expiry ? 1.04 : Math.exp(0.008 * random.normal());
    return Math.round(price * 100) / 100;
  });
  return { times, closes };
})();

describe("The hedging benchmark on a local chain", function () {
  this.timeout(600_000);
  let keeper: ChainRun;
  let everyHour: ChainRun;

  before(async () => {
    everyHour = await hedgeBook(PATH, EVERY_HOUR, OPTIONS);
    keeper = await hedgeBook(PATH, {}, OPTIONS);
  });

  it("reads a P&L from the vault that is the options' and the hedge's, less what hedging cost", () => {
    for (const run of [keeper, everyHour]) {
      expect(run.hours.length).to.equal(PATH.times.length - 1);
      for (const [i, { hedged, unhedged, hedge, slippage, gas }] of run.hours.entries()) {
        const move = (PATH.closes[i + 1] ?? 0) - (PATH.closes[i] ?? 0);
        expectClose(hedged, unhedged + hedge * move - slippage - gas, 0.02);
      }
    }
  });

  it("has the keeper fill every hedge it plans, by far fewer than one an hour, for the pool's fee and little more", () => {
    for (const { unfilled, slippage, turnover } of [keeper, everyHour]) {
      expect(unfilled).to.deep.equal([]);
      expectClose((10_000 * slippage) / turnover, 5.5, 0.5);
    }
    expect(everyHour.hedges).to.be.at.least(PATH.times.length - 1);
    expect(keeper.hedges).to.be.below(everyHour.hedges);
    expect(keeper.cost).to.be.below(everyHour.cost);
    expectClose(keeper.cost, keeper.slippage + keeper.gas, 1e-9);
  });

  it("sells the same book as the model, rolls it at expiry, and comes to the same risk within a tenth", () => {
    const model = runHedging(PATH, EVERY_HOUR, BOOK);
    for (const [i, { unhedged }] of everyHour.hours.entries()) {
      expectClose(unhedged, model.hours[i]?.unhedged ?? 0, 0.5);
    }
    expectClose(everyHour.risk / model.risk, 1, 0.1);
  });
});

describe("The hedging benchmark", () => {
  it("replaces what has expired, and nothing else, by four strikes to the next 08:00 UTC", () => {
    const first = missingSeries([], START, 2_000);
    expect(first.length).to.equal(12);
    expect(first.every(({ expiry }) => expiry % DAY === 8 * HOUR)).to.equal(true);
    const expiry = START + 7 * DAY + 8 * HOUR;
    expect(missingSeries(first, expiry - 1, 2_000)).to.deep.equal([]);
    const next = missingSeries(first, expiry, 2_222);
    expect(next.map(({ strike }) => strike)).to.deep.equal([2_000, 2_220, 2_440, 2_780]);
    expect(new Set(next.map((one) => one.expiry))).to.deep.equal(new Set([expiry + 7 * DAY]));
  });

  it("draws what was measured beside the model", () => {
    const point = { riskAversion: 0.003, risk: 0.066, cost: 0.37, hedges: 500 };
    const drawn = { everyHour: { risk: 0.05 }, points: [point, { ...point, riskAversion: 0.01, cost: 0.5 }] };
    const options = { chosen: 0.003, limits: { risk: 0.09, cost: 0.4 } };
    expect(curveSvg(drawn, options)).to.not.include("<polygon");
    const both = curveSvg(drawn, { ...options, chain: { ...drawn, points: [point] } });
    expect(both.match(/<circle/g)).to.have.length(3); // two points and the legend's
    expect(both.match(/<polygon/g)).to.have.length(2);
  });

  it("says what is missing when it is given no prices, and when the file is not there", async () => {
    const without = await runScript("bench/hedging.ts", ["--chain"]).result;
    expect(without).to.include({ code: 1, out: "" });
    expect(without.err).to.match(/^bench:hedging: There are no prices\. Name a CSV file .* by --prices\.\n$/);
    const absent = await runScript("bench/hedging.ts", ["--prices", "/nowhere/eth.csv"]).result;
    expect(absent.err).to.include("The price file /nowhere/eth.csv does not exist.");
  });
});
