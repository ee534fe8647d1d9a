import { type Random, createRandom } from "../path/random.ts";

/** What a trader wants, before anyone knows what the market will look like. */
export interface Intent {
  /** Index of the bar in which it happens. */
  readonly bar: number;
  /** Index into the cast. */
  readonly trader: number;
  readonly kind: IntentKind;
  /** Distance of the strike from spot, as a share of spot, for an option of a week. */
  readonly moneyness: number;
  /** Which of the live expiries: 0 the nearest, 1 the furthest. */
  readonly tenor: number;
  /** Notional of what is bought, as a share of the LPs' capital. */
  readonly size: number;
  /** How much of what is held is given back. */
  readonly part: number;
}

export type IntentKind = "buy call" | "buy put" | "buy strangle" | "sell back" | "roll" | "move strike";

/**
 * Traders come for calls above all, so that the hedge is long for most of the story. Puts are bought too, in moderation (see {@link PUT_SHARE}).
 */
const MIX: readonly (readonly [IntentKind, number])[] = [
  ["buy call", 0.55],
  ["sell back", 0.15],
  ["roll", 0.1],
  ["move strike", 0.08],
  ["buy strangle", 0.07],
  ["buy put", 0.05],
];

/** Contracts of puts that traders hold at most, as a share of the calls they hold. */
export const PUT_SHARE = 0.04;
/** Notional of calls that traders hold at most, as a share of the LPs' capital. */
export const BOOK_SHARE = 0.7;

const OPENING_BARS = 6; // the book fills quickly, so that there is something to hedge
const ACTIVITY = 0.28; // chance that somebody trades in an hour
const TRADER_COUNT = 4;

/** The traders' wishes for a story of `bars` bars. Equal seeds give equal wishes. */
export function planOrders(seed: number, bars: number): Intent[] {
  const random = createRandom(seed);
  const intents: Intent[] = [];
  for (let bar = 0; bar < bars; bar += 1) {
    if (bar < OPENING_BARS) {
      intents.push(drawIntent(random, bar, bar % TRADER_COUNT, "buy call"));
      intents.push(drawIntent(random, bar, (bar + 1) % TRADER_COUNT, "buy call"));
    } else if (random.next() < ACTIVITY) {
      intents.push(drawIntent(random, bar, Math.floor(random.next() * TRADER_COUNT), drawKind(random)));
    }
  }
  return intents;
}

function drawIntent(random: Random, bar: number, trader: number, kind: IntentKind): Intent {
  return {
    bar,
    trader,
    kind,
    moneyness: random.between(-0.04, 0.12),
    tenor: random.next(),
    size: random.between(0.01, 0.03),
    part: random.between(0.3, 1),
  };
}

function drawKind(random: Random): IntentKind {
  let draw = random.next();
  for (const [kind, weight] of MIX) {
    if (draw < weight) return kind;
    draw -= weight;
  }
  return "buy call";
}
