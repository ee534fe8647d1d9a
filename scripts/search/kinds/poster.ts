import type { OnChainSlice } from "../../../sdk/slice.ts";
import { slice } from "../../../simulator/chain/keel.ts";
import { DEFAULT_PARAMETERS } from "../../../deployments/parameters.ts";
import { ROLES } from "../../../deployments/roles.ts";
import { type Chain, openChain } from "../chain.ts";
import { type Alphabet, type Genome, type Step, choice, ratio } from "../genome.ts";
import { type Kind, type Result, dollars, timeText } from "../kind.ts";
import { type Series, seriesText } from "../worth.ts";

/** Of NAV, what the key may take in a day. */
const MOST = 0.01;
const DAY = 86_400;
const { surface } = DEFAULT_PARAMETERS;
const LARGEST = {
  vol: Number(surface.maxVolStep) / 1e18,
  skew: Number(surface.maxSkewStep) / 1e18,
  curvature: 1,
  carry: Number(surface.maxCarryStep) / 1e18,
} as const;
const PARTS = ["vol", "vol, wings kept", "skew", "curvature", "carry"] as const;
/** What is tried of a step that the surface refuses, in this order. */
const SHARES = [1, 0.75, 0.5, 0.25, 0.1];
const SELL_ROUNDS = 8;

const ALPHABET: Alphabet = {
  ops: [
    { name: "buy", args: 5, weight: 4 },
    { name: "sell", args: 2, weight: 2 },
    { name: "post", args: 3, weight: 4 },
    { name: "wait", args: 1, weight: 1 },
  ],
  maxSteps: 10,
};

/** What an attack has come to so far. */
interface Run {
  readonly chain: Chain;
  readonly start: number;
  readonly held: Map<string, { series: Series; contracts: number }>;
  readonly steps: string[];
  lastPost: number;
}

/** Whoever holds the poster's key, and trades. The keeper hedges all the time; nobody takes the key away. */
export const poster: Kind = {
  name: "k1",
  title: "the poster's key",
  bound: `in 24 hours it takes at most ${100 * MOST} % of NAV`,
  async open() {
    const chain = await openChain({
      days: [1, 2, 7, 21, 28, 91, 182, 385],
      moneyness: [0.3, 0.5, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2],
    });
    await chain.grant(ROLES.POSTER, chain.thief);
    await chain.begin();
    const nav = await chain.nav();
    return { chain, nav, alphabet: ALPHABET, evaluate: (genome) => evaluate(chain, nav, genome) };
  },
};

async function evaluate(chain: Chain, nav: number, genome: Genome): Promise<Result> {
  await chain.restore();
  const start = await chain.now();
  const purse = await chain.purse();
  const run: Run = { chain, start, held: new Map(), steps: [], lastPost: start };
  for (const step of genome) {
    if ((await chain.now()) > start + DAY) break;
    await take(run, step);
  }
  const left = [...run.held.values()].map(({ series, contracts }) => [series, contracts] as const);
  const cash = (await chain.purse()) - purse;
  const at = await chain.now();
  const worth = chain.worth(left, at);
  const profit = cash + worth;
  return {
    score: profit - MOST * nav,
    profit,
    figures: { cash, options: worth, hours: (at - start) / 3600 },
    steps: run.steps,
  };
}

async function take(run: Run, step: Step): Promise<void> {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = step.args;
  if (step.op === "buy") await buy(run, { a, b, c, d, e });
  else if (step.op === "sell") await sell(run, a, b);
  else if (step.op === "post") await post(run, a, b, c);
  else await wait(run, ratio(600, 8 * 3600, a));
}

async function buy(run: Run, { a, b, c, d, e }: Record<"a" | "b" | "c" | "d" | "e", number>): Promise<void> {
  const { chain } = run;
  const series: Series = {
    expiry: choice(chain.expiries, a),
    strike: choice(chain.strikes, b),
    type: c < 0.5 ? "call" : "put",
  };
  const [size, clips] = [Math.round(ratio(3, 300, d)), 1 + Math.floor(3 * e)];
  let bought = 0;
  for (let clip = 0; clip < clips; ++clip) {
    const got = await chain.fill(series, size);
    bought += got;
    if (got === 0) break;
    await chain.hedge();
  }
  if (bought === 0) return;
  const key = seriesText(series, run.start);
  const before = run.held.get(key)?.contracts ?? 0;
  run.held.set(key, { series, contracts: before + bought });
  run.steps.push(`buys ${bought.toFixed(1)} × ${key}`);
}

