import { type Hex, parseEventLogs } from "viem";
import { hedgeDeskAbi } from "../../../sdk/abi/hedgeDesk.ts";
import { findSettlementRound } from "../../../sdk/settlementRound.ts";
import { type Call, type Chain, SPOT, openChain, poolAbi, toWad } from "../chain.ts";
import { type Alphabet, type Genome, choice, ratio } from "../genome.ts";
import { type Kind, type Result, dollars, timeText } from "../kind.ts";
import { type Series, seriesText } from "../worth.ts";

/** Of NAV, what LPs may lose by it. */
const MOST = 0.001;
/** Dollars of rounding that are no profit. */
const ROUNDING = 1;
const DAY = 86_400;
/** When an attack begins, before the first expiry. */
const LEAD = 8 * 3600;
/** Dollars by which attacks that get nowhere are put below the others. */
const SHORT = 1e6;
const UINT128 = 2n ** 128n - 1n;

const ALPHABET: Alphabet = {
  ops: [
    { name: "buy", args: 4, weight: 3 },
    { name: "sell", args: 2, weight: 1.5 },
    { name: "show", args: 4, weight: 1.5 },
    { name: "poke", args: 3, weight: 2 },
    { name: "door", args: 12, weight: 4 },
    { name: "wait", args: 2, weight: 3 },
    { name: "settle", args: 0, weight: 0.7 },
  ],
  maxSteps: 10,
};

interface Run {
  readonly chain: Chain;
  readonly start: number;
  readonly held: Map<string, { series: Series; contracts: number }>;
  readonly steps: string[];
  settled: boolean;
}

/** A stranger at the desk's doors, with options, a pushed pool and liquidity for a moment; keepers are there or stay away. */
export const doors: Kind = {
  name: "k3",
  title: "the desk's public doors",
  bound: `LPs lose at most ${100 * MOST} % of NAV a day, and the attacker gets no more than bounties`,
  async open() {
    const chain = await openChain({ days: [2, 7, 28], moneyness: [0.3, 0.4, 0.6, 0.8, 1, 1.2, 1.5] });
    await chain.begin(Number(chain.expiries[0]) - LEAD);
    await chain.act(chain.keeper, "each", [chain.honestPost(chain.expiries)]);
    chain.pass(2000);
    await chain.begin();
    const nav = await trueNav(chain);
    return { chain, nav, alphabet: ALPHABET, evaluate: (genome) => evaluate(chain, nav, genome) };
  },
};

async function trueNav(chain: Chain): Promise<number> {
  await chain.send(chain.sender, chain.encode(chain.keel.vault, "mark"));
  return chain.nav();
}

async function evaluate(chain: Chain, nav: number, genome: Genome): Promise<Result> {
  await chain.restore();
  const start = await chain.now();
  const block = await chain.request("eth_blockNumber");
  const purse = await chain.purse();
  const run: Run = { chain, start, held: new Map(), steps: [], settled: false };
  for (const { op, args } of genome) {
    if ((await chain.now()) > start + DAY) break;
    await take(run, op, args);
  }
  await chain.moveTo(SPOT);
  const left = [...run.held.values()].map(({ series, contracts }) => [series, contracts] as const);
  const worth = chain.worth(left, await chain.now());
  const profit = (await chain.purse()) - purse + worth;
  const lost = nav - (await trueNav(chain));
  const { bounties, seen, used } = await happened(chain, block as Hex);
  // An attack that uses no door is below all that use one, and one by which nothing was seen below those; among them the further
  // from neutral the better, whatever it costs: a way in, not what to do there.
  const outside = Math.min(1000, Math.abs(await chain.netDelta()));
  const gain = Math.max(profit - bounties - ROUNDING, lost - MOST * nav);
  return {
    score: used ? gain : outside - (seen ? SHORT : 2 * SHORT),
    profit: used ? profit : 0,
    figures: { bounties, "LPs lose": lost, options: worth },
    steps: run.steps,
  };
}

