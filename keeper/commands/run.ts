import type { Command } from "commander";
import { type Keeper, openKeeper } from "../app.ts";
import { callFailure, isChainError } from "../chain/reverts.ts";
import { loadConfig } from "../config.ts";
import { UserError } from "../errors.ts";
import { runLoop } from "../loop.ts";
import { type Logger, createLogger } from "../monitoring/logger.ts";
import { type ChainOptions, configFlags, withChainOptions, withLogOptions } from "./options.ts";

interface RunOptions extends ChainOptions {
  readonly dryRun?: boolean;
}

/** Adds `keel run`. */
export function registerRun(program: Command): void {
  const command = program
    .command("run")
    .description("keep the vault near delta-neutral: decide and hedge at every new block, until Ctrl-C")
    .option("--dry-run", "decide and simulate, but send nothing");
  withChainOptions(withLogOptions(command)).action(run);
}

async function run({ dryRun = false, ...options }: RunOptions): Promise<void> {
  const config = loadConfig(configFlags(options));
  const stop = new AbortController();
  const log = createLogger({ ...config.log, write: (line) => process.stdout.write(`${line}\n`) });
  // Whoever read the log is gone: nobody would see what the keeper does.
  process.stdout.on("error", () => stop.abort("nobody reads the log"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stop.abort(signal);
      process.once(signal, () => process.exit(130)); // asked twice: at once
    });
  }
  const keeper = await openKeeper(config, { dryRun });
  await keep(keeper, log, stop.signal, dryRun);
}

/** Ticks until `signal` is aborted, and reports everything to `log`. */
export async function keep(keeper: Keeper, log: Logger, signal: AbortSignal, dryRun: boolean): Promise<void> {
  const { config, client, network, chainId } = keeper;
  const at = (): string => new Date().toISOString();
  const rpcUrl = new URL(keeper.rpcUrl).origin; // a path or query may hold a provider's key
  log({ type: "started", at: at(), network, chainId, rpcUrl, keeper: keeper.account ?? null, dryRun });

  const count = { ticks: 0, hedges: 0 };
  let reason = "error";
  try {
    await runLoop({
      newestBlock: () => client.getBlockNumber(),
      pollingIntervalMs: config.pollingIntervalMs,
      signal,
      tick: async (block) => {
        const event = await keeper.tick(block);
        count.ticks += 1;
        if (event.outcome === "filled") count.hedges += 1;
        log(event);
        if (event.outcome !== "unexpected") return;
        throw new UserError(
          `The keeper stopped because transaction ${event.tx ?? ""} is not what it ordered: ${event.message ?? ""}. ` +
            "Look into it before you start it again.",
        );
      },
      onError: (error, retryInMs, block) => {
        if (!isChainError(error)) throw error;
        const message = callFailure(error);
        log({ type: "error", at: at(), message, ...(block !== undefined && { block: Number(block) }), retryInMs });
      },
    });
    reason = String(signal.reason);
  } finally {
    log({ type: "stopped", at: at(), reason, ...count });
  }
}
