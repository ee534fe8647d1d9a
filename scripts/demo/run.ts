import { DEVNET_FILES, compileFiles } from "../compile/files.ts";
import { freePort } from "../../simulator/chain/node.ts";
import { audit } from "../../simulator/ledger/accounting.ts";
import { type Cleanup, createCleanup } from "../../simulator/cleanup.ts";
import { writeWhole } from "../../keeper/reports/writeWhole.ts";
import type { Spectator } from "../../simulator/events.ts";
import { describe, describeProgress } from "./lines.ts";
import { type Narrator, createNarrator } from "./narrator.ts";
import type { DemoOptions } from "./options.ts";
import { demoPage } from "./report.ts";
import { type DemoResult, resultOf } from "../../simulator/ledger/result.ts";
import { playStory } from "../../simulator/scenarios/story.ts";
import { summaryOf } from "./summary.ts";

/** Exit codes of a process that was told to stop, as shells expect them. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const PARENT_CHECK_MS = 500;

/** Runs the demo to its summary. @throws UserError when the port is taken or the report cannot be written. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { json, report } = options;
  const cleanup = createCleanup();
  const narrator = createNarrator(json ? process.stderr : process.stdout, { quiet: json });
  const interrupted = stopOnSignals(cleanup, narrator);
  try {
    const result = await play(options, narrator, cleanup);
    narrator.finish();
    if (report !== undefined) await writeWhole(report, demoPage(result));
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `\n${summaryOf(result)}\n`);
    if (report !== undefined && !json) process.stdout.write(`The report is in ${report}\n`);
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

async function play(options: DemoOptions, narrator: Narrator, cleanup: Cleanup): Promise<DemoResult> {
  const { path, seed, verbose } = options;
  const port = await freePort(options.port);
  narrator.progress(0, "compiling the contracts (a minute or two the first time)");
  narrator.finish(); // what is compiled at the moment is told by the compilation itself
  await compileFiles(DEVNET_FILES);
  const started = Date.now();
  const onKeeperLine = (line: string): boolean => process.stderr.write(`keeper: ${line}\n`);
  const spectator: Spectator = {
    onEvent: (event) => narrator.line(describe(event)),
    onProgress: (progress) => narrator.progress(progress.share, describeProgress(progress)),
  };
  const story = { path, seed, port, ...(verbose && { onKeeperLine }) };
  const { world, ledger } = await playStory(story, spectator, cleanup);
  const accounting = await audit(world, ledger);
  return resultOf(path, ledger, accounting, { seed, seconds: (Date.now() - started) / 1000 });
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
  whenNpmIsGone(() => stop(SIGNALS.SIGTERM));
  return () => stopping;
}

/** npm does not pass on every signal: whoever ends it means the demo, too. */
function whenNpmIsGone(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    stop();
  }, PARENT_CHECK_MS);
  watch.unref();
}
