import pc from "picocolors";
import type { EpochRecord, SimulationEvent, SimulationProgress } from "../../simulator/events.ts";
import type {
  HedgeRecord,
  LpRecord,
  PayoffRecord,
  RefusalRecord,
  SettlementRecord,
  TradeLeg,
  TradeRecord,
} from "../../simulator/ledger/ledger.ts";

const NAME_WIDTH = 7;
const WHAT_WIDTH = 52;
const MONEY_WIDTH = 24;

/** `$1,234.50` */
export function money(amount: number): string {
  const text = Math.abs(amount).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${amount < 0 ? "−" : ""}$${text}`;
}

/** `+$1,234.50` */
export function signedMoney(amount: number): string {
  return amount > 0 ? `+${money(amount)}` : money(amount);
}

/** `17 May 08:00` (UTC) */
export function moment(seconds: number): string {
  return `${dayOf(seconds)} ${new Date(seconds * 1000).toISOString().slice(11, 16)}`;
}

/** `17 May` */
export function dayOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  const month = date.toLocaleString("en-US", { month: "short", timeZone: "UTC" });
  return `${String(date.getUTCDate()).padStart(2)} ${month}`;
}

/** `17 May 00:00 to 23 May 23:00 UTC 2021` */
export function period({ from, to }: { readonly from: number; readonly to: number }): string {
  return `${moment(from).trim()} to ${moment(to).trim()} UTC ${new Date(to * 1000).getUTCFullYear()}`;
}

/** `3,400 call 19 May` */
export function seriesName({ expiry, strike, type }: Omit<TradeLeg, "quantity">): string {
  return `${strike.toLocaleString("en-US")} ${type} ${dayOf(expiry).trim()}`;
}

/** A line of the timeline. */
export function describe(event: SimulationEvent): string {
  switch (event.type) {
    case "trade":
      return describeTrade(event.record);
    case "refusal":
      return describeRefusal(event.record);
    case "hedge":
      return describeHedge(event.record);
    case "payoff":
      return describePayoff(event.record);
    case "settlement":
      return describeSettlement(event.record);
    case "epoch":
      return describeEpoch(event.record);
    case "deposit":
      return describeLp(event.record, "queues a deposit of");
    case "payment":
      return describeLp(event.record, "is paid");
    case "redemption":
      return describeLp(event.record, "queues a redemption");
    case "over":
      return `${moment(event.time)}  the story is over: from here on the price stands still until all is settled`;
  }
}

/** What goes on now. */
export function describeProgress({ phase, time, price }: SimulationProgress): string {
  if (phase === "deploying") return "starting the chain and deploying Keel";
  if (time === undefined) return phase;
  return `${moment(time)}  ${price === undefined ? phase : `ETH at ${price.toFixed(2)}`}`;
}

function describeTrade(trade: TradeRecord): string {
  const what = trade.legs
    .map((leg) => `${leg.quantity > 0 ? "+" : "−"}${Math.abs(leg.quantity).toFixed(2)} ${seriesName(leg)}`)
    .join(", ");
  const shown = trade.legs.length > 2 ? `${trade.kind}s ${trade.legs.length} positions` : what;
  const paid = trade.cash >= 0 ? `pays ${money(trade.cash)}` : `gets ${money(-trade.cash)}`;
  return timeline(trade.time, pc.cyan, trade.trader, shown, paid, deltas(trade));
}

function describeHedge(hedge: HedgeRecord): string {
  const verb = hedge.amount > 0 ? "buys" : "sells";
  const what = `${verb} ${Math.abs(hedge.amount).toFixed(2)} ETH at ${hedge.price.toFixed(2)}`;
  return timeline(hedge.time, pc.magenta, "keeper", what, `costs ${money(hedge.cost)}`, deltas(hedge));
}

function describePayoff({ time, trader, series, quantity, amount }: PayoffRecord): string {
  const what = `exercises ${quantity.toFixed(2)} ${seriesName(series)}`;
  return timeline(time, pc.green, trader, what, `gets ${money(amount)}`);
}

function describeSettlement({ time, expiry, price }: SettlementRecord): string {
  return timeline(time, pc.yellow, "market", `settles ${moment(expiry).trim()} at ${price.toFixed(2)}`);
}

function describeEpoch({ time, epoch, assetsIn, assetsOut }: EpochRecord): string {
  return timeline(time, pc.blue, "vault", `epoch ${epoch}: ${money(assetsIn)} in, ${money(assetsOut)} out`);
}

function describeLp({ time, lp, amount }: Pick<LpRecord, "time" | "lp"> & Partial<LpRecord>, what: string): string {
  return timeline(time, pc.blue, lp, amount === undefined ? what : `${what} ${money(amount)}`);
}

function describeRefusal({ time, trader, reason }: RefusalRecord): string {
  return timeline(time, pc.red, trader, `is refused: ${reason}`);
}

function deltas({ netDeltaBefore, netDeltaAfter }: { netDeltaBefore: number; netDeltaAfter: number }): string {
  return `Δ ${netDeltaBefore.toFixed(2)} → ${netDeltaAfter.toFixed(2)}`.replaceAll("-", "−");
}

function timeline(
  time: number,
  colour: (text: string) => string,
  who: string,
  what: string,
  cash = "",
  delta = "",
): string {
  const parts = [
    pc.dim(moment(time)),
    colour(who.padEnd(NAME_WIDTH)),
    what.padEnd(WHAT_WIDTH),
    cash.padEnd(MONEY_WIDTH),
  ];
  return [...parts, pc.dim(delta)].join("  ").trimEnd();
}
