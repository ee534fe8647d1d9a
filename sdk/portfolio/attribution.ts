import { yearsOf } from "../pricing/time.ts";
import { fromWad } from "../units.ts";
import { netGreeks, valuePositions } from "./netGreeks.ts";
import { type Snapshot, netDeltaOf } from "./snapshot.ts";

/** What the vault is exposed to at one block. Dollars and ether, but for `nav`. */
export interface Exposure {
  /** Units of USDC (six decimals). */
  readonly nav: bigint;
  readonly spot: number;
  /** Unix seconds. */
  readonly time: number;
  /** Book and hedge together. */
  readonly delta: number;
  readonly gamma: number;
  /** Dollars a year. */
  readonly theta: number;
  /** Every series held or listed: dollars per 1.00 of vol, and its implied vol; undefined once expired. */
  readonly series: readonly { readonly id: bigint; readonly vega: number; readonly vol: number | undefined }[];
}

/** A hedge that was filled in between. */
export interface HedgeFlow {
  /** Bought positive, sold negative. */
  readonly amount: number;
  /** Dollars spent or received, positive either way. */
  readonly cash: number;
  /** Oracle price at the fill. */
  readonly spot: number;
  /** What of the cash is the venue's fee. */
  readonly fee: number;
}

/** A trade with an option trader in between. */
export interface TradeFlow {
  /** Dollars that the vault received; negative when it paid. */
  readonly cash: number;
  /** What the book gained at mid: negative when it sold options. */
  readonly value: number;
  /** What the book's delta gained. */
  readonly delta: number;
  /** Oracle price at the trade. */
  readonly spot: number;
}

/** Everything that moved NAV from one block to another. */
export interface Interval {
  readonly from: Exposure;
  readonly to: Exposure;
  readonly hedges: readonly HedgeFlow[];
  readonly trades: readonly TradeFlow[];
  /** Interest paid on borrowed underlying, less what was earned; dollars. */
  readonly funding: number;
  /** Deposits less redemptions, dollars: a change of NAV that is nobody's profit. */
  readonly capital: number;
  /** What the keeper paid for gas, dollars. It is not the vault's, so it is told apart and not part of the sum. */
  readonly gas: number;
}

/** Causes of a change of NAV; costs are negative. All in units of USDC (six decimals). */
export interface Attribution {
  /** NAV at the end less NAV at the beginning: exactly the sum of `parts`. */
  readonly change: bigint;
  readonly parts: AttributionParts;
  /** Beside the sum. */
  readonly gas: bigint;
}

export interface AttributionParts extends Readonly<Record<string, bigint>> {
  readonly capital: bigint;
  /** Premiums over mid, and fees. */
  readonly premium: bigint;
  readonly delta: bigint;
  /** ½ Γ dS². */
  readonly gamma: bigint;
  readonly vega: bigint;
  readonly theta: bigint;
  readonly hedgeFee: bigint;
  readonly hedgeSlippage: bigint;
  readonly funding: bigint;
  /** What the others leave: higher orders, the smile's shape, and whatever nobody thought of. A figure to watch. */
  readonly residual: bigint;
}

const USDC_UNITS = 1e6;

/**
 * Splits a change of NAV by cause (docs/keeper.md): Greeks of the beginning times the move, what was traded in between from
 * its own price on. Each part is rounded to 1e-6 USDC, and the residual is taken in whole units: the sum is exact.
 */
export function attribute({ from, to, hedges, trades, funding, capital, gas }: Interval): Attribution {
  const move = to.spot - from.spot;
  const later = [...hedges.map(({ amount, spot }) => ({ delta: amount, spot })), ...trades];
  const change = to.nav - from.nav;
  const explained = {
    capital: units(capital),
    premium: units(sum(trades, ({ cash, value }) => cash + value)),
    delta: units(from.delta * move + sum(later, ({ delta, spot }) => delta * (to.spot - spot))),
    gamma: units(0.5 * from.gamma * move * move),
    vega: units(vegaProfit(from, to)),
    theta: units(from.theta * yearsOf(to.time - from.time)),
    hedgeFee: units(-sum(hedges, ({ fee }) => fee)),
    hedgeSlippage: units(-sum(hedges, (hedge) => hedgeCost(hedge) - hedge.fee)),
    funding: units(-funding),
  };
  const residual = change - Object.values(explained).reduce((total, part) => total + part, 0n);
  return { change, parts: { ...explained, residual }, gas: units(gas) };
}

/** The exposure that a snapshot shows, by the keeper's own Greeks. */
export function exposureOf(snapshot: Snapshot): Exposure {
  const positions = valuePositions(snapshot);
  const { gamma, theta } = netGreeks(positions);
  return {
    nav: snapshot.vault.nav / 10n ** 12n,
    spot: fromWad(snapshot.mark.spot),
    time: snapshot.mark.time,
    delta: fromWad(netDeltaOf(snapshot)),
    gamma,
    theta,
    series: positions.map(({ vega, contract }, i) => ({ id: snapshot.book[i]?.id ?? 0n, vega, vol: contract.vol })),
  };
}

/** Dollars that a hedge lost against the oracle's price: the venue's fee and its slippage. */
export function hedgeCost({ amount, cash, spot }: Pick<HedgeFlow, "amount" | "cash" | "spot">): number {
  return amount > 0 ? cash - amount * spot : -amount * spot - cash;
}

function vegaProfit(from: Exposure, to: Exposure): number {
  const vols = new Map(to.series.map(({ id, vol }) => [id, vol]));
  return sum(from.series, ({ id, vega, vol }) => vega * ((vols.get(id) ?? vol ?? 0) - (vol ?? 0)));
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** @throws RangeError when a figure is not finite: no sum could be exact then. */
function units(dollars: number): bigint {
  return BigInt(Math.round(dollars * USDC_UNITS));
}
