/** Deterministic random numbers (mulberry32): the same seed gives the same sequence on every machine. */
export interface Random {
  /** Uniform in [low, high). */
  readonly uniform: (low: number, high: number) => number;
  /** Log-uniform in [low, high), both positive. */
  readonly logUniform: (low: number, high: number) => number;
  /** Standard normal (Box-Muller). */
  readonly normal: () => number;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const uniform = (low: number, high: number) => low + (high - low) * next();
  return {
    uniform,
    logUniform: (low, high) => Math.exp(uniform(Math.log(low), Math.log(high))),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
