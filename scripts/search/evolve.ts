import type { Random } from "../../simulator/path/random.ts";
import { type Alphabet, type Genome, cross, mutate, randomGenome } from "./genome.ts";

/** What an attack came to. The higher the score, the better for the attacker. */
export interface Scored {
  readonly score: number;
}

/** An attack that has been tried. */
export interface Tried<T extends Scored> {
  readonly genome: Genome;
  readonly result: T;
}

/** How the search stands. */
export interface Progress<T extends Scored> {
  readonly generation: number;
  readonly evaluations: number;
  /** Populations begun anew since the start. */
  readonly restarts: number;
  readonly best: Tried<T>;
}

/** How to search. */
export interface Search<T extends Scored> {
  readonly alphabet: Alphabet;
  readonly evaluate: (genome: Genome) => Promise<T>;
  /** How many attacks may be tried; what has been tried before costs nothing. */
  readonly evaluations: number;
  /** Whether to stop before. */
  readonly isOver?: () => boolean;
  readonly random: Random;
  readonly onGeneration?: (progress: Progress<T>) => void;
}

const PARENTS = 12;
const CHILDREN = 24;
/** How many random attacks a population begins with. */
const SEEDLINGS = 60;
/** Generations without something better, after which a population is given up. */
const PATIENCE = 25;
/** Of the evaluations, what is kept for leaving steps out of what was found. */
const PRUNING = 0.03;
/** A better score by less than this is none. */
const GAIN = 1e-3;

/**
 * A (μ + λ) evolution from random attacks alone, begun anew whenever it stands still. What is found at last is made as short as
 * it can be: a step that changes nothing is left out.
 */
export async function evolve<T extends Scored>(search: Search<T>): Promise<Progress<T>> {
  const { alphabet, random, onGeneration, isOver = () => false } = search;
  const known = new Map<string, T>();
  let [generation, restarts] = [0, 0];
  let best: Tried<T> | undefined;
  const budget = Math.max(1, Math.floor(search.evaluations * (1 - PRUNING)));
  const spent = () => known.size;
  const goesOn = () => spent() === 0 || (spent() < budget && !isOver());

  async function tried(genome: Genome): Promise<Tried<T>> {
    const key = JSON.stringify(genome);
    const result = known.get(key) ?? (await search.evaluate(genome));
    known.set(key, result);
    const one = { genome, result };
    if (!best || isBetter(one, best)) best = one;
    return one;
  }

  while (goesOn()) {
    let population: Tried<T>[] = [];
    for (let i = 0; i < SEEDLINGS && goesOn(); ++i) population.push(await tried(randomGenome(alphabet, random)));
    population = fittest(population);
    let stale = 0;
    for (; stale < PATIENCE && goesOn(); ++stale) {
      const top = population[0]!.result.score;
      const children: Tried<T>[] = [];
      for (let i = 0; i < CHILDREN && goesOn(); ++i) children.push(await tried(child(population, alphabet, random)));
      population = fittest([...population, ...children]);
      if (population[0]!.result.score > top + GAIN * Math.abs(top)) stale = -1;
      ++generation;
      if (best) onGeneration?.({ generation, evaluations: spent(), restarts, best });
    }
    if (stale >= PATIENCE) ++restarts;
  }
  if (!best) throw new RangeError("Nothing was tried.");

  for (let at = best.genome.length - 1; at >= 0 && spent() < search.evaluations; --at) {
    const { genome, result }: Tried<T> = best;
    if (genome.length === 1) break;
    const shorter = await tried(genome.toSpliced(at, 1));
    if (shorter.result.score >= result.score - GAIN * Math.abs(result.score)) best = shorter;
  }
  return { generation, evaluations: spent(), restarts, best };
}

function child<T extends Scored>(parents: readonly Tried<T>[], alphabet: Alphabet, random: Random): Genome {
  // The better of two, drawn at random.
  const parent = () => parents[Math.min(index(), index())]!.genome;
  const index = () => Math.floor(random.next() * parents.length);
  const born = random.next() < 0.35 ? cross(parent(), parent(), alphabet, random) : parent();
  return random.next() < 0.9 ? mutate(born, alphabet, random) : born;
}

/** The best, each score once: otherwise copies of one attack soon are all there is. */
function fittest<T extends Scored>(population: readonly Tried<T>[]): Tried<T>[] {
  const scores = new Set<number>();
  return population
    .toSorted((a, b) => b.result.score - a.result.score || a.genome.length - b.genome.length)
    .filter(({ result }) => !scores.has(result.score) && scores.add(result.score))
    .slice(0, PARENTS);
}

function isBetter<T extends Scored>(a: Tried<T>, b: Tried<T>): boolean {
  return a.result.score > b.result.score;
}
