import { forwardPrice, greeks, smileVol } from "../pricing/index.ts";
import { fromOnChainSlice } from "../slice.ts";
import { fromWad } from "../units.ts";
import { entriesOf } from "./book.ts";
import type { Series } from "../series.ts";
import type { SliceReading, Snapshot } from "./snapshot.ts";

/** Value and sensitivities of a position or of the book, signed for the vault; by spot, not by the forward. */
export interface NetGreeks {
  readonly value: number;
  readonly delta: number;
  readonly gamma: number;
  /** Per 1.00 of vol. */
  readonly vega: number;
  /** Vega weighted by tenor, as the vault's limits count it. */
  readonly weightedVega: number;
  /** Per year. */
  readonly theta: number;
}

/** One contract of a series at a spot and time. */
export interface ContractValue extends NetGreeks {
  /** Implied vol; undefined once expired. */
  readonly vol: number | undefined;
}

/** A series of the book with the vault's position valued. */
export interface ValuedPosition extends NetGreeks {
  readonly series: Series;
  /** Contracts, negative when the vault is short. */
  readonly quantity: number;
  readonly contract: ContractValue;
}

const NOTHING: NetGreeks = { value: 0, delta: 0, gamma: 0, vega: 0, weightedVega: 0, theta: 0 };
const REFERENCE_TENOR = 30 * 86_400;
const SHORTEST_TENOR = 86_400;

/** Every listed series with its value and Greeks from our own pricing, at the spot and time of the vault's mark. */
export function valuePositions({ book, slices, mark }: Pick<Snapshot, "book" | "slices" | "mark">): ValuedPosition[] {
  const byExpiry = new Map(slices.map((slice) => [slice.expiry, slice]));
  const spot = fromWad(mark.spot);
  return entriesOf(book).map(({ series, quantity }) => {
    const contract = valueContract(series, byExpiry.get(series.expiry), spot, mark.time);
    return { series, quantity, contract, ...scale(contract, quantity) };
  });
}

/** Net value and Greeks of the whole book. */
export function netGreeks(positions: readonly ValuedPosition[]): NetGreeks {
  return positions.reduce<NetGreeks>(
    (sum, position) => ({
      value: sum.value + position.value,
      delta: sum.delta + position.delta,
      gamma: sum.gamma + position.gamma,
      vega: sum.vega + position.vega,
      weightedVega: sum.weightedVega + position.weightedVega,
      theta: sum.theta + position.theta,
    }),
    NOTHING,
  );
}

/**
 * One contract, by our own pricing: Black-76 on the slice's forward, differentiated by spot (dF/dS = F/S). At or after
 * expiry it is worth its pay-off at `spot`.
 * @throws RangeError when a live series has no slice.
 */
export function valueContract(
  series: Series,
  reading: SliceReading | undefined,
  spot: number,
  time: number,
): ContractValue {
  const timeToExpiry = series.expiry - time;
  const strike = fromWad(series.strike);
  if (timeToExpiry <= 0) return payOff(series, strike, spot);
  if (!reading) throw new RangeError(`The surface has no slice at ${series.expiry}.`);
  const slice = fromOnChainSlice(reading);
  const forward = forwardPrice(slice, spot, timeToExpiry);
  const vol = smileVol(slice, Math.log(strike / forward));
  const g = greeks(series.kind, { forward, strike, timeToExpiry, vol });
  const forwardPerSpot = forward / spot;
  return {
    value: g.price,
    delta: g.delta * forwardPerSpot,
    gamma: g.gamma * forwardPerSpot * forwardPerSpot,
    vega: g.vega,
    weightedVega: g.vega * tenorWeight(timeToExpiry),
    theta: g.theta,
    vol,
  };
}

/** What a vega counts in the vault's limits, so that risks of different tenors add up. */
export function tenorWeight(timeToExpiry: number): number {
  return Math.sqrt(REFERENCE_TENOR / Math.max(timeToExpiry, SHORTEST_TENOR));
}

function payOff({ kind }: Series, strike: number, spot: number): ContractValue {
  const value = Math.max(0, kind === "call" ? spot - strike : strike - spot);
  const side = kind === "call" ? 1 : -1;
  return { value, delta: value > 0 ? side : 0, gamma: 0, vega: 0, weightedVega: 0, theta: 0, vol: undefined };
}

function scale(contract: NetGreeks, quantity: number): NetGreeks {
  if (quantity === 0) return NOTHING;
  return {
    value: contract.value * quantity,
    delta: contract.delta * quantity,
    gamma: contract.gamma * quantity,
    vega: contract.vega * quantity,
    weightedVega: contract.weightedVega * quantity,
    theta: contract.theta * quantity,
  };
}
