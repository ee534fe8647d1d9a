import type { Command } from "commander";
import { type Keeper, openKeeper } from "../app.ts";
import { withReadableErrors } from "../chain/reverts.ts";
import type { Decision } from "../app/marketTick.ts";
import { loadConfig } from "../config.ts";
import { explainDuty, explainPlan } from "../hedging/explain.ts";
import { type ChainOptions, configFlags, withChainOptions } from "./options.ts";

/** Adds `keel explain`. */
export function registerExplain(program: Command): void {
  const command = program
    .command("explain")
    .description("say what the keeper would do at the newest block, and why; sends nothing and needs no key")
    .option("--json", "print what it is decided from, plan and duties as JSON");
  withChainOptions(command).action(explain);
}

async function explain({ json, ...flags }: ChainOptions): Promise<void> {
  const { keeper } = await openKeeper(loadConfig(configFlags(flags)), { dryRun: true });
  const decisions = await withReadableErrors(keeper.rpcUrl, () => decideAll(keeper));
  console.log(json ? toJson(decisions) : decisions.map(([name, decision]) => explainText(name, decision)).join("\n\n"));
}

async function decideAll(keeper: Keeper): Promise<(readonly [string, Decision])[]> {
  const block = await keeper.line.newestBlock();
  const decisions: (readonly [string, Decision])[] = [];
  for (const ticker of keeper.tickers) decisions.push([ticker.name, await ticker.decide(block)]);
  return decisions;
}

/** A decision as a paragraph. */
export function explainText(market: string, { state, plan, duties }: Decision): string {
  const lines = explainPlan(plan);
  const todo = duties.length > 0 ? duties.map(explainDuty) : ["No other duty is due."];
  return [`${market} at block ${state.snapshot.block.number}`, ...[...lines, ...todo].map((line) => `  ${line}`)].join(
    "\n",
  );
}

/** Amounts are the chain's own integers, as strings. */
function toJson(decisions: readonly (readonly [string, Decision])[]): string {
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.stringify(Object.fromEntries(decisions), plain, 2);
}
