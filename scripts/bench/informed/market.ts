import { callAndPut } from "../../../sdk/pricing/blackScholes.ts";
import { type SsviSlice, smileVol } from "../../../sdk/pricing/ssvi.ts";
import { SCENARIOS } from "../../../sdk/portfolio/stress.ts";
import { fromWad } from "../../../sdk/units.ts";
import type { KeelParameters } from "../../../deployments/parameters.ts";
import type { Reading } from "./reading.ts";

/** One listed option. */
export interface Series {
  /** Unix seconds. */
  readonly expiry: number;
  /** Dollars. */
  readonly strike: number;
  readonly isCall: boolean;
}

/** Contracts of the series with this number; positive buys, negative sells back. */
export interface Line {
  readonly series: number;
  readonly quantity: number;
}

/** What a trade costs, dollars: positive is paid. */
export interface Cost {
  readonly total: number;
  readonly mid: number;
  readonly inventory: number;
  readonly hedging: number;
  readonly spread: number;
  readonly lag: number;
  /** What the budget for posts takes over of the lag. */
  readonly allowed: number;
  readonly capital: number;
  readonly fees: number;
  /** What is charged by the what-if alone: see {@link Impact}. In `total`. */
  readonly impact: number;
  /** Ether that the trader gains. */
  readonly delta: number;
  /** In absolute sum, dollars for 1.00 of vol. */
  readonly vega: number;
  /** The same with what is sold back taken off. */
  readonly netVega: number;
  /** What the book would be with it; {@link ModelMarket.trade} takes it over. */
  readonly after: Sums;
}

/** A charge on directional flow: κ · (flow² after − flow² before) / (2 · NAV), never a rebate. The flow is the delta notional of past trades. */
export interface Impact {
  readonly kappa: number;
  /** Seconds in which the flow decays to nothing, evenly from the last trade on. */
  readonly tau: number;
  /** Basis points of every trade's |delta| notional besides, whatever the flow is. */
  readonly flatBps?: number;
  /**
   * The same for vega: vol points of the next unit of vega, bought or sold back, when as much as the vega capacity was traded in that
   * direction. Counted apart by direction, with the same τ.
   */
  readonly vegaPoints?: number;
  /**
   * What a trade against the flow costs. `net`: nothing until it has turned the flow around and made it larger than it was.
   * `rises`: what it adds beyond zero. `sides`: the two directions are counted apart, so that neither frees the other.
   */
  readonly rule: (typeof IMPACT_RULES)[number];
}

/** What the contracts charge: see TradedDelta.sol. */
export const CHARGED: Impact = { kappa: 0.2, tau: 600, rule: "sides" };

export const IMPACT_RULES = ["net", "rises", "sides"] as const;

/** What both the model and the contracts are told about their terms. */
export type Terms = Pick<KeelParameters, "pricing" | "limits">;

/** Delta notional of past trades that is still remembered, by direction. */
interface Flow {
  readonly up: number;
  readonly down: number;
  /** The same of vega. */
  readonly vegaUp: number;
  readonly vegaDown: number;
}

/** Options as the vault holds them (negative: sold), at the mark's spot. */
interface Sums {
  readonly value: number;
  readonly delta: number;
  readonly gamma: number;
  readonly weightedVega: number;
  readonly stress: readonly number[];
}

/** One contract at the mark's spot. */
interface Unit {
  readonly value: number;
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly weight: number;
  readonly stress: readonly number[];
}

export interface MarketOptions {
  readonly series: readonly Series[];
  readonly terms: Terms;
  /** Dollars in the pool when the epoch began. */
  readonly nav: number;
  /** The slice of a series now, and the one that follows it slowly. */
  readonly posted: (series: Series) => SsviSlice;
  readonly reference?: (series: Series) => SsviSlice;
  /** Seconds since the last post. */
  readonly surfaceAge?: (now: number) => number;
  /** Dollars that the budget for posts has for buyers. */
  readonly allowance?: () => number;
  readonly impact?: Impact | undefined;
}

const DAY = 86_400;
const YEAR = 365 * DAY;
const NEAR_EXPIRY = 7 * DAY;
const BPS = 10_000;
/** Capital.SHORT_HEDGE_BPS and STEEPNESS. */
const SHORT_HEDGE = 1.2;
const STEEPNESS = 3;
const EMPTY: Sums = { value: 0, delta: 0, gamma: 0, weightedVega: 0, stress: SCENARIOS.map(() => 0) };

