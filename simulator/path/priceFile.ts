import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CsvError } from "csv-parse";
import { parse } from "csv-parse/sync";
import { UserError, messageOf } from "../../sdk/userError.ts";
import type { Bar, PricePath } from "./prices.ts";

/** A part of a price history: from ≤ time < to, unix seconds. */
export interface Window {
  readonly from?: number;
  readonly to?: number;
}

const COLUMNS = ["timestamp", "low", "high", "close"] as const;
const EXPECTED = `a header "${COLUMNS.join(",")}" and rows such as "1621209600,3455.1,3520,3510.42" (unix seconds, dollars)`;

/** Unix seconds are ten digits between 2001 and 2286; eleven or more are milliseconds. */
const LATEST_TIME = 9_999_999_999;
const FEWEST_BARS = 2;
/** Closer together there is no time to trade in between: quotes have to wait for the pool's average. */
const SHORTEST_BAR = 900;
/** Where the local chain's pools have liquidity, and some room. */
const PRICE_RANGE = [60, 18_000] as const;

type Row = Readonly<Record<string, string | undefined>>;

/**
 * Reads a price history and cuts a window out of it; what comes before the window becomes the path's history.
 * @throws UserError that names the line when the file is not what it should be, or when the window is empty.
 */
export function readPriceFile(path: string, window: Window = {}): PricePath {
  const bars = parsePrices(read(path), path);
  return cut(bars, path, window);
}

/** Bars out of the text of a CSV file; `name` is for errors. */
export function parsePrices(text: string, name: string): Bar[] {
  const rows = parseRows(text, name);
  const bars: Bar[] = [];
  for (const { record, line } of rows) bars.push(toBar(record, bars.at(-1), `${name}, line ${line}`));
  if (bars.length === 0) throw new UserError(`${name} holds no prices. Expected ${EXPECTED}.`);
  return bars;
}

/** The window's bars, and all that came before as history. */
export function cut(bars: readonly Bar[], name: string, { from = -Infinity, to = Infinity }: Window): PricePath {
  if (from >= to) {
    throw new UserError(`The window is empty: --from ${iso(from)} is not before --to ${iso(to)}.`);
  }
  const inside = bars.filter(({ time }) => time >= from && time < to);
  if (inside.length < FEWEST_BARS) {
    const [first, last] = [bars[0]?.time ?? 0, bars.at(-1)?.time ?? 0];
    const found = inside.length === 0 ? "no prices" : "only one price";
    throw new UserError(
      `${name} has ${found} in this window. It covers ${iso(first)} to ${iso(last)}; choose --from and --to in there.`,
    );
  }
  const strange = inside.find(({ close }) => close < PRICE_RANGE[0] || close > PRICE_RANGE[1]);
  if (strange) {
    const [lowest, highest] = PRICE_RANGE;
    throw new UserError(
      `${name}: the close of ${iso(strange.time)} is ${strange.close}; a demo needs prices of ether from ${lowest} to ${highest} dollars.`,
    );
  }
  return { source: basename(name), history: bars.filter(({ time }) => time < from), bars: inside };
}

/** Unix seconds out of `2021-05-17`, `2021-05-17T08:00` (UTC unless it says otherwise) or unix seconds. */
export function parseTime(text: string): number | undefined {
  if (/^\d{9,10}$/.test(text)) return Number(text);
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  if (!match) return undefined;
  const milliseconds = Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? messageOf(cause)})`;
    throw new UserError(`The price file ${path} ${why}. Name a CSV file with ${EXPECTED}.`, { cause });
  }
}

function parseRows(text: string, name: string): { record: Row; line: number }[] {
  try {
    const rows = parse(text, {
      bom: true,
      columns: (header: string[]) => checkedHeader(header, name),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: Row; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause.lines === "number" ? `, line ${cause.lines}` : "";
    throw new UserError(`${name}${line}: ${cause.message.split("\n")[0]}. Expected ${EXPECTED}.`, { cause });
  }
}

function checkedHeader(header: string[], name: string): string[] {
  const names = header.map((column) => column.toLowerCase());
  const missing = COLUMNS.find((column) => !names.includes(column));
  if (missing) throw new UserError(`${name}, line 1: there is no column "${missing}". Expected ${EXPECTED}.`);
  return names;
}

function toBar(row: Row, previous: Bar | undefined, where: string): Bar {
  const [time, low, high, close] = COLUMNS.map((column) => {
    const text = row[column] ?? "";
    const value = Number(text);
    if (text === "" || !Number.isFinite(value) || value <= 0) {
      throw new UserError(`${where}: ${column} is "${text}", a positive number was expected.`);
    }
    return value;
  }) as [number, number, number, number];
  if (!Number.isInteger(time) || time > LATEST_TIME) {
    throw new UserError(`${where}: timestamp is "${row.timestamp}", whole unix seconds were expected.`);
  }
  if (previous && time <= previous.time) {
    throw new UserError(`${where}: timestamp ${time} is not after the one before (${previous.time}). Sort the rows.`);
  }
  if (previous && time - previous.time < SHORTEST_BAR) {
    throw new UserError(
      `${where}: only ${time - previous.time} s after the row before, at least ${SHORTEST_BAR} were expected.`,
    );
  }
  if (low > high || close < low || close > high) {
    throw new UserError(`${where}: low ≤ close ≤ high was expected, found ${low}, ${close}, ${high}.`);
  }
  return { time, low, high, close };
}

function iso(seconds: number): string {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().replace(/:00\.000Z$/, "Z") : "the beginning";
}
