import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { deskEvents, deskOf } from "../helpers/desk.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { sharedDataOrSkip } from "../support/sharedData.ts";

const [alice, bob] = TRADERS as [Address, Address];
const GRACE = 1800;
const HOUR = 3600;
/** 12 March 2020, 00:00 UTC. */
const CRASH = 1583971200;
const HOURS = 36;

/** Ether's hourly closes in a fall of the same shape: half of its value in a day, a third of it within two hours, and a bounce. */
const FALL = [
  ...[1, 0.99, 0.985, 0.98, 0.97, 0.975, 0.97, 0.96, 0.93, 0.88, 0.83, 0.77, 0.73, 0.72, 0.71, 0.7, 0.69, 0.68],
  ...[0.67, 0.68, 0.66, 0.65, 0.55, 0.57, 0.56, 0.52, 0.5, 0.58, 0.62, 0.64, 0.66, 0.65, 0.66, 0.67, 0.66, 0.67],
];

describe("HedgeDesk through a crash, with every keeper dead and strangers who help for the bounty", () => {
  const world = useFork(keelWorld);
  const desk = deskOf(world);

  const attempt = <T>(work: () => Promise<T>): Promise<T | undefined> => work().catch(() => undefined);

  /** @param closes Prices, an hour apart, as shares of the first. @return The largest |net delta| as a share of NAV. */
  async function through(closes: readonly number[]) {
    const { keel, market, put, call, clients, expiries } = world();
    await keel.trade(alice, [
      { id: put(3000, expiries[1]), quantity: parseEther("100") },
      { id: call(3000, expiries[1]), quantity: parseEther("100") },
    ]);
    await desk.neutral();
    const began = Number((await clients.public.getBlock()).timestamp);
    const seen = { worst: 0, unhedged: 0, fills: 0, bounties: 0 };
    for (let step = 1; step <= 2 * (closes.length - 1); step++) {
      const at = step / 2;
      const [from, to] = [closes[Math.floor(at)] ?? 1, closes[Math.ceil(at)] ?? 1];
      const price = 3000 * (from + (to - from) * (at % 1));
      await market.moveTo(Math.round(price * 100) / 100, { forceRound: true, at: began + step * GRACE });
      for (const part of [100n, 50n, 25n]) {
        const net = await desk.netDelta();
        const receipt = await attempt(() => desk.rebalance((-net * part) / 100n, { open: true, from: bob }));
        if (!receipt) continue;
        seen.fills += 1;
        seen.bounties += Number(deskEvents(receipt, "BountyPaid")[0]?.args.assets ?? 0n) / 1e6;
        await market.arbitrage(Math.round(price * 100) / 100);
        break;
      }
      await attempt(() => keel.write(bob, { ...keel.desk, functionName: "poke" }));
      await attempt(async () =>
        keel.write(bob, { ...keel.desk, functionName: "restoreHealth", args: [await desk.route()] }),
      );
      const share = (Math.abs(Number(await desk.netDelta())) * price) / Number(await desk.nav());
      seen.worst = Math.max(seen.worst, share);
    }
    return seen;
  }

  const report = (name: string, { worst, fills, bounties }: Awaited<ReturnType<typeof through>>) =>
    console.log(
      `      ${name}: |net delta| at most ${(worst * 100).toFixed(1)} % of NAV; ${fills} hedges by strangers for ${bounties.toFixed(0)} dollars`,
    );

  it("T61, T62: keeps |net delta| within a share of NAV through a fall by half in a day", async function () {
    this.timeout(600_000);
    const seen = await through(FALL);
    report("a fall by half", seen);
    expect(seen.fills > 0).to.equal(true);
    expect(seen.worst).to.be.lessThan(0.15);
  });

  it("T61, T62: and through 12 March 2020", async function () {
    this.timeout(600_000);
    const closes = readFileSync(sharedDataOrSkip(this, "eth-usd-hourly-2017-2022.csv"), "utf8")
      .split("\n")
      .map((line) => line.split(",").map(Number))
      .filter(([time]) => time !== undefined && time >= CRASH && time <= CRASH + HOURS * HOUR)
      .map(([, , , close]) => close ?? NaN);
    const first = closes[0] ?? NaN;
    const seen = await through(closes.map((close) => close / first));
    report("12 March 2020", seen);
    expect(seen.fills > 0).to.equal(true);
    expect(seen.worst).to.be.lessThan(0.15);
  });
});