/** Value of one contract. */
export function valueOf({ expiry, strike, isCall }: Series, slice: SsviSlice, spot: number, now: number): number {
  const timeToExpiry = Math.max(expiry - now, 0);
  const { call, put } = callAndPut({
    forward: spot,
    strike,
    timeToExpiry,
    vol: smileVol(slice, Math.log(strike / spot)),
  });
  return isCall ? call : put;
}

/**
 * The market without a chain: quotes and limits of contracts/libraries (Quoting, QuoteCurve, Capital, RiskLimits, StressGrid), in floating
 * point. Trades that buy and sell at once are priced at the dearer end of the range, without the bound for what is inside.
 * A test compares it with the contracts.
 */
export class ModelMarket {
  readonly series: readonly Series[];
  private readonly terms: Terms;
  private readonly posted: (series: Series) => SsviSlice;
  private readonly reference: (series: Series) => SsviSlice;
  private readonly surfaceAge: (now: number) => number;
  private readonly allowance: () => number;
  private readonly impact: Impact | undefined;
  readonly held: number[];
  cash: number;
  /** Ether that hedges the book. */
  base = 0;
  sums: Sums = EMPTY;
  /** Net delta notional of past trades, decaying; of the what-if. */
  private flow = { up: 0, down: 0, vegaUp: 0, vegaDown: 0, time: 0 };
  private window = { used: 0, time: 0 };
  private mark = { spot: 0, time: -Infinity };
  private units: (Unit | undefined)[] = [];
  private readonly points: Readonly<Record<"base" | "agePerDay" | "atCapacity" | "atExpiry" | "maxSkew", number>>;
  private readonly capacityNav: number;

  constructor(options: MarketOptions) {
    const {
      series,
      terms,
      nav,
      posted,
      reference = posted,
      surfaceAge = () => 0,
      allowance = () => 0,
      impact,
    } = options;
    [this.series, this.terms, this.posted, this.reference] = [series, terms, posted, reference];
    [this.surfaceAge, this.allowance, this.impact] = [surfaceAge, allowance, impact];
    const { spread, maxSkew } = terms.pricing;
    this.points = {
      base: fromWad(spread.base),
      agePerDay: fromWad(spread.agePerDay),
      atCapacity: fromWad(spread.atCapacity),
      atExpiry: fromWad(spread.atExpiry),
      maxSkew: fromWad(maxSkew),
    };
    this.held = series.map(() => 0);
    this.cash = nav;
    this.capacityNav = nav;
  }

  get netDelta(): number {
    return this.sums.delta + this.base;
  }

  get spot(): number {
    return this.mark.spot;
  }

  nav(): number {
    return this.cash + this.base * this.mark.spot + this.sums.value;
  }

  /** Values the book anew where a trade would: RiskEngine.isFresh. @param force Whatever its age is. */
  refresh(reading: Reading, now: number, force = false): void {
    const { maxMarkAge, maxMarkMoveBps } = this.terms.limits;
    const moved = Math.abs(reading.spot - this.mark.spot) * BPS > maxMarkMoveBps * this.mark.spot;
    if (!force && !moved && now - this.mark.time <= maxMarkAge) return;
    this.mark = { spot: reading.spot, time: now };
    this.units = [];
    this.sums = EMPTY;
    for (const [i, quantity] of this.held.entries())
      if (quantity !== 0) this.sums = added(this.sums, this.unit(i), -quantity);
  }

  /** Takes the whole net delta into the hedge, at the mark's spot. @param most Ether at once. */
  hedge(most = Infinity): void {
    const amount = Math.max(-most, Math.min(most, -this.netDelta));
    this.base += amount;
    this.cash -= amount * this.mark.spot;
  }

  /** Delta of one contract at the mark. */
  deltaOf(series: number): number {
    return this.unit(series).delta;
  }

  /** Vega of what people hold of an expiry, dollars for 1.00 of vol. */
  vegaOf(expiry: number): number {
    return this.held.reduce(
      (sum, quantity, i) =>
        quantity > 0 && this.series[i]!.expiry === expiry ? sum + quantity * this.unit(i).vega : sum,
      0,
    );
  }

  value(series: number, spot: number, now: number): number {
    const one = this.series[series]!;
    return valueOf(one, this.posted(one), spot, now);
  }

