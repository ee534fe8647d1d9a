import { type OptionBatch, createOptionBatch, forwardPrice, smileVol } from "../pricing/index.ts";
import { entriesOf } from "./book.ts";
import { fromOnChainSlice } from "../slice.ts";
import type { Snapshot } from "./snapshot.ts";

/** Every position that is not zero, one array per field. */
export interface BookBatch extends OptionBatch {
  readonly quantity: Float64Array;
  /** Forward over spot; Greeks by the forward times this are those by spot. */
  readonly forwardPerSpot: Float64Array;
}

/**
 * The held series of a book, ready for batch pricing at a spot and the mark's time.
 * @throws RangeError when a live series has no slice.
 */
export function bookBatch({ book, slices, mark }: Pick<Snapshot, "book" | "slices" | "mark">, spot: number): BookBatch {
  const byExpiry = new Map(
    slices.map((reading) => {
      const slice = fromOnChainSlice(reading);
      return [reading.expiry, { slice, forward: forwardPrice(slice, spot, reading.expiry - mark.time) }];
    }),
  );
  const held = entriesOf(book).filter(({ quantity }) => quantity !== 0);
  const batch = {
    ...createOptionBatch(held.length),
    quantity: new Float64Array(held.length),
    forwardPerSpot: new Float64Array(held.length),
  };
  held.forEach(({ series: { expiry, kind }, strike, quantity }, i) => {
    const timeToExpiry = Math.max(0, expiry - mark.time);
    const own = byExpiry.get(expiry);
    if (timeToExpiry > 0 && !own) throw new RangeError(`The surface has no slice at ${expiry}.`);
    const forward = timeToExpiry > 0 && own ? own.forward : spot;
    batch.forward[i] = forward;
    batch.strike[i] = strike;
    batch.timeToExpiry[i] = timeToExpiry;
    batch.vol[i] = timeToExpiry > 0 && own ? smileVol(own.slice, Math.log(strike / forward)) : 0;
    batch.isCall[i] = kind === "call" ? 1 : 0;
    batch.quantity[i] = quantity;
    batch.forwardPerSpot[i] = forward / spot;
  });
  return batch;
}
