import { readSnapshot } from "../../../../sdk/actions/snapshot.ts";
import type { HedgePolicy } from "../../../../keeper/hedging/policy.ts";
import type { FillReport, KeeperEvent } from "../../../../keeper/monitoring/events.ts";
import type { Snapshot } from "../../../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../../../sdk/units.ts";
import type { BookOptions, Path } from "../book.ts";
import { type HourlyPnl, riskOf } from "../statistics.ts";
import { type Holdings, playPeople } from "./people.ts";
import { type ChainStage, openStage } from "./stage.ts";

/** What hedges came to. */
export interface Hedging {
  readonly hedges: number;
  /** Dollars traded, by the oracle. */
  readonly turnover: number;
  /** Dollars lost by fills against the oracle: pool fees, price impact, and the distance between pool and oracle. */
  readonly slippage: number;
  readonly gasUsed: number;
  /** Dollars of gas at the assumed gas price. */
  readonly gas: number;
}

/** What hedging a path on the chain came to. */
export interface ChainRun extends Hedging {
  /** Standard deviation of the hourly P&L over that of the same book unhedged. */
  readonly risk: number;
  /** Dollars that hedging cost: `slippage` and `gas`. */
  readonly cost: number;
  /** Hedges that were planned and not filled, in the keeper's words. */
  readonly unfilled: readonly string[];
  readonly hours: readonly ChainHour[];
}

/** From one price to the next: the change of NAV less gas, that of the options' mark, and the hedges at its beginning. */
export interface ChainHour extends HourlyPnl, Hedging {
  /** Unix seconds at its beginning. */
  readonly time: number;
  /** Ether held through the hour, less what is owed. */
  readonly hedge: number;
}

export interface ChainOptions {
  readonly book: BookOptions;
  /** What a unit of gas is taken to cost, gwei; the chain's base fee follows it, as the keeper weighs it. */
  readonly gasGwei: number;
  readonly onProgress?: (hours: number) => void;
}

const GWEI = 1e9;
/** More ticks in an hour than this are no hedging any more. */
const MOST_TICKS = 50;

/**
 * Hedges the book over a path on a local chain: with every price pools and feed move, traders roll what has expired, and the
 * keeper ticks until nothing is left to do. P&L is read from the vault at the oracle's price, from just before the keeper's
 * first tick to just after the next move: what trades and settlements change in between is neither hedged nor unhedged P&L.
 */
export async function runOnChain(
  path: Path,
  policy: Partial<HedgePolicy>,
  { book, gasGwei, onProgress }: ChainOptions,
): Promise<ChainRun> {
  const stage = await openStage(path, policy);
  try {
    const unfilled: string[] = [];
    const hours: ChainHour[] = [];
    let holdings: Holdings = { sold: [], postedAt: 0 };
    let begun: { readonly state: Snapshot; readonly hedging: Hedging } | undefined;
    for (const [i, time] of path.times.entries()) {
      const [spot = 0, before = spot] = [path.closes[i], path.closes[i - 1]];
      await setBaseFee(stage, gasGwei);
      await stage.market.moveTo(spot, { at: time, forceRound: true });
      const moved = await see(stage);
      if (begun) hours.push(hourBetween(begun.state, moved, begun.hedging));
      if (i === path.times.length - 1) break;
      const next = await playPeople(stage, holdings, { time, spot, before }, book);
      const state = next === holdings ? moved : await see(stage);
      holdings = next;
      begun = { state, hedging: hedgingOf(await hedge(stage, unfilled), spot, gasGwei) };
      onProgress?.(i + 1);
    }
    const total = (figure: keyof Hedging) => sum(hours.map((hour) => hour[figure]));
    const [slippage, gas] = [total("slippage"), total("gas")];
    const rest = { hedges: total("hedges"), turnover: total("turnover"), gasUsed: total("gasUsed") };
    return { risk: riskOf(hours), cost: slippage + gas, slippage, gas, ...rest, unfilled, hours };
  } finally {
    await stage.close();
  }
}

interface FilledHedge extends FillReport {
  readonly gasUsed: number;
}

/** The keeper ticks, as it would at every block, until it has nothing left to do. */
async function hedge({ keeper }: ChainStage, unfilled: string[]): Promise<FilledHedge[]> {
  const fills: FilledHedge[] = [];
  const emit = (event: KeeperEvent): void => {
    if (event.type !== "tick" && event.type !== "transaction") return;
    if (event.fill) fills.push({ ...event.fill, gasUsed: event.gasUsed ?? 0 });
    else if (event.outcome !== undefined && event.outcome !== "done") unfilled.push(event.message ?? event.outcome);
  };
  for (let ticks = 0; ticks < MOST_TICKS; ticks++) {
    const [event] = await keeper.tick(await keeper.line.newestBlock(), emit);
    if (event?.settled !== false) return fills;
  }
  throw new Error(`The keeper is not done after ${MOST_TICKS} ticks at one price.`);
}

async function see({ keeper, contracts }: ChainStage): Promise<Snapshot> {
  const block = await keeper.line.newestBlock();
  return keeper.line.read(block, (reader) => readSnapshot(reader, contracts, block));
}

async function setBaseFee({ keel }: ChainStage, gwei: number): Promise<void> {
  await keel.clients.test.setNextBlockBaseFeePerGas({ baseFeePerGas: BigInt(Math.round(gwei * GWEI)) });
}

function hedgingOf(fills: readonly FilledHedge[], spot: number, gasGwei: number): Hedging {
  const gasUsed = sum(fills.map((fill) => fill.gasUsed));
  return {
    hedges: fills.length,
    turnover: sum(fills.map(({ amount }) => Math.abs(amount) * spot)),
    slippage: sum(fills.map(slippageOf)),
    gasUsed,
    gas: (gasUsed * gasGwei * spot) / GWEI,
  };
}

function hourBetween(from: Snapshot, to: Snapshot, hedging: Hedging): ChainHour {
  return {
    time: from.block.time,
    hedged: fromWad(to.vault.nav - from.vault.nav) - hedging.gas,
    unhedged: fromWad(to.mark.value - from.mark.value),
    hedge: fromWad(to.hedge.delta),
    ...hedging,
  };
}

/** Dollars that a fill lost against the oracle. */
function slippageOf({ amount, cash, slippageBps }: FillReport): number {
  const worse = slippageBps / 10_000;
  return amount > 0 ? (cash * worse) / (1 + worse) : (cash * worse) / (1 - worse);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
