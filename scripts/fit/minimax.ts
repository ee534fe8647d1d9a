import { real, Real } from "./functions.ts";

/** A quotient of polynomials, coefficients from the constant upwards; the denominator is monic. */
export interface Rational {
  numerator: Real[];
  denominator: Real[];
  /** Largest weighted error on the fitted points. */
  error: Real;
}

export interface Problem {
  f: (x: Real) => Real;
  weight: (x: Real) => Real;
  interval: readonly [Real, Real];
  points: number;
  degrees: readonly [numerator: number, denominator: number];
  iterations: number;
}

/** A continued fraction c + a₁/(x + b₁ + a₂/(x + b₂ + …)). */
export interface Fraction {
  constant: Real;
  steps: { a: Real; b: Real }[];
}

export const polynomial = (coefficients: readonly Real[], x: Real): Real =>
  coefficients.reduceRight((sum, c) => sum.times(x).plus(c), real(0));

/** Chebyshev's points: dense at the ends, where a minimax error would otherwise grow unseen. */
export function chebyshev([a, b]: readonly [Real, Real], n: number): Real[] {
  const middle = a.plus(b).div(2);
  const radius = b.minus(a).div(2);
  const pi = Real.acos(-1);
  return Array.from({ length: n }, (_, i) => middle.minus(radius.times(Real.cos(pi.times(2 * i + 1).div(2 * n)))));
}

/**
 * Rational minimax approximation: each round solves the linearised least squares problem P − f·Q ≈ 0, divided by the Q of
 * the round before (Sanathanan & Koerner 1963), and shifts weight to the points with the largest error (Lawson 1961), which
 * turns least squares into least maximum. Returns the best round.
 */
export function minimax(problem: Problem): Rational {
  const xs = chebyshev(problem.interval, problem.points);
  const fs = xs.map(problem.f);
  const weights = xs.map(problem.weight);
  const [p, q] = problem.degrees;
  let lawson = xs.map(() => real(1));
  let previous = xs.map(() => real(1));
  let best: Rational | undefined;

  const powers = xs.map((x) => Array.from({ length: Math.max(p, q) + 1 }, (_, k) => x.pow(k)));
  for (let round = 0; round < problem.iterations; round++) {
    const size = p + 1 + q;
    const matrix = Array.from({ length: size }, () => Array.from({ length: size + 1 }, () => real(0)));
    xs.forEach((_, i) => {
      const power = powers[i]!;
      const row = [
        ...power.slice(0, p + 1),
        ...power.slice(0, q).map((x) => x.times(fs[i]!).negated()),
        power[q]!.times(fs[i]!),
      ];
      const g = weights[i]!.div(previous[i]!).pow(2).times(lawson[i]!);
      for (let a = 0; a < size; a++) {
        const ra = row[a]!.times(g);
        for (let b = a; b <= size; b++) matrix[a]![b] = matrix[a]![b]!.plus(ra.times(row[b]!));
      }
    });
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) matrix[a]![b] = matrix[b]![a]!;
    const solution = solve(matrix);
    const numerator = solution.slice(0, p + 1);
    const denominator = [...solution.slice(p + 1), real(1)];

    previous = xs.map((x) => polynomial(denominator, x).abs());
    const errors = xs.map((x, i) =>
      polynomial(numerator, x).div(polynomial(denominator, x)).minus(fs[i]!).times(weights[i]!).abs(),
    );
    const error = Real.max(...errors);
    if (best === undefined || error.lt(best.error)) best = { numerator, denominator, error };
    if (round >= 3) {
      lawson = lawson.map((w, i) => w.times(errors[i]!.div(error).pow(0.7)).plus("1e-12"));
      const mean = Real.sum(...lawson).div(lawson.length);
      lawson = lawson.map((w) => w.div(mean));
    }
  }
  return best!;
}

/** Solves a linear system given as rows with the right-hand side in the last column (Gauss, partial pivoting). */
function solve(rows: Real[][]): Real[] {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++) if (rows[r]![column]!.abs().gt(rows[pivot]![column]!.abs())) pivot = r;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let r = column + 1; r < n; r++) {
      const factor = rows[r]![column]!.div(rows[column]![column]!);
      for (let k = column; k <= n; k++) rows[r]![k] = rows[r]![k]!.minus(factor.times(rows[column]![k]!));
    }
  }
  const solution: Real[] = [];
  for (let r = n - 1; r >= 0; r--) {
    let sum = rows[r]![n]!;
    for (let k = r + 1; k < n; k++) sum = sum.minus(rows[r]![k]!.times(solution[k]!));
    solution[r] = sum.div(rows[r]![r]!);
  }
  return solution;
}

/** Writes a quotient as a continued fraction, by Euclid's algorithm. The numerator's degree may at most be equal. */
export function continuedFraction(numerator: readonly Real[], denominator: readonly Real[]): Fraction {
  const monic = (c: readonly Real[]) => c.map((x) => x.div(c.at(-1)!));
  const degree = denominator.length - 1;
  let constant = real(0);
  let p = numerator.map((c) => c.div(denominator.at(-1)!));
  let q = monic(denominator);
  if (p.length === q.length) {
    constant = p.at(-1)!;
    p = p.slice(0, -1).map((c, i) => c.minus(constant.times(q[i]!)));
  }
  const steps: Fraction["steps"] = [];
  while (steps.length < degree) {
    // q/p = (x + b + r/p)/a with p made monic
    const a = p.at(-1)!;
    p = monic(p);
    const b = q.at(-2)!.minus(p.at(-2) ?? 0);
    const r = p.slice(0, -1).map((c, i) => q[i]!.minus(i > 0 ? p[i - 1]! : 0).minus(b.times(c)));
    steps.push({ a, b });
    [q, p] = [p, r];
  }
  return { constant, steps };
}

export function evaluate(fraction: Fraction, x: Real): Real {
  return fraction.steps.reduceRight((v, { a, b }) => a.div(x.plus(b).plus(v)), real(0)).plus(fraction.constant);
}
