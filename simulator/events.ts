import type {
  HedgeRecord,
  LpRecord,
  PayoffRecord,
  RefusalRecord,
  SettlementRecord,
  TradeRecord,
} from "./ledger/ledger.ts";

/** An epoch in which LPs' money moved. Dollars, unix seconds. */
export interface EpochRecord {
  readonly time: number;
  readonly epoch: number;
  readonly assetsIn: number;
  readonly assetsOut: number;
}

/** What happens in a simulation, told as it happens. */
export type SimulationEvent =
  | { readonly type: "trade"; readonly record: TradeRecord }
  | { readonly type: "refusal"; readonly record: RefusalRecord }
  | { readonly type: "hedge"; readonly record: HedgeRecord }
  | { readonly type: "payoff"; readonly record: PayoffRecord }
  | { readonly type: "settlement"; readonly record: SettlementRecord }
  | { readonly type: "epoch"; readonly record: EpochRecord }
  | { readonly type: "deposit" | "payment"; readonly record: LpRecord }
  | { readonly type: "redemption"; readonly record: Pick<LpRecord, "time" | "lp"> }
  | { readonly type: "over"; readonly time: number };

/** How far a simulation is, from 0 to 1. */
export interface SimulationProgress {
  readonly share: number;
  readonly phase: "deploying" | "playing" | "running off" | "adding up";
  /** Unix seconds on the chain, and dollars per ether there. */
  readonly time?: number;
  readonly price?: number;
}

/** Who watches a simulation. */
export interface Spectator {
  onEvent(event: SimulationEvent): void;
  onProgress(progress: SimulationProgress): void;
}
