import pc from "picocolors";
import type { Planned } from "../app/marketTick.ts";
import type { CapName } from "../hedging/caps.ts";
import { expectedLoss } from "../hedging/lossPrice.ts";
import type { HoldReason } from "../hedging/planner.ts";
import { type HedgeState, type LaneBudget, emergencyBand, shareOfNav } from "../hedging/state.ts";
import { BPS, fromUsdc, fromWad } from "../../sdk/units.ts";

/** What became of an order, in plain numbers. */
export type Simulated =
  | { readonly outcome: "none" | "not-simulated" | "dry-run" }
  | { readonly outcome: "filled"; readonly tx: string; readonly amount: number; readonly cash: number }
  | { readonly outcome: "refused" | "reverted" | "in-flight" | "unexpected" | "standby"; readonly message: string };

/** What makes the order smaller than the net delta asks for, as the report names it. */
export type ClipLimit = "depth" | "turnover-budget" | "loss-budget" | "cash" | "collateral" | "max-clip";

/** Why nothing is ordered. */
export type NoOrder =
  | { readonly code: "neutral" }
  /** Our own Greeks and holdings say something else than the chain: one of them is wrong, so nothing is done. */
  | { readonly code: "readings-disagree"; readonly own: number; readonly desk: number }
  | { readonly code: "limited"; readonly by: ClipLimit; readonly allowed: number };

/** Dollars that a lane may still trade and lose. */
interface LaneReport {
  readonly turnover: number;
  readonly loss: number;
}

/** What `keel hedge --json` prints: dollars, ether, unix seconds. */
export interface HedgeReport {
  readonly network: string;
  readonly block: { readonly number: number; readonly time: number };
  readonly spot: number;
  /** The DEX average near it: losses are counted at the worse of both. */
  readonly average: number;
  readonly netDelta: number;
  /** Beyond it, for `gracePeriod` seconds, anyone may hedge. */
  readonly emergencyBand: number;
  readonly gracePeriod: number;
  /** Null when nothing is to be ordered, for `reason`. */
  readonly order: {
    readonly side: "buy" | "sell";
    /** Positive. */
    readonly amount: number;
    readonly cashLimit: number;
    readonly deadline: number;
    readonly limitedBy: ClipLimit | null;
    readonly legs: readonly { readonly feeTier: number; readonly amount: number; readonly shareBps: number }[];
  } | null;
  readonly reason: NoOrder | null;
  readonly expected: {
    readonly cash: number;
    readonly price: number;
    readonly slippageBps: number;
    readonly loss: number;
    readonly netDelta: number;
  } | null;
  readonly budgets: { readonly keepers: LaneReport; readonly anyone: LaneReport; readonly bounty: number };
  readonly hedge: { readonly inventory: number; readonly debt: number; readonly collateral: number };
  /** Null without a lender; `health` is null without debt. */
  readonly loan: {
    readonly health: number | null;
    readonly minHealth: number;
    readonly targetHealth: number;
    readonly canBorrow: boolean;
  } | null;
  readonly outcome: Simulated;
}

/** Everything that bears on the next hedge, and the hedge. */
export function hedgeReport(network: string, planned: Planned, outcome: Simulated): HedgeReport {
  const { state } = planned;
  const { snapshot, desk, average } = state;
  const { budgets, holdings, loan, rules } = desk;
  const { block, mark } = snapshot;
  return {
    network,
    block: { number: Number(block.number), time: block.time },
    spot: fromWad(mark.spot),
    average: fromWad(average ?? mark.spot),
    netDelta: fromWad(desk.netDelta),
    emergencyBand: fromWad(emergencyBand(state)),
    gracePeriod: rules.gracePeriod,
    ...orderFields(planned),
    budgets: {
      keepers: laneOf(state, budgets.keepers),
      anyone: laneOf(state, budgets.anyone),
      bounty: fromUsdc(budgets.bounty),
    },
    hedge: {
      inventory: fromWad(holdings.inventory),
      debt: fromWad(holdings.debt),
      collateral: fromUsdc(holdings.collateral),
    },
    loan: loan
      ? {
          health: holdings.debt > 0n ? fromWad(loan.health) : null,
          minHealth: Number(loan.minHealthBps) / Number(BPS),
          targetHealth: Number(loan.targetHealthBps) / Number(BPS),
          canBorrow: loan.canBorrow,
        }
      : null,
    outcome,
  };
}

function orderFields({ state, plan }: Planned): Pick<HedgeReport, "order" | "reason" | "expected"> {
  if (plan.decision === "hold") return { order: null, reason: noOrder(plan.reason), expected: null };
  const { order, route, reason } = plan;
  const { snapshot, desk, average } = state;
  const amount = Math.abs(fromWad(order.amount));
  return {
    order: {
      side: order.amount > 0n ? "buy" : "sell",
      amount,
      cashLimit: fromUsdc(order.cashLimit),
      deadline: order.deadline,
      limitedBy: reason.limitedBy ? CLIP_LIMITS[reason.limitedBy] : null,
      legs: route.parts.map((part) => ({
        feeTier: part.feeTier,
        amount: Math.abs(fromWad(part.amount)),
        shareBps: Number(part.shareBps),
      })),
    },
    reason: null,
    expected: {
      cash: fromUsdc(route.cash),
      price: fromUsdc(route.cash) / amount,
      slippageBps: route.slippageBps,
      loss: fromUsdc(expectedLoss(route, snapshot.mark.spot, average)),
      netDelta: fromWad(desk.netDelta + order.amount),
    },
  };
}

