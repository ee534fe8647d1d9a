import { audit } from "./accounting.ts";
import { type Cleanup, createCleanup } from "./cleanup.ts";
import { checkReportPath } from "./reportPath.ts";
import { UserError } from "../../keeper/errors.ts";
import { writeWhole } from "../../keeper/reports/writeWhole.ts";
import { type Narrator, createNarrator } from "./narrator.ts";
import { readPriceFile } from "./priceFile.ts";
import { type PricePath, generatePath } from "./prices.ts";
import { demoPage } from "./report.ts";
import { type DemoResult, resultOf } from "./result.ts";
import { compile } from "./stage.ts";
import { playStory } from "./story.ts";
import { summaryOf } from "./summary.ts";

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
  readonly verbose: boolean;
}

/** Exit codes of a process that was told to stop, as shells expect them. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Runs the demo from flags to summary. @throws UserError for anything the person can put right. */
export async function runDemo(flags: DemoFlags): Promise<void> {
  const path = pathFor(flags);
  if (flags.report !== undefined) await checkReportPath(flags.report);
  const cleanup = createCleanup();
  const narrator = createNarrator(flags.json ? process.stderr : process.stdout, { quiet: flags.json });
  const interrupted = stopOnSignals(cleanup, narrator);
  try {
    const result = await play(flags, path, narrator, cleanup);
    narrator.finish();
    if (flags.report !== undefined) await writeWhole(flags.report, demoPage(result));
    process.stdout.write(flags.json ? `${JSON.stringify(result, null, 2)}\n` : `\n${summaryOf(result)}\n`);
    if (flags.report !== undefined) narrator.line(`\nThe report is in ${flags.report}`);
    requireOk(result);
  } catch (error) {
    // What fails because everything is being torn down is no news; the signal's handler ends the process.
    if (interrupted()) await new Promise(() => undefined);
    throw error;
  } finally {
    narrator.finish();
    await cleanup.run();
  }
}

async function play(flags: DemoFlags, path: PricePath, narrator: Narrator, cleanup: Cleanup): Promise<DemoResult> {
  narrator.progress(0, "compiling the contracts (half a minute the first time)");
  await compile(cleanup);
  const started = Date.now();
  const options = {
    path,
    seed: flags.seed,
    port: flags.port,
    ...(flags.verbose && { onKeeperLine: (line: string) => process.stderr.write(`keeper: ${line}\n`) }),
  };
  const { stage, ledger } = await playStory(options, narrator, cleanup);
  const accounting = await audit(stage, ledger);
  return resultOf(path, ledger, accounting, { seed: flags.seed, seconds: (Date.now() - started) / 1000 });
}

function pathFor({ prices, from, to, hours, seed }: DemoFlags): PricePath {
  if (prices === undefined) {
    if (from !== undefined || to !== undefined) {
      throw new UserError("--from and --to cut a window out of a price file. Name one with --prices <file>.");
    }
    return generatePath(seed, hours);
  }
  const path = readPriceFile(prices, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
  return hours === undefined ? path : { ...path, bars: path.bars.slice(0, hours) };
}

function requireOk({ accounting }: DemoResult): void {
  const failed = accounting.checks.filter(({ holds }) => !holds);
  if (failed.length === 0) return;
  throw new Error(failed.map(({ what, detail }) => `this does not hold: ${what} (${detail})`).join("; "));
}

/** Leaves nothing behind when the process is told to stop; a second signal ends it at once. */
function stopOnSignals(cleanup: Cleanup, narrator: Narrator): () => boolean {
  let stopping = false;
  const stop = (code: number): void => {
    if (stopping) process.exit(code);
    stopping = true;
    narrator.finish();
    void cleanup.run().then(() => process.exit(code));
  };
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => stop(code));
  process.stdout.on("error", () => stop(SIGNALS.SIGTERM)); // nobody reads what is written
  return () => stopping;
}
