import { UserError } from "../../../sdk/userError.ts";
import { DAY, HOUR, type Bar } from "../../../simulator/path/prices.ts";
import { createRandom } from "../../../simulator/path/random.ts";

/** Seconds between two blocks, and between two prices of a bridged path. */
export const BLOCK = 12;

/** The outside price of one day, block by block. */
export interface DayPath {
  /** YYYY-MM-DD. */
  readonly day: string;
  /** Unix seconds of the first price; each other comes a block after the last. */
  readonly start: number;
  readonly prices: readonly number[];
  /** Annual volatility of the day's hourly closes, which is that of the noise between them. */
  readonly vol: number;
  /** Sum of the absolute hourly returns. */
  readonly distance: number;
}

/** A day of hourly closes, both midnights included. */
export interface DayOfCloses {
  readonly start: number;
  readonly times: readonly number[];
  readonly closes: readonly number[];
}

const YEAR = 365 * DAY;
/** Days with holes are not bridged: a day has 24 hours, and a few may be missing. */
const FEWEST_HOURS = 20;

/** The whole UTC days that a price history covers, in its order. */
export function daysOf(bars: readonly Bar[]): DayOfCloses[] {
  const days = new Map<number, Bar[]>();
  for (const bar of bars) {
    const start = Math.floor(bar.time / DAY) * DAY;
    for (const day of bar.time === start ? [start - DAY, start] : [start]) {
      days.set(day, [...(days.get(day) ?? []), bar]);
    }
  }
  return [...days]
    .map(([start, inside]) => ({
      start,
      times: inside.map(({ time }) => time),
      closes: inside.map(({ close }) => close),
    }))
    .filter(({ start, times }) => times.length > FEWEST_HOURS && times[0] === start && times.at(-1) === start + DAY);
}

/** Annual volatility of a day's closes: root mean square of its returns, by the time that they took. */
export function realisedVol({ closes, times }: DayOfCloses): number {
  const squares = returnsOf(closes).reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt((squares * YEAR) / ((times.at(-1) ?? 0) - (times[0] ?? 0)));
}

/** The days that moved most, by realised volatility; the wildest first. */
export function wildest(days: readonly DayOfCloses[], count: number): DayOfCloses[] {
  return [...days].sort((a, b) => realisedVol(b) - realisedVol(a)).slice(0, count);
}

/** The one day that is asked for. */
export function dayNamed(days: readonly DayOfCloses[], name: string): DayOfCloses {
  const found = days.find(({ start }) => nameOf(start) === name);
  if (found) return found;
  const [first, last] = [days[0], days.at(-1)];
  const covered = first && last ? `whole days from ${nameOf(first.start)} to ${nameOf(last.start)}` : "no whole day";
  throw new UserError(`There is no whole day ${name} in the prices; they hold ${covered}.`);
}

/**
 * Brownian bridges from each close to the next: a walk of independent normal steps at the day's realised volatility, less the share of
 * its end by which it would miss the next close. Seed and day alone decide the noise.
 */
export function bridge(day: DayOfCloses, seed: number): DayPath {
  const { start, times, closes } = day;
  const vol = realisedVol(day);
  const random = createRandom(seed + start / HOUR);
  const prices = [closes[0] ?? 0];
  for (const [i, from] of closes.slice(0, -1).entries()) {
    const [to = from, began = 0, ends = 0] = [closes[i + 1], times[i], times[i + 1]];
    const steps = Math.round((ends - began) / BLOCK);
    const deviation = vol * Math.sqrt((ends - began) / steps / YEAR);
    const walk = [0];
    for (let k = 0; k < steps; k++) walk.push((walk.at(-1) ?? 0) + deviation * random.normal());
    const miss = Math.log(to / from) - (walk.at(-1) ?? 0);
    for (let k = 1; k < steps; k++) prices.push(from * Math.exp((walk[k] ?? 0) + (miss * k) / steps));
    prices.push(to);
  }
  const distance = returnsOf(closes).reduce((sum, x) => sum + Math.abs(x), 0);
  return { day: nameOf(start), start, prices, vol, distance };
}

export function nameOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

function returnsOf(closes: readonly number[]): number[] {
  return closes.slice(1).map((close, i) => Math.log(close / (closes[i] ?? close)));
}
