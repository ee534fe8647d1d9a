import { fromWad } from "../units.ts";
import { type ValuedPosition, netGreeks, valuePositions } from "./netGreeks.ts";
import type { Snapshot } from "./snapshot.ts";

/** The figures that the chain and the keeper both compute. */
export type CheckedFigure = "spot" | "value" | "delta" | "gamma" | "vega";

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
  const positions = valuePositions(snapshot);
  const own = netGreeks(positions);
  const spot = fromWad(oracle.spot);
  const rows: readonly [CheckedFigure, onChain: number, own: number, scale: number][] = [
    ["spot", fromWad(mark.spot), spot, spot],
    ["value", fromWad(mark.value), own.value, gross(positions, () => spot)],
    ["delta", fromWad(mark.delta), own.delta, gross(positions, () => 1)],
    ["gamma", fromWad(mark.gamma), own.gamma, gross(positions, ({ gamma }) => gamma)],
    ["vega", fromWad(mark.vega), own.vega, gross(positions, ({ vega }) => vega)],
  ];
  for (const [figure, onChain, ours, scale] of rows) {
    const allowed = tolerance * scale + DUST;
    if (!(Math.abs(onChain - ours) <= allowed)) return { agrees: false, figure, onChain, own: ours, allowed };
  }
  return { agrees: true };
}

function gross(
  positions: readonly ValuedPosition[],
  perContract: (contract: ValuedPosition["contract"]) => number,
): number {
  return positions.reduce((sum, { quantity, contract }) => sum + Math.abs(quantity) * perContract(contract), 0);
}
