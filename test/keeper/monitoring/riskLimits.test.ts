import { expect } from "chai";
import { NO_RISK, type RiskSample, type RiskState, assessRisk } from "../../../keeper/monitoring/riskLimits.ts";

const LIMITS = { maxDrawdownBps: 500, maxDailyLoss: 1_000, maxDailyTurnover: 100_000 };
const HOUR = 3600;
const QUIET: RiskSample = { time: 0, navPerShare: 1, turnover: 0, loss: 0 };

/** Samples one after the other; the breaches of the last. */
function run(samples: readonly Partial<RiskSample>[], from: RiskState = NO_RISK) {
  let state = from;
  let names: string[] = [];
  for (const sample of samples) {
    const assessed = assessRisk(state, { ...QUIET, ...sample }, LIMITS);
    state = assessed.state;
    names = assessed.breaches.map(({ alert }) => alert);
  }
  return { state, names };
}

describe("Risk limits", () => {
  it("let pass what is at the limit, and nothing beyond", () => {
    expect(run([{ turnover: 100_000, loss: 1_000 }]).names).to.deep.equal([]);
    expect(run([{ turnover: 100_001 }]).names).to.deep.equal(["TurnoverLimit"]);
    expect(run([{ loss: 1_000.01 }]).names).to.deep.equal(["LossLimit"]);
  });

  it("measure the drawdown from the highest NAV per share there was, not from the last", () => {
    expect(run([{ navPerShare: 1.2 }, { navPerShare: 1.16 }, { navPerShare: 1.141 }]).names).to.deep.equal([]);
    const { state, names } = run([{ navPerShare: 1.2 }, { navPerShare: 1.16 }, { navPerShare: 1.139 }]);
    expect(names).to.deep.equal(["DrawdownLimit"]);
    expect(state.peak).to.equal(1.2);
  });

  it("add up a day, and forget the hour that is 24 hours old", () => {
    const spread = [0, 1, 2, 23].map((hour) => ({ time: hour * HOUR + 1, turnover: 30_000, loss: 0 }));
    expect(run(spread).names).to.deep.equal(["TurnoverLimit"]);
    expect(run([...spread.slice(0, 3), { time: 24 * HOUR, turnover: 30_000 }]).names).to.deep.equal([]);
  });

  it("do not set a gain off against a loss", () => {
    expect(run([{ loss: 900 }, { loss: -500 }, { loss: 200 }]).names).to.deep.equal(["LossLimit"]);
  });

  it("take what is not a number for a breach", () => {
    expect(run([{ navPerShare: 1 }, { navPerShare: NaN }]).names).to.include("DrawdownLimit");
  });

  it("survive a restart as plain JSON, and do not grow", () => {
    const samples = Array.from({ length: 500 }, (_, i) => ({ time: i * 1800, turnover: 100, loss: 1 }));
    const { state } = run(samples);
    expect(state.hours.length).to.equal(24);
    const again = run([{ time: 500 * 1800, loss: 953 }], JSON.parse(JSON.stringify(state)) as RiskState);
    expect(again.names).to.deep.equal([]); // 23 hours of 2 dollars each, and this: 999
    expect(run([{ time: 500 * 1800, loss: 955 }], state).names).to.deep.equal(["LossLimit"]);
  });
});
