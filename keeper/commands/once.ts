import type { Command } from "commander";
import { explain, openKeeper } from "../app.ts";
import { loadConfig } from "../config.ts";
import { UserError } from "../errors.ts";
import { createLogger } from "../monitoring/logger.ts";
import { type ChainOptions, configFlags, withChainOptions, withLogOptions } from "./options.ts";

interface OnceOptions extends ChainOptions {
  readonly dryRun?: boolean;
}

/** Adds `keel once`. */
export function registerOnce(program: Command): void {
  const command = program
    .command("once")
    .description("decide and hedge once, at the newest block; exit code 1 if a hedge was due and did not fill")
    .option("--dry-run", "decide and simulate, but send nothing; needs no key");
  withChainOptions(withLogOptions(command)).action(once);
}

async function once({ dryRun = false, ...options }: OnceOptions): Promise<void> {
  const config = loadConfig(configFlags(options));
  const keeper = await openKeeper(config, { dryRun });
  const event = await explain(keeper.rpcUrl, async () => keeper.tick(await keeper.client.getBlockNumber()));
  createLogger({ ...config.log, write: (line) => process.stdout.write(`${line}\n`) })(event);
  if (event.outcome === undefined || event.outcome === "filled" || event.outcome === "dry-run") return;
  throw new UserError(`The hedge did not fill: ${event.message ?? event.outcome}.`);
}
