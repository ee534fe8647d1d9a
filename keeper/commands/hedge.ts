import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { type Keeper, type Observer, observerOf, openKeeper, unasked } from "../app.ts";
import { readDeployment } from "../chain/deploymentFile.ts";
import { readDeskState } from "../chain/deskState.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { quoterOf, readQuotes } from "../chain/quoter.ts";
import { explain } from "../chain/reverts.ts";
import { readSnapshot } from "../../sdk/actions/snapshot.ts";
import { deploymentFile, loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import type { DeskState } from "../hedging/deskState.ts";
import { type HedgeProposal, proposeHedge, wantedHedge } from "../hedging/hedgeOrder.ts";
import { ladder, legsOf } from "../hedging/route.ts";
import type { KeeperEvent, TransactionEvent } from "../monitoring/events.ts";
import type { TickResult } from "../monitoring/tickEvent.ts";
import { netGreeks, valuePositions } from "../../sdk/portfolio/netGreeks.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromUsdc, fromWad, toWad } from "../../sdk/units.ts";
import { type Simulated, hedgeReport, hedgeText } from "./hedgeReport.ts";
import { type ChainOptions, configFlags, withChainOptions } from "./options.ts";

interface HedgeOptions extends ChainOptions {
  readonly dryRun?: boolean;
}

/** How long a hedge may take to be mined, milliseconds. */
const PATIENCE_MS = 120_000;

/** Quotes per pool: an order's price impact is followed in steps of a sixteenth. */
const LADDER_STEPS = 16;

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
    const observer = onlyMarket(keeper);
    const { state, proposal, snapshot } = await explain(keeper.rpcUrl, () => prepareHedge(observer));
    const outcome = await explain(keeper.rpcUrl, () => carryOut(keeper, observer, proposal, snapshot));
    const report = hedgeReport(observer.network, state, proposal, outcome);
    console.log(options.json ? JSON.stringify(report, null, 2) : hedgeText(report));
    if ("message" in outcome) throw new UserError(`The hedge did not fill: ${outcome.message}.`);
  } finally {
    await alerter.flush();
    await keeper.close();
  }
}

/** @throws UserError when there are several markets. */
function onlyMarket(keeper: Keeper): Observer {
  const { markets, config } = keeper;
  if (markets.length === 1) return observerOf({ ...config, ...markets[0].settings }, keeper);
  const names = markets.map(({ settings }) => settings.deployment).join(" or ");
  throw new UserError(
    `The configuration lists several markets, and this hedges one. Name it with --deployment: ${names}.`,
  );
}

/** Reads the newest block, asks the pools, and sizes the order. */
export async function prepareHedge({ line, client, contracts, config }: Observer): Promise<{
  readonly state: DeskState;
  readonly proposal: HedgeProposal;
  readonly snapshot: Snapshot;
}> {
  const deployment = readDeployment(deploymentFile(config));
  const blockNumber = await line.newestBlock();
  const [snapshot, state] = await line.read(blockNumber, (reader) =>
    Promise.all([readSnapshot(reader, contracts, blockNumber), readDeskState(reader, contracts, blockNumber)]),
  );
  const wanted = wantedHedge(state, config.hedging);
  const pools =
    wanted === 0n
      ? []
      : await readQuotes(client, quoterOf(deployment), {
          isBuy: wanted > 0n,
          sizes: ladder(wanted, LADDER_STEPS),
          feeTiers: Object.keys(deployment.protocols.uniswap.pools).map(Number),
          blockNumber,
        });
  const inputs = { state, pools, policy: config.hedging, ownNetDelta: ownNetDelta(snapshot, state) };
  return { state, proposal: proposeHedge(inputs), snapshot };
}

/** The net delta by our own Greeks and the desk's accounts, WAD. */
function ownNetDelta(snapshot: Snapshot, { hedge: { inventory, debt } }: DeskState): bigint {
  return toWad(netGreeks(valuePositions(snapshot)).delta) + inventory - debt;
}

async function carryOut(
  keeper: Keeper,
  { contracts }: Observer,
  proposal: HedgeProposal,
  { block }: Snapshot,
): Promise<Simulated> {
  if (!proposal.order) return { outcome: "none" };
  if (!keeper.account) return { outcome: "not-simulated" };
  const [market] = keeper.tickers.map(({ name }) => name);
  const order = { ...proposal.order, venue: contracts.venue, route: encodeRoute(legsOf(proposal.route.parts)) };
  const result = await keeper.hedge(market ?? "", { order, urgency: "urgent" }, block);
  return result?.outcome === "in-flight" ? minedOutcome(keeper) : outcomeOf(result);
}

/** What becomes of the hedge in flight, as far as can be waited for. */
async function minedOutcome(keeper: Keeper): Promise<Simulated> {
  let last: TransactionEvent | undefined;
  const note = (event: KeeperEvent): void => {
    if (event.type === "transaction" && event.purpose === "hedge") last = event;
  };
  const end = Date.now() + PATIENCE_MS;
  while ((await keeper.settle(note)) && Date.now() < end) await sleep(keeper.config.pollingIntervalMs);
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
