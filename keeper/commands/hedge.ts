import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { type Keeper, openKeeper, unasked } from "../app.ts";
import type { MarketTicker, Planned } from "../app/marketTick.ts";
import { withReadableErrors } from "../chain/reverts.ts";
import { loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { type HedgePolicy, atOnce } from "../hedging/policy.ts";
import type { KeeperEvent, TransactionEvent } from "../monitoring/events.ts";
import type { TickResult } from "../monitoring/tickEvent.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
import { type Simulated, hedgeReport, hedgeText } from "./hedgeReport.ts";
import { type ChainOptions, configFlags, withChainOptions } from "./options.ts";

interface HedgeOptions extends ChainOptions {
  readonly dryRun?: boolean;
}

/** How long a hedge may take to be mined, milliseconds. */
const PATIENCE_MS = 120_000;

/** Adds `keel hedge`. */
export function registerHedge(program: Command): void {
  const command = program
    .command("hedge")
    .description(
      "hedge now, whatever the band says: one order towards neutral over all pools, as large as depth and budgets allow; " +
        "exit code 1 if it did not fill",
    )
    .option("--dry-run", "show net delta, order, expected fill and budgets, and send nothing; needs no key")
    .option("--json", "print the report as JSON");
  withChainOptions(command).action(hedge);
}

async function hedge({ dryRun = false, ...options }: HedgeOptions): Promise<void> {
  const config = loadConfig(configFlags(options));
  const { keeper, alerter } = await openKeeper(config, { dryRun });
  try {
    const why = unasked(keeper, dryRun);
    if (why) console.error(`keel: ${why}`);
    const ticker = onlyMarket(keeper);
    const planned = await withReadableErrors(keeper.rpcUrl, async () => {
      return ticker.plan(await keeper.line.newestBlock(), atOnce(policyOf(keeper)));
    });
    const outcome = await withReadableErrors(keeper.rpcUrl, () => carryOut(keeper, ticker, planned));
    const report = hedgeReport(keeper.network, planned, outcome);
    console.log(options.json ? JSON.stringify(report, null, 2) : hedgeText(report));
    if ("message" in outcome) throw new UserError(`The hedge did not fill: ${outcome.message}.`);
  } finally {
    await alerter.flush();
    await keeper.close();
  }
}

/** @throws UserError when there are several markets. */
function onlyMarket({ tickers, markets }: Keeper): MarketTicker {
  const [ticker, ...others] = tickers;
  if (ticker && others.length === 0) return ticker;
  const names = markets.map(({ settings }) => settings.deployment).join(" or ");
  throw new UserError(
    `The configuration lists several markets, and this hedges one. Name it with --deployment: ${names}.`,
  );
}

/** The policy of the only market. */
function policyOf({ markets: [{ settings }] }: Keeper): HedgePolicy {
  return settings.hedging;
}

async function carryOut(keeper: Keeper, { name }: MarketTicker, { state, plan }: Planned): Promise<Simulated> {
  if (plan.decision === "hold") return { outcome: "none" };
  if (!keeper.account) return { outcome: "not-simulated" };
  const { order, route } = plan;
  const result = await keeper.hedge(name, { order, route, urgency: "urgent" }, state.snapshot.block);
  return result?.outcome === "in-flight" ? minedOutcome(keeper) : outcomeOf(result);
}

/** What becomes of the hedge in flight, as far as can be waited for. */
async function minedOutcome(keeper: Keeper): Promise<Simulated> {
  let last: TransactionEvent | undefined;
  const note = (event: KeeperEvent): void => {
    if (event.type === "transaction" && event.purpose === "hedge") last = event;
  };
  const end = Date.now() + PATIENCE_MS;
  while ((await keeper.advanceTransactions(note)) && Date.now() < end) await sleep(keeper.config.pollingIntervalMs);
  if (last?.outcome === "filled" && last.fill && last.tx) {
    return { outcome: "filled", tx: last.tx, amount: Math.abs(last.fill.amount), cash: last.fill.cash };
  }
  const message = last?.message ?? "a transaction of the keeper is not mined yet";
  return { outcome: last?.outcome === "reverted" ? "reverted" : "in-flight", message };
}

function outcomeOf(result: TickResult): Simulated {
  switch (result?.outcome) {
    case undefined:
    case "done":
      return { outcome: "none" };
    case "dry-run":
      return { outcome: "dry-run" };
    case "filled": {
      const { tx, amount, cash } = result.fill;
      return { outcome: "filled", tx, amount: Math.abs(fromWad(amount)), cash: fromUsdc(cash) };
    }
    case "refused":
    case "stopped":
      return { outcome: "refused", message: result.message };
    case "reverted":
      return { outcome: "reverted", message: `transaction ${result.tx} was mined and reverted` };
    case "cancelled":
      return { outcome: "refused", message: `transaction ${result.tx} was taken back before it was mined` };
    case "in-flight":
      return { outcome: "in-flight", message: "an earlier transaction of the keeper is not mined yet" };
    case "standby":
      return { outcome: "standby", message: "another host acts" };
    case "unexpected":
      return { outcome: "unexpected", message: result.problem };
  }
}
