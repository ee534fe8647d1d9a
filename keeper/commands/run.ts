import type { Command } from "commander";
import { type WatchedKeeper, openKeeper, unasked } from "../app.ts";
import { createHeadSignal } from "../chain/rpcPool/headSignal.ts";
import { callFailure } from "../../sdk/reverts.ts";
import { isChainError } from "../chain/reverts.ts";
import { loadConfig } from "../config.ts";
import { UserError, messageOf } from "../../sdk/userError.ts";
import { runLoop } from "../loop.ts";
import { keepAlive } from "../monitoring/deadMan.ts";
import type { KeeperEvent } from "../monitoring/events.ts";
import { liveness, readiness } from "../monitoring/health.ts";
import { type Logger, createLogger } from "../monitoring/logger.ts";
import { startMonitoringServer } from "../monitoring/server.ts";
import { createOverview } from "../app/overview.ts";
import { storeFailure } from "../store/fencing.ts";
import { type ChainOptions, configFlags, withChainOptions, withLogOptions } from "./options.ts";

interface RunOptions extends ChainOptions {
  readonly dryRun?: boolean;
}

/** Longest pause between two looks while new blocks are announced. */
const SAFETY_INTERVAL_MS = 30_000;

/** Adds `keel run`. */
export function registerRun(program: Command): void {
  const command = program
    .command("run")
    .description("keep the vaults near delta-neutral: decide and hedge at every new block, until Ctrl-C")
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
  const watched = await openKeeper(config, { dryRun });
  const { keeper } = watched;
  try {
    const why = unasked(keeper, dryRun);
    if (why) console.error(`keel: ${why}`);
    await withMonitoring(watched, stop.signal, () => keep(watched, log, stop.signal));
  } finally {
    await keeper.close();
  }
}

/** Serves figures and health, and gives signs of life, while `work` runs. */
async function withMonitoring(
  { keeper, watch, metrics }: WatchedKeeper,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const { host, port, maxTickAgeSeconds, deadMan } = keeper.config.monitoring;
  const look = (check: typeof liveness) => () => check(watch.health(), Date.now(), maxTickAgeSeconds * 1000);
  const server =
    port === undefined
      ? undefined
      : await startMonitoringServer({
          ...{ host, port },
          registry: metrics.registry,
          liveness: look(liveness),
          readiness: look(readiness),
          page: createOverview(keeper, { readiness: look(readiness), now: Date.now }),
        });
  if (server) console.error(`keel: dashboard at ${server.url}/, figures at /metrics, /health and /ready`);
  const alive =
    deadMan &&
    keepAlive({
      url: deadMan.url,
      intervalMs: deadMan.intervalSeconds * 1000,
      isReady: () => look(readiness)().ok,
      onFailure: (error) => console.error(`keel: ${messageOf(error)}`),
      signal,
    });
  try {
    await work();
  } finally {
    await server?.close();
    if (signal.aborted) await alive;
  }
}

/** Ticks until `signal` is aborted, and reports everything to `log`. */
export async function keep(watched: WatchedKeeper, log: Logger, signal: AbortSignal): Promise<void> {
  const { keeper, watch, alerter } = watched;
  const { config, line, network, chainId, dryRun } = keeper;
  const at = (): string => new Date().toISOString();
  const rpcUrl = new URL(keeper.rpcUrl).origin; // a path or query may hold a provider's key
  log({ type: "started", at: at(), network, chainId, rpcUrl, keeper: keeper.account ?? null, dryRun });

  const { webSocketUrls: urls, pollingIntervalMs } = config;
  const safetyIntervalMs = Math.max(SAFETY_INTERVAL_MS, pollingIntervalMs);
  const heads = createHeadSignal({ urls, safetyIntervalMs, signal });
  const count = { ticks: 0, hedges: 0 };
  const emit = (event: KeeperEvent): void => {
    log(event);
    if (event.type === "tick") count.ticks += 1;
    if ("fill" in event) count.hedges += 1;
    if ("outcome" in event && event.outcome === "unexpected") throw strange(event.tx, event.message);
  };
  const names = keeper.tickers.map(({ name }) => name);
  let reason = "error";
  /** The newest block that was worked on to the end. */
  let done = -1n;
  try {
    await runLoop({
      newestBlock: async () => {
        const block = await line.newestBlock();
        watch.turned(block <= done ? names : []);
        return block;
      },
      isDue: () => keeper.isDue(),
      sleep: heads.sleep,
      pollingIntervalMs,
      signal,
      tick: async (block) => {
        await keeper.tick(block, emit);
        done = block;
        void alerter.flush();
      },
      onError: (error, retryInMs, block) => {
        const failure = storeFailure(error);
        if (failure === undefined && !isChainError(error)) throw error;
        watch.turned([]);
        if (block === undefined) names.forEach((name) => watch.failed(name));
        const message = failure ?? callFailure(error);
        log({ type: "error", at: at(), message, ...(block !== undefined && { block: Number(block) }), retryInMs });
        void alerter.flush();
      },
    });
    reason = String(signal.reason);
  } finally {
    await alerter.flush();
    log({ type: "stopped", at: at(), reason, ...count });
  }
}

function strange(tx = "", message = ""): UserError {
  return new UserError(
    `The keeper stopped because transaction ${tx} is not what it ordered: ${message}. ` +
      "Look into it before you start it again.",
  );
}
