import { erc20Abi, maxUint256, parseAbi } from "viem";
import { findSettlementRound } from "../../../sdk/settlementRound.ts";
import { decodeSeries } from "../../../sdk/series.ts";
import { type Random, createRandom } from "../../../simulator/path/random.ts";
import { ROLES } from "../../../deployments/roles.ts";
import { slice } from "../../../simulator/chain/keel.ts";
import type { OnChainSlice } from "../../../sdk/slice.ts";
import { type Call, type Chain, SPOT, openChain, poolAbi, toWad } from "../../../scripts/search/chain.ts";
import { ratio } from "../../../scripts/search/genome.ts";
import { type Series, seriesText } from "../../../scripts/search/worth.ts";
import { type Loot, type Wealth, wealthOf } from "./purse.ts";
import { Tally, type Worst, worstOf } from "./tally.ts";

/** Hot keys that a thief may have. */
export type Key = "POSTER" | "KEEPER" | "LISTER";

/** What a campaign came to. Losses are shares of what honest LPs had, takes shares of NAV. */
export interface Outcome {
  readonly calls: number;
  readonly lost: Worst;
  readonly taken: Worst;
  /** What came to something, by name. */
  readonly done: ReadonlyMap<string, number>;
}

const actorAbi = parseAbi(["struct Call { address to; bytes data; }", "function strictly(Call[] calls)"]);
const UINT128 = 2n ** 128n - 1n;
const HOUR = 3600;
const DAY = 86_400;
/** An episode is so many days long, then all begins anew. */
const EPISODE = 4 * DAY;
/** Dollars of net delta below which nobody tries to have it hedged. */
const WORTHWHILE = 1_000;
/** What is tried of a step or a size that is refused, in this order. */
const SHARES = [1, 0.5, 0.2, 0.05] as const;
const PARTS = ["vol", "vol, wings kept", "skew", "curvature", "carry"] as const;
const LISTING = { days: [2, 7, 28, 91, 364], moneyness: [0.5, 0.8, 1, 1.2, 1.5] } as const;

/** A thief with any amount of money on a chain with the real desk, Uniswap and Aave, an honest keeper and honest LPs. */
export async function openThief(): Promise<Chain> {
  const chain = await openChain(LISTING);
  await chain.act(chain.thief, "each", [
    chain.encode({ address: chain.protocols.usdc, abi: erc20Abi }, "approve", [chain.keel.vault.address, maxUint256]),
  ]);
  await chain.begin();
  return chain;
}

/** Lets the thief do whatever comes to his mind, so many calls long. */
export async function play(chain: Chain, keys: readonly Key[], seed: number, most: number): Promise<Outcome> {
  const random = createRandom(seed);
  const done = new Map<string, number>();
  const [lost, taken]: [Tally[], Tally[]] = [[], []];
  let calls = 0;
  while (calls < most) {
    await chain.restore();
    for (const key of keys) await chain.grant(ROLES[key], chain.thief);
    const start = await chain.now();
    const run: Run = {
      ...{
        chain,
        random,
        done,
        keys,
        start,
        calls: 0,
        loot: new Map(),
        settled: new Set(),
        lastPost: start,
        isUpward: true,
      },
      ...{ lost: new Tally(start), taken: new Tally(start) },
    };
    while (calls + run.calls < most && (await chain.now()) < start + EPISODE) await step(run);
    calls += run.calls;
    lost.push(run.lost);
    taken.push(run.taken);
  }
  return { calls, lost: worstOf(lost), taken: worstOf(taken), done };
}

/** An episode. */
interface Run {
  readonly chain: Chain;
  readonly random: Random;
  readonly keys: readonly Key[];
  readonly done: Map<string, number>;
  readonly start: number;
  readonly loot: Loot;
  readonly settled: Set<bigint>;
  readonly lost: Tally;
  readonly taken: Tally;
  calls: number;
  lastPost: number;
  isUpward: boolean;
}

/** Time passes in most steps; then honest people work, the thief does one thing, and both are counted at one price and time. */
async function step(run: Run): Promise<void> {
  const { chain, random } = run;
  const isLater = random.next() < 0.6;
  if (isLater) await pass(run, ratio(12, 3 * HOUR, random.next()));
  const at = await chain.now();
  const before = await wealthOf(chain, run.loot, at);
  if (isLater) await work(run);
  const actions = actionsOf(run.keys);
  const [name, action] = random.pick(actions);
  if (await action(run)) run.done.set(name, (run.done.get(name) ?? 0) + 1);
  await count(run, before, at);
}

