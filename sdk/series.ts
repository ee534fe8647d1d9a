import { abs, WAD } from "./units.ts";
import type { OptionKind } from "./pricing/index.ts";

/** One option contract: what its id on-chain stands for (contracts/libraries/SeriesId.sol). */
export interface Series {
  readonly id: bigint;
  /** Unix seconds. */
  readonly expiry: number;
  /** WAD, USDC per unit of underlying. */
  readonly strike: bigint;
  readonly kind: OptionKind;
}

const KIND_BITS = 8n;
const STRIKE_BITS = 96n;
const EXPIRY_SHIFT = STRIKE_BITS + KIND_BITS;
const DEFAULT_EXPIRY_HOUR = 8;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] as const;

/** Series that were read before; a book is the same few thousand at every tick. */
const known = new Map<bigint, Series>();
const MOST_KNOWN = 50_000;

/** Reads an id. Total, as on-chain: an id that no vault lists decodes to something, too. */
export function decodeSeries(id: bigint): Series {
  const before = known.get(id);
  if (before) return before;
  const series = decode(id);
  if (known.size < MOST_KNOWN) known.set(id, series);
  return series;
}

function decode(id: bigint): Series {
  const strike = (id >> KIND_BITS) & ((1n << STRIKE_BITS) - 1n);
  const kind = (id & ((1n << KIND_BITS) - 1n)) === 1n ? "call" : "put";
  return { id, expiry: Number(id >> EXPIRY_SHIFT), strike, kind };
}

/** The id of a series. @param expiry Unix seconds. @param strike WAD. */
export function seriesId(expiry: bigint | number, strike: bigint, kind: OptionKind): bigint {
  return (BigInt(expiry) << EXPIRY_SHIFT) | (strike << KIND_BITS) | (kind === "call" ? 1n : 0n);
}

/**
 * The name that a series has on the chain, too: `WETH-27NOV26-3000-C`. Options expire at 08:00 UTC by custom; another time is
 * part of the name, `WETH-27NOV26T1430-3000-C`, so that a name stands for one series only.
 */
export function seriesName({ expiry, strike, kind }: Omit<Series, "id">, underlying = "WETH"): string {
  return [underlying, expiryName(expiry), decimalText(strike), kind === "call" ? "C" : "P"].join("-");
}

/** `27NOV26` or `09JAN26`, with the time of day unless it is 08:00 UTC. */
export function expiryName(expiry: number): string {
  const date = new Date(expiry * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(date.getUTCDate())}${MONTHS[date.getUTCMonth()] ?? ""}${two(date.getUTCFullYear() % 100)}`;
  const [hours, minutes, seconds] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  if (hours === DEFAULT_EXPIRY_HOUR && minutes === 0 && seconds === 0) return day;
  return `${day}T${two(hours)}${two(minutes)}${seconds === 0 ? "" : two(seconds)}`;
}

/**
 * The listed series that `text` names: by name, in any case and with or without the day's leading zero, or by id, in decimal or
 * hexadecimal.
 * @returns undefined when none of `ids` is meant.
 */
export function findSeries(text: string, ids: readonly bigint[]): Series | undefined {
  const wanted = text
    .trim()
    .toUpperCase()
    .replace(/-(\d[A-Z]{3}\d\d)/, "-0$1");
  const isId = /^(\d+|0X[0-9A-F]+)$/.test(wanted);
  const id = isId ? BigInt(wanted.toLowerCase()) : undefined;
  return ids.map(decodeSeries).find((series) => (isId ? series.id === id : seriesName(series) === wanted));
}

/** A WAD amount in as few digits as are exact: 3000, 2412.5. */
function decimalText(wad: bigint): string {
  const fraction = (abs(wad) % WAD).toString().padStart(18, "0").replace(/0+$/, "");
  return `${wad / WAD}${fraction === "" ? "" : `.${fraction}`}`;
}
