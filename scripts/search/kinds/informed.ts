import { createRandom } from "../../../simulator/path/random.ts";
import { type Chain, HONEST, SPOT, openChain } from "../chain.ts";
import { type Alphabet, type Genome, choice, ratio } from "../genome.ts";
import { type Kind, type Result, dollars } from "../kind.ts";
import { type HonestSlice, type Series, seriesText } from "../worth.ts";

/** Of NAV, what being faster may earn in a day. */
const MOST = 0.001;
const BLOCK = 12;
const BLOCKS = 7200;
/** How many of the day's largest moves, from one block to the next, an attacker chooses from. */
const MOMENTS = 80;
/** Each of the path's blocks that is wilder than the others, and by how much. */
const WILD = { share: 0.05, times: 3 } as const;
const PATH_SEED = 20_260_101;
const DEVIATION = 0.005;
const HEARTBEAT = 3600 / BLOCK;
/** In the middle of the day vol moves by two points; whoever is informed knows ten minutes before the poster. */
const VOL_MOVE = { at: BLOCKS / 2, points: 0.02, ahead: 50 } as const;
const POST_EVERY = 1200;

const ALPHABET: Alphabet = { ops: [{ name: "raid", args: 6, weight: 1 }], maxSteps: 8 };

/** A day of prices by block, what the feed says in each, and the blocks before its largest moves. */
export interface Day {
  readonly prices: readonly number[];
  readonly feed: readonly number[];
  readonly moments: readonly number[];
}

/** A day at a vol of 70 % a year with tails; the feed reports on half a percent or an hour. */
export function dayOf(seed: number): Day {
  const random = createRandom(seed);
  const variance = 1 + WILD.share * (WILD.times ** 2 - 1);
  const deviation = HONEST.atmVol * Math.sqrt(BLOCK / (365 * 86_400) / variance);
  const prices = [SPOT];
  const feed = [SPOT];
  let reported = 0;
  for (let block = 1; block <= BLOCKS + 1; ++block) {
    const times = random.next() < WILD.share ? WILD.times : 1;
    const price = prices[block - 1]! * Math.exp(deviation * times * random.normal());
    prices.push(price);
    const last = feed[block - 1]!;
    const isDue = Math.abs(price / last - 1) >= DEVIATION || block - reported >= HEARTBEAT;
    if (isDue) reported = block;
    feed.push(isDue ? price : last);
  }
  const move = (block: number) => Math.abs(Math.log(prices[block + 1]! / prices[block]!));
  const largest = Array.from({ length: BLOCKS - 40 }, (_, i) => i + 30)
    .toSorted((a, b) => move(b) - move(a))
    .slice(0, MOMENTS);
  // The ten minutes in which vol is known are moments, too.
  const known = Array.from({ length: 5 }, (_, i) => VOL_MOVE.at - VOL_MOVE.ahead + 10 * i);
  return { prices, feed, moments: [...largest, ...known].toSorted((a, b) => a - b) };
}

/** Whoever sees the outside price a block before pools and feed, and vol before the poster; he hedges outside, for nothing. */
export const informed: Kind = {
  name: "k11",
  title: "faster than feed, pool and poster",
  bound: `being faster earns at most ${100 * MOST} % of NAV a day`,
  async open() {
    const chain = await openChain({
      days: [1, 2, 7, 28, 91, 364],
      moneyness: [0.3, 0.5, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2],
    });
    await chain.begin();
    const nav = await chain.nav();
    const day = dayOf(PATH_SEED);
    return { chain, nav, alphabet: ALPHABET, evaluate: (genome) => evaluate(chain, nav, day, genome) };
  },
};

const sliceAt = (block: number, ahead = 0): HonestSlice =>
  block + ahead >= VOL_MOVE.at ? { ...HONEST, atmVol: HONEST.atmVol + VOL_MOVE.points } : HONEST;

async function evaluate(chain: Chain, nav: number, day: Day, genome: Genome): Promise<Result> {
  await chain.restore();
  const start = await chain.now();
  const held = new Map<string, { series: Series; contracts: number }>();
  const steps: string[] = [];
  const raids = genome
    .map(({ args }) => ({ args, block: choice(day.moments, args[0] ?? 0) }))
    .toSorted((a, b) => a.block - b.block);
  let [profit, reached, posted] = [0, -1, -POST_EVERY];
  for (const { args, block } of raids) {
    if (block > reached) {
      posted = await reach(chain, day, { start, block, posted });
      reached = block;
    }
    const [, a = 0, b = 0, c = 0, d = 0, e = 0] = args;
    const before = await chain.purse();
    const now = await chain.now();
    let traded: number;
    let series: Series;
    if (e < 0.65 || held.size === 0) {
      series = { expiry: choice(chain.expiries, a), strike: choice(chain.strikes, b), type: c < 0.5 ? "call" : "put" };
      if (Number(series.expiry) < now + 60) continue;
      traded = await chain.fill(series, Math.round(ratio(3, 500, d)));
    } else {
      const one = choice([...held.values()], a);
      series = one.series;
      traded = await chain.fill(series, -one.contracts * Math.min(1, 1.5 * d), 0.05);
    }
    if (traded === 0) continue;
    const cash = (await chain.purse()) - before;
    // What he traded is worth, at the price and the vol that he knew.
    const worth = chain.worthAt(series, day.prices[block + 1]!, now, sliceAt(block, VOL_MOVE.ahead));
    const gain = cash + traded * worth;
    profit += gain;
    const key = seriesText(series, start);
    const sum = (held.get(key)?.contracts ?? 0) + traded;
    if (Math.abs(sum) < 1e-6) held.delete(key);
    else held.set(key, { series, contracts: sum });
    const move = ((day.prices[block + 1]! / day.prices[block]! - 1) * 1e4).toFixed(1);
    const verb = traded > 0 ? "buys" : "sells";
    steps.push(
      `${((block * BLOCK) / 3600).toFixed(2)} h, ${move} bp to come: ${verb} ${Math.abs(traded).toFixed(1)} × ${key}: ${dollars(gain)}`,
    );
  }
  return { score: profit - MOST * nav, profit, figures: { trades: steps.length }, steps };
}

/** Takes the chain to a block of the day as it comes to those who see nothing of the next one. @returns When it was posted last. */
async function reach(
  chain: Chain,
  day: Day,
  { start, block, posted }: { start: number; block: number; posted: number },
): Promise<number> {
  const at = async (which: number) => {
    const time = start + BLOCK * which;
    if (time <= (await chain.now())) return;
    chain.passTo(time);
    await chain.moveTo(day.prices[which]!, false);
  };
  // The keeper hedges what was traded before, once pools have followed.
  await chain.hedge(0);
  await at(block - 14);
  await chain.report(round(day.feed[block]!));
  let last = posted;
  const isNews = posted < VOL_MOVE.at && block - 14 >= VOL_MOVE.at;
  if (block - posted >= POST_EVERY || isNews) {
    const live = chain.expiries.filter((expiry) => Number(expiry) > start + BLOCK * block + 60);
    await chain.act(chain.keeper, "each", [chain.honestPost(live, sliceAt(block - 14))]);
    last = block;
  }
  for (const before of [10, 6, 3, 1, 0]) await at(block - before);
  return last;
}

const round = (price: number) => Math.round(price * 100) / 100;
