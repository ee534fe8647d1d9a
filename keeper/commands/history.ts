import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import type { Plan } from "../hedging/planner.ts";
import type { TickResult } from "../monitoring/tickEvent.ts";
import { keeperPage } from "../reports/keeperPage.ts";
import { textTable } from "../reports/textTable.ts";
import { writeWhole } from "../reports/writeWhole.ts";
import type { Database } from "../store/database.ts";
import { type History, readHistory } from "../store/records.ts";
import { openStore } from "../store/session.ts";
import { readMarkets, readTimeline } from "../store/timeline.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
import { type StoreOptions, storeFlags, withStoreOptions } from "./options.ts";

interface HistoryOptions extends StoreOptions {
  readonly market?: string;
  readonly limit: number;
  readonly plot?: string;
  readonly hours: number;
}

/** What `keel history --json` prints, newest first: dollars and ether; times are ISO 8601 by the machine's clock. */
export interface HistoryReport {
  readonly ticks: readonly {
    /** What `keel replay` takes. */
    readonly tick: number;
    readonly at: string;
    readonly market: string;
    readonly block: number;
    readonly netDelta: number;
    readonly band: number;
    readonly decision: string;
    readonly reason: string;
    readonly outcome: string | null;
  }[];
  readonly transactions: readonly {
    readonly intent: string;
    readonly slot: string;
    readonly nonce: number | null;
    readonly state: string;
    readonly tx: string | null;
  }[];
  readonly fills: readonly {
    readonly tx: string;
    readonly block: number;
    readonly amount: number;
    readonly cash: number;
    readonly gasCost: number;
  }[];
  /** Change of NAV between two blocks, and its parts by name. */
  readonly profits: readonly {
    readonly fromBlock: number;
    readonly toBlock: number;
    readonly change: number;
    readonly parts: Readonly<Record<string, number>>;
  }[];
}

const DEFAULT_LIMIT = 20;
const MOST = 1_000_000;
const DEFAULT_HOURS = 24;
const MOST_HOURS = 24 * 366;
const HOUR_MS = 3_600_000;

/** Adds `keel history`. */
export function registerHistory(program: Command): void {
  const command = program
    .command("history")
    .description("show what the keeper decided and did: ticks, transactions, fills, profit and loss; needs no chain")
    .option("--market <name>", "only this market")
    .option("--limit <number>", "how many of each", wholeUpTo(MOST), DEFAULT_LIMIT)
    .option("--plot <file>", "write a page with charts of the last hours (HTML)")
    .option("--hours <number>", "how many hours the page shows", wholeUpTo(MOST_HOURS), DEFAULT_HOURS)
    .option("--json", "print the report as JSON");
  withStoreOptions(command).action(history);
}

async function history(options: HistoryOptions): Promise<void> {
  const store = await openStore(loadConfig(storeFlags(options)));
  try {
    const { market, limit } = options;
    const report = historyReport(await readHistory(store.db, { limit, ...(market !== undefined && { market }) }));
    if (market !== undefined && Object.values(report).every((kind: readonly unknown[]) => kind.length === 0)) {
      throw new UserError(`Nothing has been recorded of a market ${market}. Leave --market out to see all there are.`);
    }
    if (options.plot !== undefined) await writeWhole(options.plot, await historyPage(store.db, options));
    console.log(options.json ? JSON.stringify(report, null, 2) : historyText(report));
  } finally {
    await store.close();
  }
}

async function historyPage(db: Database, { market: only, hours }: HistoryOptions): Promise<string> {
  const names = only === undefined ? await readMarkets(db) : [only];
  const at = Date.now();
  const query = { from: at - hours * HOUR_MS, to: at + 1 };
  const markets = await Promise.all(names.map((market) => readTimeline(db, { market, ...query })));
  return keeperPage({ at, hours, markets });
}

/** The stored rows in a person's units. */
export function historyReport({ ticks, transactions, fills, attributions }: History): HistoryReport {
  return {
    ticks: ticks.map(({ id, at, market, block, decision, result }) => {
      const plan = decision as Plan;
      return {
        tick: id,
        at: new Date(at).toISOString(),
        market,
        block: Number(block),
        netDelta: fromWad(plan.netDelta),
        band: fromWad(plan.band),
        decision: plan.decision,
        reason: plan.reason.code,
        outcome: (result as TickResult)?.outcome ?? null,
      };
    }),
    transactions: transactions.map(({ id, slot, nonce, tag, state }) => ({
      intent: id,
      slot,
      nonce,
      state: tag,
      tx: "hash" in state ? state.hash : null,
    })),
    fills: fills.map(({ tx, block, amount, cash, gasCost }) => ({
      tx,
      block: Number(block),
      amount: fromWad(amount),
      cash: fromUsdc(cash),
      gasCost: fromWad(gasCost),
    })),
    profits: attributions.map(({ fromBlock, toBlock, change, parts }) => ({
      fromBlock: Number(fromBlock),
      toBlock: Number(toBlock),
      change: fromUsdc(change),
      parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, fromUsdc(part)])),
    })),
  };
}

/** The report as tables; a kind of which there is nothing is left out. */
export function historyText({ ticks, transactions, fills, profits }: HistoryReport): string {
  const tables = [
    table(
      ["tick", "time", "block", "net delta", "band", "decision", "reason", "outcome"],
      ticks.map((row) => [
        `${row.tick}`,
        row.at.slice(0, 19).replace("T", " "),
        `${row.block}`,
        row.netDelta.toFixed(4),
        row.band.toFixed(4),
        row.decision,
        row.reason,
        row.outcome ?? "",
      ]),
    ),
    table(
      ["intent", "slot", "nonce", "state", "transaction"],
      transactions.map(({ intent, slot, nonce, state, tx }) => [intent, slot, `${nonce ?? ""}`, state, tx ?? ""]),
    ),
    table(
      ["fill in block", "amount", "cash", "gas in ether", "transaction"],
      fills.map((row) => [`${row.block}`, row.amount.toFixed(4), row.cash.toFixed(2), row.gasCost.toFixed(6), row.tx]),
    ),
    table(
      ["blocks", "change of NAV", "by cause"],
      profits.map(({ fromBlock, toBlock, change, parts }) => [
        `${fromBlock} to ${toBlock}`,
        change.toFixed(6),
        Object.entries(parts)
          .filter(([, part]) => part !== 0)
          .map(([name, part]) => `${name} ${part.toFixed(2)}`)
          .join(", "),
      ]),
    ),
  ].filter((text) => text !== "");
  return tables.length > 0 ? tables.join("\n\n") : "Nothing has been recorded yet.";
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const isText = (i: number) => rows.some((row) => !/^-?[\d.]*$/.test(row[i] ?? ""));
  return textTable(
    headings.map((heading, i) => ({ heading, align: isText(i) ? "left" : "right" })),
    rows,
  );
}

function wholeUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}
