import { expect } from "chai";
import { type Address, parseEther, parseUnits } from "viem";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import type { OnChainSlice } from "../../sdk/slice.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { price } from "../../sdk/pricing/blackScholes.ts";
import { roleRevokerAbi } from "../../sdk/abi/roleRevoker.ts";
import { ROLES } from "../../deployments/roles.ts";
import { deskOf } from "../helpers/desk.ts";
import { KEEPER, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [thief] = TRADERS as [Address];
const GUARDIAN = devAccount(DEV_ROLES.guardian).address;
const HALF_HOUR = 1_801;
const DAY = 86_400;
const HONEST = slice(0.7, -0.1, 1);

/** What LPs may lose in 24 hours to whoever holds the poster's key. */
const MOST = 0.01;

/** Vol of a slice at ln(strike/forward). */
function volOf(s: OnChainSlice, k: number): number {
  const [vol, rho, z] = [Number(s.atmVol) / 1e18, Number(s.skew) / 1e18, (Number(s.curvature) / 1e18) * k];
  return vol * Math.sqrt((1 + rho * z + Math.sqrt(z * z + 2 * rho * z + 1)) / 2);
}

function blackCall(spot: number, strike: number, vol: number, expiry: bigint, now: bigint): number {
  return price("call", { forward: spot, strike, vol, timeToExpiry: Number(expiry - now) });
}

describe("A stolen poster's key", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork, { days: [7, 28, 364, 392], moneyness: [0.3, 0.5, 0.8, 1, 1.2, 1.5] });
    await dealUsdc(fork.clients, fork.protocols.usdc, thief, parseUnits("20000000", 6));
    return built;
  });
  const side = marketSide(world);
  const desk = deskOf(world);
  const purse = () => balanceOf(world().clients, world().protocols.usdc, thief);

  /** The honest keeper hedges to neutral, in clips that the pools take; the market puts the pools right. */
  async function hedge(): Promise<void> {
    for (let i = 0; i < 40; ++i) {
      const net = await desk.netDelta();
      const clip = parseEther("60");
      if (net < parseEther("0.5") && net > -parseEther("0.5")) break;
      const size = (net < 0n ? -net : net) < clip ? ((net < 0n ? -net : net) * 999_999n) / 1_000_000n : clip;
      const done = await desk.rebalance(net > 0n ? -size : size).then(
        () => true,
        () => false,
      );
      await world().market.arbitrage(3000);
      if (!done) break;
    }
    await side.wait(130);
    await world().market.report(3000);
  }

  async function post(slices: ReadonlyMap<bigint, OnChainSlice>, seconds = HALF_HOUR): Promise<void> {
    await side.wait(seconds);
    await world().market.moveTo(3000, { forceRound: true });
    await world().keel.postSurface(slices);
  }

  /** Buys in clips until the vault has had enough. @returns What was bought. */
  async function buyUp(id: bigint, clip: number, most: number): Promise<number> {
    let bought = 0;
    for (let size = clip; bought < most && size >= clip / 8;) {
      const ok = await world()
        .keel.trade(thief, [buy(id, Math.min(size, most - bought))])
        .then(
          () => true,
          () => false,
        );
      if (ok) bought += Math.min(size, most - bought);
      else size /= 2;
      await hedge();
    }
    return bought;
  }

  async function sellAll(id: bigint, contracts: number): Promise<void> {
    for (let left = contracts, size = 50; left > 0 && size >= 1;) {
      const part = Math.min(size, left);
      const ok = await world()
        .keel.trade(thief, [sell(id, part)])
        .then(
          () => true,
          () => false,
        );
      if (ok) left -= part;
      else size = Math.floor(size / 2);
      if (!ok) await hedge();
    }
  }

  const share = (usdc: bigint, nav: bigint) => Number(usdc * 10n ** 12n) / Number(nav);

  for (const [name, carries] of [
    ["up", [0.1, 0.2, 0.3]],
    ["down", [-0.1, -0.2, -0.3]],
  ] as const) {
    it(`T57: gets nothing out of a carry that is posted ${name} under deep options held before`, async () => {
      const { keel, call, put, expiries } = world();
      const nav = await desk.nav();
      const before = await purse();
      const far = [expiries[3]!, expiries[2]!];
      const held: [bigint, number][] = [];
      for (const expiry of far) {
        const id = name === "up" ? call(900, expiry) : put(4500, expiry);
        held.push([id, await buyUp(id, 150, 300)]);
      }
      for (const carry of carries)
        await post(new Map(far.toReversed().map((expiry) => [expiry, slice(0.7, -0.1, 1, carry)])));
      for (const [id, contracts] of held) await sellAll(id, contracts);
      const profit = share((await purse()) - before, nav);
      console.log(
        `      ${name}: ${(100 * profit).toFixed(3)} % of NAV, ${held.map(([, n]) => n).join(" + ")} contracts`,
      );
      expect(held.reduce((sum, [, n]) => sum + n, 0)).to.be.above(200);
      expect(profit).to.be.below(MOST);
      expect(share((nav - (await desk.nav())) / 10n ** 12n, nav)).to.be.below(MOST);
      expect(keel.contracts.volSurface).to.have.length(42);
    });
  }

  it("T57: gets no more than the budget out of vol posted up over a day, however much he holds", async () => {
    const { keel, call, expiries, clients } = world();
    const nav = await desk.nav();
    const before = await purse();
    const held: [bigint, number][] = [];
    for (const expiry of [expiries[3]!, expiries[2]!, expiries[1]!])
      held.push([call(3000, expiry), await buyUp(call(3000, expiry), 100, 300)]);
    const { timestamp: start } = await clients.public.getBlock();
    for (const vol of [0.85, 1, 1.15, 1.3, 1.45])
      await post(new Map(expiries.map((expiry) => [expiry, slice(vol, -0.1, 0.7 / vol)])));
    // He waits for the references to follow, calls for it himself, and sells within the day.
    for (let hour = 0; hour < 20; ++hour) {
      await side.wait(3_600);
      await world().market.moveTo(3000, { forceRound: true });
      await side.callVault(thief, "followSurface");
    }
    for (const [id, contracts] of held) await sellAll(id, contracts);
    const { timestamp: end } = await clients.public.getBlock();
    expect(end - start).to.be.below(DAY);
    const profit = share((await purse()) - before, nav);
    console.log(`      ${(100 * profit).toFixed(3)} % of NAV, ${held.map(([, n]) => n).join(" + ")} contracts`);
    expect(profit).to.be.below(MOST);
    expect(keel.vault.address).to.have.length(42);
  });

  it("T57: buys no more below the market than the budget, after posting vol down on an empty book", async () => {
    const { keel, call, expiries, clients } = world();
    const nav = await desk.nav();
    const { timestamp: start } = await clients.public.getBlock();
    for (const vol of [0.6, 0.5, 0.4])
      await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, (0.7 * 0.7) / vol)])));
    const before = await purse();
    const held: [bigint, number][] = [];
    for (let round = 0; round < 4; ++round) {
      await side.wait(4 * 3_600);
      await world().market.moveTo(3000, { forceRound: true });
      await keel.renewSurface();
      for (const expiry of [expiries[3]!, expiries[1]!])
        held.push([call(3000, expiry), await buyUp(call(3000, expiry), 100, 200)]);
    }
    const { timestamp: end } = await clients.public.getBlock();
    expect(end - start).to.be.below(DAY);
    const paid = before - (await purse());
    // What he holds is worth what it was at the honest surface.
    const worth = await fairWorth(held);
    const gain = (Number(worth - paid) * 1e12) / Number(nav);
    console.log(`      paid ${paid / 10n ** 6n} for ${worth / 10n ** 6n}: ${(100 * gain).toFixed(3)} % of NAV`);
    expect(gain).to.be.below(MOST);
  });

  it("T57: pays what the references say for all that goes beyond the budget, in one trade or in many", async () => {
    const { keel, call, expiries } = world();
    for (const vol of [0.6, 0.5, 0.4])
      await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, (0.7 * 0.7) / vol)])));
    const id = call(3000, expiries[3]);
    const allowance = () => side.readVault<bigint>("surfaceAllowance");
    const lagOf = async (contracts: number) => (await keel.quote([buy(id, contracts)])).lag;
    // So few that the budget covers them.
    const cheap = 1;
    expect(await lagOf(cheap)).to.equal(0n);
    const left = await allowance();
    const beyond = await lagOf(200);
    // Nothing is left of the budget afterwards, and each contract pays all of its gap.
    await keel.trade(thief, [buy(id, 40)]);
    const whole = await lagOf(40);
    expect(await allowance()).to.be.below(left / 50n);
    expect(Math.abs(Number(whole) / Number(beyond + left) - 40 / 200)).to.be.below(0.01);
    expect(await lagOf(cheap)).to.be.above(0n);
  });

  /** USDC that options are worth by the surface that honest people would post, before any charge. */
  async function fairWorth(held: readonly (readonly [bigint, number])[]): Promise<bigint> {
    const { keel, clients, expiries } = world();
    const snapshot = await clients.test.snapshot();
    for (const vol of [0.5, 0.6, 0.7])
      await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, (0.7 * 0.7) / vol)])));
    let worth = 0n;
    for (const [id, contracts] of held) {
      if (contracts === 0) continue;
      const quote = await keel.quote([sell(id, contracts)]);
      worth -= quote.mid / 10n ** 12n;
    }
    await clients.test.revert({ id: snapshot });
    return worth;
  }

  it("T57: gets nothing more after one call of a guardian, and an honest poster goes on within the hour", async () => {
    const { keel, call, expiries, clients } = world();
    const id = call(3000, expiries[1]);
    const held = await buyUp(id, 100, 300);
    for (const vol of [0.85, 1, 1.15]) await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, 0.7 / vol)])));
    const revoker = { address: keel.contracts.roleRevoker, abi: roleRevokerAbi } as const;
    const other = devAccount(DEV_ROLES.traders[2]).address;
    const manager = {
      address: keel.contracts.accessManager,
      abi: [
        {
          type: "function",
          name: "grantRole",
          stateMutability: "nonpayable",
          inputs: [
            { type: "uint64", name: "role" },
            { type: "address", name: "account" },
            { type: "uint32", name: "delay" },
          ],
          outputs: [],
        },
      ] as const,
    };
    const governor = devAccount(DEV_ROLES.governor).address;
    await keel.write(governor, { ...manager, functionName: "grantRole", args: [ROLES.POSTER, other, 0] });
    await keel.write(GUARDIAN, { ...revoker, functionName: "revoke", args: [[ROLES.POSTER], [KEEPER]] });
    const offered = -(await keel.quote([sell(id, held)])).total;
    await expectRevert(keel.quote([buy(id, 1)]), "SurfaceStale");
    for (let hour = 0; hour < 12; ++hour) {
      await side.wait(3_600);
      await world().market.moveTo(3000, { forceRound: true });
      await side.callVault(thief, "followSurface");
    }
    const later = -(await keel.quote([sell(id, held)])).total;
    expect(later, "what he is offered only shrinks").to.be.below(offered);
    // Straight back to the reference, in one post.
    const honest = new Map<bigint, OnChainSlice>();
    for (const expiry of expiries) {
      const { anchor, posted, lags } = await clients.public.readContract({
        ...keel.surface,
        functionName: "quoted",
        args: [expiry],
      });
      honest.set(expiry, lags ? anchor : posted);
    }
    await keel.write(other, {
      ...keel.surface,
      functionName: "post",
      args: [[...honest.keys()], [...honest.values()]],
    });
    expect(
      await keel.quote([buy(id, 1)]).then(
        () => "sold",
        () => "refused",
      ),
    ).to.equal("sold");
  });

  it("T57: gives LPs who leave on it no more than the budget", async () => {
    const { keel, call, expiries } = world();
    for (const expiry of [expiries[1]!, expiries[2]!]) await buyUp(call(3000, expiry), 100, 300);
    const nav = await desk.nav();
    const [lp] = LPS as [Address];
    await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
    const fair = nav / 3n / 10n ** 12n;
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    await side.wait(Number(endsAt - (await side.now())) - 3 * HALF_HOUR - 600);
    for (const vol of [0.55, 0.4, 0.25])
      await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, (0.7 * 0.7) / vol)])));
    await world().market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
    await expectRevert(keel.processEpoch(), "EpochSurfaceUnsettled");
    await world().market.moveTo(3000, { at: Number(endsAt) + DAY + 1, forceRound: true });
    await keel.processEpoch();
    const got = await side.readVault<bigint>("maxWithdraw", [lp]);
    console.log(`      a third of the pool, worth ${fair / 10n ** 6n}, was paid ${got / 10n ** 6n}`);
    expect(share(got - fair, nav)).to.be.below(MOST);
  });

  it("T57: gives LPs who leave nothing by it after a guardian's call, though the epoch is processed at last", async () => {
    const { keel, call, expiries, clients } = world();
    for (const expiry of [expiries[1]!, expiries[2]!]) await buyUp(call(3000, expiry), 100, 300);
    const [lp] = LPS as [Address];
    await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    await side.wait(Number(endsAt - (await side.now())) - 3 * HALF_HOUR - 600);
    const honest = await clients.test.snapshot();
    const revoker = { address: keel.contracts.roleRevoker, abi: roleRevokerAbi } as const;
    const paid: bigint[] = [];
    for (const vols of [[0.7], [0.55, 0.4, 0.25]]) {
      const before = await clients.test.snapshot();
      for (const vol of vols) await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, (0.7 * 0.7) / vol)])));
      await keel.write(GUARDIAN, { ...revoker, functionName: "revoke", args: [[ROLES.POSTER], [KEEPER]] });
      await world().market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
      await expectRevert(keel.processEpoch(), "EpochSurfaceStale");
      await world().market.moveTo(3000, { at: Number(endsAt) + DAY + 1, forceRound: true });
      await keel.processEpoch();
      paid.push(await side.readVault<bigint>("maxWithdraw", [lp]));
      await clients.test.revert({ id: before });
    }
    await clients.test.revert({ id: honest });
    console.log(`      paid ${paid[0]! / 10n ** 6n} on an honest surface, ${paid[1]! / 10n ** 6n} on the thief's`);
    // References had followed him for an hour and a half, within the budget.
    expect(Number(paid[1]! - paid[0]!)).to.be.below(MOST * 3e12);
    const followed = Number(paid[1]! - paid[0]!) / 1e6;
    expect(followed, "a hundredth of what the posted vol says").to.be.below(100);
  });

  it("T58: an honest post cannot be sandwiched, in any tenor and at any strike", async () => {
    const { keel, call, put, expiries, clients } = world();
    const results: string[] = [];
    for (const [k, expiry] of expiries.entries()) {
      for (const [name, id, n] of [
        ["ATM", call(3000, expiry), 100],
        ["OTM", put(2400, expiry), 100],
        ["deep", call(1500, expiry), 100],
      ] as const) {
        for (const [vol, carry] of [
          [0.85, 0],
          [0.7, 0.1],
        ] as const) {
          const snapshot = await clients.test.snapshot();
          await side.wait(HALF_HOUR);
          await world().market.moveTo(3000, { forceRound: true });
          const before = await purse();
          await keel.trade(thief, [buy(id, n)]);
          await keel.postSurface(new Map(expiries.map((e) => [e, slice(vol, -0.1, (0.7 * 1) / vol, carry)])));
          for (let i = 0; i < 5; ++i) {
            await side.wait(700);
            await world().market.moveTo(3000, { forceRound: true });
            await side.callVault(thief, "followSurface");
          }
          await keel.trade(thief, [sell(id, n)]);
          const profit = Number((await purse()) - before) / 1e6;
          results.push(`${k}/${name}/${vol}/${carry}: ${profit.toFixed(0)}`);
          expect(profit, results.at(-1)).to.be.at.most(0);
          await clients.test.revert({ id: snapshot });
        }
      }
    }
    console.log(`      ${results.join(", ")}`);
    expect(HONEST.carry).to.equal(0n);
  });

  it("T57: LPs neither leave nor come at a surface that is far from the references, and may cancel meanwhile", async () => {
    const { keel, call, expiries, market } = world();
    for (const expiry of [expiries[1]!, expiries[2]!]) await buyUp(call(3000, expiry), 100, 300);
    const [lp, other] = LPS as [Address, Address];
    for (const who of [lp, other]) await keel.requestRedeem(who, await side.readVault("balanceOf", [who]));
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    for (const vols of [
      [0.85, 1, 1.15],
      [0.55, 0.4, 0.25],
    ]) {
      const snapshot = await world().clients.test.snapshot();
      await side.wait(Number(endsAt - (await side.now())) - 3 * HALF_HOUR - 600);
      for (const vol of vols) await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, 0.5 / vol)])));
      await market.moveTo(3000, { at: Number(endsAt) + 1, forceRound: true });
      await expectRevert(keel.processEpoch(), "EpochSurfaceUnsettled");
      await expectRevert(side.callVault(lp, "cancelRedeemRequest", [lp, lp]), "EpochOver");
      await market.moveTo(3000, { at: Number(endsAt) + DAY / 2, forceRound: true });
      await side.callVault(lp, "cancelRedeemRequest", [lp, lp]);
      // Who stays in the queue is not kept for ever: a whole epoch later he leaves at the worse of both.
      await market.moveTo(3000, { at: Number(endsAt) + DAY + 1, forceRound: true });
      await keel.processEpoch();
      expect(await side.readVault<bigint>("maxWithdraw", [other])).to.be.above(0n);
      await world().clients.test.revert({ id: snapshot });
    }
  });

  it("T57: what he posts takes nothing from leavers after a guardian's call, in neither direction", async () => {
    const { keel, call, expiries, market, clients } = world();
    for (const expiry of [expiries[1]!, expiries[2]!]) await buyUp(call(3000, expiry), 100, 300);
    const [lp] = LPS as [Address];
    await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    await side.wait(Number(endsAt - (await side.now())) - 3 * HALF_HOUR - 600);
    const revoker = { address: keel.contracts.roleRevoker, abi: roleRevokerAbi } as const;
    const paid: number[] = [];
    for (const vols of [[0.7], [0.85, 1, 1.15]]) {
      const snapshot = await clients.test.snapshot();
      for (const vol of vols) await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, 0.7 / vol)])));
      await keel.write(GUARDIAN, { ...revoker, functionName: "revoke", args: [[ROLES.POSTER], [KEEPER]] });
      await market.moveTo(3000, { at: Number(endsAt) + DAY + 1, forceRound: true });
      await keel.processEpoch();
      paid.push(Number(await side.readVault<bigint>("maxWithdraw", [lp])) / 1e6);
      await clients.test.revert({ id: snapshot });
    }
    const [honest = 0, stolen = 0] = paid;
    console.log(`      paid ${honest.toFixed(0)} on an honest surface, ${stolen.toFixed(0)} on the thief's`);
    // The references had followed him for an hour and a half, within the budget.
    expect(Math.abs(stolen - honest) / honest).to.be.below(0.002);
  });

  it("T57: a buyer pays the reference's price wherever the range says that spot may be", async () => {
    const { keel, call, expiries, clients } = world();
    for (const vol of [0.55, 0.4, 0.25, 0.1])
      await post(new Map(expiries.map((e) => [e, slice(vol, -0.1, 0.5 / vol)])));
    await keel.trade(thief, [buy(call(3000, expiries[3]), 60)]); // uses the budget up
    await side.wait(130);
    await world().market.arbitrage(3014);
    const id = call(3600, expiries[0]);
    const quote = await keel.quote([buy(id, 100)]);
    const { anchor } = await clients.public.readContract({
      ...keel.surface,
      functionName: "quoted",
      args: [expiries[0]],
    });
    const fair = blackCall(3014, 3600, volOf(anchor, Math.log(3600 / 3014)), expiries[0], await side.now());
    // What is left of the budget pays for him; what flow and capital are charged for comes on top, and makes up for nothing.
    const left = await side.readVault<bigint>("surfaceAllowance");
    expect(Number(quote.mid + quote.lag + left) / 1e18 / 100, "mid and lag").to.be.at.least(fair - 0.001);
  });
});

