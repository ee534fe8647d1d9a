import type { SsviSlice } from "../../../sdk/pricing/ssvi.ts";
import { DEFAULT_PARAMETERS } from "../../../deployments/parameters.ts";
import {
  type DayOptions,
  type DayResult,
  type InformedTrade,
  UNPROTECTED,
  listedAt,
  runDay,
  takenByJump,
} from "./day.ts";
import { CHARGED, type Impact } from "./market.ts";
import { type OrdinaryRow, ordinaryCosts, rangeCost } from "./ordinary.ts";
import type { DayPath } from "./path.ts";
import { type VolMoves, runVolDay, volPath } from "./vol.ts";

/** What one kind of trader took in a day, the way of several that took most. */
export interface Taken {
  readonly dollars: number;
  /** Of NAV. */
  readonly share: number;
  readonly trades: number;
  /** Whether a keeper hedged at every block. */
  readonly hedged: boolean;
  /** Basis points of delta below which he waited for something better. */
  readonly patienceBps: number;
  /** Tenor, moneyness, kind and side of which he took most, and its part of all of it. */
  readonly worst: { readonly what: string; readonly part: number } | undefined;
  readonly seen: readonly InformedTrade[];
}

/** The same day again on the contracts: sizes are the model's, prices and refusals theirs. */
export interface OnChain {
  readonly dollars: number;
  readonly share: number;
  readonly trades: number;
  readonly refused: number;
}

export interface WhatIf {
  readonly impact: Impact;
  readonly price: Taken;
  readonly vol: Taken;
}

export interface DayReport {
  readonly day: string;
  /** Annual, of hourly closes. */
  readonly realised: number;
  /** What the width of the oracle's range costs an ordinary trade, basis points of delta. */
  readonly range: { readonly mean: number; readonly most: number };
  readonly price: Taken;
  readonly priceControl: Taken;
  readonly chain?: OnChain;
  readonly chainControl?: OnChain;
  readonly vol: Taken;
  readonly volControl: Taken;
  readonly whatIfs: readonly WhatIf[];
}

export interface InformedReport {
  readonly source: string;
  readonly nav: number;
  readonly seed: number;
  readonly days: readonly DayReport[];
  readonly jumps: readonly JumpRow[];
  readonly ordinary: readonly OrdinaryRow[];
  readonly ordinaryWhatIfs: readonly { readonly impact: Impact; readonly rows: readonly OrdinaryRow[] }[];
}

/** What one block takes before a jump, shares of NAV. */
export interface JumpRow {
  /** Of the price. */
  readonly jump: number;
  readonly share: number;
  readonly control: number;
  readonly whatIfs: readonly number[];
}

export interface MeasureOptions {
  readonly nav: number;
  readonly seed: number;
  /** Implied vol at the money. */
  readonly vol: number;
  readonly gas: number;
  readonly impacts: readonly Impact[];
  readonly moves: VolMoves;
  readonly chain: boolean;
  readonly onStep: (step: string) => void;
}

/** Seconds of the pool's past without protection: the price of the moment and the feed's alone. */
const NO_WINDOW = 1;
const FREE: Impact = { ...CHARGED, kappa: 0 };
/** Ways to trade, of which the best counts: a share of delta that a dollar of it must gain. */
const PATIENCE = [0, 3e-4, 1e-3] as const;
const HEDGE_AT_ONCE = 0.01;
const NEVER = 1e9;
const JUMPS = [0.0025, 0.005, 0.01, 0.02, 0.03] as const;
const BPS = 10_000;

/** How many runs a day takes, for an estimate of the time. */
export function runsOf({ impacts, chain }: Pick<MeasureOptions, "impacts" | "chain">): number {
  return 2 * PATIENCE.length * (1 + impacts.length) + 1 + (chain ? 2 : 0);
}

export async function measureDay(path: DayPath, options: MeasureOptions): Promise<DayReport> {
  const { moves, seed, onStep } = options;
  const { base, bare } = dayOptions(options);
  const step = (text: string): void => onStep(`${path.day}: ${text}`);
  const price = await mostTaken(path, base, step);
  step("price, control");
  const priceControl = takenOf(await runDay(path, bare), bare);
  const vols = volPath(options.vol, moves, seed + path.start / 3600);
  const volOf = (changes: Partial<DayOptions>, lags: boolean): Taken => {
    const all = PATIENCE.map((patience) => {
      const asked = { ...base, ...changes, patience, lags };
      return { ...takenOf(runVolDay(path, vols, moves, asked), asked), hedged: true };
    });
    return all.reduce((best, one) => (one.dollars > best.dollars ? one : best));
  };
  const whatIfs: WhatIf[] = [];
  for (const impact of options.impacts) {
    whatIfs.push({
      impact,
      price: await mostTaken(path, { ...base, impact }, (text) => step(`${text}, what if ${nameOf(impact)}`)),
      vol: volOf({ impact }, true),
    });
  }
  const onChain = options.chain ? await onChains(path, base, bare, price, step) : {};
  return {
    ...{ day: path.day, realised: path.vol, range: rangeCost(path, base.window, base.usdcFirst) },
    ...{ price, priceControl, vol: volOf({}, true), volControl: volOf(bare, false), whatIfs },
    ...onChain,
  };
}

