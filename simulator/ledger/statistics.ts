/** Differences between neighbours: one fewer than there are values. */
export function changes(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - (values[i] ?? value));
}

/** Sample standard deviation; zero for fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Smallest, mean and largest of values, of which there must be one. */
export function spread(values: readonly number[]): { count: number; min: number; mean: number; max: number } {
  if (values.length === 0) throw new RangeError("There are no values.");
  return {
    count: values.length,
    min: Math.min(...values),
    mean: Math.round(sum(values) / values.length),
    max: Math.max(...values),
  };
}
