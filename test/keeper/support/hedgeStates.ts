import { wantedQuotes } from "../../../keeper/hedging/planner.ts";
import type { HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { type QuotedPool, ladder } from "../../../keeper/hedging/route.ts";
import type { DeskReading, HedgeState, LoanTerms } from "../../../keeper/hedging/state.ts";
import { type Snapshot, netDeltaOf } from "../../../sdk/portfolio/snapshot.ts";
import { WAD, WAD_PER_USDC_UNIT, abs, fromWad, toWad } from "../../../sdk/units.ts";
import { type TheoreticalPool, quotesOf } from "./constantProduct.ts";

/** What bears on a hedge besides the snapshot; what is left out binds nobody, and nobody lends. */
export interface Circumstances {
  readonly gasCost?: number;
  readonly average?: bigint;
  readonly outsideSince?: number;
  readonly hedgedAt?: number;
  /** USDC that is left of the keepers' budgets. */
  readonly budgets?: { readonly turnover?: bigint; readonly loss?: bigint };
  /** WAD that may be borrowed, but for the thousandth that is kept back. */
  readonly shortable?: bigint;
  readonly borrowRate?: number;
  /** Basis points worse than spot that one pool fills everything at. Without it, and without pools, none answers. */
  readonly expectedBps?: number;
  /** WAD that this pool takes at most. */
  readonly depth?: bigint;
  readonly pools?: readonly TheoreticalPool[];
  readonly desk?: Partial<DeskReading>;
}

const HUGE = 10n ** 15n;
export const LOAN: LoanTerms = {
  health: 2n ** 255n,
  ...{ minHealthBps: 13_000n, targetHealthBps: 17_000n, thresholdBps: 8_000n },
  ...{ canSupply: true, canBorrow: true, canRepay: true },
  withdrawable: HUGE,
  borrowRate: 0,
};

/** A state as a chain would give it to a keeper of that policy. */
export function stateOf(snapshot: Snapshot, policy: HedgePolicy, given: Circumstances = {}): HedgeState {
  const { gasCost = 0, average, outsideSince, hedgedAt, budgets = {} } = given;
  const { hedge, mark } = snapshot;
  const minBudgetNav = HUGE;
  // Shares of so large a NAV that they come back as exactly these dollars.
  const share = (dollars = HUGE) => (dollars * WAD + minBudgetNav - 1n) / minBudgetNav;
  const keepers = { turnover: share(budgets.turnover), loss: share(budgets.loss) };
  const { shortable, borrowRate = 0 } = given;
  const collateral = shortable === undefined ? 0n : (shortable * mark.spot) / (WAD * WAD_PER_USDC_UNIT);
  return {
    snapshot,
    desk: {
      netDelta: netDeltaOf(snapshot),
      rules: {
        ...{ maxSlippageBps: hedge.maxSlippageBps, publicSlippageBps: 60, bandBps: 500, gracePeriod: 1800 },
        minBudgetNav,
      },
      budgets: { keepers, anyone: keepers, bounty: 50_000_000n },
      holdings: {
        inventory: hedge.delta > 0n ? hedge.delta : 0n,
        debt: hedge.delta < 0n ? -hedge.delta : 0n,
        collateral,
      },
      loan:
        shortable === undefined
          ? undefined
          : { ...LOAN, targetHealthBps: 10_000n, thresholdBps: 10_000n, canSupply: false, borrowRate },
      ...given.desk,
    },
    ...(average !== undefined && { average }),
    gasCost,
    venues: [{ name: "test", maxParts: 4, home: 500, pools: poolsOf(snapshot, policy, given) }],
    memory: { ...(outsideSince !== undefined && { outsideSince }), ...(hedgedAt !== undefined && { hedgedAt }) },
  };
}

function poolsOf(snapshot: Snapshot, policy: HedgePolicy, given: Circumstances): readonly QuotedPool[] {
  const wanted = wantedQuotes({ snapshot }, policy);
  if (!wanted) return [];
  if (given.pools) return quotesOf(given.pools, wanted.sizes, wanted.isBuy);
  const { depth, expectedBps = depth === undefined ? undefined : 5 } = given;
  if (expectedBps === undefined) return [];
  const sizes = depth === undefined ? wanted.sizes : depth === 0n ? [] : ladder(depth, 16);
  const quotes = flatQuotes(sizes, wanted.isBuy, fromWad(snapshot.mark.spot), expectedBps);
  // A pool that is there and takes nothing is none that has not answered: its next unit is beyond every bound.
  const dear = { amount: 1n, cash: 1n, marginal: wanted.isBuy ? Infinity : 0 };
  return [{ feeTier: 500, quotes: quotes.length === 0 ? [dear] : quotes }];
}

/** A pool's answers whose price does not move. */
export function flatQuotes(sizes: readonly bigint[], isBuy: boolean, spot: number, bps: number): QuotedPool["quotes"] {
  const marginal = spot * (1 + ((isBuy ? 1 : -1) * bps) / 10_000);
  return sizes.map((amount) => ({
    amount,
    cash: toWad(fromWad(abs(amount)) * marginal) / WAD_PER_USDC_UNIT,
    marginal,
  }));
}
