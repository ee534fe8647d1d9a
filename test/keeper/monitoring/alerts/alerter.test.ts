import { expect } from "chai";
import { type Alert, type Channel, type Notice, noticeText } from "../../../../keeper/monitoring/alerts/alert.ts";
import { createAlerter } from "../../../../keeper/monitoring/alerts/alerter.ts";

const OUTSIDE: Alert = { name: "OutsideBand", subject: "eth", detail: "net delta -2" };
const DOWN: Alert = { name: "RpcDown", subject: "eth", detail: "0 of 2" };
const HOUR = 3_600_000;

function setUp(leastSeverity: Channel["leastSeverity"] = "info") {
  let now = 0;
  let isBroken = false;
  const sent: Notice[] = [];
  const failures: string[] = [];
  const channel: Channel = {
    name: "test",
    leastSeverity,
    send: (notice) => {
      if (isBroken) return Promise.reject(new Error("no line"));
      sent.push(notice);
      return Promise.resolve();
    },
  };
  const alerter = createAlerter({
    channels: [channel],
    now: () => now,
    onFailure: (name, error) => failures.push(`${name}: ${(error as Error).message}`),
  });
  return {
    alerter,
    failures,
    pass: (ms: number) => (now += ms),
    breakLine: (broken: boolean) => (isBroken = broken),
    sent: async () => {
      await alerter.flush();
      return sent.map(({ alert, state, count }) => `${alert.name} ${alert.subject} ${state} ${count}`);
    },
    last: () => sent.at(-1),
  };
}

describe("Alerts", () => {
  it("are told once, however often they are raised, and once more when it is over", async () => {
    const { alerter, sent } = setUp();
    for (let i = 0; i < 5; i++) alerter.raise(OUTSIDE);
    expect(await sent()).to.deep.equal(["OutsideBand eth firing 1"]);
    alerter.resolve("OutsideBand", "eth");
    alerter.resolve("OutsideBand", "eth");
    expect(await sent()).to.deep.equal(["OutsideBand eth firing 1", "OutsideBand eth resolved 4"]);
  });

  it("of different markets are different", async () => {
    const { alerter, sent } = setUp();
    alerter.raise(OUTSIDE);
    alerter.raise({ ...OUTSIDE, subject: "btc" });
    alerter.resolve("OutsideBand", "btc");
    expect(await sent()).to.deep.equal([
      "OutsideBand eth firing 1",
      "OutsideBand btc firing 1",
      "OutsideBand btc resolved 0",
    ]);
    expect(alerter.firing()).to.deep.equal([OUTSIDE]);
  });

  it("are told again while they go on, the graver the sooner, with how often they were raised", async () => {
    const { alerter, sent, pass } = setUp();
    const raiseBoth = () => [OUTSIDE, DOWN].forEach((alert) => alerter.raise(alert));
    raiseBoth();
    pass(HOUR / 4 - 1);
    raiseBoth();
    expect((await sent()).length).to.equal(2);
    pass(1);
    raiseBoth();
    expect((await sent()).slice(2)).to.deep.equal(["RpcDown eth firing 2"]);
    pass(4 * HOUR);
    raiseBoth();
    expect((await sent()).slice(3)).to.deep.equal(["OutsideBand eth firing 3", "RpcDown eth firing 1"]);
  });

  it("below a channel's least severity do not reach it", async () => {
    const { alerter, sent } = setUp("critical");
    alerter.raise(OUTSIDE);
    alerter.raise(DOWN);
    expect(await sent()).to.deep.equal(["RpcDown eth firing 1"]);
  });

  it("wait for a channel that is broken, in order, and never reject", async () => {
    const { alerter, sent, breakLine, failures } = setUp();
    breakLine(true);
    alerter.raise(OUTSIDE);
    alerter.raise(DOWN);
    expect(await sent()).to.deep.equal([]);
    expect(failures).to.deep.equal(["test: no line"]);
    breakLine(false);
    expect(await sent()).to.deep.equal(["OutsideBand eth firing 1", "RpcDown eth firing 1"]);
  });

  it("held up by a dead channel do not pile up: the oldest go", async () => {
    const { alerter, sent, breakLine } = setUp();
    breakLine(true);
    for (let i = 0; i < 60; i++) alerter.raise({ ...OUTSIDE, subject: `m${i}` });
    await alerter.flush();
    breakLine(false);
    const told = await sent();
    expect(told.length).to.equal(50);
    expect(told[0]).to.equal("OutsideBand m10 firing 1");
  });

  it("read as one line", async () => {
    const { alerter, sent, last } = setUp();
    alerter.raise(OUTSIDE);
    await sent();
    const notice = last();
    expect(notice && noticeText(notice)).to.equal(
      "[WARNING] OutsideBand eth: The net delta stays outside the band. net delta -2",
    );
    expect(notice && noticeText({ ...notice, state: "resolved", count: 3 })).to.match(/^\[RESOLVED\] .* \(3 times\)$/);
  });
});
