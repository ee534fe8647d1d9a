import { BPS, WAD, WAD_PER_USDC_UNIT } from "../../sdk/units.ts";

/**
 * What bears on a hedge besides the snapshot and the policy: what the trade would cost now, and how much of it the desk, the
 * lender and the pools would take. Whatever is left out is not limited, except short selling, which has to be granted.
 */
export interface HedgeConditions {
  /** Dollars that one hedge transaction costs in gas. */
  readonly gasCost?: number;
  /** Price impact of a clip, in basis points, as the pools quote it; beside the policy's `costBps`. */
  readonly impactBps?: number;
  /** Yearly rate, a share of one, that a larger hedge costs: what held cash would earn, or the borrowing rate when short. */
  readonly fundingRate?: number;
  /**
   * Basis points by which the pool would fill a clip, the smaller of |net delta| and `maxClip`, worse than at the mark's spot
   * now; negative when better. Left out when the pool gave no answer.
   */
  readonly expectedBps?: number;
  /** WAD: the DEX average as the desk judges fills by it, at most half a percent from the oracle's price. */
  readonly average?: bigint;
  /** WAD that the pools take within the slippage bound. */
  readonly depth?: { readonly buy: bigint; readonly sell: bigint };
  /** USDC (6 decimals) that is left of the desk's budgets. */
  readonly budgets?: { readonly turnover?: bigint; readonly loss?: bigint };
  /** WAD that may be sold short beyond the inventory, see {@link borrowable}. */
  readonly shortable?: bigint;
  /** Unix seconds at which the net delta left the band, if it is outside. */
  readonly outsideSince?: number;
}

/** A loan of underlying against USDC, as a lending pool accounts for it. */
export interface LoanState {
  /** USDC (6 decimals) that is collateral, and what could be added to it. */
  readonly collateral: bigint;
  readonly addable: bigint;
  /** WAD of underlying owed. */
  readonly debt: bigint;
  /** Share of the collateral that counts, basis points: the lender's liquidation threshold. */
  readonly thresholdBps: bigint;
}

/**
 * How much more may be borrowed, WAD, so that the health factor (collateral × threshold / debt) stays at or above
 * `minHealthFactorBps`; rounded down, 0 when it is below already.
 * @param spot WAD price of the underlying.
 */
export function borrowable(loan: LoanState, spot: bigint, minHealthFactorBps: bigint): bigint {
  const counted = (loan.collateral + loan.addable) * WAD_PER_USDC_UNIT * loan.thresholdBps;
  const allowedDebt = (counted * BPS * WAD) / (BPS * minHealthFactorBps * spot);
  return allowedDebt > loan.debt ? allowedDebt - loan.debt : 0n;
}
