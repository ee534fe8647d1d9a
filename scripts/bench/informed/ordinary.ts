import { normalCdf } from "../../../sdk/pricing/normal.ts";
import type { SsviSlice } from "../../../sdk/pricing/ssvi.ts";
import { type Impact, ModelMarket, type Series, type Terms } from "./market.ts";
import { BLOCK, type DayPath } from "./path.ts";
import { Sources } from "./reading.ts";

/** What somebody who knows nothing pays beyond mid for an option, at a range without width. */
export interface OrdinaryRow {
  readonly days: number;
  readonly kind: "at the money" | "25-delta call" | "25-delta put";
  readonly contracts: number;
  /** Dollars of delta. */
  readonly notional: number;
  /** Basis points of delta notional: hedging, fees, and the what-if. */
  readonly hedgingBps: number;
  readonly feesBps: number;
  readonly impactBps: number;
  /** Vol points: half-spread and inventory. */
  readonly spreadPoints: number;
  readonly inventoryPoints: number;
  /** Everything, in vol points of the option's vega. */
  readonly allPoints: number;
}

const DAY = 86_400;
const TENORS = [7, 30, 90] as const;
const SIZES = [1, 5, 20] as const;
const BPS = 10_000;
const CLOSEST = 1e-6;

/** Typical trades on an empty, hedged book of `nav` dollars. */
export function ordinaryCosts(
  { terms, nav, slice, impact }: { terms: Terms; nav: number; slice: SsviSlice; impact?: Impact | undefined },
  spot: number,
): OrdinaryRow[] {
  const kinds = [
    { kind: "at the money", isCall: true, delta: 0.5 },
    { kind: "25-delta call", isCall: true, delta: 0.25 },
    { kind: "25-delta put", isCall: false, delta: -0.25 },
  ] as const;
  const now = 10 * DAY;
  return TENORS.flatMap((days) =>
    kinds.flatMap(({ kind, isCall, delta }) => {
      const callDelta = isCall ? delta : 1 + delta;
      const strike = kind === "at the money" ? spot : strikeOf(callDelta, spot, slice, days);
      const series: Series = { expiry: now + days * DAY, strike, isCall };
      return SIZES.map((contracts) => {
        const market = new ModelMarket({ series: [series], terms, nav, posted: () => slice, impact });
        const reading = { spot, low: spot, high: spot };
        market.refresh(reading, now);
        const cost = market.quote([{ series: 0, quantity: contracts }], reading, now);
        if (!cost) throw new Error(`The market refuses ${contracts} contracts of ${days} days.`);
        const notional = Math.abs(cost.delta) * spot;
        return {
          ...{ days, kind, contracts, notional },
          hedgingBps: (BPS * cost.hedging) / notional,
          feesBps: (BPS * cost.fees) / notional,
          impactBps: (BPS * cost.impact) / notional,
          spreadPoints: (100 * cost.spread) / cost.vega,
          inventoryPoints: (100 * cost.inventory) / cost.vega,
          allPoints: (100 * (cost.total - cost.mid)) / cost.vega,
        };
      });
    }),
  );
}

/** The strike whose call has this delta, by bisection on Black's d1 at the slice's vol at the money. */
function strikeOf(callDelta: number, spot: number, { atmVol }: SsviSlice, days: number): number {
  const deviation = atmVol * Math.sqrt(days / 365);
  let [low, high] = [-5, 5];
  while (high - low > CLOSEST) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < callDelta) low = middle;
    else high = middle;
  }
  return spot * Math.exp(deviation * (deviation / 2 - low));
}

/** How far the dearer end of the oracle's range is from the pool's price on a day, basis points: what a buyer or seller pays for it. */
export function rangeCost(path: DayPath, window: number, usdcFirst: boolean): { mean: number; most: number } {
  const [first = 0] = path.prices;
  const sources = new Sources(first, path.start - 3600, usdcFirst, window);
  let [sum, most] = [0, 0];
  for (const [n, price] of path.prices.entries()) {
    const time = path.start + n * BLOCK;
    sources.trade(price, time);
    sources.report(path.prices[n - 1] ?? price, time);
    const { low, high } = sources.read(time + BLOCK - 1);
    const width = (BPS * (high - low)) / (2 * price); // a mean of what buyers and sellers of delta pay
    sum += width;
    most = Math.max(most, width);
  }
  return { mean: sum / path.prices.length, most };
}
