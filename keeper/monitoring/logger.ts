import pc from "picocolors";
import type { KeeperEvent, LeaseEvent, TickEvent, TransactionEvent } from "./events.ts";

export type LogFormat = "pretty" | "json";
/** `error`: failures only; `info`: every event; `debug`: as info, and pretty ticks show all their numbers. */
export type LogLevel = "debug" | "info" | "error";

export type Logger = (event: KeeperEvent) => void;

export interface LoggerOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
}

/** Writes events: readable lines for people, one JSON object per line for machines. */
export function createLogger({ format, level, write }: LoggerOptions): Logger {
  return (event) => {
    if (level === "error" && !isFailure(event)) return;
    write(format === "json" ? JSON.stringify(event) : prettyLine(event, level));
  };
}

/** One line that a person can follow. */
export function prettyLine(event: KeeperEvent, level: LogLevel = "info"): string {
  return `${pc.dim(event.at.slice(11, 19))} ${textOf(event, level)}`;
}

function isFailure(event: KeeperEvent): boolean {
  if (event.type === "error") return true;
  const outcome = event.type === "tick" || event.type === "transaction" ? event.outcome : undefined;
  return outcome === "reverted" || outcome === "unexpected" || outcome === "stopped";
}

function textOf(event: KeeperEvent, level: LogLevel): string {
  switch (event.type) {
    case "started": {
      const who = event.keeper ?? "nobody";
      const how = event.dryRun ? " (dry run: nothing is sent)" : "";
      return `${pc.bold("watching")} ${event.network} at ${event.rpcUrl} as ${who}${how}`;
    }
    case "lease":
      return leaseText(event);
    case "tick":
      return tickText(event, level);
    case "transaction":
      return transactionText(event);
    case "error":
      return `${pc.red("failed")} ${event.message}; next attempt in ${event.retryInMs / 1000} s`;
    case "stopped":
      return `${pc.bold("stopped")} (${event.reason}) after ${event.ticks} ticks and ${event.hedges} hedges`;
  }
}

function leaseText({ state, token = 0, message = "" }: LeaseEvent): string {
  switch (state) {
    case "acting":
      return `${pc.bold("acting")} under token ${token}`;
    case "standby":
      return `${pc.bold("standing by")}: another host acts`;
    case "refused":
      return `${pc.yellow("refused")} ${message}`;
  }
}

function tickText(event: TickEvent, level: LogLevel): string {
  const state = `block ${event.block}  spot ${event.spot.toFixed(2)}  net delta ${signed(event.netDelta)}`;
  const nav = `NAV ${event.nav.toFixed(2)} (${event.navPerShare.toFixed(6)}/share)`;
  const details = `book ${signed(event.bookDelta)}  hedge ${signed(event.hedgeDelta)}  cash ${event.cash.toFixed(2)}`;
  return [state, actionText(event), nav, ...(level === "debug" ? [details] : [])].join("  ");
}

function transactionText({ market, purpose, outcome, message, fill, tx }: TransactionEvent): string {
  const what = fill ? `${fill.amount > 0 ? "bought" : "sold"} ${Math.abs(fill.amount).toFixed(4)}` : outcome;
  const details = [message, tx && pc.dim(tx)].filter((part) => part !== undefined);
  return [`${market}  ${purpose} ${what}`, ...details].join("  ");
}

function actionText(event: TickEvent): string {
  if (event.decision === "hold") return pc.dim(`hold: ${holdText(event)}`);
  const { order, fill } = event;
  if (fill) {
    const verb = fill.amount > 0 ? "bought" : "sold";
    return (
      `${pc.green(verb)} ${Math.abs(fill.amount).toFixed(4)} at ${fill.price.toFixed(2)} ` +
      `(${fill.slippageBps.toFixed(1)} bp, ${event.gasUsed ?? 0} gas) ${pc.dim("→")} ${signed(event.netDeltaAfter)}`
    );
  }
  const wanted = `${(order?.amount ?? 0) > 0 ? "buy" : "sell"} ${Math.abs(order?.amount ?? 0).toFixed(4)}`;
  return pc.yellow(`${wanted} ${event.outcome ?? ""}${event.message ? `: ${event.message}` : ""}`);
}

function holdText({ reason, band }: TickEvent): string {
  switch (reason.code) {
    case "inside-band":
      return `inside the band of ±${band.toFixed(4)}`;
    case "below-min-clip":
      return "less than the smallest order";
    case "just-hedged":
      return `too little to follow a hedge of ${String(reason.secondsAgo)} s ago`;
    case "prices-apart":
      return `the oracle's ${Number(reason.spot).toFixed(2)} and the pool's average ${Number(reason.average).toFixed(2)} are too far apart`;
    case "cannot-short":
      return "long with nothing to sell; going short is not possible yet";
    case "insufficient-cash":
      return "too little free cash to buy";
    case "limited":
      if (reason.by === "depth") return "the pools take nothing within the slippage bound";
      return `nothing is left of the ${String(reason.by)}`;
    case "tapering":
      return "only delta about to expire is outside the band";
    case "mark-disagrees":
      return pc.red(
        `the chain's ${String(reason.figure)} ${String(reason.onChain)} and ours ${String(reason.own)} disagree`,
      );
    default:
      return reason.code;
  }
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}