  /** What a trade costs, or undefined when it would be refused. @param regardless Limits are somebody else's business. */
  quote(lines: readonly Line[], reading: Reading, now: number, regardless = false): Cost | undefined {
    const { pricing, limits } = this.terms;
    const { spot } = this.mark;
    let [opens, longest, vega, netVega, spread, delta, weighted] = [false, 0, 0, 0, 0, 0, 0];
    let [dearer, cheaper] = [0, 0];
    let [sold, both] = [this.sums, this.sums];
    const low = { mid: 0, fees: 0, floor: 0, spot: reading.low };
    const high = { mid: 0, fees: 0, floor: 0, spot: reading.high };
    for (const { series: index, quantity } of lines) {
      const series = this.series[index]!;
      const left = series.expiry - now;
      if (Math.abs(quantity) < fromWad(pricing.minQuantity) || left <= pricing.cutOff) return undefined;
      if (this.held[index]! + quantity < 0) return undefined;
      const unit = this.unit(index);
      if (quantity > 0) {
        opens = true;
        longest = Math.max(longest, left);
      }
      const own =
        this.points.base +
        (this.points.agePerDay * this.surfaceAge(now)) / DAY +
        (left < NEAR_EXPIRY ? (this.points.atExpiry * (NEAR_EXPIRY - left)) / NEAR_EXPIRY : 0);
      vega += Math.abs(quantity) * unit.vega;
      netVega += quantity * unit.vega;
      spread += Math.abs(quantity) * unit.vega * own;
      weighted += quantity * unit.vega * unit.weight;
      delta += quantity * unit.delta;
      const anchor = this.reference(series);
      const slice = this.posted(series);
      if (anchor !== slice) {
        const apart = valueOf(series, anchor, spot, now) - valueOf(series, slice, spot, now);
        if (quantity > 0) dearer += Math.max(0, quantity * apart);
        else cheaper += Math.max(0, quantity * apart);
      }
      for (const end of [low, high]) {
        const value = valueOf(series, slice, end.spot, now);
        end.mid += quantity * value;
        const fee = Math.min((end.spot * pricing.feeBps) / BPS, (value * pricing.feeCapBps) / BPS);
        end.fees += Math.max(fee, pricing.minFee / 1e6) * Math.abs(quantity);
        const pays = Math.max(0, series.isCall ? end.spot - series.strike : series.strike - end.spot);
        end.floor += quantity * (quantity > 0 ? pays : value);
      }
      both = added(both, unit, -quantity);
      if (quantity < 0) sold = added(sold, unit, -quantity);
    }
    const end = high.mid > low.mid ? high : low;
    const capacity = (this.capacityNav * limits.vegaCapacityBps) / BPS;
    const [before, afterwards] = [-this.sums.weightedVega, -this.sums.weightedVega + weighted];
    const inventory = ((this.points.maxSkew / capacity) * (afterwards ** 2 - before ** 2)) / 2;
    const used = Math.min(Math.abs(before), capacity) + Math.min(Math.abs(afterwards), capacity);
    spread += (vega * this.points.atCapacity * used) / (2 * capacity);
    const impact = this.impactOf(delta * spot, netVega, now);
    const grown = Math.max(0, Math.abs(this.netDelta - delta) - Math.abs(this.netDelta));
    const hedging = (grown * end.spot * pricing.hedgeCostBps) / BPS;
    const allowed = dearer > 0 ? Math.min(dearer, this.allowance()) : 0;
    const lag = cheaper + dearer - allowed;
    let fees = end.fees;
    const capital = opens ? this.capital(lines, sold, both, longest, hedging + impact + spread + fees) : 0;
    const charges = Math.max(0, inventory + hedging + impact + spread);
    let total = Math.max(end.mid + charges + lag, end.floor) + capital + fees;
    if (total > 0 && !opens) {
      fees = Math.max(0, fees - total);
      total = 0;
    }
    if (opens && !regardless && this.refused(lines, both, total, now, capacity)) return undefined;
    return {
      ...{
        total,
        mid: end.mid,
        inventory,
        hedging,
        spread,
        lag,
        allowed,
        capital,
        fees,
        impact,
        delta,
        vega,
        netVega,
      },
      after: both,
    };
  }

  /** Books a trade that was quoted just now. */
  trade(lines: readonly Line[], cost: Cost, now: number): void {
    const growth = Math.abs(cost.after.weightedVega) - Math.abs(this.sums.weightedVega);
    this.window = { used: Math.max(0, this.windowUsed(now) + growth), time: now };
    this.flow = { ...this.flowAfter(cost.delta * this.mark.spot, cost.netVega, now), time: now };
    this.sums = cost.after;
    this.cash += cost.total;
    for (const { series, quantity } of lines) this.held[series]! += quantity;
  }

