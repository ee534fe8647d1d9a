import type { Random } from "./random.ts";
import { createRandom } from "./random.ts";

/** One interval of a price history. */
export interface Bar {
  /** Unix seconds; the close is what the market shows at this moment. */
  readonly time: number;
  readonly low: number;
  readonly high: number;
  readonly close: number;
}

/** What a demo plays, and what was known before it began. */
export interface PricePath {
  /** Where it comes from, for people. */
  readonly source: string;
  /** Bars before the story: volatility is estimated from them. */
  readonly history: readonly Bar[];
  /** The story, in ascending order of time. */
  readonly bars: readonly Bar[];
}

export const HOUR = 3600;
export const DAY = 24 * HOUR;

/** Seed and length of the path that the demo plays when nothing is asked for. */
export const BUNDLED = { seed: 7, hours: 7 * 24 } as const;

const START = Date.UTC(2026, 0, 5) / 1000; // a Monday
const START_PRICE = 3000;
const HISTORY_HOURS = 14 * 24;

/** Annual volatility that the calm market returns to. */
const BASE_VOL = 0.6;
/** GARCH(1,1): how much of tomorrow's variance is today's shock and today's variance. */
const GARCH = { shock: 0.08, memory: 0.88 } as const;
/** Jumps a year, and how large they are (standard deviation of log price). */
const JUMPS = { perYear: 60, size: 0.02 } as const;
/** The plot: phases by share of the story, with the log price they lead through and how nervous they are. */
const PHASES = [
  { share: 0.42, drift: 0.02, nerves: 1 }, // calm
  { share: 0.06, drift: -0.27, nerves: 2.4 }, // the drop
  { share: 0.12, drift: 0.01, nerves: 1.8 }, // aftershocks
  { share: 0.4, drift: 0.17, nerves: 1.15 }, // recovery
] as const;

/**
 * A week of hourly prices made up from a seed: GARCH volatility and jumps around a plot of calm, sharp drop and recovery.
 * Fewer `hours` are the beginning of it, more of them a longer recovery. Equal seeds give equal paths on every machine.
 */
export function generatePath(seed: number = BUNDLED.seed, hours: number = BUNDLED.hours): PricePath {
  const random = createRandom(seed);
  const walk = createWalk(random);
  const history = Array.from({ length: HISTORY_HOURS }, (_, i) =>
    walk(START + (i - HISTORY_HOURS) * HOUR, 0, PHASES[0].nerves),
  );
  const bars = Array.from({ length: hours }, (_, i) => {
    const phase = phaseAt((i + 0.5) / BUNDLED.hours);
    return walk(START + i * HOUR, phase.drift / (phase.share * BUNDLED.hours), phase.nerves);
  });
  return rescaled({ source: `generated from seed ${seed}`, history, bars });
}

/** Draws one hour after another. */
function createWalk(random: Random): (time: number, drift: number, nerves: number) => Bar {
  const hoursPerYear = (365 * DAY) / HOUR;
  const base = BASE_VOL ** 2 / hoursPerYear;
  let variance = base;
  let price = START_PRICE;
  return (time, drift, nerves) => {
    const shock = Math.sqrt(variance) * random.normal();
    const jump = random.next() < JUMPS.perYear / hoursPerYear ? JUMPS.size * random.normal() : 0;
    variance = base * (1 - GARCH.shock - GARCH.memory) + GARCH.shock * shock ** 2 + GARCH.memory * variance;
    const open = price;
    price = open * Math.exp(drift + nerves * shock + jump);
    const wick = (): number => Math.exp(0.5 * nerves * Math.sqrt(variance) * Math.abs(random.normal()));
    return { time, close: price, low: Math.min(open, price) / wick(), high: Math.max(open, price) * wick() };
  };
}

function phaseAt(progress: number): (typeof PHASES)[number] {
  let end = 0;
  for (const phase of PHASES) {
    end += phase.share;
    if (progress < end) return phase;
  }
  return PHASES[3];
}

/** Scales a path so that its story begins at START_PRICE, in whole cents. */
function rescaled({ source, history, bars }: PricePath): PricePath {
  const factor = START_PRICE / (history.at(-1)?.close ?? START_PRICE);
  const cents = (price: number): number => Math.round(price * factor * 100) / 100;
  const scale = ({ time, low, high, close }: Bar): Bar => ({
    time,
    low: cents(low),
    high: cents(high),
    close: cents(close),
  });
  return { source, history: history.map(scale), bars: bars.map(scale) };
}
