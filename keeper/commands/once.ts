import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { type Keeper, openKeeper, unasked } from "../app.ts";
import { withReadableErrors } from "../chain/reverts.ts";
import { loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import type { KeeperEvent, TickEvent, TransactionEvent } from "../monitoring/events.ts";
import { createLogger } from "../monitoring/logger.ts";
import { type ChainOptions, configFlags, withChainOptions, withLogOptions } from "./options.ts";

interface OnceOptions extends ChainOptions {
  readonly dryRun?: boolean;
}

/** How long a hedge may take to be mined, milliseconds. */
const PATIENCE_MS = 120_000;

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
  const log = createLogger({ ...config.log, write: (line) => process.stdout.write(`${line}\n`) });
  const { keeper, alerter } = await openKeeper(config, { dryRun });
  const events: KeeperEvent[] = [];
  const emit = (event: KeeperEvent): void => {
    events.push(event);
    log(event);
  };
  try {
    const why = unasked(keeper, dryRun);
    if (why) console.error(`keel: ${why}`);
    await withReadableErrors(keeper.rpcUrl, async () => {
      await keeper.tick(await keeper.line.newestBlock(), emit);
      await waitForHedges(keeper, emit);
    });
  } finally {
    await alerter.flush();
    await keeper.close();
  }
  for (const { name } of keeper.tickers) assertHedged(name, events);
}

/** Until the hedges that were sent are mined, or it takes too long. */
async function waitForHedges(keeper: Keeper, emit: (event: KeeperEvent) => void): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while ((await keeper.advanceTransactions(emit)) && Date.now() < end) await sleep(keeper.config.pollingIntervalMs);
}

/** @throws UserError when the last word on a market's hedge is that it did not fill, or that no pool takes any of it. */
function assertHedged(market: string, events: readonly KeeperEvent[]): void {
  const own = events.filter(
    (event) =>
      (event.type === "tick" && event.market === market && (event.outcome !== undefined || isShut(event))) ||
      (event.type === "transaction" && event.market === market && event.purpose === "hedge"),
  ) as (TickEvent | TransactionEvent)[];
  const last = own.at(-1);
  if (last?.type === "tick" && isShut(last)) {
    throw new UserError(
      `The hedge of ${market} did not fill: the pools take nothing worth it within the slippage bound.`,
    );
  }
  if (last?.outcome === undefined || last.outcome === "filled" || last.outcome === "dry-run") return;
  throw new UserError(`The hedge of ${market} did not fill: ${last.message ?? last.outcome}.`);
}

/** A hedge was due, and the pools are too far from the oracle's price, or too thin, for any of it. */
function isShut({ decision, reason }: TickEvent): boolean {
  return decision === "hold" && reason.code === "limited" && reason.by === "depth";
}
