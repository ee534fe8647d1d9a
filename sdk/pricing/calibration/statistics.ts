/** Median of values with weights: half of the total weight lies on either side. Nothing for no values. */
export function weightedMedian(entries: readonly { value: number; weight: number }[]): number | undefined {
  const sorted = entries.toSorted((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let below = 0;
  for (const { value, weight } of sorted) {
    below += weight;
    if (below >= half) return value;
  }
  return sorted.at(-1)?.value;
}

export function median(values: readonly number[]): number | undefined {
  return weightedMedian(values.map((value) => ({ value, weight: 1 })));
}

/** √(mean of squares); nothing for no values. */
export function rootMeanSquare(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