describe("A stolen poster's and a lister's key", () => {
  const world = useFork((fork) => keelWorld(fork, { days: [7, 28], moneyness: [0.8, 1, 1.2] }));
  const side = marketSide(world);

  async function post(slices: ReadonlyMap<bigint, OnChainSlice>): Promise<void> {
    await side.wait(HALF_HOUR);
    await world().market.moveTo(3000, { forceRound: true });
    await world().keel.postSurface(slices);
  }

  it("T57: who posts and lists a new expiry makes no strike of it cheap", async () => {
    const { keel, clients, expiries } = world();
    for (const [i, skew] of [-0.3, -0.5, -0.7, -0.9, -0.95].entries())
      await post(new Map(expiries.map((e) => [e, slice(0.7, skew, 1.25 + i / 4)])));
    const { timestamp } = await clients.public.getBlock();
    const today = timestamp - (timestamp % 86_400n) + 8n * 3_600n;
    const fresh = today + ((1n - ((today / 86_400n) % 7n) + 7n) % 7n) * 86_400n + 50n * 7n * 86_400n;
    const years = Number(fresh - timestamp) / DAY / 365;
    await side.wait(HALF_HOUR);
    await world().market.moveTo(3000, { forceRound: true });
    await keel.postSurface(new Map([[fresh, slice(0.56, -0.95, 1.1 / (0.56 * Math.sqrt(years)))]]));
    const strikes = [2400, 3000, 4500, 8000, 10_000, 12_000].map((strike) => parseEther(String(strike)));
    const first = await clients.public.readContract({ ...keel.surface, functionName: "quoted", args: [fresh] });
    const nearest = await clients.public.readContract({
      ...keel.surface,
      functionName: "quoted",
      args: [expiries[1]!],
    });
    const reference = nearest.lags ? nearest.anchor : nearest.posted;
    const time = (expiry: bigint) => Number(expiry - timestamp) / DAY / 365;
    for (const strike of strikes) {
      const k = Math.log(Number(strike) / 1e18 / 3000);
      // The same number of the reference's deviations out.
      const there = k * Math.sqrt(time(expiries[1]!) / time(fresh));
      expect(volOf(first.anchor, k), `at ${strike / 10n ** 18n}`).to.be.at.least(volOf(reference, there) - 0.001);
    }
  });

  it("T57: a forward that was led away over a week is led no further by a new expiry of a year", async () => {
    const { keel, clients, expiries } = world();
    await post(new Map(expiries.map((e) => [e, slice(0.7, -0.1, 1, 0.1)])));
    for (let hour = 0; hour < 23; ++hour) {
      await side.wait(3_600);
      await world().market.moveTo(3000, { forceRound: true });
      await side.callVault(thief, "followSurface");
    }
    const { timestamp } = await clients.public.getBlock();
    const today = timestamp - (timestamp % 86_400n) + 8n * 3_600n;
    const fresh = today + ((1n - ((today / 86_400n) % 7n) + 7n) % 7n) * 86_400n + 50n * 7n * 86_400n;
    await keel.postSurface(new Map([[fresh, slice(0.7, -0.1, 1, 0.1)]]));
    const of = async (expiry: bigint) => {
      const quoted = await clients.public.readContract({ ...keel.surface, functionName: "quoted", args: [expiry] });
      const { carry } = quoted.lags ? quoted.anchor : quoted.posted;
      return ((Number(carry) / 1e18) * Number(expiry - timestamp)) / DAY / 365;
    };
    expect(await of(fresh)).to.be.at.most((await of(expiries[1]!)) + 1e-6);
  });
});
