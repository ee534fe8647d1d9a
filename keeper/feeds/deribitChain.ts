import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { UserError, messageOf } from "../../sdk/userError.ts";
import type { OptionChain, OptionQuote } from "../../sdk/pricing/calibration/index.ts";
import { parseDeribitInstrument } from "./deribitInstrument.ts";

/** A chain as read from a file, with what could not be read. */
export interface DeribitChain extends OptionChain {
  /** "ETH" */
  readonly underlying: string;
  /** Names that are not those of dated options, each once. */
  readonly unreadable: readonly string[];
}

/** What the file lacks or should not decide. */
export interface ChainOverrides {
  /** Unix seconds of the quotes; by default the newest `creation_timestamp`. */
  readonly at?: number;
  /** Index price; by default the median `estimated_delivery_price`. */
  readonly spot?: number;
}

/** One instrument's fields by Deribit's names; empty or null is left out, unreadable numbers are NaN. */
interface SummaryRow {
  readonly instrument: string;
  readonly numbers: Readonly<Partial<Record<NumberField, number>>>;
}

const NUMBER_FIELDS = [
  "bid_price",
  "ask_price",
  "mark_price",
  "underlying_price",
  "estimated_delivery_price",
  "creation_timestamp",
] as const;
type NumberField = (typeof NUMBER_FIELDS)[number];

/** Columns without which there is nothing to fit. */
const NEEDED_COLUMNS = ["instrument_name", "bid_price", "ask_price", "mark_price"] as const;

/** Reads a chain from a CSV or JSON file; which of them is told from the content. */
export async function readDeribitChain(path: string, overrides: ChainOverrides = {}): Promise<DeribitChain> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new UserError(`Cannot read the option chain ${path}: ${reasonOf(cause)}.`, { cause });
  }
  return parseDeribitChain(text, path, overrides);
}

/**
 * Reads the text of a chain: CSV with Deribit's field names as columns, or JSON as its `public/get_book_summary_by_currency`
 * returns it, in its JSON-RPC envelope or as the bare list. `name` stands for the text in errors.
 */
export function parseDeribitChain(text: string, name: string, overrides: ChainOverrides = {}): DeribitChain {
  const rows = /^\s*[[{]/.test(text) ? rowsOfJson(text, name) : rowsOfCsv(text, name);
  if (rows.length === 0) throw new UserError(`${name} lists no options.`);
  return chainOf(rows, name, overrides);
}

function rowsOfCsv(text: string, name: string): SummaryRow[] {
  let records: Record<string, string>[];
  let columns: string[] = [];
  try {
    records = parse(text, {
      bom: true,
      skip_empty_lines: true,
      columns: (header: string[]) => (columns = header.map((column) => column.trim())),
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError(`${name} is not well-formed CSV: ${error.message}.`, { cause: error });
  }
  const missing = NEEDED_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new UserError(
      `${name} has no column ${missing.join(", ")}. Expected Deribit's field names (${NEEDED_COLUMNS.join(", ")}, underlying_price, …) in the first line.`,
    );
  }
  return records.map((record) => ({
    instrument: record.instrument_name ?? "",
    numbers: numbersOf((field) => textNumber(record[field])),
  }));
}

const jsonNumber = z.union([z.number(), z.string(), z.null()]).optional();
const jsonRow = z.object({
  instrument_name: z.string(),
  ...(Object.fromEntries(NUMBER_FIELDS.map((field) => [field, jsonNumber])) as Record<NumberField, typeof jsonNumber>),
});
const jsonChain = z.union([z.array(jsonRow), z.object({ result: z.array(jsonRow) }).transform(({ result }) => result)]);

function rowsOfJson(text: string, name: string): SummaryRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${name} is not well-formed JSON: ${messageOf(cause)}.`, { cause });
  }
  const parsed = jsonChain.safeParse(value);
  if (!parsed.success) {
    throw new UserError(
      `${name} is not an answer of Deribit's public/get_book_summary_by_currency: expected a list of objects with instrument_name and prices, or one under "result".`,
    );
  }
  return parsed.data.map((row) => ({
    instrument: row.instrument_name,
    numbers: numbersOf((field) => {
      const entry = row[field];
      return typeof entry === "number" ? entry : textNumber(entry ?? undefined);
    }),
  }));
}

function numbersOf(read: (field: NumberField) => number | undefined): SummaryRow["numbers"] {
  const entries = NUMBER_FIELDS.map((field) => [field, read(field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Blank is missing, anything else that is not a number is NaN. */
function textNumber(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === "" ? undefined : Number(text);
}

function chainOf(rows: readonly SummaryRow[], name: string, overrides: ChainOverrides): DeribitChain {
  const quotes: OptionQuote[] = [];
  const unreadable = new Set<string>();
  const underlyings = new Set<string>();
  for (const row of rows) {
    const instrument = parseDeribitInstrument(row.instrument);
    if (instrument === undefined) {
      unreadable.add(row.instrument);
      continue;
    }
    const { underlying, ...terms } = instrument;
    underlyings.add(underlying);
    quotes.push({ instrument: row.instrument, ...terms, ...pricesOf(row) });
  }
  const [underlying, ...others] = underlyings;
  if (underlying === undefined) {
    throw new UserError(`${name} has no instrument named like a Deribit option (ETH-26JAN24-2200-C).`);
  }
  if (others.length > 0) {
    throw new UserError(`${name} mixes options on ${[underlying, ...others].join(" and ")}; calibrate one at a time.`);
  }
  const at = overrides.at ?? newestTime(rows);
  if (at === undefined)
    throw new UserError(`${name} has no creation_timestamp: pass --at with the time of the quotes.`);
  const spot = overrides.spot ?? medianSpot(rows);
  if (spot === undefined) {
    throw new UserError(`${name} has no estimated_delivery_price: pass --spot with the index price.`);
  }
  return { underlying, at, spot, quotes, unreadable: [...unreadable] };
}

function pricesOf({ numbers }: SummaryRow): Pick<OptionQuote, "bid" | "ask" | "mark" | "underlying"> {
  const { bid_price: bid, ask_price: ask, mark_price: mark, underlying_price: underlying } = numbers;
  return {
    ...(bid === undefined ? {} : { bid }),
    ...(ask === undefined ? {} : { ask }),
    ...(mark === undefined ? {} : { mark }),
    ...(underlying === undefined ? {} : { underlying }),
  };
}

/** Deribit's timestamps are milliseconds. */
function newestTime(rows: readonly SummaryRow[]): number | undefined {
  const times = positives(rows, "creation_timestamp");
  return times.length === 0 ? undefined : Math.floor(Math.max(...times) / 1000);
}

function medianSpot(rows: readonly SummaryRow[]): number | undefined {
  const spots = positives(rows, "estimated_delivery_price").sort((a, b) => a - b);
  return spots[spots.length >> 1];
}

function positives(rows: readonly SummaryRow[], field: NumberField): number[] {
  return rows
    .map(({ numbers }) => numbers[field])
    .filter((value) => value !== undefined && value > 0 && value < Infinity) as number[];
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "EACCES") return "permission denied";
  return messageOf(error);
}