async function count({ chain, loot, lost, taken }: Run, before: Wealth, at: number): Promise<void> {
  const after = await wealthOf(chain, loot, at);
  lost.add(at, (before.stake - after.stake) / before.stake);
  taken.add(at, (after.thief - before.thief) / before.pool);
}

// ------------------------------------------------------------------------------------------------- what honest people do

/** The market moves a little, pools and feed follow; the honest poster posts each hour, or now and then if the key is stolen. */
async function pass(run: Run, seconds: number): Promise<void> {
  const { chain, random, keys } = run;
  chain.pass(seconds);
  await chain.moveTo(Math.min(2 * SPOT, Math.max(SPOT / 2, chain.price() * random.between(0.996, 1.004))));
  const now = await chain.now();
  const isDue = keys.includes("POSTER") ? random.next() < 1 / 64 : now > run.lastPost + HOUR;
  if (!isDue) return;
  const live = await chain.read<readonly bigint[]>(chain.keel.surface, "expiries");
  await chain.act(chain.keeper, "each", [chain.honestPost(live.filter((expiry) => Number(expiry) > now + 60))]);
  run.lastPost = now;
}

/** What has expired is settled, the thief is paid for it, and the keeper hedges. */
async function work(run: Run): Promise<void> {
  const { chain, random, loot } = run;
  const { market, vault } = chain.keel;
  const now = await chain.now();
  const open = await chain.read<readonly bigint[]>(vault, "openExpiries");
  for (const expiry of open.filter((one) => Number(one) <= now)) {
    const round = await findSettlementRound(chain.clients.public, chain.protocols.feed, expiry, chain.oracle());
    await chain.send(chain.sender, chain.encode(market, "settle", [expiry, round]));
  }
  for (const [key, series] of loot) {
    const id = chain.idOf(series);
    const held = await chain.read<bigint>(market, "balanceOf", [chain.thief, id]);
    if (held > 0n && Number(series.expiry) <= now)
      await chain.act(chain.thief, "each", [chain.encode(market, "exercise", [id, held, chain.thief])]);
    if (held === 0n) loot.delete(key);
  }
  // Keepers are there most of the time: their doors open to strangers when they are not.
  if (random.next() < 0.7) await chain.hedge(0);
}

// -------------------------------------------------------------------------------------------------- what the thief does

type Action = readonly [name: string, take: (run: Run) => Promise<boolean>];

const ANYONE: readonly Action[] = [
  ["buy", buy],
  ["buy", buy],
  ["buy", buy],
  ["sell", sell],
  ["sell", sell],
  ["sell all", sellAll],
  ["share", share],
  ["epoch", (run) => one(run, run.chain.encode(run.chain.keel.vault, "processEpoch"))],
  ["poke", (run) => one(run, run.chain.encode(run.chain.keel.desk, "poke"))],
  ["follow", (run) => one(run, run.chain.encode(run.chain.keel.vault, "followSurface"))],
  ["push", push],
  ["door", (run) => through(run, run.random.pick(["rebalancePublic", "raiseCash", "unwind"] as const))],
  ["door", (run) => through(run, "rebalancePublic")],
];

const WITH: Readonly<Record<Key, readonly Action[]>> = {
  POSTER: Array.from({ length: 4 }, () => ["post", post] as const),
  KEEPER: Array.from({ length: 3 }, () => ["rebalance", (run: Run) => through(run, "rebalance")] as const),
  LISTER: [
    ["list", list],
    ["delist", delist],
  ],
};

const actionsOf = (keys: readonly Key[]) => [...ANYONE, ...keys.flatMap((key) => WITH[key])];

/** One call. @returns Whether anything came of it. */
async function one(run: Run, call: Call): Promise<boolean> {
  return all(run, [call]);
}

/** Calls in one transaction, all or none. @returns Whether they were made. */
async function all(run: Run, calls: readonly Call[]): Promise<boolean> {
  const { chain } = run;
  run.calls += calls.length;
  const call = chain.encode({ address: chain.thief, abi: actorAbi }, "strictly", [calls]);
  return chain.send(chain.sender, call);
}

/** A series of what is listed. */
async function anySeries({ chain, random }: Run): Promise<Series> {
  const [ids] = await chain.read<readonly [readonly bigint[], unknown]>(chain.keel.vault, "book");
  const { expiry, strike, kind } = decodeSeries(random.pick(ids));
  return { expiry: BigInt(expiry), strike: Number(strike) / 1e18, type: kind };
}

async function buy(run: Run): Promise<boolean> {
  const series = await anySeries(run);
  return fill(run, series, ratio(0.01, 600, run.random.next()));
}

