import { type WantedQuotes, wantedQuotes } from "../../../keeper/hedging/planner.ts";
import type { HedgePolicy } from "../../../keeper/hedging/policy.ts";
import type { QuotedPool } from "../../../keeper/hedging/route.ts";
import type { HedgeState } from "../../../keeper/hedging/state.ts";
import type { Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { abs, fromWad, toWad } from "../../../sdk/units.ts";

const BPS = 10_000;

/** What a planner sees where nothing binds: ample budgets, no lender, free gas, and one pool as deep as anybody wants. */
export function ampleState(snapshot: Snapshot, policy: HedgePolicy, feeBps: number): HedgeState {
  const { mark, hedge } = snapshot;
  const ample = { turnover: toWad(1e6), loss: toWad(1e6) };
  const wanted = wantedQuotes({ snapshot }, policy);
  const pools = wanted ? [flatPool(wanted, fromWad(mark.spot), feeBps)] : [];
  return {
    snapshot,
    desk: {
      netDelta: mark.delta + hedge.delta,
      rules: {
        ...{ maxSlippageBps: hedge.maxSlippageBps, publicSlippageBps: 60, bandBps: 500, gracePeriod: 1800 },
        minBudgetNav: 0n,
      },
      budgets: { keepers: ample, anyone: ample, bounty: 0n },
      holdings: {
        ...{ inventory: hedge.delta > 0n ? hedge.delta : 0n, debt: hedge.delta < 0n ? abs(hedge.delta) : 0n },
        collateral: 0n,
      },
      loan: undefined,
    },
    gasCost: 0,
    venues: [{ name: "flat", maxParts: 1, home: feeBps * 100, pools }],
    memory: {},
  };
}

/** Fills everything at the oracle's price worsened by the fee. */
function flatPool({ isBuy, sizes }: WantedQuotes, spot: number, feeBps: number): QuotedPool {
  const marginal = spot * (1 + ((isBuy ? 1 : -1) * feeBps) / BPS);
  const cashFor = (amount: bigint) => toWad(fromWad(amount) * marginal) / 10n ** 12n;
  return { feeTier: feeBps * 100, quotes: sizes.map((amount) => ({ amount, cash: cashFor(amount), marginal })) };
}
