import { BPS, WAD, WAD_PER_USDC_UNIT, abs, least, toWad } from "../../sdk/units.ts";
import { lossPrice } from "./lossPrice.ts";
import type { HedgePolicy } from "./policy.ts";
import { type HedgeState, type Holdings, type LoanTerms, shareOfNav } from "./state.ts";

/** What can make an order smaller than is wanted. */
export type CapName = "cash" | "inventory" | "health-factor" | "depth" | "turnover-budget" | "loss-budget" | "max-clip";

/** The most that one rule lets through, WAD. */
export interface Cap {
  readonly name: CapName;
  readonly amount: bigint;
}

/** What an order is capped by, besides what the desk and the policy say. */
export interface CapInputs {
  readonly isBuy: boolean;
  /** WAD that the pools take within `slippageBps`; undefined when no pool has answered. */
  readonly depth: bigint | undefined;
  /** How far from the oracle an order may fill, basis points, whatever the pools say. */
  readonly slippageBps: bigint;
  /** With what they say: the order's own limit. Never more, and negative where the fill has to be better than the oracle. */
  readonly limitBps: bigint;
}

/** Basis points of health that a purchase may take a loan down to while it is paid with the loan's own collateral. */
const TRANSIT_HEALTH_BPS = 10_500n;
/** Of what may be borrowed: the lender and the vault round against us, and interest grows by the second. */
const SHORT_SHARE = { numerator: 999n, denominator: 1_000n };

/** All the rules that bound an order, hardest first: of two that bind alike the first is named. */
export function capsOf(state: HedgeState, policy: HedgePolicy, inputs: CapInputs): readonly Cap[] {
  const { isBuy, depth, slippageBps, limitBps } = inputs;
  const { snapshot, desk, average } = state;
  const { spot } = snapshot.mark;
  const turnover = shareOfNav(state, desk.budgets.keepers.turnover);
  const caps: Cap[] = [isBuy ? cashCap(state, limitBps) : shortCap(state)];
  if (depth !== undefined) caps.push({ name: "depth", amount: depth });
  caps.push({ name: "turnover-budget", amount: unitsFor(turnover, spot, slippageBps) });
  // All between the limit and the price that the desk judges by may be lost; what is left of the budget has to cover it.
  const atRisk = spot * limitBps + abs(lossPrice(isBuy, spot, average) - spot) * BPS;
  if (atRisk > 0n) {
    const loss = shareOfNav(state, desk.budgets.keepers.loss);
    caps.push({ name: "loss-budget", amount: (loss * WAD_PER_USDC_UNIT * WAD * BPS) / atRisk });
  }
  caps.push({ name: "max-clip", amount: toWad(policy.maxClip) });
  return caps;
}

/** What there is to pay with buys at the worst price that is accepted: the desk draws the whole limit before it swaps. */
function cashCap({ snapshot, desk }: HedgeState, limitBps: bigint): Cap {
  const { vault, mark } = snapshot;
  const cash = vault.freeCash + spareCollateral(desk.holdings, desk.loan, mark.spot);
  return { name: "cash", amount: unitsFor(cash, mark.spot, limitBps) };
}

/**
 * USDC of a loan's collateral that a purchase may be paid with, which then repays debt: as much as leaves the loan safe in
 * between, or, while it cannot be repaid, half-way between floor and target. As the desk's `_fund` counts it.
 */
export function spareCollateral(
  { debt, collateral }: Omit<Holdings, "inventory">,
  loan: LoanTerms | undefined,
  spot: bigint,
): bigint {
  if (!loan || debt === 0n || loan.thresholdBps === 0n) return 0n;
  const health = loan.canRepay ? TRANSIT_HEALTH_BPS : (loan.minHealthBps + loan.targetHealthBps) / 2n;
  const needed = up(up(debt * spot, WAD * WAD_PER_USDC_UNIT) * health, loan.thresholdBps);
  return needed >= collateral ? 0n : least(collateral - needed, loan.withdrawable);
}

/** What is held, and beyond it what may be borrowed to sell. */
function shortCap({ snapshot, desk: { holdings, loan } }: HedgeState): Cap {
  const { inventory, debt, collateral } = holdings;
  if (!loan?.canBorrow) return { name: "inventory", amount: inventory };
  const addable = loan.canSupply ? snapshot.vault.freeCash : 0n;
  const more = borrowable({ collateral, addable, debt, loan }, snapshot.mark.spot);
  const shortable = (more * SHORT_SHARE.numerator) / SHORT_SHARE.denominator;
  return shortable > 0n
    ? { name: "health-factor", amount: inventory + shortable }
    : { name: "inventory", amount: inventory };
}

/** A loan that may grow. */
export interface GrowingLoan {
  /** USDC that is collateral, and what could be added to it. */
  readonly collateral: bigint;
  readonly addable: bigint;
  readonly debt: bigint;
  readonly loan: Pick<LoanTerms, "thresholdBps" | "targetHealthBps">;
}

/**
 * How much more may be borrowed, WAD, so that the health factor (collateral × threshold / debt) is at its target at least;
 * rounded down, 0 when it is below already.
 */
export function borrowable({ collateral, addable, debt, loan }: GrowingLoan, spot: bigint): bigint {
  const counted = (collateral + addable) * WAD_PER_USDC_UNIT * loan.thresholdBps;
  const allowed = (counted * WAD) / (loan.targetHealthBps * spot);
  return allowed > debt ? allowed - debt : 0n;
}

/** Units that `cash` (USDC) buys at `spot` worsened by `bps`, WAD, rounded down. */
function unitsFor(cash: bigint, spot: bigint, bps: bigint): bigint {
  return (cash * WAD_PER_USDC_UNIT * WAD * BPS) / (spot * (BPS + bps));
}

function up(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}
