import type { Command } from "commander";
import { newestSnapshot, openObserver } from "../app.ts";
import { loadConfig } from "../config.ts";
import { type ChainOptions, configFlags, withChainOptions } from "./options.ts";
import { statusReport, statusText } from "./statusReport.ts";

/** Adds `keel status`. */
export function registerStatus(program: Command): void {
  const command = program
    .command("status")
    .description("show the vault at the newest block: NAV, positions and their Greeks, hedge, surface; needs no key")
    .option("--json", "print the report as JSON");
  withChainOptions(command).action(status);
}

async function status(options: ChainOptions): Promise<void> {
  const config = loadConfig(configFlags(options));
  const observer = await openObserver(config);
  const report = statusReport(observer.network, await newestSnapshot(observer), config.hedging);
  console.log(options.json ? JSON.stringify(report, null, 2) : statusText(report));
}
