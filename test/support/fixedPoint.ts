/**
 * Real numbers as BigInt fixed point with 448 binary places: more than 60 decimal digits survive everything below, at a
 * hundredth of the time that a decimal library needs. test/sdk/pricing/reference.test.ts compares it with one.
 */
export const BITS = 448n;
export const ONE = 1n << BITS;

/** The exact value of a double. */
export function fixed(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = exponent === 0n ? fraction : fraction | (1n << 52n);
  const shift = BITS + (exponent === 0n ? 1n : exponent) - 1075n;
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return bits >> 63n === 1n ? -size : size;
}

/** Nearest double, or within one unit of it. */
export function toNumber(value: bigint): number {
  const size = value < 0n ? -value : value;
  const excess = BigInt(Math.max(0, size.toString(2).length - 64));
  const rounded = Number(size >> excess) * 2 ** Number(excess - BITS);
  return value < 0n ? -rounded : rounded;
}

export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) >> BITS;
}

export function divide(a: bigint, b: bigint): bigint {
  return (a << BITS) / b;
}

/** Integer square root of a·2^BITS, by Newton from the double's square root. */
export function squareRoot(a: bigint): bigint {
  if (a === 0n) return 0n;
  const radicand = a << BITS;
  let root = fixed(Math.sqrt(toNumber(a)));
  for (let previous = -1n; root !== previous && root !== previous + 1n;) {
    previous = root;
    root = (root + radicand / root) >> 1n;
  }
  return root;
}

/** e^a: a = n·ln 2 + r, then Taylor's series at r/2^HALVINGS and HALVINGS squarings. */
export function exponential(a: bigint): bigint {
  const n = Math.round(toNumber(a) / Math.LN2);
  const r = (a - BigInt(n) * LN2) >> HALVINGS;
  let term = ONE;
  let sum = ONE;
  for (let i = 1n; term !== 0n; i++) {
    term = multiply(term, r) / i;
    sum += term;
  }
  for (let i = 0n; i < HALVINGS; i++) sum = multiply(sum, sum);
  return n >= 0 ? sum << BigInt(n) : sum >> BigInt(-n);
}

/** ln a: a·exp(−y) = 1 + ε for the double y = ln a, and a series in ε, which is about 1e-16. */
export function logarithm(a: bigint): bigint {
  const y = fixed(Math.log(toNumber(a)));
  const epsilon = multiply(a, exponential(-y)) - ONE;
  let power = epsilon;
  let sum = 0n;
  for (let i = 1n; i <= 8n; i++) {
    sum += i % 2n === 1n ? power / i : -(power / i);
    power = multiply(power, epsilon);
  }
  return y + sum;
}

const HALVINGS = 20n;

/** 2·atanh(1/3) = ln 2 */
const LN2 = (() => {
  let power = (2n * ONE) / 3n;
  let sum = 0n;
  for (let odd = 1n; power !== 0n; odd += 2n) {
    sum += power / odd;
    power /= 9n;
  }
  return sum;
})();

/** Machin: π/4 = 4·atan(1/5) − atan(1/239) */
const PI = 4n * (4n * arcTangentOfInverse(5n) - arcTangentOfInverse(239n));

export const SQRT_TWO_PI = squareRoot(2n * PI);

function arcTangentOfInverse(n: bigint): bigint {
  let power = ONE / n;
  let sum = 0n;
  for (let odd = 1n; power !== 0n; odd += 2n) {
    sum += odd % 4n === 1n ? power / odd : -(power / odd);
    power /= n * n;
  }
  return sum;
}