/** What the desk's events tell: bounties in dollars, whether something was seen that opens a door, and whether one was used. */
async function happened(chain: Chain, fromBlock: Hex): Promise<{ bounties: number; seen: boolean; used: boolean }> {
  const { address } = chain.keel.desk;
  const logs = (await chain.request("eth_getLogs", { address, fromBlock, toBlock: "latest" })) as readonly {
    data: Hex;
    topics: [Hex, ...Hex[]];
  }[];
  let [bounties, seen, used] = [0n, false, false];
  for (const event of parseEventLogs({ abi: hedgeDeskAbi, logs: logs as never })) {
    if (event.eventName === "BountyPaid") bounties += event.args.assets;
    if (event.eventName === "OutsideBand") seen = true;
    if (event.eventName === "Rebalanced" || event.eventName === "Unwound")
      used ||= BigInt(event.args.caller) === BigInt(chain.thief);
  }
  return { bounties: Number(bounties) / 1e6, seen, used };
}

async function take(run: Run, op: string, args: readonly number[]): Promise<void> {
  const { chain, held, steps } = run;
  const [a = 0, b = 0, c = 0, d = 0] = args;
  const { desk } = chain.keel;
  const series = (): Series => ({
    expiry: choice(chain.expiries, a),
    strike: choice(chain.strikes, b),
    type: c < 0.5 ? "call" : "put",
  });
  if (op === "buy") {
    const bought = await chain.fill(series(), Math.round(ratio(3, 400, d)), 1);
    if (bought > 0) steps.push(`buys ${bought.toFixed(1)} × ${add(run, series(), bought)}`);
  } else if (op === "sell" && held.size > 0) {
    const { series: one, contracts } = choice([...held.values()], a);
    const sold = -(await chain.fill(one, -contracts * Math.min(1, 1.5 * b), 0.05));
    if (sold > 0) steps.push(`sells ${sold.toFixed(1)} × ${add(run, one, -sold)}`);
  } else if (op === "show") {
    const size = Math.round(ratio(3, 400, d));
    const calls = [chain.trade(series(), size), chain.encode(desk, "poke"), chain.trade(series(), -size)];
    if (await made(chain, calls))
      steps.push(`in one transaction buys ${size} × ${seriesText(series(), run.start)}, pokes, sells them`);
  } else if (op === "poke") {
    const [times, gap] = [1 + Math.floor(4 * a), ratio(12, 3 * 3600, b)];
    for (let i = 0; i < times; ++i) {
      await pass(run, gap, c < 0.3);
      await chain.act(chain.thief, "all", [chain.encode(desk, "poke")]);
    }
    steps.push(
      `pokes ${times} times, ${timeText(gap)} before each, ${c < 0.3 ? "keepers hedge" : "keepers stay away"}`,
    );
  } else if (op === "door") await door(run, args);
  else if (op === "settle") await settle(run);
  else if (op === "wait") await wait(run, ratio(12, 8 * 3600, a), b < 0.5);
}

/** Whether all of it was done in one transaction: the attacker's money or options are not what they were, or nothing reverted. */
async function made(chain: Chain, calls: readonly Call[]): Promise<boolean> {
  const before = await chain.purse();
  await chain.act(chain.thief, "all", calls);
  return (await chain.purse()) !== before;
}

function add({ held, start }: Run, series: Series, contracts: number): string {
  const key = seriesText(series, start);
  const sum = (held.get(key)?.contracts ?? 0) + contracts;
  if (Math.abs(sum) < 1e-6) held.delete(key);
  else held.set(key, { series, contracts: sum });
  return key;
}

