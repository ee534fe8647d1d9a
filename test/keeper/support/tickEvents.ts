import type { FillReport, TickEvent } from "../../../keeper/monitoring/events.ts";

/** A tick that leaves a net delta of −2 outside a band of ±0.5, since the vault has no cash. */
export const TICK: TickEvent = {
  type: "tick",
  market: "eth",
  at: "2026-12-01T08:00:00.000Z",
  block: 100,
  blockTime: 1_000,
  spot: 3000,
  bookDelta: -5,
  hedgeDelta: 3,
  netDelta: -2,
  netDeltaAfter: -2,
  band: 0.5,
  nav: 1_000_000,
  navPerShare: 1.02,
  cash: 900_000,
  owed: 0,
  freeCash: 900_000,
  decision: "hold",
  reason: { code: "insufficient-cash" },
  settled: true,
};

/** Bought 10 bp above the oracle. */
export const FILL: FillReport = { block: 101, amount: 1.5, cash: 4504.5, price: 3003, slippageBps: 10 };
