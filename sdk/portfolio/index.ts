export {
  type Attribution,
  type AttributionParts,
  type Exposure,
  type HedgeFlow,
  type Interval,
  type TradeFlow,
  attribute,
  exposureOf,
  hedgeCost,
} from "./attribution.ts";
export { type BookEntry, entriesOf } from "./book.ts";
export { type BookBatch, bookBatch } from "./bookBatch.ts";
export { type CheckedFigure, type CrossCheck, crossCheck } from "./crossCheck.ts";
export {
  type ContractValue,
  type NetGreeks,
  type ValuedPosition,
  netGreeks,
  tenorWeight,
  valueContract,
  valuePositions,
} from "./netGreeks.ts";
export {
  type BlockStamp,
  type HedgeReading,
  type MarkReading,
  type OracleReading,
  type Position,
  type SliceReading,
  type Snapshot,
  type VaultReading,
  navPerShareOf,
  netDeltaOf,
} from "./snapshot.ts";
export { SCENARIOS, type Scenario, type StressLine, stressOf, worstOf } from "./stress.ts";
export type { Moment, Timeline, TimelineHedge } from "./timeline.ts";
