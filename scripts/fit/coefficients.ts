import { density, exponential, LN2, logarithm, mills, real, Real, scaledMills, SQRT_2PI } from "./functions.ts";
import { continuedFraction, evaluate, minimax, type Fraction, type Problem, type Rational } from "./minimax.ts";

/** A function to fit, and how its coefficients are written in Solidity. */
interface Target {
  name: string;
  meaning: string;
  /** What the weighted error says about prices. */
  errorMeaning: string;
  problem: Problem;
  fraction: (fit: Rational) => Fraction;
  /** The fitted function from its fraction. */
  value: (fraction: Fraction, x: Real) => Real;
  literals: (fraction: Fraction) => Record<string, string>;
}

export interface Fit extends Pick<Target, "name" | "meaning" | "errorMeaning"> {
  /** Largest weighted error on the fitted points. */
  error: Real;
  /** Signed weighted error between the fitted points. */
  errorCurve: { x: Real; error: Real }[];
  literals: Record<string, string>;
}

type Step = Fraction["steps"][number];

/** |value|·2^q rounded to an integer, as Solidity writes it. */
function literal(value: Real, q: number): string {
  return "0x" + BigInt(value.abs().times(real(2).pow(q)).toFixed(0)).toString(16);
}

function stepLiterals(steps: readonly Step[], qa: number, qb: number): Record<string, string> {
  return Object.fromEntries(
    steps.flatMap(({ a, b }, i) => [
      [`a${i + 1}`, literal(a, qa)],
      [`b${i + 1}`, literal(b, qb)],
    ]),
  );
}

/** M(y) is multiplied by φ(x), and y ≤ x + 3 in the fast range. */
const millsWeight = (x: Real): Real => density(Real.max(0, x.minus(3)));

/** The four fitted functions, in the order in which docs/pricing.md explains them. */
export const TARGETS: readonly Target[] = [
  {
    name: "mills",
    meaning: "M(x) for 0 ≤ x ≤ 13",
    errorMeaning: "M(x)·φ(max(0, x − 3))",
    problem: {
      f: mills,
      weight: millsWeight,
      interval: [real(0), real(13)],
      points: 160,
      degrees: [6, 7],
      iterations: 40,
    },
    fraction: (fit) => continuedFraction(fit.numerator, fit.denominator),
    value: evaluate,
    // The seventh denominator has a zero at x ≈ 1.8. Together with the sixth it is a quotient whose denominator has none:
    // a₆/(x + b₆ + a₇/(x + b₇)) = a₆(x + b₇)/(x² + (b₆ + b₇)x + b₆b₇ + a₇).
    literals: ({ steps }) => {
      const [s6, s7] = steps.slice(5) as [Step, Step];
      return {
        ...stepLiterals(steps.slice(0, 5), 128, 64),
        a6: literal(s6.a, 128),
        b7: literal(s7.b, 64),
        "b6 + b7": literal(s6.b.plus(s7.b), 64),
        "b6·b7 + a7": literal(s6.b.times(s7.b).plus(s7.a), 128),
      };
    },
  },
  {
    name: "millsTail",
    meaning: "x·M(x) in w = x² for 3 ≤ x ≤ 50",
    errorMeaning: "0.4·M(x)",
    problem: {
      f: scaledMills,
      weight: (u) => u.sqrt().times(0.4),
      interval: [real(1).div(2_500), real(1).div(9)],
      points: 80,
      degrees: [5, 5],
      iterations: 30,
    },
    // Fitted in u = 1/w; in w the same quotient has its coefficients reversed.
    fraction: (fit) => continuedFraction([...fit.numerator].reverse(), [...fit.denominator].reverse()),
    value: (fraction, u) => evaluate(fraction, real(1).div(u)),
    literals: ({ constant, steps }) => ({ c: literal(constant, 64), ...stepLiterals(steps, 128, 64) }),
  },
  {
    name: "exponential",
    meaning: "s in u = g² with 2^g = (s + g)/(s − g) for |g| ≤ ½",
    errorMeaning: "2^g, relative",
    problem: {
      f: exponential,
      weight: (u) => u.sqrt().times(2),
      interval: [real("1e-12"), real("0.25")],
      points: 60,
      degrees: [2, 2],
      iterations: 40,
    },
    // Fitted is tanh, which has no pole nearby; s is its reciprocal.
    fraction: (fit) => continuedFraction(fit.denominator, fit.numerator),
    value: (fraction, u) => real(1).div(evaluate(fraction, u)),
    literals: ({ constant, steps }) => {
      const [s1, s2] = steps as [Step, Step];
      return {
        c: literal(constant, 58),
        a1: literal(s1.a, 174),
        b1: literal(s1.b, 116),
        a2: literal(s2.a, 232),
        b2: literal(s2.b, 116),
      };
    },
  },
  {
    name: "logarithm",
    meaning: "ln((1 + t)/(1 − t))/t in u = t² for |t| ≤ ⅓",
    errorMeaning: "the logarithm",
    problem: {
      f: logarithm,
      weight: (u) => u.sqrt(),
      interval: [real("1e-9"), real(1).div(9)],
      points: 80,
      degrees: [3, 3],
      iterations: 40,
    },
    fraction: (fit) => continuedFraction(fit.numerator, fit.denominator),
    value: evaluate,
    literals: ({ constant, steps }) => ({ c: literal(constant, 56), ...stepLiterals(steps, 112, 56) }),
  },
];

/** Fits one function. Deterministic: the same digits on every machine. */
export function fit(target: Target): Fit {
  const { f, weight, interval } = target.problem;
  const rational = minimax(target.problem);
  const fraction = target.fraction(rational);
  const [from, to] = interval;
  const errorCurve = Array.from({ length: 40 }, (_, i) => {
    const x = from.plus(
      to
        .minus(from)
        .times(2 * i + 1)
        .div(80),
    );
    return { x, error: target.value(fraction, x).minus(f(x)).times(weight(x)) };
  });
  const { name, meaning, errorMeaning } = target;
  return { name, meaning, errorMeaning, error: rational.error, errorCurve, literals: target.literals(fraction) };
}

/** Numbers in the Solidity files that are known rather than fitted. */
export function constants(): Record<string, string> {
  return {
    "ln 2, Q120": literal(LN2, 120),
    "ln 1e18, Q80": literal(real(10).ln().times(18), 80),
    "1/ln 2, Q64": literal(real(1).div(LN2), 64),
    "1/(1e18·ln 2), Q128": literal(real(1).div(LN2).div("1e18"), 128),
    "2√2, Q80": literal(real(8).sqrt(), 80),
    "1/(2·ln 2), Q64": literal(real(1).div(LN2).div(2), 64),
    "log2(√(2π)) − ½, Q58": literal(SQRT_2PI.ln().div(LN2).minus(0.5), 58),
    "½, Q58": literal(real(0.5), 58),
    "mask of 58 bits": "0x3ffffffffffffff",
    "1/9, Q56": literal(real(1).div(9), 56),
    "1/1e36, Q191": literal(real("1e-36"), 191),
    "1e36, Q−56": literal(real("1e36"), -56),
    "1e36/31,536,000": literal(real("1e36").div(31_536_000), 0),
  };
}
