import { netGreeks, valuePositions } from "../../../sdk/portfolio/netGreeks.ts";
import { seriesId } from "../../../sdk/series.ts";
import type { MarkReading, Position, SliceReading, Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import type { OptionKind } from "../../../sdk/pricing/index.ts";
import { WAD, fromWad, toWad } from "../../../sdk/units.ts";

/** 1 December 2026, 08:00 UTC. */
export const NOW = Date.UTC(2026, 11, 1, 8) / 1000;
export const DAY = 86_400;

export interface BookLine {
  readonly kind: OptionKind;
  readonly strike: number;
  readonly days: number;
  /** The vault's position: negative is short. */
  readonly quantity: number;
}

export interface World {
  readonly spot?: number;
  readonly book?: readonly BookLine[];
  /** Inventory of underlying. */
  readonly hedge?: number;
  /** Dollars in the vault, all of them free. */
  readonly cash?: number;
  readonly vol?: number;
  readonly skew?: number;
  readonly maxSlippageBps?: number;
}

/** A snapshot as a chain in that state would give it: the mark is what our own pricing says, in WAD. */
export function snapshotOf(world: World = {}): Snapshot {
  const { spot = 3000, book = [], hedge = 0, cash = 1_000_000, maxSlippageBps = 100 } = world;
  const positions = book.map(positionOf);
  const expiries = [...new Set(book.map(expiryOf))].filter((expiry) => expiry > NOW).sort((a, b) => a - b);
  const slices = expiries.map((expiry) => sliceOf(expiry, world));
  const mark = markOf(positions, slices, spot);
  return {
    block: { number: 100n, hash: `0x${"ab".repeat(32)}`, time: NOW },
    oracle: { spot: toWad(spot), updatedAt: NOW - 60, range: { low: toWad(spot), high: toWad(spot) } },
    vault: {
      cash: dollars(cash),
      owed: 0n,
      freeCash: dollars(cash),
      nav: toWad(cash) + mark.value + toWad(hedge * spot),
      shares: toWad(1_000_000),
      epoch: 1n,
      epochEndsAt: NOW + DAY,
    },
    mark,
    hedge: { delta: toWad(hedge), maxSlippageBps },
    book: positions,
    slices,
  };
}

/** The same world after a swap of `amount` at the oracle's price. */
export function afterFill(snapshot: Snapshot, amount: bigint): Snapshot {
  const spent = (amount * snapshot.mark.spot) / (WAD * 10n ** 12n);
  const { vault, hedge } = snapshot;
  return {
    ...snapshot,
    vault: { ...vault, cash: vault.cash - spent, freeCash: vault.freeCash - spent },
    hedge: { ...hedge, delta: hedge.delta + amount },
  };
}

function positionOf(line: BookLine): Position {
  const { kind, strike, quantity } = line;
  return { id: seriesId(expiryOf(line), toWad(strike), kind), quantity: toWad(quantity) };
}

function expiryOf({ days }: BookLine): number {
  return NOW + Math.round(days * DAY);
}

function sliceOf(expiry: number, { vol = 0.7, skew = -0.1 }: World): SliceReading {
  return { expiry, atmVol: toWad(vol), skew: toWad(skew), curvature: toWad(1), carry: 0n, updatedAt: NOW - 600 };
}

function markOf(book: readonly Position[], slices: readonly SliceReading[], spot: number): MarkReading {
  const at = { grossVega: 0n, spot: toWad(spot), time: NOW };
  const nothing: MarkReading = { ...at, value: 0n, delta: 0n, gamma: 0n, weightedVega: 0n };
  const net = netGreeks(valuePositions({ book, slices, mark: nothing }));
  const { value, delta, gamma, weightedVega } = net;
  return { ...at, value: toWad(value), delta: toWad(delta), gamma: toWad(gamma), weightedVega: toWad(weightedVega) };
}

function dollars(amount: number): bigint {
  return BigInt(Math.round(amount * 1e6));
}

/** Net delta as a number. */
export function netDelta({ mark, hedge }: Snapshot): number {
  return fromWad(mark.delta + hedge.delta);
}
