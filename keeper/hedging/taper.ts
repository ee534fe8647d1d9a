import { valueContract } from "../../sdk/portfolio/netGreeks.ts";
import { entriesOf } from "../../sdk/portfolio/book.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../sdk/units.ts";

/** What tapering adds to the book's delta and gamma; both zero while nothing is about to expire. */
export interface Taper {
  readonly delta: number;
  readonly gamma: number;
}

/**
 * In the last moments the delta of a series near the money swings between nothing and one with every tick of the price, and
 * following it buys high and sells low. Within `window` seconds of expiry a series therefore counts with the Greeks that it
 * would have with `window` seconds left: those deep in or out of the money keep theirs, those near the money stop moving.
 */
export function taperOf({ book, slices, mark }: Pick<Snapshot, "book" | "slices" | "mark">, window: number): Taper {
  const spot = fromWad(mark.spot);
  let delta = 0;
  let gamma = 0;
  for (const { series, quantity } of entriesOf(book)) {
    const left = series.expiry - mark.time;
    if (quantity === 0 || left <= 0 || left >= window) continue;
    const slice = slices.find(({ expiry }) => expiry === series.expiry);
    const steep = valueContract(series, slice, spot, mark.time);
    const smooth = valueContract(series, slice, spot, series.expiry - window);
    delta += quantity * (smooth.delta - steep.delta);
    gamma += quantity * (smooth.gamma - steep.gamma);
  }
  return { delta, gamma };
}
