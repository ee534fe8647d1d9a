import type { Command } from "commander";
import { toOnChainSlice } from "../../sdk/slice.ts";
import { UserError } from "../../sdk/userError.ts";
import { type ChainOverrides, type DeribitChain, readDeribitChain } from "../feeds/deribitChain.ts";
import { type Calibration, type ExpiryFit, calibrate } from "../../sdk/pricing/calibration/index.ts";
import {
  COLUMN_NOTE,
  EXPIRY_COLUMNS,
  countReasons,
  describeExpiry,
  describeFailures,
  minuteOf,
} from "../reports/calibrationReport.ts";
import { textTable } from "../reports/textTable.ts";
import { writeWhole } from "../reports/writeWhole.ts";

interface CalibrateOptions {
  readonly chain: string;
  readonly plot?: string;
  readonly out?: string;
  readonly json?: true;
  readonly at?: string;
  readonly spot?: string;
}

/** Adds `keel calibrate`. */
export function registerCalibrate(program: Command): void {
  program
    .command("calibrate")
    .description("fit an arbitrage-free volatility surface to a Deribit option chain")
    .requiredOption("--chain <file>", "option chain: CSV, or JSON of public/get_book_summary_by_currency")
    .option("--plot <file>", "write a page with market and fitted smiles (HTML)")
    .option("--out <file>", "write the slices, with their on-chain values (JSON)")
    .option("--json", "print the whole result as JSON instead of a table")
    .option("--at <time>", "time of the quotes, ISO 8601 or unix seconds (default: the newest in the file)")
    .option("--spot <price>", "index price (default: the file's estimated_delivery_price)")
    .action(runCalibrate);
}

async function runCalibrate(options: CalibrateOptions): Promise<void> {
  const chain = await readDeribitChain(options.chain, overridesOf(options));
  const calibration = calibrate(chain);
  const failures = describeFailures(calibration);
  if (calibration.fits.length === 0) {
    throw new UserError(
      `No expiry of ${options.chain} could be fitted at ${minuteOf(chain.at)}. ${failures.join(" ")}`,
    );
  }
  // Everything is made before anything is written.
  const files: [path: string, text: string][] = [];
  if (options.plot !== undefined) {
    // Loads the chart library, which takes longer than the fit.
    const { calibrationPage } = await import("../reports/calibrationPage.ts");
    files.push([options.plot, calibrationPage(calibration, chain.underlying)]);
  }
  if (options.out !== undefined) files.push([options.out, toJson(slicesFile(calibration, chain))]);
  for (const [path, text] of files) await writeWhole(path, text);

  if (options.json) console.log(toJson(fullReport(calibration, chain)));
  else printReport(calibration, chain);
  for (const [path] of files) console.error(`Wrote ${path}`);
}

function overridesOf({ at, spot }: CalibrateOptions): ChainOverrides {
  return {
    ...(at === undefined ? {} : { at: parseTime(at) }),
    ...(spot === undefined ? {} : { spot: parsePrice(spot) }),
  };
}

function parseTime(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (!Number.isFinite(seconds) || seconds > 1e11) {
    throw new UserError(
      `--at must be a time like 2024-01-08T11:00:00Z or unix seconds like 1704711600, not "${text}".`,
    );
  }
  return seconds;
}

function parsePrice(text: string): number {
  const price = Number(text);
  if (!(price > 0 && price < Infinity)) throw new UserError(`--spot must be a positive price, not "${text}".`);
  return price;
}

function printReport(calibration: Calibration, chain: DeribitChain): void {
  const columns = EXPIRY_COLUMNS.map(({ heading, left }) => ({
    heading,
    align: left ? ("left" as const) : ("right" as const),
  }));
  const rows = calibration.fits.map((fit) => {
    const line = describeExpiry(fit);
    return EXPIRY_COLUMNS.map(({ key }) => line[key]);
  });
  console.log(`${chain.underlying} at ${minuteOf(chain.at)}, index ${chain.spot.toFixed(2)}\n`);
  console.log(textTable(columns, rows));
  console.log(`\n${COLUMN_NOTE}`);
  for (const sentence of describeFailures(calibration)) console.log(sentence);
  if (chain.unreadable.length > 0) {
    console.log(
      `Not names of dated options, left out: ${chain.unreadable.slice(0, 5).join(", ")}${chain.unreadable.length > 5 ? ", …" : ""}`,
    );
  }
}

function slicesFile({ fits }: Calibration, { underlying, at, spot }: DeribitChain) {
  return { underlying, at, spot, slices: fits.map(sliceRecord) };
}

function sliceRecord({ expiry, forward, slice }: ExpiryFit) {
  const onChain = Object.entries(toOnChainSlice(slice)).map(([name, value]) => [name, String(value)] as const);
  return { expiry, forward: forward.value, ...slice, onChain: Object.fromEntries(onChain) };
}

function fullReport(calibration: Calibration, { underlying, at, spot, unreadable }: DeribitChain) {
  const nameSkipped = (skipped: ExpiryFit["skipped"]) =>
    skipped.map(({ quote, reason }) => ({ instrument: quote.instrument, reason }));
  return {
    underlying,
    at,
    spot,
    expiries: calibration.fits.map((fit) => ({
      ...sliceRecord(fit),
      forwardSource: fit.forward.source,
      parity: fit.forward.parity ?? null,
      rmse: fit.rmse ?? null,
      headroom: fit.headroom,
      quotesUsed: fit.quotes.length,
      skippedByReason: countReasons(fit.skipped),
      skipped: nameSkipped(fit.skipped),
    })),
    failures: calibration.failures.map(({ expiry, reason, skipped }) => ({
      expiry,
      reason,
      skipped: nameSkipped(skipped),
    })),
    unreadable,
  };
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
