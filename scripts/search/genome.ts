import type { Random } from "../../simulator/path/random.ts";

/** One step of an attack: what is done, and numbers in [0, 1) that say how. The kind of attack knows what they mean. */
export interface Step {
  readonly op: string;
  readonly args: readonly number[];
}

/** An attack, from its first step to its last. */
export type Genome = readonly Step[];

/** What a step of some name takes. */
export interface Op {
  readonly name: string;
  readonly args: number;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
}

/** The steps that a kind of attack is made of. */
export interface Alphabet {
  readonly ops: readonly Op[];
  readonly maxSteps: number;
}

const NUDGE = 0.12;
/** The largest number below one that a nudge may reach. */
const BELOW_ONE = 1 - 2 ** -20;

/** Any step. */
export function randomStep({ ops }: Alphabet, random: Random): Step {
  let left = random.next() * ops.reduce((sum, op) => sum + op.weight, 0);
  const op = ops.find((one) => (left -= one.weight) < 0) ?? ops.at(-1);
  if (!op) throw new RangeError("An alphabet needs a step.");
  return { op: op.name, args: Array.from({ length: op.args }, () => random.next()) };
}

/** Any attack of one to `maxSteps` steps. */
export function randomGenome(alphabet: Alphabet, random: Random): Genome {
  const length = 1 + Math.floor(random.next() * alphabet.maxSteps);
  return Array.from({ length }, () => randomStep(alphabet, random));
}

/** One to three small changes. */
export function mutate(genome: Genome, alphabet: Alphabet, random: Random): Genome {
  const steps = [...genome];
  const changes = 1 + Math.floor(random.next() * 3);
  for (let i = 0; i < changes; ++i) change(steps, alphabet, random);
  return steps;
}

function change(steps: Step[], alphabet: Alphabet, random: Random): void {
  const at = Math.floor(random.next() * steps.length);
  const step = steps[at];
  const kind = random.next();
  const room = steps.length < alphabet.maxSteps;
  if (!step) steps.push(randomStep(alphabet, random));
  else if (kind < 0.5) steps[at] = nudged(step, random);
  else if (kind < 0.62) steps[at] = randomStep(alphabet, random);
  else if (kind < 0.76 && room)
    steps.splice(Math.floor(random.next() * (steps.length + 1)), 0, randomStep(alphabet, random));
  else if (kind < 0.84 && room) steps.splice(at, 0, nudged(step, random));
  else if (kind < 0.92 && steps.length > 1) steps.splice(at, 1);
  else {
    const other = Math.floor(random.next() * steps.length);
    const moved = steps[other];
    if (moved) [steps[at], steps[other]] = [moved, step];
  }
}

/** The same step, one of its numbers moved a little or drawn anew. */
function nudged(step: Step, random: Random): Step {
  if (step.args.length === 0) return step;
  const at = Math.floor(random.next() * step.args.length);
  const isNew = random.next() < 0.35;
  const args = step.args.map((arg, i) => {
    if (i !== at) return arg;
    return isNew ? random.next() : Math.min(BELOW_ONE, Math.max(0, arg + NUDGE * random.normal()));
  });
  return { op: step.op, args };
}

/** The beginning of one attack and the end of another. */
export function cross(a: Genome, b: Genome, { maxSteps }: Alphabet, random: Random): Genome {
  const head = a.slice(0, Math.floor(random.next() * (a.length + 1)));
  const tail = b.slice(Math.floor(random.next() * (b.length + 1)));
  const joined = [...head, ...tail].slice(0, maxSteps);
  return joined.length > 0 ? joined : a;
}

/** One of `items`, by a number in [0, 1). */
export function choice<T>(items: readonly T[], arg: number): T {
  const item = items[Math.floor(arg * items.length)];
  if (item === undefined) throw new RangeError("There is nothing to choose from.");
  return item;
}

/** A number between two others, by one in [0, 1): evenly on a scale of ratios. */
export const ratio = (low: number, high: number, arg: number): number => low * (high / low) ** arg;
