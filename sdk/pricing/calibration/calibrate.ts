import { normalCdf } from "../normal.ts";
import { butterflyHeadroom, calendarHeadroom, isButterflyFree, isCalendarFree } from "../noArbitrage.ts";
import { requireNonNegative, requirePositive } from "../option.ts";
import { type SsviSlice, smileVol } from "../ssvi.ts";
import { yearsOf } from "../time.ts";
import { type ExpiryObservations, type FittedSlice, fitSurface } from "./fit.ts";
import { type ImpliedForward, impliedForward } from "./forward.ts";
import { observeQuotes } from "./observe.ts";
import { roundToOnChainUnits } from "./onChainUnits.ts";
import { type Observation, type OptionChain, type OptionQuote, type SkippedQuote, screenQuotes } from "./quotes.ts";
import { rootMeanSquare } from "./statistics.ts";

/** An observation beside what the fit says. */
export interface FittedQuote extends Observation {
  readonly fittedVol: number;
  /** Of the option itself, at the fitted vol. */
  readonly delta: number;
}

/** One expiry of a calibrated surface. */
export interface ExpiryFit {
  /** Unix seconds. */
  readonly expiry: number;
  readonly timeToExpiry: number;
  readonly forward: ImpliedForward;
  /** As the contract will store it: rounded to its units, and free of arbitrage as it stands. */
  readonly slice: SsviSlice;
  readonly quotes: readonly FittedQuote[];
  readonly skipped: readonly SkippedQuote[];
  /** Root mean square of fitted − observed vol over quotes of |delta| from 0.1 to 0.9; missing when there are none. */
  readonly rmse?: number;
  readonly headroom: ExpiryHeadroom;
}

/** Unused share of the tightest butterfly condition, and of the tightest calendar condition with the nearer expiry. */
export interface ExpiryHeadroom {
  readonly butterfly: number;
  readonly calendar?: number;
}

/** An expiry that could not be fitted. */
export interface ExpiryFailure {
  readonly expiry: number;
  /** A sentence without the name of the expiry. */
  readonly reason: string;
  readonly skipped: readonly SkippedQuote[];
}

export interface Calibration {
  readonly at: number;
  readonly spot: number;
  /** Ascending by expiry. */
  readonly fits: readonly ExpiryFit[];
  readonly failures: readonly ExpiryFailure[];
}

/** Three parameters need three strikes. */
const LEAST_STRIKES = 3;
const LEAST_DELTA = 0.1;
const LARGEST_DELTA = 0.9;

/**
 * Fits one SSVI slice per expiry to a chain of quotes, all of them together free of butterfly and calendar arbitrage. Bad
 * quotes are set aside by name; an expiry with too few good ones is a failure of its own and leaves the others alone.
 */
export function calibrate(chain: OptionChain): Calibration {
  requirePositive("spot", chain.spot);
  requireNonNegative("at", chain.at);
  const prepared: PreparedExpiry[] = [];
  const failures: ExpiryFailure[] = [];
  for (const [expiry, quotes] of byExpiry(chain.quotes)) {
    const result = prepare(expiry, quotes, chain);
    if ("reason" in result) failures.push(result);
    else prepared.push(result);
  }
  const fitted = prepared.length === 0 ? [] : fitSurface(prepared);
  const fits = prepared.map((expiry, i) => describe(expiry, fitted[i]!));
  return { at: chain.at, spot: chain.spot, fits: withCalendar(fits), failures };
}

interface PreparedExpiry extends ExpiryObservations {
  readonly expiry: number;
  readonly forward: ImpliedForward;
  readonly skipped: readonly SkippedQuote[];
}

function byExpiry(quotes: readonly OptionQuote[]): [number, OptionQuote[]][] {
  const groups = new Map<number, OptionQuote[]>();
  for (const quote of quotes) groups.set(quote.expiry, [...(groups.get(quote.expiry) ?? []), quote]);
  return [...groups].sort(([a], [b]) => a - b);
}

