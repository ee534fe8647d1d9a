import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { parseKinds, parseWhole } from "../../scripts/search.ts";
import { createRandom } from "../../simulator/path/random.ts";
import { evolve } from "../../scripts/search/evolve.ts";
import { type Alphabet, type Genome, choice, cross, mutate, randomGenome, ratio } from "../../scripts/search/genome.ts";
import { KINDS } from "../../scripts/search/kinds.ts";
import { dayOf } from "../../scripts/search/kinds/informed.ts";
import { honestWorth } from "../../scripts/search/worth.ts";
import { expectClose } from "../helpers/numbers.ts";

const ALPHABET: Alphabet = {
  ops: [
    { name: "up", args: 1, weight: 1 },
    { name: "down", args: 1, weight: 1 },
    { name: "idle", args: 0, weight: 2 },
  ],
  maxSteps: 6,
};

/** Reaches 6 with six steps up, each of the most. */
function height(genome: Genome): number {
  return genome.reduce((sum, { op, args }) => sum + (args[0] ?? 0) * (op === "up" ? 1 : -1), 0);
}

const searched = (seed: number, evaluations = 1500, onGeneration?: (best: number) => void) =>
  evolve({
    alphabet: ALPHABET,
    evaluate: (genome) => Promise.resolve({ score: height(genome) }),
    evaluations,
    random: createRandom(seed),
    ...(onGeneration && { onGeneration: ({ best }) => onGeneration(best.result.score) }),
  });

describe("The searching adversary's genomes", () => {
  it("have the steps of their alphabet, and no more than they may, whatever is done to them", () => {
    const random = createRandom(5);
    let genome = randomGenome(ALPHABET, random);
    for (let i = 0; i < 2000; ++i) {
      genome = mutate(
        random.next() < 0.3 ? cross(genome, randomGenome(ALPHABET, random), ALPHABET, random) : genome,
        ALPHABET,
        random,
      );
      expect(genome.length).to.be.within(1, ALPHABET.maxSteps);
      for (const { op, args } of genome) {
        expect(args).to.have.length(ALPHABET.ops.find(({ name }) => name === op)!.args);
        for (const arg of args) expect(arg >= 0 && arg < 1).to.equal(true);
      }
    }
  });

  it("are the same for the same seed", () => {
    const some = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 50 }, () => mutate(randomGenome(ALPHABET, random), ALPHABET, random));
    };
    expect(some(9)).to.deep.equal(some(9));
    expect(some(9)).not.to.deep.equal(some(10));
  });

  it("read their numbers as choices and ratios", () => {
    expect(choice(["a", "b"], 0)).to.equal("a");
    expect(choice(["a", "b"], 0.999)).to.equal("b");
    expectClose(ratio(10, 1000, 0.5), 100, 1e-9);
    expect(() => choice([], 0.5)).to.throw("nothing to choose");
  });
});

describe("The searching adversary's evolution", () => {
  it("finds what is to be found, and tries as many attacks as it may", async () => {
    const { best, evaluations } = await searched(1);
    expect(best.result.score).to.be.above(5.5);
    expect(evaluations).to.be.within(1400, 1500);
  });

  it("never gets worse, and ends the same for the same seed", async () => {
    const seen: number[] = [];
    const first = await searched(2, 600, (best) => seen.push(best));
    expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b));
    expect(await searched(2, 600)).to.deep.equal(first);
    expect((await searched(3, 600)).best.genome).not.to.deep.equal(first.best.genome);
  });

  it("stops when it is told to, but never with nothing", async () => {
    const none = await evolve({
      ...{ alphabet: ALPHABET, evaluations: 100, random: createRandom(1), isOver: () => true },
      evaluate: (genome) => Promise.resolve({ score: height(genome) }),
    });
    expect(none.evaluations).to.be.within(1, ALPHABET.maxSteps); // one, and what is left of it without a step
  });

  it("begins anew when it stands still, and leaves steps out that do nothing", async () => {
    const { best, restarts } = await evolve({
      alphabet: ALPHABET,
      evaluate: (genome) => Promise.resolve({ score: genome.some(({ op }) => op === "up") ? 1 : 0 }),
      evaluations: 2500,
      random: createRandom(4),
    });
    expect(restarts).to.be.above(0);
    expect(best.genome.map(({ op }) => op)).to.deep.equal(["up"]);
  });
});

describe("What the searching adversary goes by", () => {
  const slice = { atmVol: 0.7, skew: -0.1, curvature: 1, carry: 0 };

  it("the honest worth of options: what they pay at expiry, and puts and calls in parity before", () => {
    const series = (type: "call" | "put") => ({ expiry: 1_000_000n, strike: 2800, type }) as const;
    expect(honestWorth(series("call"), 3000, 1_000_000, slice)).to.equal(200);
    expect(honestWorth(series("put"), 3000, 1_000_500, slice)).to.equal(0);
    const [call, put] = (["call", "put"] as const).map((type) => honestWorth(series(type), 3000, 0, slice));
    expectClose(call! - put!, 200, 1e-6);
  });

  it("a day of prices that is the same each time, with a feed that is never further behind than it may be", () => {
    const day = dayOf(7);
    expect(day).to.deep.equal(dayOf(7));
    day.prices.forEach((price, block) => expect(Math.abs(price / day.feed[block]! - 1)).to.be.below(0.005));
    expect(day.moments).to.deep.equal(day.moments.toSorted((a, b) => a - b));
    const returns = day.prices.slice(1).map((price, i) => Math.log(price / day.prices[i]!));
    const deviation = Math.sqrt(returns.reduce((sum, x) => sum + x * x, 0) / returns.length);
    expectClose(deviation * Math.sqrt((365 * 86_400) / 12), 0.7, 0.05);
  });
});

describe("npm run search:attacks", () => {
  const script = fileURLToPath(new URL("../../scripts/search.ts", import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

  it("tries a few attacks of each kind and says what they came to, for machines", function () {
    this.timeout(600_000);
    const { stdout, stderr, status } = run("--no-compile", "--evaluations", "2", "--json");
    expect(status, stderr).to.equal(0);
    const finds = JSON.parse(stdout) as { kind: string; evaluations: number; withinBound: boolean; seed: number }[];
    expect(finds.map(({ kind }) => kind)).to.deep.equal(KINDS.map(({ name }) => name));
    for (const find of finds) {
      expect(find.evaluations).to.be.within(1, 2);
      expect(find).to.include({ withinBound: true, seed: 1 });
    }
  });

  it("refuses what it does not understand with one sentence", function () {
    this.timeout(600_000);
    const { stderr, status } = run("--kinds", "k1,k4");
    expect(status).to.equal(1);
    expect(stderr).to.include("Kinds are k1, k2, k3, k11.");
    for (const wrong of ["0", "x", "1.5", "-1", ""])
      expect(() => parseWhole(wrong)).to.throw("It must be a whole number");
    expect(parseKinds("k11, k2").map(({ name }) => name)).to.deep.equal(["k11", "k2"]);
    expect(parseWhole("12")).to.equal(12);
  });
});
