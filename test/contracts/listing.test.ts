import { expect } from "chai";
import { parseEther } from "viem";
import { compiled } from "../../deployments/transact.ts";
import { seriesId } from "../../sdk/series.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { GOVERNOR, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { marketSide } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const DAY = 86_400n;

describe("Series", () => {
  const world = useFork(keelWorld);
  const side = marketSide(world);

  it("are named by UTC date, strike and type, in any year and with any strike", async () => {
    const { clients, keel } = world();
    const abi = compiled("contracts/libraries/SeriesName").abi;
    const nameOf = (time: string, strike: string, type: "call" | "put") => {
      const id = seriesId(BigInt(Date.parse(time) / 1000), parseEther(strike), type);
      const call = { address: keel.contracts.seriesName, abi, functionName: "nameOf", args: ["WETH", id] } as const;
      return clients.public.readContract(call);
    };
    expect(await nameOf("2026-11-27T08:00:00Z", "3000", "call")).to.equal("WETH-27NOV26-3000-C");
    expect(await nameOf("2028-02-29T23:59:59Z", "0.25", "put")).to.equal("WETH-29FEB28-0.25-P");
    expect(await nameOf("2100-03-01T00:00:00Z", "12.5", "call")).to.equal("WETH-01MAR00-12.5-C");
    expect(await nameOf("1970-01-01T00:00:01Z", "100000", "put")).to.equal("WETH-01JAN70-100000-P");
    expect(await nameOf("2400-02-29T12:00:00Z", "0.000000000000000001", "put")).to.equal(
      "WETH-29FEB00-0.000000000000000001-P",
    );
    for (let month = 1; month <= 12; ++month) {
      const day = new Date(Date.UTC(2031, month, 0, 8));
      const text = day.toLocaleString("en-US", { month: "short", timeZone: "UTC" }).toUpperCase();
      expect(await nameOf(day.toISOString(), "3000", "call")).to.equal(`WETH-${day.getUTCDate()}${text}31-3000-C`);
    }
  });

  it("are listed on strikes of three digits around spot, and on days of the calendar", async () => {
    const { keel, expiries } = world();
    const list = (expiry: bigint, ...strikes: number[]) =>
      keel.listSeries(
        expiry,
        strikes.map((strike) => parseEther(String(strike))),
      );
    await expectRevert(list(expiries[0], 3001), "StrikeOffGrid");
    await expectRevert(list(expiries[0], 3100, 740), "StrikeOutOfRange");
    await expectRevert(list(expiries[0], 12_100), "StrikeOutOfRange");
    await expectRevert(list(expiries[0] + 395n * DAY, 3000), "ExpiryOutOfRange");
    const thursday = await nextWeekday(4n, 40n);
    await expectRevert(list(thursday, 3000), "ExpiryOffCalendar");
    await expectRevert(list(expiries[0] + 3600n, 3000), "ExpiryOffCalendar");
    const { cutOff } = await side.readMarket<{ cutOff: number }>("pricing");
    await expectRevert(list((await side.now()) + BigInt(cutOff), 3000), "ExpiryOutOfRange");
    await expectRevert(list((await side.now()) - DAY, 3000), "ExpiryOutOfRange");
    await keel.postSurface(new Map([[thursday + DAY, slice(0.7, -0.1, 1)]]));
    await list(thursday + DAY, 3000);
  });

  /** 08:00 UTC on a day of the week (0 is Sunday), at least so many days ahead. */
  async function nextWeekday(weekday: bigint, ahead: bigint): Promise<bigint> {
    let day = (await side.now()) / DAY + ahead;
    while ((day + 4n) % 7n !== weekday) ++day;
    return day * DAY + 8n * 3600n;
  }

  const wrongRules: readonly [string, number][] = [
    ["minStrikeBps", 0],
    ["minStrikeBps", 10_000],
    ["maxStrikeBps", 10_000],
    ["hour", 86_400],
    ["dailies", 401 * 86_400],
    ["maxTenor", 0],
  ];
  for (const [name, value] of wrongRules) {
    it(`have rules that allow no ${name} of ${value}`, async () => {
      const rules = await side.readMarket<Record<string, number>>("listing");
      const call = side.callMarket(GOVERNOR, "setListing", [{ ...rules, [name]: value }]);
      expect(await expectRevert(call, "InvalidListing")).to.deep.equal([name]);
    });
  }

  it("are listed by the rules as they are now", async () => {
    const rules = await side.readMarket<Record<string, number>>("listing");
    await side.callMarket(GOVERNOR, "setListing", [{ ...rules, maxStrikeBps: 20_000 }]);
    await expectRevert(world().keel.listSeries(world().expiries[0], [parseEther("6100")]), "StrikeOutOfRange");
  });

  const wrongPricing: readonly [string, number | bigint][] = [
    ["maxSkew", parseEther("1.1")],
    ["hedgeCostBps", 1_001],
    ["feeBps", 101],
    ["feeCapBps", 2_501],
    ["minQuantity", 0n],
    ["maxDispersionBps", 0],
    ["maxDispersionBps", 2_001],
    ["cutOff", 86_401],
    ["maxSurfaceAge", 0],
    ["maxSurfaceAge", 7 * 86_400 + 1],
  ];
  for (const [name, value] of wrongPricing) {
    it(`are priced with no ${name} of ${value}`, async () => {
      const pricing = await side.readMarket<object>("pricing");
      const call = side.callMarket(GOVERNOR, "setPricing", [{ ...pricing, [name]: value }]);
      expect(await expectRevert(call, "InvalidPricing")).to.deep.equal([name]);
    });
  }

  for (const [name, value] of Object.entries({ base: 0.21, agePerDay: 1.1, atCapacity: 0.51, atExpiry: 0.51 })) {
    it(`are priced with no spread whose ${name} is ${value}`, async () => {
      const pricing = await side.readMarket<{ spread: Record<string, bigint> }>("pricing");
      const spread = { ...pricing.spread, [name]: parseEther(String(value)) };
      const call = side.callMarket(GOVERNOR, "setPricing", [{ ...pricing, spread }]);
      expect(await expectRevert(call, "InvalidPricing")).to.deep.equal([`spread.${name}`]);
    });
  }
});