const CLIP_LIMITS: Readonly<Record<CapName, ClipLimit>> = {
  cash: "cash",
  inventory: "collateral",
  "health-factor": "collateral",
  depth: "depth",
  "turnover-budget": "turnover-budget",
  "loss-budget": "loss-budget",
  "max-clip": "max-clip",
};

/** Why the planner holds, as far as somebody who wants to be neutral cares. */
function noOrder(reason: HoldReason): NoOrder {
  switch (reason.code) {
    case "mark-disagrees":
      return { code: "readings-disagree", own: reason.own, desk: reason.onChain };
    case "limited":
      return { code: "limited", by: CLIP_LIMITS[reason.by], allowed: reason.allowed };
    case "insufficient-cash":
      return { code: "limited", by: "cash", allowed: reason.affordable };
    case "cannot-short":
      return { code: "limited", by: "collateral", allowed: reason.allowed };
    default:
      return { code: "neutral" };
  }
}

function laneOf(state: HedgeState, { turnover, loss }: LaneBudget): LaneReport {
  return { turnover: fromUsdc(shareOfNav(state, turnover)), loss: fromUsdc(shareOfNav(state, loss)) };
}

/** The report as a page for the terminal. */
export function hedgeText(report: HedgeReport): string {
  const { block, budgets, netDelta, emergencyBand: band, spot, average } = report;
  const side = netDelta > 0 ? "too long" : netDelta < 0 ? "too short" : "neutral";
  return [
    `${pc.bold(`Hedge of ${report.network}`)}  block ${block.number}  ${minute(block.time)}`,
    "",
    `Net delta      ${signed(netDelta)}, ${side}, at ${usd(spot)} (average ${usd(average)}); anyone may hedge beyond ±${band.toFixed(2)}`,
    ...orderLines(report),
    `Budgets left   keepers: trade ${usd(budgets.keepers.turnover)}, lose ${usd(budgets.keepers.loss)}`,
    `               anyone: trade ${usd(budgets.anyone.turnover)}, lose ${usd(budgets.anyone.loss)}; next bounty ${usd(budgets.bounty)} at most`,
    `Hedge          ${report.hedge.inventory.toFixed(4)} held, ${report.hedge.debt.toFixed(4)} owed against ${usd(report.hedge.collateral)}`,
    `Lender         ${loanText(report.loan)}`,
    `Outcome        ${outcomeText(report.outcome)}`,
  ].join("\n");
}

function orderLines({ order, expected, reason, spot }: HedgeReport): string[] {
  if (!order || !expected) return [`Order          none: ${reasonText(reason)}`];
  const bound = order.side === "buy" ? "at most" : "at least";
  const legs = order.legs.map(({ feeTier, shareBps }) => `${shareBps / 100} % at ${feeTier / 10_000} %`).join(", ");
  const against = `${Math.abs(expected.slippageBps).toFixed(2)} bp ${expected.slippageBps < 0 ? "better" : "worse"}`;
  return [
    `Order          ${order.side} ${order.amount.toFixed(4)} for ${bound} ${usd(order.cashLimit)}, until ${minute(order.deadline)}`,
    `               through pools: ${legs}${order.limitedBy ? `; limited by ${LIMITS[order.limitedBy]}` : ""}`,
    `Expected       ${usd(expected.cash)}, ${usd(expected.price)} each: ${against} than the oracle's ${usd(spot)}, ${usd(expected.loss)} lost by the desk's count`,
    `Afterwards     net delta ${signed(expected.netDelta)}`,
  ];
}

const LIMITS: Readonly<Record<ClipLimit, string>> = {
  depth: "what the pools take within the slippage bound",
  "turnover-budget": "the turnover budget",
  "loss-budget": "the loss budget",
  cash: "the vault's free cash",
  collateral: "what may be borrowed",
  "max-clip": "hedging.maxClip",
};

function reasonText(reason: NoOrder | null): string {
  if (reason?.code === "readings-disagree") {
    return pc.red(`the desk says ${reason.desk}, our own reading is ${reason.own}; nothing is done until they agree`);
  }
  if (reason?.code === "limited")
    return `${LIMITS[reason.by]} allows ${reason.allowed.toFixed(6)}, too little to trade`;
  return "the net delta is neutral";
}

function loanText(loan: HedgeReport["loan"]): string {
  if (!loan) return "none: the desk sells what it holds and no more";
  const now = loan.health === null ? "nothing owed" : `health ${loan.health.toFixed(4)}`;
  const open = loan.canBorrow ? "" : "; takes no new loans now";
  return `${now}; floor ${loan.minHealth.toFixed(2)}, target ${loan.targetHealth.toFixed(2)}${open}`;
}

function outcomeText(outcome: Simulated): string {
  switch (outcome.outcome) {
    case "none":
      return "nothing to send";
    case "not-simulated":
      return "not simulated: without a key there is no account to call from";
    case "dry-run":
      return "passes in simulation; nothing was sent";
    case "refused":
      return pc.red(`refused: ${outcome.message}`);
    case "filled":
      return pc.green(`filled ${outcome.amount.toFixed(4)} for ${usd(outcome.cash)} in ${outcome.tx}`);
    default:
      return pc.red(outcome.message);
  }
}

function minute(time: number): string {
  return `${new Date(time * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function usd(value: number): string {
  const digits = Math.abs(value).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${value < 0 ? "−" : ""}$${digits}`;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}
