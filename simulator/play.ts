import { decodeSeries } from "../sdk/series.ts";
import { type Address, formatEther, formatUnits } from "viem";
import type { Person } from "./people/cast.ts";
import { LPS, TRADERS } from "./people/cast.ts";
import { type Ledger, type TradeLeg, createLedger } from "./ledger/ledger.ts";
import type { Listing } from "./people/legs.ts";
import type { Spectator } from "./events.ts";
import type { PricePath } from "./path/prices.ts";
import type { World } from "./world.ts";
import { type VolatilityEstimate, createVolatilityEstimate } from "./path/volatility.ts";

/** Everything that changes while a story is played. */
export interface Play {
  readonly world: World;
  readonly path: PricePath;
  readonly spectator: Spectator;
  readonly ledger: Ledger;
  readonly volatility: VolatilityEstimate;
  /** Contracts per trader and series id. */
  readonly holdings: Map<Address, Map<bigint, bigint>>;
  listings: Listing[];
  /** Volatility on the surface, and when it was posted. */
  surface: { vol: number; time: number } | undefined;
  /** Newest block whose hedges are in the ledger. */
  seenBlock: bigint;
  /** When the oracle wrote its newest round. */
  oracleUpdatedAt: number;
  /** What the market shows. */
  price: number;
}

/** What the LPs begin with, USDC. */
export const LP_DEPOSIT = 1_000_000n * 10n ** 6n;
/** Dollars that orders are sized by. */
export const CAPITAL = LPS.length * Number(formatUnits(LP_DEPOSIT, 6));

export function createPlay(world: World, path: PricePath, spectator: Spectator): Play {
  return {
    world,
    path,
    spectator,
    ledger: createLedger(),
    volatility: createVolatilityEstimate(path.history),
    holdings: new Map(TRADERS.map(({ address }) => [address, new Map<bigint, bigint>()])),
    listings: [],
    surface: undefined,
    seenBlock: 0n,
    oracleUpdatedAt: 0,
    price: path.history.at(-1)?.close ?? path.bars[0]?.close ?? 0,
  };
}

/** What a trader holds, in the order it was bought. */
export function holdingsOf(play: Play, { address }: Person): TradeLeg[] {
  const held = play.holdings.get(address) ?? new Map<bigint, bigint>();
  return [...held].filter(([, quantity]) => quantity > 0n).map(([id, quantity]) => toLeg(id, quantity));
}

/** Contracts that all traders hold. */
export function openContracts(play: Play, type: "call" | "put"): number {
  return TRADERS.flatMap((trader) => holdingsOf(play, trader))
    .filter((leg) => leg.type === type)
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

/** A series id and quantity (WAD) as people read them: see contracts/libraries/SeriesId.sol. */
export function toLeg(id: bigint, quantity: bigint): TradeLeg {
  return {
    expiry: decodeSeries(id).expiry,
    strike: Number(formatEther((id >> 8n) & ((1n << 96n) - 1n))),
    type: (id & 0xffn) === 1n ? "call" : "put",
    quantity: Number(formatEther(quantity)),
  };
}

/** Dollars out of units of 1e-6 USDC. */
export function dollars(usdc: bigint): number {
  return Number(formatUnits(usdc, 6));
}

/** A number out of a WAD. */
export function fromWad(wad: bigint): number {
  return Number(formatEther(wad));
}
