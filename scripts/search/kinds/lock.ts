import { type Chain, openChain } from "../chain.ts";
import { type Alphabet, type Genome, choice, ratio } from "../genome.ts";
import { type Kind, type Result, dollars, timeText } from "../kind.ts";
import { type Series, seriesText } from "../worth.ts";

/** LPs' rate on a dollar for a day: 20 % a year. */
const RATE = 0.2 / 365;
/** Of LPs' money, what must be held back for the bound to speak of it. */
const LEAST = 0.5;
/** An attack that holds back less scores below all that hold back this much, and the less it does, the lower. */
const SHORT = 1e6;

const ALPHABET: Alphabet = {
  ops: [
    { name: "buy", args: 4, weight: 5 },
    { name: "sell", args: 2, weight: 1 },
    { name: "wait", args: 1, weight: 2 },
  ],
  maxSteps: 8,
};

/** LPs all ask for all of their money; somebody buys options so that the epoch lets as little of it go as he can. */
export const lock: Kind = {
  name: "k2",
  title: "holding LPs' money back",
  bound: "holding half of it back for a day costs at least 20 % a year on what is held back",
  async open() {
    const chain = await openChain({
      days: [1, 2, 3, 4, 5, 28],
      moneyness: [0.5, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2],
    });
    for (const lp of chain.lps)
      await chain.keel.requestRedeem(lp, await chain.read<bigint>(chain.keel.vault, "balanceOf", [lp]));
    const endsAt = Number(await chain.read<bigint>(chain.keel.vault, "epochEndsAt"));
    await chain.begin();
    const nav = await chain.nav();
    await chain.restore();
    const whole = await leave(chain, endsAt);
    return { chain, nav, alphabet: ALPHABET, evaluate: (genome) => evaluate(chain, { nav, whole, endsAt }, genome) };
  },
};

/** The epoch ends and is processed. @returns Dollars that LPs may take. */
async function leave(chain: Chain, endsAt: number): Promise<number> {
  chain.passTo(endsAt + 1);
  await chain.moveTo(chain.price());
  await renew(chain);
  await chain.send(chain.sender, chain.encode(chain.keel.vault, "processEpoch"));
  const may = await Promise.all(chain.lps.map((lp) => chain.read<bigint>(chain.keel.vault, "maxWithdraw", [lp])));
  return Number(may.reduce((sum, one) => sum + one, 0n)) / 1e6;
}

/** The honest poster posts what stands, for expiries that are not over. */
async function renew(chain: Chain): Promise<void> {
  const now = await chain.now();
  const live = chain.expiries.filter((expiry) => Number(expiry) > now + 60);
  await chain.act(chain.keeper, "each", [chain.honestPost(live)]);
}

async function evaluate(
  chain: Chain,
  { nav, whole, endsAt }: { nav: number; whole: number; endsAt: number },
  genome: Genome,
): Promise<Result> {
  await chain.restore();
  const start = await chain.now();
  const purse = await chain.purse();
  const held = new Map<string, { series: Series; contracts: number }>();
  const steps: string[] = [];
  const add = (series: Series, contracts: number) => {
    const key = seriesText(series, endsAt);
    const sum = (held.get(key)?.contracts ?? 0) + contracts;
    if (Math.abs(sum) < 1e-6) held.delete(key);
    else held.set(key, { series, contracts: sum });
    return key;
  };

  for (const { op, args } of genome) {
    const [a = 0, b = 0, c = 0, d = 0] = args;
    const before = await chain.purse();
    if (op === "buy") {
      const series: Series = {
        expiry: choice(chain.expiries, a),
        strike: choice(chain.strikes, b),
        type: c < 0.5 ? "call" : "put",
      };
      const bought = await chain.fill(series, Math.round(ratio(3, 1200, d)), 0.05);
      if (bought > 0)
        steps.push(
          `buys ${bought.toFixed(2)} × ${add(series, bought)} after the epoch's end for ${dollars(before - (await chain.purse()))}`,
        );
    } else if (op === "sell" && held.size > 0) {
      const { series, contracts } = choice([...held.values()], a);
      const sold = -(await chain.fill(series, -contracts * Math.min(1, 1.5 * b), 0.05));
      if (sold > 0)
        steps.push(`sells ${sold.toFixed(2)} × ${add(series, -sold)} for ${dollars((await chain.purse()) - before)}`);
    } else if (op === "wait") {
      const until = endsAt - ratio(60, endsAt - start, a);
      if (until < (await chain.now()) + 600) continue;
      await chain.hedge();
      chain.passTo(until);
      await chain.moveTo(chain.price());
      await renew(chain);
      await chain.hedge();
      const left = endsAt - (await chain.now());
      steps.push(`waits until ${timeText(Math.abs(left))} ${left < 0 ? "after" : "before"} the epoch's end`);
    }
  }

  const got = await leave(chain, endsAt);
  const back = Math.max(0, whole - got);
  const left = [...held.values()].map(({ series, contracts }) => [series, contracts] as const);
  const cash = (await chain.purse()) - purse;
  const worth = chain.worth(left, await chain.now());
  const cost = -(cash + worth);
  const rate = back * RATE;
  const holds = back >= LEAST * nav;
  return {
    score: holds ? rate - cost : -SHORT * (LEAST - back / nav) - Math.max(0, cost) / 1000,
    profit: holds ? rate - cost : 0,
    figures: { "held back": back, "at the rate": rate, cost, paid: -cash, options: worth },
    steps,
  };
}
