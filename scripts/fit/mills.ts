/**
 * Fits the rational functions behind the TypeScript pricing (sdk/pricing/mills.ts) and prints their coefficients and
 * the error they reach. Run: node scripts/fit/mills.ts (two seconds).
 *
 * Each is the rational function that equals the target at Chebyshev points of t = (y − c)/(y + c), y = x − low. That
 * is within a small factor of the best one, and one degree more buys the factor back.
 */
import { pathToFileURL } from "node:url";
import type { Decimal } from "decimal.js";
import { PI, Precise, preciseMills } from "./preciseMills.ts";

interface Target {
  readonly name: string;
  readonly of: (x: Decimal) => Decimal;
  readonly low: number;
  readonly high: number;
  /** Half of the points lie below low + centre. */
  readonly centre: number;
  readonly numeratorDegree: number;
  readonly denominatorDegree: number;
}

interface Rational {
  readonly numerator: readonly Decimal[];
  readonly denominator: readonly Decimal[];
}

const TARGETS: readonly Target[] = [
  {
    name: "MILLS",
    of: preciseMills,
    low: 0,
    high: 40,
    centre: 4,
    numeratorDegree: 10,
    denominatorDegree: 11,
  },
  {
    name: "MILLS_SLOPE",
    of: (x) => new Precise(1).minus(x.times(preciseMills(x))),
    low: -0.5,
    high: 45,
    centre: 4,
    numeratorDegree: 11,
    denominatorDegree: 13,
  },
];

const CHECK_POINTS = 400;

/** Chebyshev points of [low, high] in the variable t, in ascending order of the index. */
function nodesOf(target: Target, count: number): Decimal[] {
  const { low, high, centre } = target;
  const span = high - low;
  const top = (span - centre) / (span + centre);
  return Array.from({ length: count }, (_, i) => {
    const chebyshev = PI.times(2 * i + 1)
      .div(2 * count)
      .cos();
    const t = chebyshev
      .plus(1)
      .times((top + 1) / 2)
      .minus(1);
    return t.plus(1).div(new Precise(1).minus(t)).times(centre).plus(low);
  });
}

/** P(x) − f(x)·(Q(x) − 1) = f(x) at every node, with Q's constant term 1: a linear system. */
function fit(target: Target): Rational {
  const { numeratorDegree: p, denominatorDegree: q } = target;
  const nodes = nodesOf(target, p + q + 1);
  const values = nodes.map((x) => target.of(x));
  const rows = nodes.map((x, i) => {
    const value = at(values, i);
    const numerator = Array.from({ length: p + 1 }, (_, power) => x.pow(power));
    const denominator = Array.from({ length: q }, (_, power) => value.neg().times(x.pow(power + 1)));
    return [...numerator, ...denominator];
  });
  const solution = solve(rows, values);
  return { numerator: solution.slice(0, p + 1), denominator: [new Precise(1), ...solution.slice(p + 1)] };
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: Decimal[][], right: readonly Decimal[]): Decimal[] {
  const rows = matrix.map((row, i) => [...row, at(right, i)]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let r = column + 1; r < size; r++) {
      if (
        cell(rows, r, column)
          .abs()
          .greaterThan(cell(rows, pivot, column).abs())
      )
        pivot = r;
    }
    const pivotRow = at(rows, pivot);
    rows[pivot] = at(rows, column);
    rows[column] = pivotRow;
    for (let r = column + 1; r < size; r++) {
      const factor = cell(rows, r, column).div(at(pivotRow, column));
      rows[r] = at(rows, r).map((value, c) => (c < column ? value : value.minus(factor.times(at(pivotRow, c)))));
    }
  }
  const solution: Decimal[] = new Array<Decimal>(size).fill(new Precise(0));
  for (let r = size - 1; r >= 0; r--) {
    let rest = cell(rows, r, size);
    for (let c = r + 1; c < size; c++) rest = rest.minus(cell(rows, r, c).times(at(solution, c)));
    solution[r] = rest.div(cell(rows, r, r));
  }
  return solution;
}

function evaluate(coefficients: readonly Decimal[], x: Decimal): Decimal {
  return coefficients.reduceRight((sum, coefficient) => sum.times(x).plus(coefficient), new Precise(0));
}

/** Largest relative error on a grid that is dense near `low`. */
function worstError(target: Target, { numerator, denominator }: Rational): number {
  let worst = 0;
  for (let i = 0; i <= CHECK_POINTS; i++) {
    const x = new Precise(target.low + (target.high - target.low) * (i / CHECK_POINTS) ** 2);
    const error = evaluate(numerator, x).div(evaluate(denominator, x)).div(target.of(x)).minus(1).abs().toNumber();
    worst = Math.max(worst, error);
  }
  return worst;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`index ${String(index)} outside a list of ${String(list.length)}`);
  return value;
}

function cell(rows: readonly (readonly Decimal[])[], row: number, column: number): Decimal {
  return at(at(rows, row), column);
}

function print(target: Target): void {
  const rational = fit(target);
  const list = (coefficients: readonly Decimal[]) => coefficients.map((c) => `  ${String(c.toNumber())},`).join("\n");
  console.log(`// ${target.name}: x in [${String(target.low)}, ${String(target.high)}],`);
  console.log(`// largest relative error ${worstError(target, rational).toExponential(1)} before rounding to doubles`);
  console.log(`${target.name}_NUMERATOR = [\n${list(rational.numerator)}\n]`);
  console.log(`${target.name}_DENOMINATOR = [\n${list(rational.denominator)}\n]\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) TARGETS.forEach(print);
