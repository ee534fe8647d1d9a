import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import type { KeeperEvent, LeaseEvent, TickEvent } from "../../../keeper/monitoring/events.ts";
import { type LogFormat, type LogLevel, createLogger } from "../../../keeper/monitoring/logger.ts";

const AT = "2026-12-01T08:00:05.000Z";
const HOLD: TickEvent = {
  type: "tick",
  market: "eth",
  at: AT,
  block: 100,
  blockTime: 1_796_112_000,
  spot: 3000,
  bookDelta: -5,
  hedgeDelta: 5,
  netDelta: 0,
  netDeltaAfter: 0,
  band: 0.5,
  nav: 1_000_000,
  navPerShare: 1,
  cash: 985_000,
  owed: 0,
  freeCash: 985_000,
  decision: "hold",
  reason: { code: "inside-band" },
  settled: true,
};
const FILL: TickEvent = {
  ...HOLD,
  netDelta: -5,
  netDeltaAfter: -0.5,
  decision: "hedge",
  reason: { code: "outside-band" },
  order: { amount: 4.5, cashLimit: 13_608, deadline: 1_796_112_120 },
  outcome: "filled",
  fill: { block: 101, amount: 4.5, cash: 13_507, price: 3001.5556, slippageBps: 5.2 },
  gasUsed: 400_000,
  settled: false,
};
const UNFILLED: TickEvent = { ...HOLD, decision: "hedge", reason: { code: "outside-band" } };
const ORDER = { amount: -4.5, cashLimit: 13_400, deadline: 1_796_112_120 };
const REVERTED: TickEvent = { ...UNFILLED, order: ORDER, outcome: "reverted", message: "it failed" };
const REFUSED: TickEvent = { ...REVERTED, outcome: "refused", message: "too far" };
const FAILURE: KeeperEvent = { type: "error", at: AT, message: "the node does not answer", retryInMs: 2000 };

function logged(format: LogFormat, level: LogLevel, ...events: KeeperEvent[]): string[] {
  const lines: string[] = [];
  const log = createLogger({ format, level, write: (line) => lines.push(stripVTControlCharacters(line)) });
  events.forEach(log);
  return lines;
}

describe("Keeper log", () => {
  it("for machines is one JSON object per line, the event itself", () => {
    const lines = logged("json", "info", HOLD, FILL, FAILURE);
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal([HOLD, FILL, FAILURE]);
  });

  it("for people says what was done and why, on one line", () => {
    const [hold, fill, failure] = logged("pretty", "info", HOLD, FILL, FAILURE);
    expect(hold).to.match(/^08:00:05 block 100 {2}spot 3000\.00 .* hold: inside the band of ±0\.5000/);
    const apart = { ...HOLD, reason: { code: "prices-apart", spot: 3000, average: 2991.5 } };
    expect(logged("pretty", "info", apart)[0]).to.include(
      "hold: the oracle's 3000.00 and the pool's average 2991.50 are too far apart",
    );
    expect(fill).to.include("bought 4.5000 at 3001.56 (5.2 bp, 400000 gas) → -0.5000");
    expect(failure).to.equal("08:00:05 failed the node does not answer; next attempt in 2 s");
  });

  it("with level error has failures only", () => {
    expect(logged("json", "error", HOLD, FILL, REVERTED, FAILURE).length).to.equal(2);
  });

  it("with level debug shows all numbers of a tick", () => {
    expect(logged("pretty", "debug", HOLD)[0]).to.include("book -5.0000  hedge +5.0000  cash 985000.00");
  });

  it("says when this host begins to act, stands by, or is refused", () => {
    const told = (event: Omit<LeaseEvent, "type" | "at">) =>
      logged("pretty", "info", { type: "lease", at: AT, ...event });
    expect(told({ state: "acting", token: 3 })).to.deep.equal(["08:00:05 acting under token 3"]);
    expect(told({ state: "standby" })).to.deep.equal(["08:00:05 standing by: another host acts"]);
    expect(told({ state: "refused", message: "too late" })).to.deep.equal(["08:00:05 refused too late"]);
  });

  it("shows what an order was and what became of it", () => {
    const [reverted, refused] = logged("pretty", "info", REVERTED, REFUSED);
    expect(reverted).to.include("sell 4.5000 reverted: it failed");
    expect(refused).to.include("sell 4.5000 refused: too far");
  });
});
