import type { Cost, Line, ModelMarket } from "./market.ts";
import type { Reading } from "./reading.ts";

/** A trade that the informed trader has found to pay. */
export interface Found {
  readonly lines: readonly Line[];
  readonly cost: Cost;
  /** Dollars: fair value gained less cost and gas. */
  readonly gain: number;
  /** The gain less what the trader's patience asks for. */
  readonly score: number;
}

/** What whoever knows what comes next values one contract of a series at. */
export type Fair = (series: number) => number;

export interface Search {
  /** Dollars of gas for each trade. */
  readonly gas: number;
  /**
   * Dollars that a dollar of delta must gain beyond its cost, since what is used up now (capacity, flow) is not there for a
   * better moment. Somebody greedy has none.
   */
  readonly patience: number;
  /** How many series are sized; the others are screened by their first contract. */
  readonly sized: number;
  /** Pairs of call and put at one strike, too: who knows vol wants no delta. */
  readonly straddles: boolean;
}

/** So many sizes are tried first, each so many times smaller than the last. */
const SCANNED = 10;
const FINER = 3;
/** Golden section between the best one's neighbours: steps, and the share of a bracket that stays. */
const STEPS = 7;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** What a refusal counts as, dollars for each contract. */
const REFUSED = 1e9;
/** Contracts of a screening trade. */
const SAMPLE = 0.01;

/**
 * The best single trade at this reading for somebody who knows fair values, if one pays: every series is screened by what a sample
 * gains, the most promising are sized.
 */
export function bestTrade(
  market: ModelMarket,
  reading: Reading,
  now: number,
  fair: Fair,
  { gas, patience, sized, straddles }: Search,
): Found | undefined {
  const nav = Math.max(1, market.nav());
  const candidates: { lines: (size: number) => Line[]; most: number; promise: number }[] = [];
  const consider = (series: readonly number[], side: 1 | -1): void => {
    const lines = (size: number): Line[] => series.map((one) => ({ series: one, quantity: side * size }));
    const most = side > 0 ? (2 * nav) / reading.spot : Math.min(...series.map((one) => market.held[one]!));
    if (most < SAMPLE) return;
    const ends = [reading.low, reading.high].map((spot) => sumOver(series, (one) => market.value(one, spot, now)));
    const known = sumOver(series, fair);
    if (side > 0 ? known <= Math.max(...ends) : known >= Math.min(...ends)) return; // whatever the charges are
    const cost = market.quote(lines(SAMPLE), reading, now);
    if (!cost) return;
    const edge = (worth(lines(SAMPLE), fair) - cost.total) / SAMPLE;
    if (edge > 0) candidates.push({ lines, most, promise: edge * Math.min(most, nav / reading.spot) });
  };
  for (const [i, one] of market.series.entries()) {
    consider([i], 1);
    if (market.held[i]! > 0) consider([i], -1);
    if (!straddles || !one.isCall) continue;
    const put = i + 1; // a call and a put at each strike follow each other
    consider([i, put], 1);
    if (market.held[i]! > 0 && market.held[put]! > 0) consider([i, put], -1);
  }
  candidates.sort((a, b) => b.promise - a.promise);
  let best: Found | undefined;
  for (const { lines, most } of candidates.slice(0, sized)) {
    const found = sizedTrade(market, reading, now, fair, lines, most, { gas, patience });
    if (found && found.score > (best?.score ?? 0)) best = found;
  }
  return best;
}

/** Between two scanned sizes the gain is taken to be concave; refusals count as a loss, so that the search turns back. */
function sizedTrade(
  market: ModelMarket,
  reading: Reading,
  now: number,
  fair: Fair,
  lines: (size: number) => Line[],
  most: number,
  { gas, patience }: Pick<Search, "gas" | "patience">,
): Found | undefined {
  let best: Found | undefined;
  const gainOf = (size: number): number => {
    const legs = lines(size);
    const cost = market.quote(legs, reading, now);
    if (!cost) return -REFUSED * size;
    const gain = worth(legs, fair) - cost.total - gas;
    const score = gain - patience * Math.abs(cost.delta) * market.spot;
    if (score > (best?.score ?? 0)) best = { lines: legs, cost, gain, score };
    return score;
  };
  const scanned = Array.from({ length: SCANNED }, (_, k) => most / FINER ** k);
  const gains = scanned.map(gainOf);
  const top = gains.indexOf(Math.max(...gains));
  let [from, to] = [scanned[top + 1] ?? 0, scanned[top - 1] ?? most];
  let [a, b] = [to - GOLDEN * (to - from), from + GOLDEN * (to - from)];
  let [atA, atB] = [gainOf(a), gainOf(b)];
  for (let step = 0; step < STEPS; step++) {
    if (atA > atB) {
      [to, b, atB] = [b, a, atA];
      a = to - GOLDEN * (to - from);
      atA = gainOf(a);
    } else {
      [from, a, atA] = [a, b, atB];
      b = from + GOLDEN * (to - from);
      atB = gainOf(b);
    }
  }
  return best;
}

function worth(lines: readonly Line[], fair: Fair): number {
  return lines.reduce((sum, { series, quantity }) => sum + quantity * fair(series), 0);
}

function sumOver(series: readonly number[], figure: (series: number) => number): number {
  return series.reduce((sum, one) => sum + figure(one), 0);
}
