import { Command } from "commander";
import { registerActivate } from "./commands/activate.ts";
import { registerCalibrate } from "./commands/calibrate.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerInit } from "./commands/init.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerHedge } from "./commands/hedge.ts";
import { registerHistory } from "./commands/history.ts";
import { registerOnce } from "./commands/once.ts";
import { registerQuote } from "./commands/quote.ts";
import { registerReplay } from "./commands/replay.ts";
import { registerRun } from "./commands/run.ts";
import { registerStatus } from "./commands/status.ts";
import { failureText } from "./errors.ts";

/** Builds the `keel` command; every subcommand registers itself from `commands/`. */
export function buildProgram(): Command {
  const program = new Command("keel")
    .description("Keeper and tools of the Keel options AMM")
    .option("--verbose", "print stack traces", false)
    .showHelpAfterError("(run with --help for usage)");
  registerInit(program);
  registerKeys(program);
  registerDoctor(program);
  registerActivate(program);
  registerRun(program);
  registerOnce(program);
  registerHedge(program);
  registerStatus(program);
  registerQuote(program);
  registerCalibrate(program);
  registerExplain(program);
  registerHistory(program);
  registerReplay(program);
  return program;
}

/** Runs `keel` with the process's arguments; a failure is one sentence on stderr and exit code 1. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    const verbose = program.opts<{ verbose: boolean }>().verbose;
    console.error(`keel: ${failureText(error)}`);
    if (verbose && error instanceof Error) console.error(error.stack);
    process.exitCode = 1;
  }
}