/** The market as it is, and without protection. */
function dayOptions({ nav, vol, gas }: MeasureOptions): { base: DayOptions; bare: DayOptions } {
  const base: DayOptions = {
    ...{ nav, slice: sliceOf(vol), gas, patience: 0, usdcFirst: true, hedgeBand: NEVER },
    ...{ terms: DEFAULT_PARAMETERS, window: DEFAULT_PARAMETERS.oracle.twapWindow, impact: CHARGED },
  };
  return { base, bare: { ...base, terms: UNPROTECTED, window: NO_WINDOW, impact: FREE } };
}

/** What one block takes, by the size of a jump. */
export function measureJumps(spot: number, start: number, options: MeasureOptions): JumpRow[] {
  const { base, bare } = dayOptions(options);
  const share = (jump: number, asked: DayOptions): number => takenByJump(jump, spot, start, asked) / options.nav;
  return JUMPS.map((jump) => ({
    ...{ jump, share: share(jump, base), control: share(jump, bare) },
    whatIfs: options.impacts.map((impact) => share(jump, { ...base, impact })),
  }));
}

/** The machinery of the chain is loaded only when it is asked for. */
async function onChains(
  path: DayPath,
  base: DayOptions,
  bare: DayOptions,
  { hedged, patienceBps }: Taken,
  step: (text: string) => void,
): Promise<Pick<DayReport, "chain" | "chainControl">> {
  const { openChain } = await import("./chain.ts");
  const run = async (options: DayOptions): Promise<OnChain> => {
    const [price = 0] = path.prices;
    const stage = await openChain({
      ...{ start: path.start, price, series: listedAt(path.start, price) },
      ...{ slice: options.slice, terms: options.terms, window: options.window, gas: options.gas, nav: options.nav },
      middle: Math.sqrt(Math.min(...path.prices) * Math.max(...path.prices)),
    });
    try {
      const { trades, taken } = await runDay(path, options, stage.venueOf);
      return { dollars: taken, share: taken / options.nav, trades: trades.length, refused: stage.tally.refused };
    } finally {
      await stage.close();
    }
  };
  step("price, on a local chain");
  const chain = await run({ ...base, patience: patienceBps / BPS, hedgeBand: hedged ? HEDGE_AT_ONCE : NEVER });
  step("price, control on a local chain");
  return { chain, chainControl: await run(bare) };
}

/** With and without a keeper, with more and less patience: whatever takes most. */
async function mostTaken(path: DayPath, base: DayOptions, step: (text: string) => void): Promise<Taken> {
  let best: Taken | undefined;
  for (const hedgeBand of [NEVER, HEDGE_AT_ONCE]) {
    for (const patience of PATIENCE) {
      step(`price, ${hedgeBand === NEVER ? "unhedged" : "hedged"}, patience ${bpsOf(patience)} bp`);
      const options = { ...base, hedgeBand, patience };
      const taken = takenOf(await runDay(path, options), options);
      if (taken.dollars >= (best?.dollars ?? 0)) best = taken;
    }
  }
  return best!;
}

function takenOf({ taken, trades }: DayResult, { nav, hedgeBand, patience }: DayOptions): Taken {
  return {
    ...{ dollars: taken, share: taken / nav, trades: trades.length },
    ...{ hedged: hedgeBand !== NEVER, patienceBps: bpsOf(patience), worst: worstOf(trades), seen: trades },
  };
}

function worstOf(trades: readonly InformedTrade[]): Taken["worst"] {
  const sums = new Map<string, number>();
  for (const trade of trades) {
    const what = `${trade.side} ${trade.days.toFixed(0)}-day ${trade.kind}s at ${trade.moneyness.toFixed(1)}`;
    sums.set(what, (sums.get(what) ?? 0) + trade.gain);
  }
  const all = trades.reduce((sum, { gain }) => sum + gain, 0);
  const [first] = [...sums].sort(([, a], [, b]) => b - a);
  return first && { what: first[0], part: first[1] / all };
}

/** What ordinary traders pay, with and without each what-if. */
export function measureOrdinary(
  spot: number,
  { nav, vol, impacts }: MeasureOptions,
): Pick<InformedReport, "ordinary" | "ordinaryWhatIfs"> {
  const asked = { terms: DEFAULT_PARAMETERS, nav, slice: sliceOf(vol) };
  return {
    ordinary: ordinaryCosts({ ...asked, impact: CHARGED }, spot),
    ordinaryWhatIfs: impacts.map((impact) => ({ impact, rows: ordinaryCosts({ ...asked, impact }, spot) })),
  };
}

export function nameOf({ kappa, tau, rule, flatBps = 0, vegaPoints = 0 }: Impact): string {
  const parts = [
    ...(kappa > 0 ? [`κ ${kappa}`] : []),
    ...(vegaPoints > 0 ? [`${vegaPoints} vol points`] : []),
    ...(kappa > 0 || vegaPoints > 0 ? [`τ ${tau} s`, rule] : []),
    ...(flatBps > 0 ? [`${flatBps} bp flat`] : []),
  ];
  return parts.join(", ");
}

function bpsOf(share: number): number {
  return Math.round(BPS * share);
}

function sliceOf(atmVol: number): SsviSlice {
  return { atmVol, skew: -0.1, curvature: 1, carry: 0 };
}
