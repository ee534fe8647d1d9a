import type { Fill } from "../execution/fill.ts";
import type { Plan } from "../hedging/planner.ts";
import { type Snapshot, navPerShareOf } from "../../sdk/portfolio/snapshot.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
import type { Intent } from "../execution/intent.ts";
import { purposeOf } from "../execution/requests.ts";
import { type Execution, executionOf } from "../execution/outcome.ts";
import type { FillReport, TickEvent, TransactionEvent } from "./events.ts";

/** How a tick ended, besides its plan: undefined when it held, `dry-run` when nothing was to be sent. */
export type TickResult =
  | Execution
  /** Nothing may be sent until a person has looked. */
  | { readonly outcome: "stopped"; readonly message: string }
  /** Another host acts. */
  | { readonly outcome: "standby" }
  | { readonly outcome: "dry-run"; readonly message?: string }
  | undefined;

/** Reports a tick. @param at The machine's time, ISO 8601. */
export function tickEvent(market: string, snapshot: Snapshot, plan: Plan, result: TickResult, at: string): TickEvent {
  const { block, oracle, vault, mark, hedge } = snapshot;
  const netDelta = fromWad(plan.netDelta);
  return {
    type: "tick",
    at,
    market,
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
      return { outcome, tx: fill.tx, fill: fillReport(fill), ...gasFields(fill) };
    }
    case "done": {
      const { outcome, tx } = result;
      return { outcome, tx, ...gasFields(result) };
    }
    case "reverted": {
      const { outcome, tx } = result;
      return { outcome, tx, message: "the transaction was mined but failed; nothing changed", ...gasFields(result) };
    }
    case "refused":
    case "stopped":
      return { outcome: result.outcome, message: result.message };
    case "cancelled":
      return { outcome: "cancelled", tx: result.tx, message: "it was taken back before it was mined" };
    case "in-flight": {
      const { outcome, tx } = result;
      return {
        outcome,
        message: tx ? "it is not mined yet" : "an earlier transaction of the keeper is not mined yet",
        ...(tx && { tx }),
      };
    }
    case "unexpected":
      return { outcome: "unexpected", message: result.problem, ...(result.tx && { tx: result.tx }) };
    case "standby":
      return { outcome: "standby", message: "another host holds the lease; this one stands by" };
    case "dry-run":
      return { outcome: "dry-run", ...(result.message !== undefined && { message: result.message }) };
  }
}

function gasFields({ gasUsed, gasCost }: { readonly gasUsed: bigint; readonly gasCost: bigint }) {
  return { gasUsed: Number(gasUsed), gasCost: fromWad(gasCost) };
}

/** A fill in a person's units. */
export function fillReport(fill: Fill): FillReport {
  const amount = fromWad(fill.amount);
  const cash = fromUsdc(fill.cash);
  const price = cash / Math.abs(amount);
  const spot = fromWad(fill.spot);
  const worse = amount > 0 ? price - spot : spot - price;
  return { block: Number(fill.block), amount, cash, price, slippageBps: (worse / spot) * 10_000 };
}

/** Reports a transaction that has moved on by itself. */
export function transactionEvent(intent: Intent, sentence: string | undefined, at: string): TransactionEvent {
  const { kind, market } = purposeOf(intent);
  const execution = executionOf(intent);
  const { outcome, message = sentence, tx, fill, gasUsed, gasCost } = resultFields(execution);
  return {
    type: "transaction",
    at,
    market,
    purpose: kind,
    intent: intent.id,
    state: intent.state.tag,
    outcome: outcome ?? "in-flight",
    ...(message !== undefined && { message }),
    ...(tx !== undefined && { tx }),
    ...(fill && { fill }),
    ...(gasUsed !== undefined && { gasUsed }),
    ...(gasCost !== undefined && { gasCost }),
  };
}
