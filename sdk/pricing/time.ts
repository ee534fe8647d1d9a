/** A year on-chain and here: 365 days. The one place where seconds become years. */
export const SECONDS_PER_YEAR = 31_536_000;

/** Years in `seconds`. */
export function yearsOf(seconds: number): number {
  return seconds / SECONDS_PER_YEAR;
}
