import { UserError } from "../../sdk/userError.ts";
import { readPriceFile } from "../../simulator/path/priceFile.ts";
import { type PricePath, generatePath } from "../../simulator/path/prices.ts";
import { checkReportPath } from "./reportPath.ts";

/** What can be asked for on the command line. */
export interface DemoFlags {
  readonly prices?: string;
  readonly from?: number;
  readonly to?: number;
  readonly hours?: number;
  readonly seed: number;
  readonly port: number;
  readonly json: boolean;
  readonly report?: string;
}

/** What to play and what to do with it, checked. */
export interface DemoOptions {
  readonly path: PricePath;
  readonly seed: number;
  readonly port: number;
  readonly json: boolean;
  /** Where to write the page, if anywhere. */
  readonly report: string | undefined;
  readonly verbose: boolean;
}

/** Turns flags into options. @throws UserError for anything the person can put right. */
export async function checkedOptions(flags: DemoFlags, verbose: boolean): Promise<DemoOptions> {
  const { seed, port, json, report } = flags;
  const path = pathFor(flags);
  if (report !== undefined) await checkReportPath(report);
  return { path, seed, port, json, report, verbose };
}

function pathFor({ prices, from, to, hours, seed }: DemoFlags): PricePath {
  if (prices === undefined) {
    if (from === undefined && to === undefined) return generatePath(seed, hours);
    throw new UserError("--from and --to cut a window out of a price file. Name one with --prices <file>.");
  }
  const path = readPriceFile(prices, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
  return hours === undefined ? path : { ...path, bars: path.bars.slice(0, hours) };
}
