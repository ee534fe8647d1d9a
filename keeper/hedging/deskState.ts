import { BPS, WAD, WAD_PER_USDC_UNIT } from "../../sdk/units.ts";

/** WAD shares of NAV that a lane may still trade and lose. */
export interface LaneBudget {
  readonly turnover: bigint;
  readonly loss: bigint;
}

/** Where the desk may borrow. Health factors in basis points of 1, except `health` (WAD). */
export interface LoanTerms {
  readonly health: bigint;
  readonly minHealthBps: bigint;
  readonly targetHealthBps: bigint;
  readonly thresholdBps: bigint;
  readonly canBorrow: boolean;
}

/** All that bounds a hedge, at one block. Amounts of underlying and prices WAD, cash USDC (6 decimals). */
export interface DeskState {
  readonly block: { readonly number: bigint; readonly time: number };
  readonly spot: bigint;
  /** The DEX average near it: fills are counted at the worse of both. Undefined when it was not read. */
  readonly average?: bigint;
  /** Book delta plus hedge at the live price. */
  readonly netDelta: bigint;
  /** WAD USDC. */
  readonly nav: bigint;
  readonly freeCash: bigint;
  /** No option is open: the hedge has nothing left to hedge. */
  readonly isFlat: boolean;
  readonly rules: {
    readonly maxSlippageBps: number;
    readonly openSlippageBps: number;
    readonly bandBps: number;
    readonly gracePeriod: number;
    readonly minBudgetNav: bigint;
  };
  readonly budgets: { readonly keepers: LaneBudget; readonly anyone: LaneBudget; readonly bounty: bigint };
  readonly hedge: { readonly inventory: bigint; readonly debt: bigint; readonly collateral: bigint };
  /** Undefined when the desk has no lender. */
  readonly loan: LoanTerms | undefined;
  /** Unix seconds; zero for never. */
  readonly seenOutside: { readonly long: number; readonly short: number };
}

/** NAV as budgets count it, USDC: never below the rules' least. */
export function budgetNav({ nav, rules }: Pick<DeskState, "nav" | "rules">): bigint {
  const units = nav / WAD_PER_USDC_UNIT;
  return units > rules.minBudgetNav ? units : rules.minBudgetNav;
}

/** A share of NAV in USDC, rounded down. */
export function shareOfNav(state: Pick<DeskState, "nav" | "rules">, share: bigint): bigint {
  return (budgetNav(state) * share) / WAD;
}

/** Half-width of the emergency band, WAD of underlying. */
export function emergencyBand(state: DeskState): bigint {
  return (budgetNav(state) * BigInt(state.rules.bandBps) * WAD_PER_USDC_UNIT * WAD) / (BPS * state.spot);
}

/** How much may be sold, WAD: the inventory, and what the vault's free cash lets the desk borrow from its health target. */
export function sellable({ hedge, loan, freeCash, spot }: DeskState): bigint {
  if (!loan?.canBorrow) return hedge.inventory;
  const counted = (hedge.collateral + freeCash) * WAD_PER_USDC_UNIT * loan.thresholdBps;
  const most = (counted * WAD) / (loan.targetHealthBps * spot);
  return hedge.inventory + (most > hedge.debt ? most - hedge.debt : 0n);
}
