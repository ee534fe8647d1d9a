import { createGreeksBatch, greeksBatch } from "../pricing/index.ts";
import { fromWad } from "../units.ts";
import { bookBatch } from "./bookBatch.ts";
import type { Snapshot } from "./snapshot.ts";

/** New spot over spot, and new vol over vol. */
export interface Scenario {
  readonly spotFactor: number;
  readonly volFactor: number;
}

/** Those of contracts/libraries/StressGrid.sol, in its order: from a bad hour to a gap that no hedge follows. */
export const SCENARIOS: readonly Scenario[] = [
  { spotFactor: 0.25, volFactor: 2 },
  { spotFactor: 0.5, volFactor: 1.7 },
  { spotFactor: 0.7, volFactor: 1.4 },
  { spotFactor: 0.85, volFactor: 1.25 },
  { spotFactor: 0.85, volFactor: 0.8 },
  { spotFactor: 1, volFactor: 1.5 },
  { spotFactor: 1, volFactor: 0.65 },
  { spotFactor: 1.15, volFactor: 1.25 },
  { spotFactor: 1.15, volFactor: 0.8 },
  { spotFactor: 1.4, volFactor: 1.3 },
  { spotFactor: 2, volFactor: 1.5 },
  { spotFactor: 3, volFactor: 1.8 },
];

/** What book and hedge together would gain in a scenario, dollars. */
export interface StressLine extends Scenario {
  readonly change: number;
}

const HIGHEST_VOL = 10;

/**
 * The change of book and hedge in every scenario. As on-chain, a strike keeps its own vol, multiplied: the smile sticks to
 * strikes.
 */
export function stressOf(snapshot: Pick<Snapshot, "book" | "slices" | "mark" | "hedge">): StressLine[] {
  const spot = fromWad(snapshot.mark.spot);
  const batch = bookBatch(snapshot, spot);
  const { quantity } = batch;
  const shifted = { ...batch, forward: batch.forward.slice(), vol: batch.vol.slice() };
  const results = createGreeksBatch(quantity.length);
  const valueAt = ({ spotFactor, volFactor }: Scenario): number => {
    for (let i = 0; i < quantity.length; i++) {
      shifted.forward[i] = batch.forward[i]! * spotFactor;
      shifted.vol[i] = Math.min(HIGHEST_VOL, batch.vol[i]! * volFactor);
    }
    greeksBatch(shifted, results);
    let sum = 0;
    for (let i = 0; i < quantity.length; i++) sum += quantity[i]! * results.price[i]!;
    return sum;
  };
  const now = valueAt({ spotFactor: 1, volFactor: 1 });
  const hedgeValue = fromWad(snapshot.hedge.delta) * spot;
  return SCENARIOS.map((scenario) => ({
    ...scenario,
    change: valueAt(scenario) - now + hedgeValue * (scenario.spotFactor - 1),
  }));
}

/** The scenario with the largest loss. */
export function worstOf(lines: readonly StressLine[]): StressLine | undefined {
  return lines.reduce<StressLine | undefined>(
    (worst, line) => (worst && worst.change <= line.change ? worst : line),
    undefined,
  );
}
