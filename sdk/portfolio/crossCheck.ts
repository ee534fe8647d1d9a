import { fromWad } from "../units.ts";
import { createGreeksBatch, greeksBatch } from "../pricing/index.ts";
import { bookBatch } from "./bookBatch.ts";
import { tenorWeight } from "./netGreeks.ts";
import type { Snapshot } from "./snapshot.ts";

/** The figures that the chain and the keeper both compute. */
export type CheckedFigure = "spot" | "value" | "delta" | "gamma" | "weightedVega";

/** Whether two independent readings of the book agree: the vault's mark and our own Greeks. */
export type CrossCheck =
  | { readonly agrees: true }
  | {
      readonly agrees: false;
      readonly figure: CheckedFigure;
      readonly onChain: number;
      readonly own: number;
      /** The largest difference that would have passed. */
      readonly allowed: number;
    };

/** Differences this small are the last digits of WAD arithmetic, whatever the size of the book. */
const DUST = 1e-9;

/**
 * Compares the vault's mark with our own Greeks at the same spot and time. The tolerance is relative to the gross book
 * (Σ |position|), so that a book whose risks cancel is not held to the digits of what is left.
 */
export function crossCheck(
  snapshot: Pick<Snapshot, "book" | "slices" | "mark" | "oracle">,
  tolerance: number,
): CrossCheck {
  const { mark, oracle } = snapshot;
  const spot = fromWad(oracle.spot);
  const own = sumsOf(snapshot);
  const rows: readonly [CheckedFigure, onChain: number, own: number, scale: number][] = [
    ["spot", fromWad(mark.spot), spot, spot],
    ["value", fromWad(mark.value), own.value, own.grossQuantity * spot],
    ["delta", fromWad(mark.delta), own.delta, own.grossQuantity],
    ["gamma", fromWad(mark.gamma), own.gamma, own.grossGamma],
    ["weightedVega", fromWad(mark.weightedVega), own.weightedVega, own.grossWeightedVega],
  ];
  for (const [figure, onChain, ours, scale] of rows) {
    const allowed = tolerance * scale + DUST;
    if (!(Math.abs(onChain - ours) <= allowed)) return { agrees: false, figure, onChain, own: ours, allowed };
  }
  return { agrees: true };
}

/** Net and gross figures of the whole book, in one pass over arrays. */
function sumsOf(snapshot: Pick<Snapshot, "book" | "slices" | "mark">) {
  const batch = bookBatch(snapshot, fromWad(snapshot.mark.spot));
  const { quantity, forwardPerSpot, timeToExpiry } = batch;
  const results = createGreeksBatch(quantity.length);
  greeksBatch(batch, results);
  const net = { value: 0, delta: 0, gamma: 0, weightedVega: 0 };
  const gross = { grossQuantity: 0, grossGamma: 0, grossWeightedVega: 0 };
  for (let i = 0; i < quantity.length; i++) {
    const held = quantity[i]!;
    const perSpot = forwardPerSpot[i]!;
    const gamma = results.gamma[i]! * perSpot * perSpot;
    const weightedVega = timeToExpiry[i]! > 0 ? results.vega[i]! * tenorWeight(timeToExpiry[i]!) : 0;
    net.value += held * results.price[i]!;
    net.delta += held * results.delta[i]! * perSpot;
    net.gamma += held * gamma;
    net.weightedVega += held * weightedVega;
    gross.grossQuantity += Math.abs(held);
    gross.grossGamma += Math.abs(held) * gamma;
    gross.grossWeightedVega += Math.abs(held) * weightedVega;
  }
  return { ...net, ...gross };
}
