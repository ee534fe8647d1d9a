/** P&L of one hour, dollars. */
export interface HourlyPnl {
  readonly hedged: number;
  /** Of the same options without a hedge. */
  readonly unhedged: number;
}

/** Standard deviation of the hedged P&L over that of the unhedged. */
export function riskOf(hours: readonly HourlyPnl[]): number {
  return (
    standardDeviation(hours.map(({ hedged }) => hedged)) / standardDeviation(hours.map(({ unhedged }) => unhedged))
  );
}

/** Root mean square distance from the mean. */
export function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}