  private flowAt(now: number): Flow {
    const left = this.impact ? Math.max(0, 1 - (now - this.flow.time) / this.impact.tau) : 0;
    const { up, down, vegaUp, vegaDown } = this.flow;
    return { up: left * up, down: left * down, vegaUp: left * vegaUp, vegaDown: left * vegaDown };
  }

  /** By `sides` both directions are kept; otherwise only one of them is positive. */
  private flowAfter(notional: number, vega: number, now: number): Flow {
    const { up, down, vegaUp, vegaDown } = this.flowAt(now);
    const vegas = { vegaUp: vegaUp + Math.max(0, vega), vegaDown: vegaDown + Math.max(0, -vega) };
    if (this.impact?.rule === "sides") {
      return { up: up + Math.max(0, notional), down: down + Math.max(0, -notional), ...vegas };
    }
    const net = up - down + notional;
    return { up: Math.max(0, net), down: Math.max(0, -net), ...vegas };
  }

  private impactOf(notional: number, vega: number, now: number): number {
    if (!this.impact) return 0;
    const { kappa, rule, flatBps = 0, vegaPoints = 0 } = this.impact;
    const [before, after] = [this.flowAt(now), this.flowAfter(notional, vega, now)];
    const ups = after.up ** 2 - before.up ** 2;
    const downs = after.down ** 2 - before.down ** 2;
    const rise = rule === "rises" ? Math.max(0, ups) + Math.max(0, downs) : Math.max(0, ups + downs);
    const vegas = after.vegaUp ** 2 - before.vegaUp ** 2 + after.vegaDown ** 2 - before.vegaDown ** 2;
    const capacity = (this.capacityNav * this.terms.limits.vegaCapacityBps) / BPS;
    return (
      (Math.abs(notional) * flatBps) / BPS +
      (kappa * rise) / (2 * this.capacityNav) +
      ((vegaPoints / 100) * vegas) / (2 * capacity)
    );
  }

  private windowUsed(now: number): number {
    const { limits } = this.terms;
    const whole = (((this.capacityNav * limits.vegaCapacityBps) / BPS) * limits.vegaWindowBps) / BPS;
    return Math.max(0, this.window.used - (whole * (now - this.window.time)) / limits.vegaWindow);
  }

  private capital(lines: readonly Line[], sold: Sums, both: Sums, longest: number, paid: number): number {
    const { limits } = this.terms;
    const nav = Math.min(this.capacityNav, Math.max(0, this.nav()));
    const rise = (from: number, to: number, whole: number): number =>
      Math.max(0, Math.max(0, STEEPNESS * to - whole) - Math.max(0, STEEPNESS * from - whole));
    let [inSeries, inExpiries] = [0, 0];
    for (const { series, quantity } of lines) {
      if (quantity <= 0) continue;
      const { open, inExpiry } = this.places(lines, series);
      const more = quantity * this.mark.spot;
      inSeries += rise(open - more, open, (nav * limits.seriesCapBps) / BPS);
      inExpiries += rise(inExpiry - more, inExpiry, (nav * limits.expiryCapBps) / BPS);
    }
    const measures = this.measures(both, -both.delta);
    const before = this.measures(sold, -sold.delta);
    // Each measure is compared with itself.
    const bound = Math.max(inSeries, inExpiries, ...measures.map((to, i) => rise(before[i]!, to, nav)));
    const stressed = this.byScenario(both, this.base);
    const unhedged = Math.max(...this.byScenario(sold, this.base).map((from, i) => rise(from, stressed[i]!, nav)));
    const price = (amount: number, time: number): number => (amount * limits.capitalRateBps * time) / (BPS * YEAR);
    const capital = price(bound, Math.max(limits.epochLength, longest));
    return Math.max(capital, price(unhedged, limits.epochLength) - paid);
  }

  /** Capital that a book binds when `hedge` hedges it: cash in the hedge, the capacities for vega and gamma, each scenario. */
  private measures(sums: Sums, hedge: number): number[] {
    const { limits } = this.terms;
    const { spot } = this.mark;
    const worth = hedge * spot;
    const inHedge = (worth > 0 ? worth : -worth * SHORT_HEDGE) + sums.value;
    const byVega = (Math.abs(sums.weightedVega) * BPS) / limits.vegaCapacityBps;
    const byGamma = (perPercent(sums, spot) * BPS) / limits.gammaCapacityBps;
    return [Math.max(0, inHedge), byVega, byGamma, ...this.byScenario(sums, hedge)];
  }

