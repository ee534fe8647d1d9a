import { expect } from "chai";
import {
  type Address,
  type TransactionReceipt,
  erc20Abi,
  isAddressEqual,
  parseAbi,
  parseEther,
  parseEventLogs,
} from "viem";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { seriesId } from "../../sdk/series.ts";
import { ROUTE_500, deskEvents, deskOf } from "../helpers/desk.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { KEEPER, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { seededRandom } from "../support/random.ts";

const [alice, bob] = TRADERS as [Address, Address];
const WAD = 10n ** 18n;
const HOUR = 3600;
const DAY = 24 * HOUR;

describe("HedgeDesk over weeks", () => {
  const world = useFork(keelWorld);
  const desk = deskOf(world);

  const time = async () => (await world().clients.public.getBlock()).timestamp;
  /** Whether a call went through; a refusal is what a fuzzer expects most of the time. */
  async function attempt(call: () => Promise<TransactionReceipt>): Promise<TransactionReceipt | undefined> {
    try {
      return await call();
    } catch {
      return undefined;
    }
  }

  /** Where tokens went that left vault, desk, venue or lender in a call of the desk's. */
  function foreignRecipients(receipt: TransactionReceipt): Address[] {
    const { keel, protocols } = world();
    const { uniswapV3Venue, aaveV3Lender } = keel.contracts;
    const own = [keel.vault.address, keel.desk.address, uniswapV3Venue, aaveV3Lender];
    const isIn = (list: readonly Address[], who: Address) => list.some((one) => isAddressEqual(one, who));
    const pools = Object.values(protocols.uniswap.pools);
    const tokens = [protocols.weth, protocols.usdc];
    const moved = parseEventLogs({ abi: erc20Abi, logs: receipt.logs, eventName: "Transfer" })
      .filter(({ address }) => isIn(tokens, address))
      .filter(({ args }) => isIn(own, args.from) && !isIn([...own, ...pools], args.to))
      .map(({ args }) => args.to);
    // Aave's token contracts keep what is supplied: they are the only others that may receive anything.
    return moved.filter((to) => !isIn(aTokens, to));
  }

  let aTokens: readonly Address[] = [];
  before(async () => {
    const { clients, protocols } = world();
    const aTokenOf = async (token: Address) => {
      const read = {
        address: protocols.aave.dataProvider,
        abi: dataAbi,
        functionName: "getReserveTokensAddresses",
      } as const;
      const [aToken] = await clients.public.readContract({ ...read, args: [token] });
      return aToken;
    };
    aTokens = await Promise.all([protocols.usdc, protocols.weth].map(aTokenOf));
  });

  it("T40: a stolen key loses no more in thirty days than thirty daily budgets, and sends nothing away", async function () {
    this.timeout(600_000);
    const { keel, clients, market } = world();
    const random = seededRandom(40);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random.uniform(0, items.length))] as T;
    const far = fridayAfter((await time()) + 75n * BigInt(DAY));
    await keel.postSurface(new Map([[far, slice(0.7, -0.1, 1)]]));
    await keel.listSeries(far, [parseEther("3000")]);
    const strike = parseEther("3000");
    const ids = (["put", "call"] as const).map((kind) => seriesId(far, strike, kind));
    const start = await desk.nav();
    const tally = { slippage: 0n, bounties: 0n, calls: 0, filled: 0, highestNav: start };
    const byFunction = new Map<string, number>();
    const worst = { dayLoss: 0n };

    const note = (name: string, receipt: TransactionReceipt | undefined) => {
      tally.calls += 1;
      if (!receipt) return;
      byFunction.set(name, (byFunction.get(name) ?? 0) + 1);
      for (const { args } of deskEvents(receipt, "Accounted"))
        tally.slippage += args.slippage > 0n ? args.slippage : 0n;
      for (const { args } of deskEvents(receipt, "BountyPaid")) {
        tally.bounties += args.assets * 10n ** 12n;
        expect(isAddressEqual(args.caller, KEEPER)).to.equal(true);
      }
      tally.filled += deskEvents(receipt, "Rebalanced").length;
      const strangers = foreignRecipients(receipt).filter((to) => !isAddressEqual(to, KEEPER));
      expect(strangers, "tokens sent to strangers").to.deep.equal([]);
    };
    const route = () =>
      pick([
        ROUTE_500,
        encodeRoute([{ shareBps: 10_000n, hops: [3000] }]),
        encodeRoute([
          { shareBps: 4_000n, hops: [500] },
          { shareBps: 6_000n, hops: [3000] },
        ]),
      ]);
    const write = (functionName: string, args: readonly unknown[]) => () =>
      keel.write(KEEPER, { ...keel.desk, functionName, args });

    /** How far anyone's order may fill now, from the worse end of the oracle's range. */
    async function openBound(net: bigint): Promise<number> {
      const side = net > 0n ? 0 : 1; // see IHedgeDesk.Cause
      const [, slippageBps] = await clients.public.readContract({
        ...keel.desk,
        functionName: "opening",
        args: [side],
      });
      return Number(slippageBps) / 10_000;
    }

    /** An order as bad as the rules allow: the pool stands just inside the bound when it comes. */
    async function squeeze(open: boolean): Promise<void> {
      const net = await desk.netDelta();
      if (net === 0n) return;
      const share = BigInt(Math.floor(random.uniform(50, 1000)));
      const amount = (-net * share) / 1000n;
      const edge = (open ? await openBound(net) : 0.01) * random.uniform(0.5, 0.99) - 0.0005;
      await market.arbitrage(3000 * (amount > 0n ? 1 + edge : 1 - edge));
      note(
        open ? "rebalancePublic" : "rebalance",
        await attempt(() => desk.rebalance(amount, { open, from: KEEPER, route: route() })),
      );
      await market.arbitrage(3000);
    }

    const actions: readonly (() => Promise<void>)[] = [
      () => squeeze(false),
      () => squeeze(false),
      () => squeeze(false),
      async () => {
        note("poke", await attempt(write("poke", [])));
        await clients.test.increaseTime({ seconds: HOUR / 2 + 1 });
        await market.report(3000);
        await squeeze(true);
      },
      async () => note("poke", await attempt(write("poke", []))),
      async () => note("syncLoan", await attempt(write("syncLoan", []))),
      async () => note("unwind", await attempt(write("unwind", [2n ** 255n, await desk.route({ route: route() })]))),
      async () => note("raiseCash", await attempt(write("raiseCash", [await desk.route({ route: route() })]))),
      async () => note("restoreHealth", await attempt(write("restoreHealth", [await desk.route({ route: route() })]))),
      async () => note("setVenue", await attempt(write("setVenue", [KEEPER, true]))),
      async () =>
        note("setRules", await attempt(write("setRules", [{ ...(await desk.rules()), maxSlippageBps: 500 }]))),
      async () => {
        const lending = { lender: KEEPER, minHealth: 13_000, targetHealth: 17_000 };
        note("setLending", await attempt(write("setLending", [lending])));
      },
    ];

    for (let day = 0; day < 30; ++day) {
      const dayStart = await totalLoss();
      for (let step = 0; step < 8; ++step) {
        // The thief's own options turn the book this way and that; he pays for them like anyone.
        const quantity = parseEther(random.uniform(60, 180).toFixed(6));
        const held = await clients.public.readContract({
          ...keel.market,
          functionName: "balanceOf",
          args: [alice, ids[step % 2] as bigint],
        });
        await attempt(async () => {
          const legs = [{ id: ids[step % 2] as bigint, quantity: held > 0n ? -held : quantity }];
          return (await keel.trade(alice, legs)).receipt;
        });
        for (let n = 0; n < 3; ++n) {
          await clients.test.increaseTime({ seconds: HOUR / 2 });
          await market.report(3000);
          await pick(actions)();
        }
        await clients.test.increaseTime({ seconds: (3 * HOUR) / 2 });
        await market.report(3000);
        const nav = await desk.nav();
        if (nav > tally.highestNav) tally.highestNav = nav;
      }
      await keel.postSurface(new Map([[far, slice(0.7, -0.1, 1)]]));
      const lost = (await totalLoss()) - dayStart;
      if (lost > worst.dayLoss) worst.dayLoss = lost;
    }

    async function totalLoss(): Promise<bigint> {
      return Promise.resolve(tally.slippage + tally.bounties);
    }

    const daily = (tally.highestNav * parseEther("0.01")) / WAD;
    const lost = await totalLoss();
    const dollars = (wad: bigint) => Math.round(Number(wad) / 1e18).toLocaleString("en-US");
    console.log(
      `      ${tally.calls} calls, ${tally.filled} fills (${[...byFunction].map(([name, n]) => `${name} ${n}`).join(", ")}); ` +
        `lost ${dollars(lost)} of ${dollars(30n * daily)} dollars, ${dollars(worst.dayLoss)} on the worst day of ${dollars(daily)}; ` +
        `NAV ${dollars(start)} → ${dollars(await desk.nav())}`,
    );
    expect(tally.filled > 100, "the campaign did trade").to.equal(true);
    expect(lost <= 30n * daily).to.equal(true);
    expect(worst.dayLoss <= daily).to.equal(true);
    expect(start - (await desk.nav()) <= 30n * daily).to.equal(true);
    for (const name of ["rebalance", "rebalancePublic"]) expect(byFunction.has(name), name).to.equal(true);
    for (const name of ["setVenue", "setRules", "setLending"]) expect(byFunction.has(name), name).to.equal(false);
  });

  /** Whether the net delta is worth more than the emergency band of 5 % of NAV. */
  async function isOutside(net: bigint, price: number): Promise<boolean> {
    return Math.abs(Number(net)) * price > 0.05 * Number(await desk.nav());
  }

  for (const end of [4200, 1800]) {
    it(`T36, T39: with every keeper dead for seven days and ether at ${end} dollars after 3,000, outsiders hedge, holders are paid and LPs leave`, async function () {
      this.timeout(600_000);
      const { keel, clients, market, expiries, call, put } = world();
      const expiry = expiries[0];
      const bought = [
        { id: call(3000), quantity: parseEther("150") },
        { id: put(3000), quantity: parseEther("150") },
      ];
      await keel.trade(alice, bought);
      const outsiders = { hedges: 0, bounties: 0n, hoursOutside: 0, longest: 0 };
      const began = Number(await time());
      // They come twice an hour: the bound for strangers starts tight and widens with every sighting.
      const VISIT = HOUR / 2;
      const steps = Math.floor((Number(expiry) - began) / VISIT);
      for (let step = 1; step <= steps; ++step) {
        const price = 3000 * (end / 3000) ** (step / steps);
        await market.moveTo(Math.round(price * 100) / 100, { forceRound: true, at: began + step * VISIT });
        await attempt(() => keel.write(bob, { ...keel.desk, functionName: "poke" }));
        const net = await desk.netDelta();
        outsiders.hoursOutside = (await isOutside(net, price)) ? outsiders.hoursOutside + VISIT / HOUR : 0;
        outsiders.longest = Math.max(outsiders.longest, outsiders.hoursOutside);
        const order = (-net * 99n) / 100n;
        const receipt = await attempt(() => desk.rebalance(order, { open: true, from: bob }));
        if (!receipt) continue;
        outsiders.hedges += 1;
        outsiders.bounties += deskEvents(receipt, "BountyPaid")[0]?.args.assets ?? 0n;
        if ((await desk.holdings()).debt > 0n) {
          const args = [await desk.route()] as const;
          await attempt(() => keel.write(bob, { ...keel.desk, functionName: "restoreHealth", args }));
        }
      }
      const settleTime = Number(expiry) + 60;
      await market.moveTo(end, { forceRound: true, at: Math.max(settleTime, Number(await time()) + 1) });
      await keel.settle(expiry);
      // What strangers may lose in a day is little: the hedge goes in parts, as it refills and the bound widens.
      for (let n = 0; n < 200; ++n) {
        await attempt(() => keel.write(bob, { ...keel.desk, functionName: "poke" }));
        await clients.test.increaseTime({ seconds: HOUR / 2 + 1 });
        await market.moveTo(end, { forceRound: true });
        const args = [2n ** 255n, await desk.route()] as const;
        await attempt(() => keel.write(bob, { ...keel.desk, functionName: "unwind", args }));
        await attempt(() => keel.write(bob, { ...keel.desk, functionName: "syncLoan" }));
        if ((await desk.position())[0] === 0n) break;
        await clients.test.increaseTime({ seconds: 6 * HOUR });
        await market.moveTo(end, { forceRound: true });
      }
      expect(await desk.position()).to.deep.equal([0n, 0n]);

      const winner = end > 3000 ? call(3000) : put(3000);
      const { assets } = await keel.exercise(alice, winner);
      expect(assets).to.equal(BigInt(Math.abs(end - 3000)) * 150n * 10n ** 6n);

      await keel.processEpoch();
      for (const lp of LPS) {
        const shares = await clients.public.readContract({ ...keel.vault, functionName: "balanceOf", args: [lp] });
        await keel.requestRedeem(lp, shares);
      }
      await clients.test.increaseTime({ seconds: DAY });
      await market.moveTo(end, { forceRound: true });
      await keel.processEpoch();
      for (const lp of LPS) await keel.claimAssets(lp);
      expect(await clients.public.readContract({ ...keel.vault, functionName: "totalSupply" })).to.equal(0n);
      console.log(
        `      ${outsiders.hedges} hedges by outsiders for ${Number(outsiders.bounties) / 1e6} dollars, at most ${outsiders.longest} hours ` +
          `outside the band in a row; holders got ${Number(assets) / 1e6}`,
      );
      expect(outsiders.hedges > 1).to.equal(true);
      expect(outsiders.longest, "hours outside the band in a row").to.be.at.most(2);
      expect(outsiders.bounties <= 8n * 50n * 10n ** 6n, "50 dollars a day").to.equal(true);
    });
  }

  it("knows all that the desk offers, so that the campaign above leaves nothing out", () => {
    const writes = hedgeDeskAbi
      .filter((item) => item.type === "function" && item.stateMutability === "nonpayable")
      .map((item) => ("name" in item ? item.name : ""));
    expect(writes.sort()).to.deep.equal(
      [
        ...["force", "poke", "raiseCash", "rebalance", "rebalancePublic", "restoreHealth", "syncLoan", "unwind"],
        ...["setAuthority", "setBudgets", "setLending", "setRules", "setVenue"],
      ].sort(),
    );
  });
});

/** When the series of the next Friday expire: beyond the dailies only Fridays are listed. */
function fridayAfter(time: bigint): bigint {
  const day = time / BigInt(DAY);
  const ahead = (8n - (day % 7n)) % 7n; // the first of January 1970 was a Thursday
  return (day + ahead) * BigInt(DAY) + BigInt(8 * HOUR);
}

const dataAbi = parseAbi([
  "function getReserveTokensAddresses(address asset) view returns (address aToken, address stableDebt, address debt)",
]);
