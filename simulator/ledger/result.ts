import { DEVNET_PARAMETERS, printableParameters } from "../../deployments/parameters.ts";
import type { Accounting } from "./accounting.ts";
import { LPS, TRADERS } from "../people/cast.ts";
import type { HedgeRecord, Ledger, PayoffRecord, Sample, TradeRecord } from "./ledger.ts";
import type { PricePath } from "../path/prices.ts";
import { changes, spread, standardDeviation, sum } from "./statistics.ts";

/** Vault earnings in dollars. */
export interface Pnl {
  readonly hedged: number;
  /** What it would have been had the desk never traded. */
  readonly unhedged: number;
}

/** How a trader fared, in dollars. */
export interface TraderPayout {
  readonly name: string;
  readonly premiumPaid: number;
  readonly soldBack: number;
  readonly payoffs: number;
  readonly net: number;
}

/** How an LP fared, in dollars. */
export interface LpPayout {
  readonly name: string;
  readonly paidIn: number;
  readonly paidOut: number;
  readonly net: number;
  /** Share of what was paid in. */
  readonly return: number;
}

/** Everything a person or a program may want to know about a demo. Dollars and ether, unix seconds. */
export interface DemoResult {
  readonly ok: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly path: {
    readonly source: string;
    readonly bars: number;
    readonly from: number;
    readonly to: number;
    readonly first: number;
    readonly last: number;
    readonly low: number;
    readonly high: number;
    readonly largestMove: number;
  };
  readonly trades: readonly TradeRecord[];
  readonly refusals: Ledger["refusals"];
  readonly hedges: readonly HedgeRecord[];
  readonly settlements: Ledger["settlements"];
  readonly payoffs: readonly PayoffRecord[];
  readonly gas: Readonly<Record<string, ReturnType<typeof spread>>>;
  readonly navPerShare: readonly { readonly time: number; readonly value: number }[];
  readonly samples: readonly Sample[];
  /** Over the price path, with open options at their mark, and in the end, when all is settled. */
  readonly pnl: Pnl & { readonly final: Pnl };
  /** Standard deviation of hourly changes over the price path, dollars. */
  readonly hourlyStd: Pnl & { readonly ratio: number };
  readonly income: {
    readonly premiums: number;
    readonly payoffs: number;
    readonly fees: number;
    readonly charges: number;
  };
  readonly hedging: {
    readonly count: number;
    readonly turnover: number;
    readonly cost: number;
    readonly costBps: number;
  };
  readonly payouts: { readonly traders: readonly TraderPayout[]; readonly lps: readonly LpPayout[] };
  readonly accounting: {
    /** Units of USDC and WETH that are nowhere: zero. */
    readonly residual: number;
    readonly tokens: readonly {
      readonly symbol: string;
      readonly issued: string;
      readonly residual: string;
      readonly holders: Readonly<Record<string, string>>;
    }[];
    readonly vault: Readonly<Record<string, string>>;
    readonly checks: Accounting["checks"];
  };
  readonly seconds: number;
}

/** How the demo was asked for and how long it took. */
export interface RunFacts {
  readonly seed: number;
  readonly seconds: number;
}

