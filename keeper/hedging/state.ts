import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { BPS, WAD, WAD_PER_USDC_UNIT } from "../../sdk/units.ts";
import type { QuotedPool } from "./route.ts";

/** All that a hedge is decided from besides the policy, as of one block. Amounts of underlying and prices are WAD. */
export interface HedgeState {
  readonly snapshot: Snapshot;
  readonly desk: DeskReading;
  /** The DEX average as the desk judges fills by it, at most half a percent from spot. Left out when it was not read. */
  readonly average?: bigint;
  /** Dollars that one hedge transaction costs in gas. */
  readonly gasCost: number;
  /** Where the order can go, and what was answered there; nobody is asked while nothing would be ordered anyway. */
  readonly venues: readonly QuotedVenue[];
  readonly memory: HedgeMemory;
}

/** What the desk says of itself and of its loan. */
export interface DeskReading {
  /** Book delta plus hedge by the desk's own count, which ours has to match. */
  readonly netDelta: bigint;
  readonly rules: {
    readonly maxSlippageBps: number;
    readonly publicSlippageBps: number;
    readonly bandBps: number;
    readonly gracePeriod: number;
    /** USDC: budgets are shares of NAV, and of this at least. */
    readonly minBudgetNav: bigint;
  };
  readonly budgets: {
    readonly keepers: LaneBudget;
    readonly anyone: LaneBudget;
    /** USDC. */
    readonly bounty: bigint;
  };
  readonly holdings: Holdings;
  /** Undefined when the desk has no lender. */
  readonly loan: LoanTerms | undefined;
}

/** WAD shares of NAV that a lane may still trade and lose. */
export interface LaneBudget {
  readonly turnover: bigint;
  readonly loss: bigint;
}

/** The hedge: underlying held and owed, and the USDC (6 decimals) that the debt is owed against. */
export interface Holdings {
  readonly inventory: bigint;
  readonly debt: bigint;
  readonly collateral: bigint;
}

/** What the lender allows now. Health factors in basis points of 1, except `health` (WAD). */
export interface LoanTerms {
  readonly health: bigint;
  readonly minHealthBps: bigint;
  readonly targetHealthBps: bigint;
  /** Share of the collateral that counts: the lender's liquidation threshold. */
  readonly thresholdBps: bigint;
  readonly canSupply: boolean;
  readonly canBorrow: boolean;
  readonly canRepay: boolean;
  /** USDC that the lender can pay out now. */
  readonly withdrawable: bigint;
  /** Yearly rate of new debt, a share of one; zero when it was not told. */
  readonly borrowRate: number;
}

/** What one venue answered. */
export interface QuotedVenue {
  readonly name: string;
  /** Most pools that one order may go through. */
  readonly maxParts: number;
  /** The pool that takes the order when none has answered. */
  readonly home: number;
  /** Answers on the side of the order; none where nobody was asked or nobody answered. */
  readonly pools: readonly QuotedPool[];
}

/** What the ticks before this one have seen, unix seconds. */
export interface HedgeMemory {
  /** When the net delta left the band, if it is outside. */
  readonly outsideSince?: number;
  /** When the last hedge was filled. */
  readonly hedgedAt?: number;
}

/** Whether no option is open: then the hedge has nothing left to hedge. */
export function isFlat({ snapshot }: Pick<HedgeState, "snapshot">): boolean {
  return snapshot.book.every(({ quantity }) => quantity === 0n);
}

/** NAV as budgets count it, USDC: never below the rules' least, so that a vault that lost everything can still hedge. */
export function budgetNav({ snapshot, desk }: Pick<HedgeState, "snapshot" | "desk">): bigint {
  const units = snapshot.vault.nav / WAD_PER_USDC_UNIT;
  return units > desk.rules.minBudgetNav ? units : desk.rules.minBudgetNav;
}

/** A share of NAV in USDC, rounded down. */
export function shareOfNav(state: Pick<HedgeState, "snapshot" | "desk">, share: bigint): bigint {
  return (budgetNav(state) * share) / WAD;
}

/** Half-width of the emergency band, beyond which anyone may hedge, WAD. */
export function emergencyBand(state: Pick<HedgeState, "snapshot" | "desk">): bigint {
  const { snapshot, desk } = state;
  return (budgetNav(state) * BigInt(desk.rules.bandBps) * WAD_PER_USDC_UNIT * WAD) / (BPS * snapshot.mark.spot);
}
