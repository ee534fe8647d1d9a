import { readSnapshot } from "../../sdk/actions/snapshot.ts";
import type { HedgePolicy } from "../../keeper/hedging/policy.ts";
import type { FillReport, KeeperEvent } from "../../keeper/monitoring/events.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../sdk/units.ts";
import { DEV_ROLES, devAccount } from "../chain/accounts.ts";
import { LP_DEPOSIT } from "../chain/openMarket.ts";
import { createCleanup } from "../cleanup.ts";
import { simulate } from "../engine.ts";
import { type HourlyPnl, riskOf } from "../ledger/hourlyPnl.ts";
import { type Bar, HOUR } from "../path/prices.ts";
import type { BookOptions, Path } from "../people/book.ts";
import { type Holdings, playBookSellers } from "../people/bookSellers.ts";
import { type World, openWorld } from "../world.ts";

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
/** From the first block to the first price: an epoch for the first deposits, and what deploying takes. */
const PRELUDE = 27 * HOUR;

/**
 * Hedges the book over a path on a local chain: with every price pools and feed move, traders roll what has expired, and the
 * keeper ticks until nothing is left to do. P&L is read from the vault at the oracle's price, from just before the keeper's
 * first tick to just after the next move: what trades and settlements change in between is neither hedged nor unhedged P&L.
 */
export async function hedgeBook(
  path: Path,
  policy: Partial<HedgePolicy>,
  { book, gasGwei, onProgress }: ChainOptions,
): Promise<ChainRun> {
  const cleanup = createCleanup();
  try {
    const [start = 0] = path.times;
    const price = middleOf(path.closes);
    const world = await openWorld({ price, genesis: start - PRELUDE, policy, keeper: "in this process" }, cleanup);
    await fillPool(world, path.closes[0] ?? price, start - HOUR);
    const unfilled: string[] = [];
    const hours: ChainHour[] = [];
    let holdings: Holdings = { sold: [], postedAt: 0 };
    let begun: { readonly state: Snapshot; readonly hedging: Hedging } | undefined;
    let state: Snapshot;
    const bars = barsOf(path);
    const moveTo = async ({ time, close }: Bar): Promise<void> => {
      await setBaseFee(world, gasGwei);
      await world.market.moveTo(close, { at: time, forceRound: true });
      state = await see(world);
      if (begun) hours.push(hourBetween(begun.state, state, begun.hedging));
    };
    await simulate(world, bars.slice(0, -1), {
      move: moveTo,
      act: async ({ time, close: spot }, index) => {
        const before = bars[index - 1]?.close ?? spot;
        const next = await playBookSellers(world, holdings, { time, spot, before }, book);
        if (next !== holdings) state = await see(world);
        holdings = next;
      },
      done: ({ close }, index, heard) => {
        unfilled.push(...unfilledIn(heard));
        begun = { state, hedging: hedgingOf(fillsIn(heard), close, gasGwei) };
        onProgress?.(index + 1);
      },
    });
    for (const last of bars.slice(-1)) await moveTo(last);
    const total = (figure: keyof Hedging) => sum(hours.map((hour) => hour[figure]));
    const [slippage, gas] = [total("slippage"), total("gas")];
    const rest = { hedges: total("hedges"), turnover: total("turnover"), gasUsed: total("gasUsed") };
    return { risk: riskOf(hours), cost: slippage + gas, slippage, gas, ...rest, unfilled, hours };
  } finally {
    await cleanup.run();
  }
}

/** Where liquidity that stays put serves the whole path best: half-way between its ends, as logarithms go. */
function middleOf(closes: readonly number[]): number {
  return Math.sqrt(Math.min(...closes) * Math.max(...closes));
}

function barsOf({ times, closes }: Path): Bar[] {
  return times.map((time, i) => {
    const close = closes[i] ?? 0;
    return { time, low: close, high: close, close };
  });
}

/** Three LPs' deposits enter the pool at `time`, with the market at `price`. */
async function fillPool({ keel, market }: World, price: number, time: number): Promise<void> {
  const lps = DEV_ROLES.liquidityProviders.map((index) => devAccount(index).address);
  for (const lp of lps) await keel.requestDeposit(lp, LP_DEPOSIT);
  await market.moveTo(price, { at: time, forceRound: true });
  await keel.processEpoch();
  for (const lp of lps) await keel.claimShares(lp);
}

interface FilledHedge extends FillReport {
  readonly gasUsed: number;
}

function fillsIn(heard: readonly KeeperEvent[]): FilledHedge[] {
  return heard.flatMap((event) =>
    (event.type === "tick" || event.type === "transaction") && event.fill
      ? [{ ...event.fill, gasUsed: event.gasUsed ?? 0 }]
      : [],
  );
}

/** Hedges that were planned and not filled, in the keeper's words. */
function unfilledIn(heard: readonly KeeperEvent[]): string[] {
  return heard.flatMap((event) => {
    if ((event.type !== "tick" && event.type !== "transaction") || event.fill) return [];
    return event.outcome !== undefined && event.outcome !== "done" ? [event.message ?? event.outcome] : [];
  });
}

async function see({ devnet, contracts }: World): Promise<Snapshot> {
  const client = devnet.clients.public;
  return readSnapshot(client, contracts, await client.getBlockNumber());
}

async function setBaseFee({ keel }: World, gwei: number): Promise<void> {
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
