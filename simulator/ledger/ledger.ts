import type { Hex, TransactionReceipt } from "viem";

/** One line of a trade, for people and machines. */
export interface TradeLeg {
  readonly expiry: number;
  readonly strike: number;
  readonly type: "call" | "put";
  /** Contracts; negative when sold back. */
  readonly quantity: number;
}

/** A trade. Amounts are dollars, deltas are ether. */
export interface TradeRecord {
  readonly time: number;
  readonly block: number;
  readonly tx: Hex;
  readonly gas: number;
  readonly trader: string;
  readonly kind: string;
  readonly legs: readonly TradeLeg[];
  readonly spot: number;
  /** What the trader paid; negative when the trader was paid. */
  readonly cash: number;
  readonly fees: number;
  /** Spread, inventory charge and hedging charge: what the trade cost beyond mid and fees. */
  readonly charges: number;
  readonly netDeltaBefore: number;
  readonly netDeltaAfter: number;
}

/** A swap of the desk's. */
export interface HedgeRecord {
  readonly time: number;
  readonly block: number;
  readonly tx: Hex;
  readonly gas: number;
  /** Ether bought; negative when sold. */
  readonly amount: number;
  /** Dollars spent or received. */
  readonly cash: number;
  /** Dollars per ether, and what the oracle said. */
  readonly price: number;
  readonly spot: number;
  /** Slippage and pool fees: dollars lost against the oracle. */
  readonly cost: number;
  readonly netDeltaBefore: number;
  readonly netDeltaAfter: number;
}

/** A pay-off. */
export interface PayoffRecord {
  readonly time: number;
  readonly trader: string;
  readonly series: Omit<TradeLeg, "quantity">;
  readonly quantity: number;
  readonly amount: number;
}

/** A trade that the market refused. */
export interface RefusalRecord {
  readonly time: number;
  readonly trader: string;
  /** Name of the contract's error. */
  readonly reason: string;
}

/** An expiry's settlement price, dollars. */
export interface SettlementRecord {
  readonly time: number;
  readonly expiry: number;
  readonly price: number;
}

/** Money of an LP that entered or left. */
export interface LpRecord {
  readonly time: number;
  readonly lp: string;
  readonly amount: number;
  readonly direction: "in" | "out";
}

/** The vault at one moment, after the keeper is done with it. */
export interface Sample {
  readonly time: number;
  /** Whether it belongs to the price path or to what comes after, when everything runs to its end. */
  readonly part: "story" | "run-off";
  /** The market's and the oracle's price. */
  readonly price: number;
  readonly spot: number;
  readonly nav: number;
  /** Dollars; undefined while there are no shares. */
  readonly navPerShare: number | undefined;
  readonly netDelta: number;
  readonly bookDelta: number;
  readonly inventory: number;
  /** Net delta when the keeper began to work on this price. */
  readonly netDeltaBefore: number;
  /** What the vault has earned so far, and what it would have earned had it never hedged. */
  readonly pnlHedged: number;
  readonly pnlUnhedged: number;
}

/** Exact amounts that checks add up: USDC in units of 1e-6. */
export interface CashFlows {
  premiums: bigint;
  payoffs: bigint;
  lpIn: bigint;
  lpOut: bigint;
  /** What the desk has received for ether less what it has spent. */
  hedge: bigint;
  /** What fees have put into the insurance reserve, less what it has paid to the pool. */
  insured: bigint;
}

/** Everything that happened. */
export interface Ledger {
  readonly trades: TradeRecord[];
  readonly refusals: RefusalRecord[];
  readonly hedges: HedgeRecord[];
  readonly payoffs: PayoffRecord[];
  readonly lps: LpRecord[];
  readonly samples: Sample[];
  readonly settlements: SettlementRecord[];
  readonly cash: CashFlows;
  /** How much richer each person has become, in units of 1e-6 USDC. */
  readonly purses: Map<string, bigint>;
  readonly tradedSeries: Set<bigint>;
  /** Gas of every transaction, by what it did. */
  readonly gas: Map<string, number[]>;
}

export function createLedger(): Ledger {
  return {
    trades: [],
    refusals: [],
    hedges: [],
    payoffs: [],
    lps: [],
    samples: [],
    settlements: [],
    cash: { premiums: 0n, payoffs: 0n, lpIn: 0n, lpOut: 0n, hedge: 0n, insured: 0n },
    purses: new Map(),
    tradedSeries: new Set(),
    gas: new Map(),
  };
}

/** Notes what a transaction has used, and returns it as a number. */
export function noteGas(ledger: Ledger, operation: string, { gasUsed }: Pick<TransactionReceipt, "gasUsed">): number {
  const used = Number(gasUsed);
  const soFar = ledger.gas.get(operation);
  if (soFar) soFar.push(used);
  else ledger.gas.set(operation, [used]);
  return used;
}

/** Notes that someone received USDC (1e-6), or paid it when negative. */
export function notePurse(ledger: Ledger, person: string, received: bigint): void {
  ledger.purses.set(person, (ledger.purses.get(person) ?? 0n) + received);
}