/** Sells one holding, or all, in pieces that the vault takes, while the keeper raises the cash by hedging. */
async function sell(run: Run, which: number, share: number): Promise<void> {
  const { chain, held } = run;
  if (held.size === 0) return;
  const chosen = which < 0.5 ? [choice([...held], 2 * which)] : [...held].toReversed();
  for (const [key, { series, contracts }] of chosen) {
    const wanted = share > 0.5 ? contracts : contracts * 2 * share;
    const before = await chain.purse();
    let left = wanted;
    for (let round = 0; round < SELL_ROUNDS && left > 0.01; ++round) {
      const sold = -(await chain.fill(series, -left, Math.min(Math.max(1, left / 32), left)));
      left -= sold;
      if (left > 0.01) await chain.hedge();
      if (sold === 0 && round > 0) break;
    }
    const sold = wanted - left;
    if (sold === 0) continue;
    if (contracts - sold < 0.001) held.delete(key);
    else held.set(key, { series, contracts: contracts - sold });
    run.steps.push(`sells ${sold.toFixed(1)} × ${key} for ${dollars((await chain.purse()) - before)}`);
  }
  await chain.hedge();
}

/** Posts as much of a step as the surface lets through, as soon as it may be posted. */
async function post(run: Run, a: number, b: number, c: number): Promise<void> {
  const { chain } = run;
  const { keel } = chain;
  const now = await chain.now();
  const pause = Math.max(0, run.lastPost + surface.minInterval + 1 - now);
  const part = choice(PARTS, a);
  const live = chain.expiries.filter((expiry) => Number(expiry) > now + pause + 60);
  const scope =
    c < 0.4
      ? live
      : c < 0.7
        ? live.slice(Math.floor(((c - 0.4) / 0.3) * live.length))
        : live.slice(0, 1 + Math.floor(((c - 0.7) / 0.3) * live.length));
  const before = await Promise.all(
    scope.map((expiry) => chain.read<readonly [OnChainSlice, bigint]>(keel.surface, "sliceOf", [expiry])),
  );
  // Beyond a third of the way to either side it is the largest step there is.
  const size = Math.max(-1, Math.min(1, 3 * (2 * b - 1)));
  const calls = SHARES.map((share) =>
    chain.encode(keel.surface, "post", [scope, before.map(([one]) => moved(one, part, size * share))]),
  );
  if (pause > 0) chain.pass(pause);
  await chain.report(chain.price());
  await chain.act(chain.thief, "first", calls);
  const first = scope[0];
  if (first === undefined) return;
  const [after] = await chain.read<readonly [OnChainSlice, bigint]>(keel.surface, "sliceOf", [first]);
  const was = before[0]?.[0];
  if (!was || same(after, was)) return;
  run.lastPost = await chain.now();
  const names = ["atmVol", "skew", "curvature", "carry"] as const;
  const changes = names
    .filter((name) => after[name] !== was[name])
    .map((name) => `${name} ${num(was[name])} → ${num(after[name])}`);
  const span =
    scope.length === live.length ? "all expiries" : `${scope.length} expiries from ${days(first, run.start)} days`;
  run.steps.push(`posts ${changes.join(", ")} for ${span}, after ${timeText(pause)}`);
}

function moved(one: OnChainSlice, part: (typeof PARTS)[number], size: number): OnChainSlice {
  const [vol, skew, curvature, carry] = [one.atmVol, one.skew, one.curvature, one.carry].map(
    (wad) => Number(wad) / 1e18,
  ) as [number, number, number, number];
  switch (part) {
    case "vol":
      return slice(Math.max(0.05, vol + size * LARGEST.vol), skew, curvature, carry);
    case "vol, wings kept": {
      const next = Math.max(0.05, vol + size * LARGEST.vol);
      return slice(next, skew, (curvature * vol) / next, carry);
    }
    case "skew":
      return slice(vol, Math.max(-0.94, Math.min(0.94, skew + size * LARGEST.skew)), curvature, carry);
    case "curvature":
      return slice(vol, skew, Math.max(0.01, curvature * (1 + 0.5 * size * LARGEST.curvature)), carry);
    case "carry":
      return slice(vol, skew, curvature, carry + size * LARGEST.carry);
  }
}

/** Lets time pass, with a look by the keeper each hour; the thief has the references follow. */
async function wait(run: Run, seconds: number): Promise<void> {
  const { chain } = run;
  for (let left = seconds; left > 0; left -= 3600) {
    chain.pass(Math.min(3600, left));
    await chain.report(chain.price());
    await chain.act(chain.thief, "each", follow(chain));
  }
  await chain.hedge();
  run.steps.push(`waits ${timeText(seconds)}`);
}

/** The references' door, where there are any. */
function follow(chain: Chain) {
  const has = (chain.keel.vault.abi as readonly { name?: string }[]).some(({ name }) => name === "followSurface");
  return has ? [chain.encode(chain.keel.vault, "followSurface")] : [];
}

const same = (a: OnChainSlice, b: OnChainSlice) =>
  a.atmVol === b.atmVol && a.skew === b.skew && a.curvature === b.curvature && a.carry === b.carry;
const num = (wad: bigint) => (Number(wad) / 1e18).toFixed(3);
const days = (expiry: bigint, start: number) => ((Number(expiry) - start) / DAY).toFixed(0);
