import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DemoResult } from "../../simulator/ledger/result.ts";
import { generatePath } from "../../simulator/path/prices.ts";
import { type Running, freePort, occupyPort, runScript } from "../helpers/processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Many times what a run takes on a quiet machine. */
const RUN_TIMEOUT_MS = 900_000;

describe("npm run demo, as a process", function () {
  this.timeout(RUN_TIMEOUT_MS);
  let folder: string;
  let running: Running | undefined;

  const file = (name: string): string => join(folder, name);
  const demo = (...args: string[]): Running => (running = runScript("demo.ts", args));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keel-test-"));
  });
  afterEach(async () => {
    running?.child.kill("SIGKILL");
    await running?.result;
    running = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  it("pays everyone, accounts for every cent and reports it", async () => {
    writeFileSync(file("prices.csv"), historyWithGap());
    const { code, out, err } = await demo(
      ...["--prices", file("prices.csv"), "--from", "2026-01-05T06:00", "--to", "2026-01-05T15:00"],
      ...["--json", "--report", file("report.html"), "--seed", "3"],
    ).result;
    expect(code, err).to.equal(0);
    const result = JSON.parse(out) as DemoResult;
    expect(result.ok).to.equal(true);
    expect(result.path).to.include({ bars: 8, source: "prices.csv" });
    expectEverythingToAddUp(result);
    expectThatTheKeeperHedged(result);
    const page = readFileSync(file("report.html"), "utf8");
    expect(page.match(/<svg/g)).to.have.length(6);
    expect(page).to.not.match(/<script|src="http|href="http/);
    expect(readdirSync(folder).sort()).to.deep.equal(["prices.csv", "report.html"]);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`leaves no process and no port behind on ${signal} in the middle of the story`, async () => {
      const port = await freePort();
      const { child, result } = demo("--port", String(port), "--hours", "48", "--report", file("report.html"));
      const keeper = await seen(child.stdout, /keeper .*buys/, () => childrenOf(child.pid ?? 0));
      expect(keeper.length).to.be.at.least(1);
      child.kill(signal);
      const { code, err } = await result;
      expect({ code, err }).to.deep.equal({ code: signal === "SIGINT" ? 130 : 143, err: "" });
      await (await occupyPort(port)).free();
      for (const pid of keeper) expect(existsSync(`/proc/${pid}`), `process ${pid}`).to.equal(false);
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  }

  it("leaves nothing behind when it is stopped at once", async () => {
    const port = await freePort();
    const { child, result } = demo("--port", String(port));
    await seen(child.stdout, /starting the chain/, () => []);
    child.kill("SIGINT");
    expect((await result).code).to.equal(130);
    await (await occupyPort(port)).free();
  });

  it("ends when npm is ended", async () => {
    const port = await freePort();
    const npm = spawn("npm", ["run", "--silent", "demo", "--", "--port", String(port)], { cwd: ROOT });
    await seen(npm.stdout, /starting the chain/, () => []);
    npm.kill("SIGTERM");
    await once(npm.stdout, "end"); // nobody is left to write to it
    await (await occupyPort(port)).free();
  });

  it("refuses a busy port in one sentence, before anything else is done", async () => {
    const busy = await occupyPort();
    const { code, err } = await demo("--port", String(busy.port), "--json").result;
    await busy.free();
    expect(code).to.equal(1);
    expect(err.trim().split("\n")).to.have.length(1);
    expect(err).to.include(`demo: Port ${busy.port} is already in use`);
  });

  it("refuses what it cannot play or write, in one sentence", async () => {
    mkdirSync(file("folder"));
    writeFileSync(file("bad.csv"), "timestamp,low,high,close\n1600000000,1,2,three\n");
    writeFileSync(file("good.csv"), historyWithGap());
    const refused: [string[], RegExp][] = [
      [["--prices", file("none.csv")], /none\.csv does not exist/],
      [["--prices", folder], /cannot be read/],
      [["--prices", file("bad.csv")], /bad\.csv, line 2: close is "three"/],
      [["--prices", file("good.csv"), "--from", "2027-01-01"], /no prices in this window/],
      [["--prices", file("good.csv"), "--from", "2026-01-06", "--to", "2026-01-05"], /is not before --to/],
      [["--from", "2026-01-05"], /--prices <file>/],
      [["--prices", file("good.csv"), "--from", "soon"], /'soon' is invalid/],
      [["--hours", "1"], /whole number from 2/],
      [["--seed", "-1"], /whole number/],
      [["--report", file("folder")], /is a folder/],
      [["--report", join(folder, "none", "report.html")], /does not exist/],
    ];
    for (const [args, sentence] of refused) {
      const { code, out, err } = await demo(...args).result;
      expect({ code, out }, args.join(" ")).to.deep.equal({ code: 1, out: "" });
      expect(err).to.match(sentence).and.not.include("    at ").and.not.include("unexpected error");
    }
    expect(readdirSync(folder).sort()).to.deep.equal(["bad.csv", "folder", "good.csv"]);
  });
});

/** A day and a half of generated prices with an hour missing. */
function historyWithGap(): string {
  const { history, bars } = generatePath(3, 36);
  const rows = [...history.slice(-24), ...bars].filter((_, i) => i !== 24 + 10);
  return ["timestamp,low,high,close", ...rows.map((b) => [b.time, b.low, b.high, b.close].join(","))].join("\n");
}

function expectEverythingToAddUp({ accounting, payouts, trades, payoffs, samples, income }: DemoResult): void {
  expect(accounting.residual).to.equal(0);
  for (const { what, holds, detail } of accounting.checks) expect(holds, `${what}: ${detail}`).to.equal(true);
  for (const { symbol, issued, residual, holders } of accounting.tokens) {
    const held = Object.values(holders).reduce((sum, balance) => sum + BigInt(balance), 0n);
    expect({ symbol, residual, held: String(held) }).to.deep.equal({ symbol, residual: "0", held: issued });
  }
  expect(accounting.vault).to.include({ owed: "0", inventory: "0", shares: "0" });

  expect(trades.length).to.be.at.least(8);
  expect(payoffs.length).to.be.at.least(1);
  for (const trader of payouts.traders) expect(trader.premiumPaid, trader.name).to.be.above(0);
  // What traders lose and hedging earns is what LPs gain, to the cent.
  const traders = payouts.traders.reduce((sum, { net }) => sum + net, 0);
  const lps = payouts.lps.reduce((sum, { net }) => sum + net, 0);
  expect(Math.abs(income.premiums - income.payoffs + traders)).to.be.below(0.005);
  const last = samples.at(-1);
  expect(Math.abs((last?.pnlHedged ?? 0) - lps)).to.be.below(0.005);
}

function expectThatTheKeeperHedged({ hedges, hourlyStd, gas, navPerShare }: DemoResult): void {
  expect(hedges.length).to.be.at.least(5);
  for (const { netDeltaBefore, netDeltaAfter } of hedges) {
    expect(Math.abs(netDeltaAfter)).to.be.below(Math.abs(netDeltaBefore));
    expect(netDeltaAfter * netDeltaBefore).to.be.at.least(0);
  }
  expect(hourlyStd.unhedged).to.be.above(hourlyStd.hedged);
  expect(Object.keys(gas)).to.include.members(["buy", "hedge: buy", "hedge: sell", "exercise", "settle an expiry"]);
  expect(navPerShare[0]?.value).to.equal(1);
}

/** Waits until a process has written something that matches, and returns what `look` finds then. */
async function seen<T>(stream: NodeJS.ReadableStream | null, what: RegExp, look: () => T): Promise<T> {
  let text = "";
  return new Promise((resolve, reject) => {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) resolve(look());
    });
    stream?.on("end", () => reject(new Error(`It ended without ${what}:\n${text}`)));
    void sleep(RUN_TIMEOUT_MS, undefined, { ref: false }).then(() =>
      reject(new Error(`It did not come to ${what}:\n${text}`)),
    );
  });
}

/** Ids of the processes that `pid` has started; none where there is no /proc. */
function childrenOf(pid: number): string[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, "utf8").trim().split(" ").filter(Boolean) : [];
}