/** Sums a story up. */
export function resultOf(path: PricePath, ledger: Ledger, accounting: Accounting, facts: RunFacts): DemoResult {
  const story = ledger.samples.filter(({ part }) => part === "story");
  const { trades, hedges, payoffs } = ledger;
  const turnover = sum(hedges.map(({ cash }) => cash));
  const cost = sum(hedges.map((hedge) => hedge.cost));
  return {
    ok: accounting.checks.every(({ holds }) => holds),
    parameters: { seed: facts.seed, ...printableParameters(DEVNET_PARAMETERS) },
    path: describePath(path),
    trades,
    refusals: ledger.refusals,
    hedges,
    settlements: ledger.settlements,
    payoffs,
    gas: Object.fromEntries([...ledger.gas].map(([operation, used]) => [operation, spread(used)])),
    navPerShare: ledger.samples.flatMap(({ time, navPerShare }) =>
      navPerShare === undefined ? [] : [{ time, value: navPerShare }],
    ),
    samples: ledger.samples,
    pnl: { ...pnlAt(story.at(-1)), final: pnlAt(ledger.samples.at(-1)) },
    hourlyStd: hourlyStd(story),
    income: {
      premiums: sum(trades.map(({ cash }) => cash)),
      payoffs: sum(payoffs.map(({ amount }) => amount)),
      fees: sum(trades.map(({ fees }) => fees)),
      charges: sum(trades.map(({ charges }) => charges)),
    },
    hedging: { count: hedges.length, turnover, cost, costBps: turnover === 0 ? 0 : (10_000 * cost) / turnover },
    payouts: {
      traders: TRADERS.map(({ name }) => traderPayout(name, ledger)),
      lps: LPS.map(({ name }) => lpPayout(name, ledger)),
    },
    accounting: printableAccounting(accounting),
    seconds: facts.seconds,
  };
}

function describePath({ source, bars }: PricePath): DemoResult["path"] {
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) throw new RangeError("A path has bars.");
  const closes = bars.map(({ close }) => close);
  const moves = changes(closes).map((change, i) => change / (closes[i] ?? 1));
  return {
    source,
    bars: bars.length,
    from: first.time,
    to: last.time,
    first: first.close,
    last: last.close,
    low: Math.min(...closes),
    high: Math.max(...closes),
    largestMove: moves.reduce((largest, move) => (Math.abs(move) > Math.abs(largest) ? move : largest), 0),
  };
}

function pnlAt(sample: Sample | undefined): Pnl {
  return { hedged: sample?.pnlHedged ?? 0, unhedged: sample?.pnlUnhedged ?? 0 };
}

/** Deposits and redemptions do not count: earnings are NAV net of what LPs brought and took. */
function hourlyStd(story: readonly Sample[]): DemoResult["hourlyStd"] {
  const hedged = standardDeviation(changes(story.map(({ pnlHedged }) => pnlHedged)));
  const unhedged = standardDeviation(changes(story.map(({ pnlUnhedged }) => pnlUnhedged)));
  return { hedged, unhedged, ratio: unhedged === 0 ? 0 : hedged / unhedged };
}

function traderPayout(name: string, { trades, payoffs }: Ledger): TraderPayout {
  const cash = trades.filter(({ trader }) => trader === name).map((trade) => trade.cash);
  const premiumPaid = sum(cash.filter((amount) => amount > 0));
  const soldBack = -sum(cash.filter((amount) => amount < 0));
  const received = sum(payoffs.filter(({ trader }) => trader === name).map(({ amount }) => amount));
  return { name, premiumPaid, soldBack, payoffs: received, net: soldBack + received - premiumPaid };
}

function lpPayout(name: string, { lps }: Ledger): LpPayout {
  const total = (direction: "in" | "out"): number =>
    sum(lps.filter((record) => record.lp === name && record.direction === direction).map(({ amount }) => amount));
  const [paidIn, paidOut] = [total("in"), total("out")];
  return { name, paidIn, paidOut, net: paidOut - paidIn, return: paidIn === 0 ? 0 : paidOut / paidIn - 1 };
}

function printableAccounting({ tokens, vault, checks }: Accounting): DemoResult["accounting"] {
  return {
    residual: Number(tokens.reduce((all, { residual }) => all + (residual < 0n ? -residual : residual), 0n)),
    tokens: tokens.map(({ symbol, issued, residual, holders }) => ({
      symbol,
      issued: String(issued),
      residual: String(residual),
      holders: Object.fromEntries(holders.map(({ name, balance }) => [name, String(balance)])),
    })),
    vault: Object.fromEntries(Object.entries(vault).map(([name, amount]) => [name, String(amount)])),
    checks,
  };
}
