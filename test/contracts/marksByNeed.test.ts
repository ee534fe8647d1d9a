import { expect } from "chai";
import { type Address, parseEther, parseEventLogs } from "viem";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { deskOf } from "../helpers/desk.ts";
import { GOVERNOR, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice] = TRADERS as [Address];
const HALF_HOUR = 1_801;

describe("Marks by need", () => {
  const world = useFork((fork) => keelWorld(fork));
  const side = marketSide(world);
  const desk = deskOf(world);

  type Receipt = Awaited<ReturnType<ReturnType<typeof world>["keel"]["write"]>>;
  const marksIn = ({ logs }: Receipt) =>
    parseEventLogs({ abi: optionVaultAbi, logs, eventName: "Marked" }).map(({ args }) => args.mark.hasScenarios);
  const stress = async () => {
    const [navs, worst] = await side.readVault<readonly [readonly bigint[], bigint]>("stress");
    return { navs, worst: navs[Number(worst)]! };
  };

  /** Another price, too far from the mark for it to be fresh. */
  async function moveTo(price: number): Promise<void> {
    await side.wait(HALF_HOUR);
    await world().market.moveTo(price, { forceRound: true });
    await side.wait(150);
    await world().market.report(price);
  }

  it("at a stale mark a hedge works out Greeks and keeps nothing, a sale keeps them, and a purchase makes scenarios, once", async () => {
    const { keel, call, expiries } = world();
    const id = call(3000, expiries[1]);
    const trade = async (quantity: number) =>
      (await keel.trade(alice, [quantity > 0 ? buy(id, quantity) : sell(id, -quantity)])).receipt;
    await trade(60);
    await moveTo(3100);
    expect(marksIn(await desk.neutral())).to.deep.equal([]);
    expect(marksIn(await trade(-5))).to.deep.equal([false]);
    expect(marksIn(await trade(-5)), "the mark is fresh for that").to.deep.equal([]);
    expect(marksIn(await trade(5)), "but has no scenarios").to.deep.equal([true]);
    expect(marksIn(await trade(5))).to.deep.equal([]);
  });

  it("quotes are what trades cost, whatever the mark lacks", async () => {
    const { keel, call, put, expiries } = world();
    await keel.trade(alice, [buy(call(3000, expiries[1]), 60), buy(put(2700, expiries[1]), 40)]);
    await moveTo(3100);
    for (const legs of [
      [sell(call(3000, expiries[1]), 5)], // makes Greeks alone
      [sell(put(2700, expiries[1]), 5)], // goes by them
      [buy(call(3000, expiries[1]), 5)], // makes scenarios
      [buy(call(3300, expiries[1]), 5), sell(call(3000, expiries[1]), 5)],
      [sell(call(3000, expiries[1]), 5)], // adds to them
      [buy(put(2700, expiries[1]), 5)],
    ]) {
      const { total } = await keel.quote(legs);
      const traded = (await keel.trade(alice, legs)).quote.total;
      expect(Math.abs(Number(traded - total)), "to two cents: a second has passed").to.be.below(20_000);
    }
    const kept = await stress();
    await side.callVault(GOVERNOR, "mark");
    const anew = await stress();
    for (const [i, nav] of anew.navs.entries())
      expect(Math.abs(Number(kept.navs[i]! - nav)) / 1e18, `scenario ${i}`).to.be.below(5);
  });

  it("T83: a purchase is held to the scenarios of its own mark, not to those of an older one", async () => {
    const { keel, call, expiries } = world();
    const id = call(3000, expiries[1]);
    await keel.trade(alice, [buy(id, 200)]);
    const before = await stress();
    await moveTo(3400);
    await keel.trade(alice, [sell(id, 0.1)]);
    const nav = await side.readVault<bigint>("nav");
    const now = await stress();
    // What must be left lies between what would be left by the old scenarios and by the new ones.
    const reserveBps = Number((((before.worst + now.worst) / 2n) * 10_000n) / nav);
    expect(Number(before.worst - now.worst) / 1e18).to.be.above(20_000);
    await side.setLimits({ reserveBps });
    await expectRevert(keel.quote([buy(id, 10)]), "StressLossTooLarge");
    await expectRevert(keel.trade(alice, [buy(id, 10)]), "StressLossTooLarge");
    await keel.trade(alice, [sell(id, 10)]);
  });

  it("T83: LPs take no more than the scenarios of the epoch's own mark let go", async () => {
    const { keel, call, expiries } = world();
    const id = call(3000, expiries[1]);
    await keel.trade(alice, [buy(id, 200)]);
    await side.setLimits({ reserveBps: 5_000 });
    for (const lp of LPS) await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    await moveTo(3400);
    await world().market.moveTo(3400, { at: Number(endsAt) + 1, forceRound: true });
    await keel.renewSurface();
    await keel.trade(alice, [sell(id, 0.1)]);
    await keel.processEpoch();
    const nav = await side.readVault<bigint>("nav");
    expect(nav).to.be.below(parseEther("2990000"));
    await side.callVault(GOVERNOR, "mark");
    const { worst } = await stress();
    expect(Number(worst) / Number(nav)).to.be.at.least(0.4999);
  });
});
