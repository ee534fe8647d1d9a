import { fromWad } from "../units.ts";
import { type Series, decodeSeries } from "../series.ts";
import type { Position } from "./snapshot.ts";

/** A position as numbers. */
export interface BookEntry {
  readonly series: Series;
  readonly strike: number;
  /** Contracts, negative when the vault is short. */
  readonly quantity: number;
}

const read = new WeakMap<readonly Position[], readonly BookEntry[]>();

/** The book as numbers. Read once for each snapshot, however many ask: with thousands of series it is what takes longest. */
export function entriesOf(book: readonly Position[]): readonly BookEntry[] {
  const before = read.get(book);
  if (before) return before;
  const entries = book.map(({ id, quantity }) => {
    const series = decodeSeries(id);
    return { series, strike: fromWad(series.strike), quantity: fromWad(quantity) };
  });
  read.set(book, entries);
  return entries;
}