function prepare(expiry: number, quotes: readonly OptionQuote[], chain: OptionChain): PreparedExpiry | ExpiryFailure {
  const timeToExpiry = expiry - chain.at;
  const { good, skipped } = screenQuotes(quotes, chain.at);
  const fail = (reason: string, more: readonly SkippedQuote[] = []) => ({
    expiry,
    reason,
    skipped: [...skipped, ...more],
  });
  if (!(timeToExpiry > 0)) return fail("it has expired.");
  if (good.length === 0) return fail(`none of its ${String(quotes.length)} quotes can be used.`);
  const forward = impliedForward(good);
  if (forward === undefined) {
    const without = good.map((quote) => ({ quote, reason: "no forward" as const }));
    return fail("no quote states a forward and no strike has a two-sided call and put to take it from.", without);
  }
  const observed = observeQuotes(good, forward.value, timeToExpiry);
  const strikes = new Set(observed.observations.map(({ quote }) => quote.strike)).size;
  if (strikes < LEAST_STRIKES) {
    const found = strikes === 1 ? "only one strike has" : `only ${strikes === 0 ? "no" : String(strikes)} strikes have`;
    return fail(`${found} usable quotes, a smile needs ${String(LEAST_STRIKES)}.`, observed.skipped);
  }
  const carry = Math.log(forward.value / chain.spot) / yearsOf(timeToExpiry);
  const { observations } = observed;
  return { expiry, timeToExpiry, forward, carry, observations, skipped: [...skipped, ...observed.skipped] };
}

function describe(prepared: PreparedExpiry, fitted: FittedSlice): ExpiryFit {
  const { expiry, timeToExpiry, forward, observations } = prepared;
  const slice = roundToOnChainUnits(fitted.slice);
  const timed = { slice, timeToExpiry };
  if (!isButterflyFree(timed)) throw new Error(`fit of ${String(expiry)} holds a butterfly arbitrage`);
  const isOutlier = (_: unknown, i: number) => fitted.weights[i] === 0;
  const outliers = observations.filter(isOutlier).map(({ quote }) => ({ quote, reason: "outlier" as const }));
  const quotes = observations
    .filter((observation, i) => !isOutlier(observation, i))
    .map((observation) => besideFit(observation, slice, timeToExpiry));
  const rmse = rootMeanSquare(quotes.filter(isLiquid).map(({ vol, fittedVol }) => fittedVol - vol));
  const { wing, density } = butterflyHeadroom(timed);
  return {
    expiry,
    timeToExpiry,
    forward,
    slice,
    quotes,
    skipped: [...prepared.skipped, ...outliers],
    ...(rmse === undefined ? {} : { rmse }),
    headroom: { butterfly: Math.min(wing, density) },
  };
}

function besideFit(observation: Observation, slice: SsviSlice, timeToExpiry: number): FittedQuote {
  const fittedVol = smileVol(slice, observation.logMoneyness);
  const s = fittedVol * Math.sqrt(yearsOf(timeToExpiry));
  const d1 = -observation.logMoneyness / s + s / 2;
  return { ...observation, fittedVol, delta: observation.quote.kind === "call" ? normalCdf(d1) : -normalCdf(-d1) };
}

function isLiquid({ delta }: FittedQuote): boolean {
  return Math.abs(delta) >= LEAST_DELTA && Math.abs(delta) <= LARGEST_DELTA;
}

/** Adds the calendar headroom, and makes sure that rounding has left some. */
function withCalendar(fits: readonly ExpiryFit[]): ExpiryFit[] {
  return fits.map((far, i) => {
    const near = fits[i - 1];
    if (near === undefined) return far;
    if (!isCalendarFree(near, far)) throw new Error(`fit of ${String(far.expiry)} holds a calendar arbitrage`);
    const { atm, wings, curvature } = calendarHeadroom(near, far);
    return { ...far, headroom: { ...far.headroom, calendar: Math.min(atm, wings, curvature) } };
  });
}