/** Options bought, the pool pushed, liquidity laid, a door used, and all of it taken back, in one transaction or not at all. */
async function door(run: Run, args: readonly number[]): Promise<void> {
  const { chain, steps } = run;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0, l = 0] = args;
  const { desk } = chain.keel;
  const series: Series = {
    expiry: choice(chain.expiries, a),
    strike: choice(chain.strikes, b),
    type: c < 0.5 ? "call" : "put",
  };
  const size = d < 0.25 ? 0 : Math.round(ratio(3, 400, (d - 0.25) / 0.75));
  const fee = e < 0.5 ? "500" : "3000";
  const push = SPOT * (1 + 0.02 * (2 * f - 1) * Math.abs(2 * f - 1));
  const pool = { address: chain.protocols.uniswap.pools[fee], abi: poolAbi };
  const [[, tick], spacing, net] = await Promise.all([
    chain.read<readonly [bigint, number]>(pool, "slot0"),
    chain.read<number>(pool, "tickSpacing"),
    chain.netDelta(),
  ]);
  // Where the pool is at the push, and a few ticks beyond, on the side that the desk trades to.
  const change = Math.log(push / SPOT) / Math.log(1.0001);
  const lower = Math.floor((tick + (chain.usdcIsToken0 ? -change : change)) / spacing + 4 * g - 2.5) * spacing;
  const upper = lower + (1 + Math.floor(3 * h)) * spacing;
  const liquidity = i < 0.2 ? 0n : BigInt(Math.round(ratio(1e19, 1e22, (i - 0.2) / 0.8)));
  const now = await chain.now();
  const delta = (chain.worthAt(series, SPOT * 1.001, now) - chain.worthAt(series, SPOT * 0.999, now)) / (0.002 * SPOT);
  const amount = -(net - size * delta) * ratio(0.1, 1.3, j);
  const which = choice(["rebalancePublic", "rebalancePublic", "raiseCash", "unwind"] as const, k);
  const route = chain.route(Number(fee));
  const use =
    which === "rebalancePublic"
      ? chain.encode(desk, which, [chain.order(toWad(amount), Number(fee))])
      : chain.encode(desk, which, which === "raiseCash" ? [route] : [10n ** 24n, route]);
  const lay: Call[] = liquidity > 0n ? [chain.encode(pool, "mint", [chain.thief, lower, upper, liquidity, "0x"])] : [];
  const lift: Call[] =
    liquidity > 0n
      ? [
          chain.encode(pool, "burn", [lower, upper, liquidity]),
          chain.encode(pool, "collect", [chain.thief, lower, upper, UINT128, UINT128]),
        ]
      : [];
  const sells = size > 0 && l < 0.7;
  const up = push > SPOT;
  const calls = [
    ...(size > 0 ? [chain.trade(series, size)] : []),
    chain.swapTo(chain.thief, push, fee, up),
    ...lay,
    use,
    ...lift,
    ...(sells ? [chain.trade(series, -size)] : []),
  ];
  const before = await chain.purse();
  await chain.act(chain.thief, "all", calls);
  const after = await chain.purse();
  if (after === before) return;
  // Back to where the market is: in the same transaction for whoever does it for real.
  await chain.act(chain.thief, "each", chain.swaps(chain.thief, SPOT, [fee]));
  if (size > 0 && !sells) add(run, series, size);
  const parts = [
    ...(size > 0 ? [`buys ${size} × ${seriesText(series, run.start)}`] : []),
    `pushes the ${fee} pool to ${push.toFixed(1)}`,
    ...(liquidity > 0n ? [`lays liquidity at ticks ${lower} to ${upper} (the pool stood at ${tick})`] : []),
    which === "rebalancePublic" ? `calls it for ${amount.toFixed(1)}` : `calls ${which}`,
    ...(sells ? ["sells the options"] : []),
  ];
  steps.push(`in one transaction ${parts.join(", ")}: ${dollars((await chain.purse()) - before)} in cash and ether`);
}

/** Goes to the first expiry, if it is not past, and settles it. */
async function settle(run: Run): Promise<void> {
  const { chain } = run;
  const expiry = chain.expiries[0];
  if (run.settled) return;
  if ((await chain.now()) < Number(expiry)) {
    chain.passTo(Number(expiry) + 12);
    await chain.moveTo(SPOT);
  }
  const market = { address: chain.keel.market.address, abi: chain.keel.market.abi };
  const oracle = chain.oracle();
  const round = await findSettlementRound(chain.clients.public, chain.protocols.feed, expiry, oracle);
  await chain.send(chain.sender, chain.encode(market, "settle", [expiry, round]));
  run.settled = true;
  run.steps.push("waits for the first expiry and settles it");
}

async function wait(run: Run, seconds: number, isKept: boolean): Promise<void> {
  await pass(run, seconds, isKept);
  run.steps.push(`waits ${timeText(seconds)}, ${isKept ? "keepers hedge" : "keepers stay away"}`);
}

/** Lets time pass. A keeper who is there hedges at once and each hour; one who stays away does nothing. */
async function pass(run: Run, seconds: number, isKept: boolean): Promise<void> {
  const { chain } = run;
  if (isKept && seconds >= 12) await chain.hedge(0);
  for (let left = seconds; left > 0; left -= 3600) {
    chain.pass(Math.min(3600, left));
    await chain.moveTo(SPOT);
    if (isKept) await chain.hedge(0);
  }
  const now = await chain.now();
  if (now - run.start > 6 * 3600) {
    const live = chain.expiries.filter((expiry) => Number(expiry) > now + 60);
    await chain.act(chain.keeper, "each", [chain.honestPost(live)]);
  }
}
