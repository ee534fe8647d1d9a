/**
 * What the keeper reports, one object per line with `--log-format json`. The schema is stable: fields are added, never
 * renamed. Amounts are plain numbers: prices, cash and NAV in dollars, deltas and amounts in ether; times are unix seconds
 * unless they are called `at`, which is ISO 8601 by the machine's clock and the only field that differs between replays.
 */
export type KeeperEvent = StartedEvent | LeaseEvent | TickEvent | TransactionEvent | ErrorEvent | StoppedEvent;

/** The first line of `keel run`: who watches what. */
export interface StartedEvent {
  readonly type: "started";
  readonly at: string;
  readonly network: string;
  readonly chainId: number;
  readonly rpcUrl: string;
  /** The keeper's account; null for a dry run without a key. */
  readonly keeper: string | null;
  readonly dryRun: boolean;
}

/** Whether this host is the one that acts has changed; also told at the start. Only with a database that hosts share. */
export interface LeaseEvent {
  readonly type: "lease";
  readonly at: string;
  /** `refused`: a write came after another host had taken over, and the database did not take it. */
  readonly state: "acting" | "standby" | "refused";
  /** The fencing token that this host writes under; only with `acting`. */
  readonly token?: number;
  readonly message?: string;
}

/** One decision at one block. */
export interface TickEvent {
  readonly type: "tick";
  readonly at: string;
  readonly market: string;
  readonly block: number;
  readonly blockTime: number;
  /** Oracle price. */
  readonly spot: number;
  readonly bookDelta: number;
  readonly hedgeDelta: number;
  /** Book plus hedge, before anything was done. */
  readonly netDelta: number;
  /** The same after the tick: by the receipt when it filled, otherwise equal to `netDelta`. */
  readonly netDeltaAfter: number;
  /** Half-width of the no-trade band. */
  readonly band: number;
  readonly nav: number;
  readonly navPerShare: number;
  /** The vault's cash, what of it is owed to holders of settled series, and what of it is free. */
  readonly cash: number;
  readonly owed: number;
  readonly freeCash: number;
  readonly decision: "hold" | "hedge";
  /** Why: `code` says which reason, other fields depend on it. See HoldReason and HedgeReason in hedging/planner.ts. */
  readonly reason: { readonly code: string } & Readonly<Record<string, unknown>>;
  /** What was planned; only with decision `hedge`. */
  readonly order?: { readonly amount: number; readonly cashLimit: number; readonly deadline: number };
  /** How the order ended; only with decision `hedge`. */
  readonly outcome?:
    | "filled"
    | "done"
    | "refused"
    | "reverted"
    | "cancelled"
    | "in-flight"
    | "unexpected"
    | "stopped"
    | "standby"
    | "dry-run";
  /** What the outcome means, unless it filled. */
  readonly message?: string;
  /** Hash of the hedge's transaction, once one was sent. */
  readonly tx?: string;
  /** What was filled; only with outcome `filled`. */
  readonly fill?: FillReport;
  /** Gas of the transaction, and its cost in ether; with outcomes `filled` and `reverted`. */
  readonly gasUsed?: number;
  readonly gasCost?: number;
  /**
   * Nothing more will be done before there is a new block: the keeper holds, or could not hedge. After a fill it is false,
   * since the fill's own block gets a tick.
   */
  readonly settled: boolean;
}

/** A transaction that is no hedge of the tick before it has moved on: a duty, or a hedge of an earlier block. */
export interface TransactionEvent {
  readonly type: "transaction";
  readonly at: string;
  readonly market: string;
  /** `hedge`, or the kind of the duty. */
  readonly purpose: string;
  readonly intent: string;
  /** Where it stands, by the names of docs/keeper.md. */
  readonly state: string;
  /** As of a tick; `done` when a duty was mined. */
  readonly outcome: NonNullable<TickEvent["outcome"]>;
  readonly message?: string;
  readonly tx?: string;
  readonly fill?: FillReport;
  readonly gasUsed?: number;
  readonly gasCost?: number;
}

export interface FillReport {
  readonly block: number;
  /** Positive bought, negative sold. */
  readonly amount: number;
  /** Dollars spent or received. */
  readonly cash: number;
  /** Dollars per unit, and how far that is on the worse side of the oracle, in basis points. */
  readonly price: number;
  readonly slippageBps: number;
}

/** Something failed that a later attempt may not fail at. */
export interface ErrorEvent {
  readonly type: "error";
  readonly at: string;
  readonly message: string;
  /** The block that was being worked on, if any. */
  readonly block?: number;
  /** The market that it failed in, if it was one's. */
  readonly market?: string;
  /** Milliseconds until the next attempt. */
  readonly retryInMs: number;
}

/** The last line of `keel run`. */
export interface StoppedEvent {
  readonly type: "stopped";
  readonly at: string;
  readonly reason: string;
  readonly ticks: number;
  readonly hedges: number;
}