  /** What the reserve rule binds in each scenario. */
  private byScenario(sums: Sums, hedge: number): number[] {
    const worth = sums.value + hedge * this.mark.spot;
    return SCENARIOS.map(({ spotFactor }, i) => {
      const left = sums.stress[i]! + hedge * this.mark.spot * spotFactor;
      return (Math.max(0, worth - left) * BPS) / (BPS - this.terms.limits.reserveBps);
    });
  }

  private worst(sums: Sums, hedge: number): number {
    return Math.min(...SCENARIOS.map(({ spotFactor }, i) => sums.stress[i]! + hedge * this.mark.spot * spotFactor));
  }

  private places(lines: readonly Line[], series: number): { open: number; inExpiry: number } {
    const { expiry } = this.series[series]!;
    const { spot } = this.mark;
    let [open, inExpiry] = [0, 0];
    const add = (index: number, quantity: number): void => {
      if (index === series) open += quantity * spot;
      if (this.series[index]!.expiry === expiry) inExpiry += quantity * spot;
    };
    for (const [index, quantity] of this.held.entries()) if (quantity !== 0) add(index, quantity);
    for (const { series: index, quantity } of lines) add(index, quantity);
    return { open, inExpiry };
  }

  private refused(lines: readonly Line[], both: Sums, total: number, now: number, capacity: number): boolean {
    const { limits } = this.terms;
    const navBefore = this.nav();
    const nav = navBefore + total + both.value - this.sums.value;
    for (const { series, quantity } of lines) {
      if (quantity <= 0) continue;
      const { open, inExpiry } = this.places(lines, series);
      if (open * BPS > navBefore * limits.seriesCapBps || inExpiry * BPS > navBefore * limits.expiryCapBps) return true;
    }
    const growth = Math.abs(both.weightedVega) - Math.abs(this.sums.weightedVega);
    if (growth > 0) {
      if (Math.abs(both.weightedVega) * BPS > nav * limits.vegaCapacityBps) return true;
      if (this.windowUsed(now) + growth > (capacity * limits.vegaWindowBps) / BPS) return true;
    }
    const gamma = perPercent(both, this.mark.spot);
    if (gamma > perPercent(this.sums, this.mark.spot) && gamma * BPS > nav * limits.gammaCapacityBps) return true;
    const left = this.worst(both, this.base) + this.cash + total;
    return left * BPS < nav * limits.reserveBps && left < this.worst(this.sums, this.base) + this.cash;
  }

  private unit(index: number): Unit {
    const known = this.units[index];
    if (known) return known;
    const { expiry, strike, isCall } = this.series[index]!;
    const { spot, time } = this.mark;
    const timeToExpiry = Math.max(expiry - time, 0);
    const vol = smileVol(this.posted(this.series[index]!), Math.log(strike / spot));
    const { call, put, callDelta, vega } = callAndPut({ forward: spot, strike, timeToExpiry, vol });
    const gamma = timeToExpiry > 0 ? vega / (spot * spot * vol * (timeToExpiry / YEAR)) : 0;
    const stress = SCENARIOS.map(({ spotFactor, volFactor }) => {
      const shifted = callAndPut({ forward: spot * spotFactor, strike, timeToExpiry, vol: vol * volFactor });
      return isCall ? shifted.call : shifted.put;
    });
    const weight = Math.sqrt((30 * DAY) / Math.max(timeToExpiry, DAY));
    const unit = {
      ...{ value: isCall ? call : put, delta: isCall ? callDelta : callDelta - 1, gamma, vega, weight, stress },
    };
    this.units[index] = unit;
    return unit;
  }
}

function added(sums: Sums, unit: Unit, quantity: number): Sums {
  return {
    value: sums.value + quantity * unit.value,
    delta: sums.delta + quantity * unit.delta,
    gamma: sums.gamma + quantity * unit.gamma,
    weightedVega: sums.weightedVega + quantity * unit.vega * unit.weight,
    stress: sums.stress.map((value, i) => value + quantity * unit.stress[i]!),
  };
}

/** By how much a move of 1 % changes delta's notional. */
function perPercent({ gamma }: Sums, spot: number): number {
  return (Math.abs(gamma) * spot * spot) / 100;
}
