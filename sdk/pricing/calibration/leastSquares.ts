/** Residuals of a model with `parameters`; the length never changes. */
export type Residuals = (parameters: Float64Array) => Float64Array;

export interface LeastSquares {
  readonly parameters: Float64Array;
  /** Half the sum of squared residuals. */
  readonly cost: number;
  readonly steps: number;
}

const MAX_STEPS = 200;
const COST_TOLERANCE = 1e-10;
const FIRST_DAMPING = 1e-3;
const LARGEST_DAMPING = 1e12;
/** Step of the differences: this share of a parameter, or of SMALL where it is smaller. */
const DIFFERENCE = 1e-6;
const SMALL = 1e-3;

/**
 * Levenberg-Marquardt with Marquardt's scaling and forward differences (Nocedal & Wright, chapter 10), for a few dozen
 * parameters. None goes below `lower`: one that is there stays while the slope points outward, and is free again when it
 * points back (projected Newton, Bertsekas 1982).
 */
export function leastSquares(residuals: Residuals, start: Float64Array, lower = -Infinity): LeastSquares {
  let parameters: Float64Array = Float64Array.from(start, (value) => Math.max(value, lower));
  let current = residuals(parameters);
  let cost = costOf(current);
  let damping = FIRST_DAMPING;
  let steps = 0;
  while (steps < MAX_STEPS && damping < LARGEST_DAMPING) {
    steps++;
    const { normal, gradient } = normalEquations(residuals, parameters, current);
    const free = Array.from(parameters.keys()).filter((i) => parameters[i]! > lower || gradient[i]! < 0);
    if (free.length === 0) break;
    const before = cost;
    while (damping < LARGEST_DAMPING) {
      const candidate = moved(parameters, free, solveDamped(normal, gradient, free, damping), lower);
      const next = residuals(candidate);
      const nextCost = costOf(next);
      if (nextCost < cost) {
        [parameters, current, cost] = [candidate, next, nextCost];
        damping = Math.max(damping / 10, 1e-12);
        break;
      }
      damping *= 10;
    }
    if (before - cost <= COST_TOLERANCE * before) break;
  }
  return { parameters, cost, steps };
}

/** Parameters after a step by the free ones, held at their lower bound. NaN when there was no step to take. */
function moved(
  parameters: Float64Array,
  free: readonly number[],
  step: Float64Array | undefined,
  lower: number,
): Float64Array {
  const next = Float64Array.from(parameters);
  free.forEach((index, i) => {
    next[index] = Math.max(lower, parameters[index]! - (step?.[i] ?? NaN));
  });
  return next;
}

function costOf(residuals: Float64Array): number {
  return residuals.reduce((sum, residual) => sum + residual * residual, 0) / 2;
}

interface NormalEquations {
  /** JᵀJ, row by row. */
  readonly normal: readonly Float64Array[];
  /** Jᵀr */
  readonly gradient: Float64Array;
}

function normalEquations(residuals: Residuals, parameters: Float64Array, current: Float64Array): NormalEquations {
  const columns = Array.from(parameters, (value, i) => {
    const step = DIFFERENCE * Math.max(SMALL, Math.abs(value));
    return residuals(parameters.with(i, value + step)).map((residual, j) => (residual - current[j]!) / step);
  });
  return {
    normal: columns.map((a) => Float64Array.from(columns, (b) => dot(a, b))),
    gradient: Float64Array.from(columns, (column) => dot(column, current)),
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Solves (JᵀJ + damping·diag(JᵀJ))·x = Jᵀr for the free parameters by Cholesky; nothing when not positive definite. */
function solveDamped(
  normal: readonly Float64Array[],
  gradient: Float64Array,
  free: readonly number[],
  damping: number,
): Float64Array | undefined {
  const size = free.length;
  const lower = free.map((row, i) => {
    const copy = Float64Array.from(free, (column) => normal[row]![column]!);
    copy[i] = copy[i]! * (1 + damping) + Number.EPSILON;
    return copy;
  });
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i]![j]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      if (i === j && !(sum > 0)) return undefined;
      lower[i]![j] = i === j ? Math.sqrt(sum) : sum / lower[j]![j]!;
    }
  }
  const x = Float64Array.from(free, (index) => gradient[index]!);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}