async function sell(run: Run): Promise<boolean> {
  const { chain, random, loot } = run;
  if (loot.size === 0) return false;
  const series = random.pick([...loot.values()]);
  const held = await chain.held(series);
  return held > 0.001 && fill(run, series, -held * (random.next() < 0.5 ? 1 : random.next()));
}

async function sellAll(run: Run): Promise<boolean> {
  let any = false;
  for (const series of [...run.loot.values()].slice(0, 6)) {
    const held = await run.chain.held(series);
    if (held > 0.001) any = (await fill(run, series, -held)) || any;
  }
  return any;
}

/** As much of it as he gets. */
async function fill(run: Run, series: Series, quantity: number): Promise<boolean> {
  const { chain, loot } = run;
  run.calls += 1;
  loot.set(seriesText(series, 0), series);
  return (await chain.fill(series, quantity, Math.max(0.001, Math.abs(quantity) / 20))) !== 0;
}

/** The thief as an LP: claims what he can, then comes, goes, or neither after all. */
async function share(run: Run): Promise<boolean> {
  const { chain, random } = run;
  const { vault } = chain.keel;
  const { thief } = chain;
  const read = (name: string) => chain.read<bigint>(vault, name, [thief]);
  const [mint, withdraw] = [await read("maxMint"), await read("maxWithdraw")];
  if (mint > 0n) await one(run, chain.encode(vault, "mint", [mint, thief, thief]));
  if (withdraw > 0n) await one(run, chain.encode(vault, "withdraw", [withdraw, thief, thief]));
  const shares = await read("balanceOf");
  const kind = random.next();
  if (kind < 0.2) return one(run, chain.encode(vault, "cancelDepositRequest", [thief, thief]));
  if (shares > 0n && kind < 0.6) {
    const part = random.next() < 0.5 ? shares : (shares * BigInt(Math.ceil(1000 * random.next()))) / 1000n;
    return one(run, chain.encode(vault, "requestRedeem", [part, thief, thief]));
  }
  const assets = BigInt(Math.round(ratio(1, 1e7, random.next()))) * 1_000_000n;
  return one(run, chain.encode(vault, "requestDeposit", [assets, thief, thief]));
}

/** Pushes one pool, holds it there for some blocks, and trades meanwhile or not; then the market puts it right. */
async function push(run: Run): Promise<boolean> {
  const { chain, random } = run;
  const to = chain.price() * (1 + 0.05 * (2 * random.next() - 1) ** 3);
  const fee = random.pick(["500", "3000"] as const);
  await all(run, [chain.swapTo(chain.thief, to, fee, to > chain.price())]);
  for (let blocks = Math.floor(ratio(1, 30, random.next())); blocks > 0; blocks -= 5) {
    chain.pass(12 * Math.min(5, blocks));
    if (random.next() < 0.5) await (random.next() < 0.5 ? buy(run) : sell(run));
    else await one(run, chain.encode(chain.keel.desk, "poke"));
  }
  await chain.moveTo(chain.price());
  return true;
}

/** A hedge, the keeper's or anyone's, into a pool that is pushed and liquidity that is laid for the moment; all of it in one transaction. */
async function through(run: Run, which: "rebalance" | "rebalancePublic" | "raiseCash" | "unwind"): Promise<boolean> {
  const { chain, random } = run;
  const { desk } = chain.keel;
  const fee = random.pick(["500", "3000"] as const);
  const pool = { address: chain.protocols.uniswap.pools[fee], abi: poolAbi };
  const [[, tick], spacing, net] = await Promise.all([
    chain.read<readonly [bigint, number]>(pool, "slot0"),
    chain.read<number>(pool, "tickSpacing"),
    chain.netDelta(),
  ]);
  const isHedge = which === "rebalance" || which === "rebalancePublic";
  if (isHedge && Math.abs(net) * chain.price() < WORTHWHILE) return false;
  const buys = isHedge ? net < 0 : random.next() < 0.5;
  const most = which === "rebalance" ? 0.01 : 0.003;
  const bound = (most - Number(fee) / 1e6) * (random.next() < 0.5 ? 0.97 : random.next());
  const target = chain.price() * (buys ? 1 + bound : 1 - bound);
  const change = Math.log(target / chain.price()) / Math.log(1.0001);
  const lower = Math.floor((tick + (chain.usdcIsToken0 ? -change : change)) / spacing - 1) * spacing;
  const upper = lower + 3 * spacing;
  const liquidity = BigInt(Math.round(ratio(1e19, 1e22, random.next())));
  const lays = random.next() < 0.8;
  for (const part of SHARES) {
    const amount = toWad(-net * part * (1 - 1e-6));
    const route = chain.route(Number(fee));
    const use = isHedge
      ? chain.encode(desk, which, [chain.order(amount, Number(fee))])
      : chain.encode(desk, which, which === "raiseCash" ? [route] : [10n ** 24n, route]);
    const calls = [
      chain.swapTo(chain.thief, target, fee, buys),
      ...(lays ? [chain.encode(pool, "mint", [chain.thief, lower, upper, liquidity, "0x"])] : []),
      use,
      ...(lays ? [chain.encode(pool, "burn", [lower, upper, liquidity])] : []),
      ...(lays ? [chain.encode(pool, "collect", [chain.thief, lower, upper, UINT128, UINT128])] : []),
    ];
    if (!(await all(run, calls))) continue;
    // He puts the pool right himself: nobody else earns by it.
    await chain.act(chain.thief, "each", chain.swaps(chain.thief, chain.price(), [fee]));
    run.calls += 2;
    return true;
  }
  return false;
}

