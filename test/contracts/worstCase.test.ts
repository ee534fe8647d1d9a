import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type Address, type Hex, parseEther } from "viem";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { needsDeployedCode } from "../helpers/coverage.ts";
import { KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice] = TRADERS as [Address];
const DAY = 86_400n;
const MOST_GAS = 15_000_000n;
/** EIP-170, bytes. */
const MOST_CODE = 24_576;
/** Every deployed contract by the path of its source. */
const DEPLOYED = [
  "OptionMarket",
  "OptionVault",
  "HedgeDesk",
  "PriceOracle",
  "VolSurface",
  "venues/UniswapV3Venue",
  "venues/AaveV3Lender",
  "libraries/EpochQueue",
  "libraries/RiskEngine",
  "libraries/TradeEngine",
  "libraries/TradePreview",
  "libraries/QuoteEngine",
  "libraries/PoolEngine",
  "libraries/EpochEngine",
  "libraries/SurfaceEngine",
  "libraries/PriceSources",
  "libraries/DeskLimits",
  "Lens",
  "RoleRevoker",
  "libraries/SeriesName",
  "libraries/ListingRules",
];

describe("At all caps", () => {
  const world = useFork(keelWorld);
  const side = marketSide(world);

  it("T56: an expiry takes 32 series and no more", async () => {
    const { keel, expiries, strikes } = world();
    const more = Array.from({ length: 11 }, (_, i) => parseEther(String(4000 + i * 100)));
    await keel.listSeries(expiries[0], more);
    expect((await side.readVault<readonly [readonly bigint[], unknown]>("book"))[0].length).to.equal(
      32 + 2 * strikes.length,
    );
    await expectRevert(keel.listSeries(expiries[0], [parseEther("5200")]), "TooManySeries");
  });

  it("T56: with a position in each of 256 series, a mark, an epoch, a stale trade and a settlement take less than 15M gas", async function () {
    needsDeployedCode(this);
    this.timeout(600_000);
    const { keel, expiries, market } = world();
    const all = [...expiries, ...[1n, 2n, 3n, 4n, 5n, 6n].map((days) => expiries[0] + days * DAY)].sort((a, b) =>
      Number(a - b),
    );
    const fresh = async () => {
      const now = await side.now();
      await keel.postSurface(new Map(all.filter((e) => e > now).map((expiry) => [expiry, slice(0.7, -0.1, 1)])));
    };
    await side.wait(1800);
    await market.report(3000);
    await fresh();
    const strikes = Array.from({ length: 16 }, (_, i) => parseEther(String(2210 + i * 110)));
    for (const expiry of all) {
      const there = expiries.includes(expiry) ? 5 : 0;
      await keel.listSeries(expiry, strikes.slice(there));
    }
    const [ids] = await side.readVault<readonly [readonly bigint[], unknown]>("book");
    expect(ids.length).to.equal(256);
    for (let i = 0; i < 256; i += 32)
      await keel.trade(
        alice,
        ids.slice(i, i + 32).map((id) => buy(id, 0.01)),
      );

    const gas = new Map<string, bigint>();
    gas.set("mark", (await side.callVault(KEEPER, "mark")).gasUsed);
    await market.moveTo(3050, { forceRound: true });
    await side.wait(150);
    gas.set("stale trade", (await keel.trade(alice, [buy(ids[0] ?? 0n, 0.01)])).receipt.gasUsed);
    gas.set("epoch", (await side.nextEpoch(3050)).gasUsed);
    await market.moveTo(3050, { at: Number(all[0]) + 30, forceRound: true });
    const round = await findSettlementRound(keel.clients.public, keel.protocols.feed, all[0] ?? 0n);
    gas.set("settlement", (await side.callMarket(alice, "settle", [all[0], round])).gasUsed);
    for (const [what, used] of gas) expect(used < MOST_GAS, `${what} takes ${used}`).to.equal(true);
  });

  it("no deployed contract is larger than EIP-170 allows", function () {
    needsDeployedCode(this);
    for (const path of DEPLOYED) {
      const name = path.split("/").at(-1) ?? "";
      const file = new URL(`../../artifacts/contracts/${path}.sol/${name}.json`, import.meta.url);
      const { deployedBytecode } = JSON.parse(readFileSync(file, "utf8")) as { deployedBytecode: Hex };
      expect(deployedBytecode.length / 2 - 1, name).to.be.within(100, MOST_CODE);
    }
  });
});
