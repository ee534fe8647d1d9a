import type { Execution } from "../execution/executor.ts";
import type { Plan } from "../hedging/planner.ts";
import { type Snapshot, navPerShareOf } from "../portfolio/snapshot.ts";
import { fromUsdc, fromWad } from "../units.ts";
import type { FillReport, TickEvent } from "./events.ts";

/** How a tick ended, besides its plan: undefined when it held, `dry-run` when nothing was to be sent. */
export type TickResult = Execution | { readonly outcome: "dry-run"; readonly message?: string } | undefined;

/** Reports a tick. @param at The machine's time, ISO 8601. */
export function tickEvent(snapshot: Snapshot, plan: Plan, result: TickResult, at: string): TickEvent {
  const { block, oracle, vault, mark, hedge } = snapshot;
  const netDelta = fromWad(plan.netDelta);
  return {
    type: "tick",
    at,
    block: Number(block.number),
    blockTime: block.time,
    spot: fromWad(oracle.spot),
    bookDelta: fromWad(mark.delta),
    hedgeDelta: fromWad(hedge.delta),
    netDelta,
    netDeltaAfter: result?.outcome === "filled" ? fromWad(result.fill.netDeltaAfter) : netDelta,
    band: fromWad(plan.band),
    nav: fromWad(vault.nav),
    navPerShare: navPerShareOf(snapshot),
    cash: fromUsdc(vault.cash),
    owed: fromUsdc(vault.owed),
    freeCash: fromUsdc(vault.freeCash),
    decision: plan.decision,
    reason: { ...plan.reason },
    ...(plan.decision === "hedge" && {
      order: {
        amount: fromWad(plan.order.amount),
        cashLimit: fromUsdc(plan.order.cashLimit),
        deadline: plan.order.deadline,
      },
    }),
    ...resultFields(result),
    settled: result?.outcome !== "filled" && result?.outcome !== "reverted",
  };
}

function resultFields(result: TickResult): Partial<TickEvent> {
  switch (result?.outcome) {
    case undefined:
      return {};
    case "filled": {
      const { fill, outcome } = result;
      return { outcome, tx: fill.tx, fill: fillReport(result), ...gasFields(fill) };
    }
    case "reverted": {
      const { outcome, tx } = result;
      return { outcome, tx, message: "the transaction was mined but failed; nothing changed", ...gasFields(result) };
    }
    case "refused":
      return { outcome: "refused", message: result.revert.sentence };
    case "in-flight": {
      const { outcome, tx } = result;
      return { outcome, message: "an earlier transaction of the keeper is not mined yet", ...(tx && { tx }) };
    }
    case "unexpected":
      return { outcome: "unexpected", tx: result.tx, message: result.problem };
    case "dry-run":
      return { outcome: "dry-run", ...(result.message !== undefined && { message: result.message }) };
  }
}

function gasFields({ gasUsed, gasCost }: { readonly gasUsed: bigint; readonly gasCost: bigint }) {
  return { gasUsed: Number(gasUsed), gasCost: fromWad(gasCost) };
}

function fillReport({ fill }: Extract<Execution, { outcome: "filled" }>): FillReport {
  const amount = fromWad(fill.amount);
  const cash = fromUsdc(fill.cash);
  const price = cash / Math.abs(amount);
  const spot = fromWad(fill.spot);
  const worse = amount > 0 ? price - spot : spot - price;
  return { block: Number(fill.block), amount, cash, price, slippageBps: (worse / spot) * 10_000 };
}