/** As much of a step as the surface lets through, for all expiries or some. */
async function post(run: Run): Promise<boolean> {
  const { chain, random } = run;
  const { surface } = chain.keel;
  if (random.next() < 0.15) run.isUpward = !run.isUpward;
  const now = await chain.now();
  const live = (await chain.read<readonly bigint[]>(surface, "expiries")).filter((one) => Number(one) > now + 60);
  const at = Math.floor(random.next() * live.length);
  const scope = random.pick([live, live, live.slice(at), live.slice(0, at + 1)]);
  const part = random.pick(PARTS);
  const slices = await Promise.all(
    scope.map(async (expiry) => (await chain.read<readonly [OnChainSlice, bigint]>(surface, "sliceOf", [expiry]))[0]),
  );
  for (const share of SHARES) {
    const size = run.isUpward ? share : -share;
    const call = chain.encode(surface, "post", [scope, slices.map((slice_) => bent(slice_, part, size))]);
    if (await one(run, call)) return true;
  }
  return false;
}

function bent(from: OnChainSlice, part: (typeof PARTS)[number], size: number): OnChainSlice {
  const wads = [from.atmVol, from.skew, from.curvature, from.carry];
  const [vol, skew, curvature, carry] = wads.map((wad) => Number(wad) / 1e18) as [number, number, number, number];
  const next = Math.max(0.05, vol + 0.149 * size);
  if (part === "vol") return slice(next, skew, curvature, carry);
  if (part === "vol, wings kept") return slice(next, skew, (curvature * vol) / next, carry);
  if (part === "skew") return slice(vol, Math.max(-0.94, Math.min(0.94, skew + 0.199 * size)), curvature, carry);
  if (part === "curvature") return slice(vol, skew, Math.max(0.01, curvature * (1 + 0.5 * size)), carry);
  return slice(vol, skew, curvature, carry + 0.099 * size);
}

/** Any expiry of the calendar, at strikes anywhere that is allowed; a slice for it is posted by whoever has the key. */
async function list(run: Run): Promise<boolean> {
  const { chain, random, keys } = run;
  const { surface, market } = chain.keel;
  const today = Math.floor((await chain.now()) / DAY) * DAY + 8 * HOUR;
  let expiry = today + (1 + Math.floor(random.next() * (random.next() < 0.5 ? 34 : 390))) * DAY;
  while (expiry > today + 34 * DAY && Math.floor(expiry / DAY) % 7 !== 1) expiry += DAY;
  const known = await chain.read<readonly bigint[]>(surface, "expiries");
  if (!known.includes(BigInt(expiry))) {
    if (keys.includes("POSTER") && known.length > 0) {
      const [near] = await chain.read<readonly [OnChainSlice, bigint]>(surface, "sliceOf", [random.pick(known)]);
      const slice_ = bent(near, random.pick(PARTS), 2 * random.next() - 1);
      await one(run, chain.encode(surface, "post", [[BigInt(expiry)], [slice_]]));
    } else await chain.act(chain.keeper, "each", [chain.honestPost([BigInt(expiry)])]);
  }
  const strikes = Array.from({ length: 2 }, () => {
    const strike = chain.price() * ratio(0.26, 3.9, random.next());
    const unit = 10 ** Math.floor(Math.log10(strike) - 2);
    return toWad(Math.floor(strike / unit) * unit);
  });
  return one(run, chain.encode(market, "listSeries", [BigInt(expiry), strikes]));
}

async function delist(run: Run): Promise<boolean> {
  const series = await anySeries(run);
  return one(run, run.chain.encode(run.chain.keel.market, "delistSeries", [[run.chain.idOf(series)]]));
}
