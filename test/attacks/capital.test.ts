import { expect } from "chai";
import { type Address, parseEther, parseEventLogs } from "viem";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { seriesId } from "../../sdk/series.ts";
import { DEFAULT_PARAMETERS } from "../../deployments/parameters.ts";
import type { Leg } from "../../sdk/actions/trading.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { deskOf } from "../helpers/desk.ts";
import { LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice] = TRADERS as [Address];
const NAV = 3_000_000;
const DAY = 86_400;
/** Contracts that are bought before the keeper hedges. */
const PIECE = 40;
/** LPs' rate on a dollar for a day. */
const DAILY = DEFAULT_PARAMETERS.limits.capitalRateBps / 1e4 / 365;
const usdc = (amount: bigint): number => Number(amount) / 1e6;
const wad = (amount: bigint): number => Number(amount) / 1e18;

describe("Attack: capital bound for cents", () => {
  const world = useFork((fork) => keelWorld(fork, { days: [1, 2, 3, 4, 5, 28], moneyness: [0.8, 0.9, 1, 1.1, 1.2] }));
  const side = marketSide(world);
  const post = () => world().keel.postSurface(new Map(world().expiries.map((x) => [x, slice(0.7, -0.1, 1)])));

  /** Buys `leg` in pieces that halve when they are refused, until a hundredth of a contract is. */
  async function fill(id: bigint, first: number): Promise<{ contracts: number; cost: number }> {
    let [contracts, cost] = [0, 0];
    for (let size = first; size >= 0.01; size /= 2) {
      for (;;) {
        const done = await world()
          .keel.trade(alice, [buy(id, Number(size.toFixed(3)))])
          .catch(() => undefined);
        if (!done) break;
        contracts += size;
        cost += usdc(done.quote.total);
      }
    }
    return { contracts, cost };
  }

  /** All LPs ask for all; just before the epoch's end `before` is traded, and `after` right behind it. @return What they get. */
  async function leave(before: () => Promise<unknown>, after?: () => Promise<unknown>): Promise<number> {
    const { keel, market } = world();
    const endsAt = Number(await side.readVault("epochEndsAt"));
    for (const lp of LPS) await keel.requestRedeem(lp, await side.readVault<bigint>("balanceOf", [lp]));
    await market.moveTo(3000, { at: endsAt - 120, forceRound: true });
    await post();
    await before();
    await market.moveTo(3000, { at: endsAt + 1, forceRound: true });
    await keel.processEpoch();
    await after?.();
    let got = 0n;
    for (const lp of LPS) got += await side.readVault<bigint>("maxWithdraw", [lp]);
    return usdc(got);
  }

  /** As the keeper does, piece by piece, with the pool put right behind each. */
  async function hedge(): Promise<void> {
    const desk = deskOf(world);
    const clip = parseEther("60");
    for (let i = 0; i < 30; ++i) {
      const net = await desk.netDelta();
      const size = net < 0n ? -net : net;
      if (size < parseEther("0.5")) return;
      const piece = size < clip ? (size * 999_999n) / 1_000_000n : clip;
      await desk.rebalance(net > 0n ? -piece : piece);
      await world().market.arbitrage(3000);
    }
  }

  /** The first expiry that lives on when the epoch ends. */
  async function soonest(): Promise<bigint> {
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    return world().expiries.find((expiry) => expiry > endsAt) as bigint;
  }

  it("T60: far calls that hold LPs back for a day cost at least their rate on what is held back, and LPs earn it", async () => {
    let cost = 0;
    const before = wad(await side.readVault("nav"));
    const id = world().call(3600, await soonest());
    const got = await leave(async () => ({ cost } = await fill(id, 200)));
    const held = before - got;
    console.log(
      `      ${held.toFixed(0)} USDC held back for ${cost.toFixed(0)} USDC, at the rate ${(held * DAILY).toFixed(0)}`,
    );
    expect(held > 0.5 * NAV, "the attack holds LPs back").to.equal(true);
    expect(cost >= held * DAILY, `${cost} for ${held}`).to.equal(true);
  });

  it("T60: without a rate the same costs cents (control)", async () => {
    await side.setLimits({ capitalRateBps: 0 });
    let cost = 0;
    const id = world().call(3600, await soonest());
    const got = await leave(async () => ({ cost } = await fill(id, 200)));
    expect(got < 0.1 * NAV && cost < 50, `${got} leave, for ${cost}`).to.equal(true);
  });

  it("T60: calls that nobody can hedge in time, sold back right after the epoch, cost the rate too", async () => {
    const { keel, call, clients } = world();
    const expiry = await soonest();
    for (const [strike, contracts] of [
      [2400, 150],
      [2400, 205],
      [2400, 330],
      [2700, 205],
      [3000, 205],
    ] as const) {
      const snapshot = await clients.test.snapshot();
      let cost = 0;
      const id = call(strike, expiry);
      const got = await leave(
        async () => (cost += usdc((await keel.trade(alice, [buy(id, contracts)])).quote.total)),
        async () => (cost += usdc((await keel.trade(alice, [sell(id, contracts)])).quote.total)),
      );
      const held = NAV - got;
      console.log(`      ${contracts} calls at ${strike}: ${held.toFixed(0)} held back for ${cost.toFixed(0)}`);
      if (held >= NAV / 2) expect(cost >= held * DAILY, `${cost} for ${held}`).to.equal(true);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T60: hedged options, sold right before the epoch ends and bought back after it, cost the rate too", async () => {
    const { keel, call, put, clients, expiries } = world();
    for (const [id, contracts] of [
      [put(3000), 390],
      [put(3600), 390],
      [put(3600, expiries[3]), 300],
      [put(3000, expiries.at(-1)), 300],
      [call(3000), 390],
    ] as const) {
      const snapshot = await clients.test.snapshot();
      for (let bought = 0; bought < contracts; bought += 30) {
        await keel.trade(alice, [buy(id, 30)]);
        await hedge();
      }
      let cost = 0;
      // Whoever buys less back pays the more for what he sold: counted from mid, there and back.
      const beyondMid = async (legs: Leg[]): Promise<void> => {
        const { quote } = await keel.trade(alice, legs);
        cost += usdc(quote.total) - wad(quote.mid);
      };
      const got = await leave(
        () => beyondMid([sell(id, contracts)]),
        () => beyondMid([buy(id, 0.3 * contracts)]),
      );
      const held = wad(await side.readVault("nav"));
      console.log(
        `      ${contracts} hedged: ${held.toFixed(0)} of ${(held + got).toFixed(0)} held back for ${cost.toFixed(0)}`,
      );
      if (held >= NAV / 2) expect(cost >= held * DAILY, `${cost} for ${held}`).to.equal(true);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T60: a series that is filled, or its expiry, costs the rate on the cap, however worthless its contracts", async () => {
    const { keel, expiries } = world();
    const expiry = expiries[5] as bigint;
    await keel.listSeries(expiry, [parseEther("12000"), parseEther("750")]);
    const id = (strike: number, kind: "call" | "put") => seriesId(expiry, parseEther(String(strike)), kind);
    const days = Number(expiry - (await side.now())) / DAY;
    const far = await fill(id(12_000, "call"), 400);
    expect(far.contracts * 3000 > 0.97 * NAV, "the series is full").to.equal(true);
    expect(far.cost >= NAV * DAILY * days, `${far.cost}`).to.equal(true);
    await expectRevert(keel.quote([buy(id(12_000, "call"), 10)]), "SeriesCapExceeded");
  });

  it("T60: neither pieces nor legs nor a roll from a short expiry make it cheaper", async () => {
    const { keel, call, clients, expiries } = world();
    const [near, far] = [expiries[1] as bigint, expiries[4] as bigint];
    const whole = (await keel.quote([buy(call(3300, far), 320)])).capital;
    expect(whole > 0n, "there is something to save").to.equal(true);

    const snapshot = await clients.test.snapshot();
    let pieces = 0n;
    for (const size of [20, 100, 40, 160]) {
      pieces += (await keel.trade(alice, [buy(call(3300, far), size)])).quote.capital;
    }
    expect(wad(pieces) >= wad(whole) * 0.999, `${pieces} for ${whole} in pieces`).to.equal(true);
    await clients.test.revert({ id: snapshot });

    await keel.trade(alice, [buy(call(3300, near), 320)]);
    const rolled = (await keel.quote([sell(call(3300, near), 320), buy(call(3300, far), 320)])).capital;
    expect(wad(rolled) >= wad(whole) * 0.999, `${rolled} for ${whole} in a roll`).to.equal(true);
  });

  it("T60: what is charged goes to the pool, all of it, at once", async () => {
    const { keel, call } = world();
    await keel.trade(alice, [buy(call(3300), 1)]);
    const before = wad(await side.readVault("nav")) + usdc(await side.readVault("insurance"));
    const { quote } = await keel.trade(alice, [buy(call(3300), 320)]);
    const after = wad(await side.readVault("nav")) + usdc(await side.readVault("insurance"));
    expect(quote.capital > parseEther("100")).to.equal(true);
    expectClose(after - before, usdc(quote.total) - wad(quote.mid), 0.01);
    const { fees, capital } = quote;
    const insured = usdc(await side.readVault("insurance"));
    expect(insured <= 0.2 * wad(fees) + 1 && wad(capital) > insured, "no part of it is insurance").to.equal(true);
  });

  it("T81: a trade that opens anything takes no cash out of a worst scenario that is short of the reserve", async () => {
    const { keel, call, put } = world();
    await keel.trade(alice, [buy(put(3600), 100)]);
    await fill(call(3600), 100);
    const cashOut: Leg[] = [sell(put(3600), 50), buy(put(2400), 0.01)];
    await expectRevert(keel.quote(cashOut), "StressLossTooLarge");
    await expectRevert(keel.trade(alice, cashOut), "StressLossTooLarge");
    await keel.trade(alice, [sell(put(3600), 50)]); // holders always may
  });

  it("T60: who keeps what nobody could hedge in time pays the rate too, without selling back", async () => {
    const { keel, call, expiries } = world();
    const before = wad(await side.readVault("nav"));
    const endsAt = await side.readVault<bigint>("epochEndsAt");
    const id = call(
      2700,
      expiries.find((expiry) => Number(expiry - endsAt) > 2.5 * DAY),
    );
    let cost = 0;
    const got = await leave(async () => {
      for (const contracts of [120, 82]) {
        const { quote } = await keel.trade(alice, [buy(id, contracts)]);
        cost += usdc(quote.total) - wad(quote.mid);
      }
    });
    const held = before + cost - got;
    console.log(
      `      ${held.toFixed(0)} of LPs' money held back for ${cost.toFixed(0)}, their rate ${(held * DAILY).toFixed(0)}`,
    );
    expect(held).to.be.above(NAV / 2.5);
    expect(cost).to.be.at.least(held * DAILY);
  });

  it("T60: where nobody can hedge in time, a trade's other charges count towards the rate, once each", async () => {
    const { keel, call } = world();
    await side.setLimits({ capitalRateBps: 100_000 }); // more than charges on flow come to
    const legs = [buy(call(2400, await soonest()), 205)];
    const charged = async (pricing: Readonly<Record<string, unknown>>) => {
      await side.setPricing(pricing);
      const { hedging, spread, fees, capital } = await keel.quote(legs);
      return { others: wad(hedging + spread + fees), capital: wad(capital) };
    };
    const cheap = await charged({ feeBps: 3, hedgeCostBps: 5 });
    const dear = await charged({ feeBps: 30, hedgeCostBps: 50 });
    console.log(
      `      ${cheap.capital.toFixed(0)} besides ${cheap.others.toFixed(0)}, ${dear.capital.toFixed(0)} besides ${dear.others.toFixed(0)}`,
    );
    expect(dear.others - cheap.others, "dollars more of other charges").to.be.above(1_000);
    expectClose(cheap.capital - dear.capital, dear.others - cheap.others, 1);
  });

  it("T60: what options bind that end before the epoch does is charged for all of the epoch", async () => {
    const { keel, market, expiries } = world();
    const expiry = expiries[0];
    // So far out that no scenario reaches it, hedged or not: it fills the series, and that is all.
    await keel.listSeries(expiry, [parseEther("900")]);
    await market.moveTo(3000, { at: Number(expiry) - 2 * 3_600, forceRound: true });
    await post();
    const contracts = 800;
    const charged = async (epochLength: number) => {
      await side.setLimits({ epochLength });
      return wad((await keel.quote([buy(seriesId(expiry, parseEther("900"), "put"), contracts)])).capital);
    };
    const [day, twoDays] = [await charged(DAY), await charged(2 * DAY)];
    const bound = 3 * contracts * 3000 - NAV; // a third is free
    expect(day / (bound * DAILY), `${day} for a day`).to.be.within(0.99, 1.01);
    expect(twoDays / day).to.be.within(1.99, 2.01);
  });

  it("T60: what options bind for hours hides nothing of what others bind for a year", async () => {
    const { keel, call, expiries, market } = world();
    const [near, far] = [expiries[0], expiries.at(-1)!];
    await market.moveTo(3000, { at: Number(near) - 2_700, forceRound: true });
    await post();
    await side.wait(150);
    await market.report(3000);
    /** Capital that far calls are charged behind so many of the nearest. */
    const chargeBehind = async (mask: number): Promise<number> => {
      const desk = deskOf(world);
      const take = async (id: bigint, contracts: number) => {
        const { quote } = await keel.trade(alice, [buy(id, contracts)]);
        await desk.neutral();
        await market.arbitrage(3000);
        return wad(quote.capital);
      };
      for (let left = mask; left > 0; left -= 50) await take(call(3000, near), Math.min(50, left));
      let capital = 0;
      for (let i = 0; i < 10; ++i) capital += await take(call(3300, far), 40);
      return capital;
    };
    const clean = await world().clients.test.snapshot();
    const alone = await chargeBehind(0);
    await world().clients.test.revert({ id: clean });
    const masked = await chargeBehind(200);
    console.log(`      far calls pay ${alone.toFixed(0)} alone, ${masked.toFixed(0)} behind near ones`);
    expect(alone).to.be.above(1_000);
    expect(masked).to.be.at.least(0.95 * alone);
  });

  it("T84: holders close although LPs have taken the cash and the rest is in the hedge", async () => {
    const { keel, call, expiries, market } = world();
    const id = call(2400, expiries.at(-1));
    const bought = await fill(id, 200);
    await hedge();
    await leave(() => Promise.resolve());
    await side.wait(150);
    await market.report(3000);
    const cash = await side.readVault<bigint>("freeCash");
    const contracts = Math.floor(bought.contracts);
    const legs = [sell(id, contracts)];
    await expectRevert(keel.trade(alice, legs), "InsufficientCash");
    const quote = await keel.quote(legs);
    await side.callMarket(alice, "tradeForClaim", [legs, quote.total + 1_000_000n, alice, 2n ** 40n]);
    const owed = await side.readVault<bigint>("proceedsOf", [alice]);
    expect(Math.abs(usdc(owed + cash + quote.total))).to.be.below(1);
    expect(owed).to.be.above(0n);
    // What he sold needs no hedge any more: the keeper sells it, and he is paid.
    await hedge();
    await side.callVault(alice, "claimProceeds", [alice]);
    expect(await side.readVault<bigint>("proceedsOf", [alice])).to.equal(0n);
  });

  it("T4: who comes or goes pays for how far the feed is behind the average, by all of the net delta", async () => {
    const { keel, put, expiries, market, clients } = world();
    await keel.trade(alice, [buy(put(3600, expiries.at(-1)), 80)]);
    const endsAt = Number(await side.readVault("epochEndsAt"));
    await market.moveTo(3000, { at: endsAt - 400, forceRound: true });
    await post();
    const at = async (lag: number) => {
      const snapshot = await clients.test.snapshot();
      await market.arbitrage(3000 * (1 + lag));
      await market.report(3000);
      await side.wait(410);
      const delta = wad(await deskOf(world).netDelta());
      const { logs } = await keel.processEpoch();
      const [epoch] = parseEventLogs({ abi: optionVaultAbi, logs, eventName: "EpochProcessed" });
      await clients.test.revert({ id: snapshot });
      return { delta, bid: wad(epoch?.args.navBid ?? 0n), ask: wad(epoch?.args.navAsk ?? 0n) };
    };
    const abreast = await at(0);
    expect(Math.abs(abreast.delta)).to.be.above(50);
    for (const lag of [0.0045, -0.0045]) {
      const behind = await at(lag);
      const gap = Math.abs(abreast.delta) * 3000 * Math.abs(lag);
      expectClose((abreast.bid - behind.bid) / gap, 1, 0.05);
      expectClose((behind.ask - abreast.ask) / gap, 1, 0.05);
    }
  });

  it("T4: nobody gains by trades of his own and a feed that is behind when he leaves", async () => {
    const { keel, put, expiries, market, clients } = world();
    const [lp] = LPS as [Address];
    await keel.requestRedeem(lp, await side.readVault("balanceOf", [lp]));
    const endsAt = Number(await side.readVault("epochEndsAt"));
    await market.moveTo(3000, { at: endsAt - 400, forceRound: true });
    await post();
    for (const lag of [0.003, 0.0045]) {
      const snapshot = await clients.test.snapshot();
      await market.arbitrage(3000 * (1 + lag));
      await market.report(3000);
      await side.wait(410);
      const paid: number[] = [];
      let cost = 0;
      for (const trades of [false, true]) {
        const inner = await clients.test.snapshot();
        if (trades) {
          for (let i = 0; i < 4; ++i) {
            const { quote } = await keel.trade(alice, [buy(put(3600, expiries.at(-1)), 80)]);
            cost += usdc(quote.total) - wad(quote.mid);
          }
        }
        await keel.processEpoch();
        paid.push(usdc(await side.readVault<bigint>("maxWithdraw", [lp])));
        await clients.test.revert({ id: inner });
      }
      const gain = paid[1]! - paid[0]! - cost;
      console.log(`      ${(100 * lag).toFixed(2)} % behind: ${gain.toFixed(0)} dollars`);
      expect(gain / NAV).to.be.below(0.0001);
      await clients.test.revert({ id: snapshot });
    }
  });
});

describe("Capital in ordinary use", () => {
  const world = useFork((fork) => keelWorld(fork, { days: [7, 30, 91], moneyness: [1] }));
  const side = marketSide(world);
  const desk = deskOf(world);
  const VOL = 0.7;

  /** Vol points that a charge is on one contract at the money. */
  async function points(charge: number, expiry: bigint): Promise<number> {
    const years = Number(expiry - (await side.now())) / DAY / 365;
    const deviation = VOL * Math.sqrt(years);
    const vega = (3000 * Math.sqrt(years) * Math.exp(-(deviation ** 2) / 8)) / Math.sqrt(2 * Math.PI);
    return (charge / vega) * 100;
  }

  it("T60: options at the money cost at most half a vol point more where a quarter of capacity is used", async () => {
    const { keel, call, expiries, clients, market } = world();
    console.log("      vol points for capital at 10, 25 and 50 % of the calls that can be sold, hedged piece by piece");
    for (const expiry of expiries) {
      const snapshot = await clients.test.snapshot();
      const charges = [0];
      for (;;) {
        const done = await keel.trade(alice, [buy(call(3000, expiry), PIECE)]).catch(() => undefined);
        if (!done) break;
        charges.push((charges.at(-1) ?? 0) + wad(done.quote.capital));
        await desk.neutral();
        await market.arbitrage(3000);
        await side.wait(120);
        await market.report(3000);
      }
      const most = charges.length - 1;
      const shares = await Promise.all(
        [0.1, 0.25, 0.5].map(async (share) => {
          const pieces = Math.round(most * share);
          return points((charges[pieces] ?? 0) / (pieces * PIECE), expiry);
        }),
      );
      const days = Math.round(Number(expiry - (await side.now())) / DAY);
      console.log(`      ${days} days, of ${most * PIECE}: ${shares.map((x) => x.toFixed(2)).join("  ")}`);
      expect(shares[1]! <= 0.5, `${shares[1]}`).to.equal(true);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T60: so it is for whoever buys all at once, calls or puts, before anyone hedges", async () => {
    const { keel, call, put, expiries } = world();
    for (const expiry of expiries) {
      for (const id of [call(3000, expiry), put(3000, expiry)]) {
        const quarter = Math.floor((await capacity(id)) / 4);
        const { capital } = await keel.quote([buy(id, quarter)]);
        expect((await points(wad(capital) / quarter, expiry)) <= 0.5).to.equal(true);
      }
    }
  });

  /** Contracts that can be bought in one trade. */
  async function capacity(id: bigint): Promise<number> {
    let [low, high] = [1, 2000];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const isSold = await world()
        .keel.quote([buy(id, middle)])
        .then(
          () => true,
          () => false,
        );
      if (isSold) low = middle;
      else high = middle;
    }
    return low;
  }
});
