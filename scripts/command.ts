import { type Command, InvalidArgumentError } from "commander";
import { failureText } from "../keeper/errors.ts";

/** Adds `--verbose`, parses the process's arguments and runs the command: a failure is one sentence and exit code 1. */
export async function runCommand(command: Command): Promise<void> {
  command.option("--verbose", "print stack traces", false).showHelpAfterError("(run with --help for usage)");
  try {
    await command.parseAsync(process.argv);
  } catch (error) {
    console.error(`${command.name()}: ${failureText(error)}`);
    if (command.opts<{ verbose: boolean }>().verbose && error instanceof Error) console.error(error.stack);
    process.exitCode = 1;
  }
}

/** A TCP port out of an argument. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is a whole number up to 65535.");
  return port;
}

/** A positive number out of an argument. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("It must be a positive number.");
  }
  return value;
}
