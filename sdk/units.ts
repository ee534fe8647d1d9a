/**
 * The one border between the chain's integers and the numbers of the pure rooms. Amounts on-chain are WAD (1e18) or
 * USDC (1e6); everything that is computed with is a plain number in units of USDC and ether.
 */

const WAD_DECIMALS = 18;
const USDC_DECIMALS = 6;

export const WAD = 10n ** 18n;
/** WAD per unit of USDC. */
export const WAD_PER_USDC_UNIT = 10n ** 12n;
export const BPS = 10_000n;

const NANO = 10n ** 9n;

/** A WAD amount as a number, to the nearest double. */
export function fromWad(amount: bigint): number {
  // Most amounts have no more than nine decimals: then both numbers are exact, and the division rounds once.
  const nanos = amount / NANO;
  const short = Number(nanos);
  if (Number.isSafeInteger(short) && nanos * NANO === amount) return short / 1e9;
  return fromFixed(amount, WAD_DECIMALS);
}

/** A USDC amount (6 decimals) in dollars. */
export function fromUsdc(amount: bigint): number {
  return fromFixed(amount, USDC_DECIMALS);
}

/** A number as WAD, exactly as the number prints with 18 decimals. Throws a RangeError beyond 1e21 and for NaN. */
export function toWad(value: number): bigint {
  const text = value.toFixed(WAD_DECIMALS);
  if (!/^-?\d+\.\d{18}$/.test(text)) throw new RangeError(`${value} does not fit a WAD amount`);
  return BigInt(text.replace(".", ""));
}

/** |x|. */
export function abs(x: bigint): bigint {
  return x < 0n ? -x : x;
}

/** The least of one or more. */
export function least(first: bigint, ...rest: readonly bigint[]): bigint {
  return rest.reduce((lowest, x) => (x < lowest ? x : lowest), first);
}

function fromFixed(amount: bigint, decimals: number): number {
  const digits = abs(amount)
    .toString()
    .padStart(decimals + 1, "0");
  const value = Number(`${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`);
  return amount < 0n ? -value : value;
}
