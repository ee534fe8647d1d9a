import { createRandom } from "../../simulator/path/random.ts";

/** Deterministic random numbers: the same seed gives the same sequence on every machine. */
export interface Random {
  /** Uniform in [low, high). */
  readonly uniform: (low: number, high: number) => number;
  /** Log-uniform in [low, high), both positive. */
  readonly logUniform: (low: number, high: number) => number;
  /** Standard normal. */
  readonly normal: () => number;
}

export function seededRandom(seed: number): Random {
  const random = createRandom(seed);
  const uniform = (low: number, high: number) => random.between(low, high);
  return {
    uniform,
    logUniform: (low, high) => Math.exp(uniform(Math.log(low), Math.log(high))),
    normal: () => random.normal(),
  };
}
