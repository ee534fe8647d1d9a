import { BPS, WAD, WAD_PER_USDC_UNIT, abs, fromWad, least } from "../../sdk/units.ts";
import { type Cap, capsOf } from "./caps.ts";
import type { HedgePolicy } from "./policy.ts";
import { limitFor } from "./urgency.ts";
import { type HedgeState } from "./state.ts";
import { type VenueRoute, bestRoute, deepest, hasAnswers } from "./venues.ts";

/** As much of an order as every rule lets through, and its way. */
export interface SizedOrder {
  /** WAD: positive buys, negative sells. Zero when nothing may be traded. */
  readonly amount: bigint;
  /** USDC: the most to spend or the least to receive. */
  readonly cashLimit: bigint;
  /** Undefined when nothing may be traded. */
  readonly route: VenueRoute | undefined;
  /** What made it smaller than was wanted. */
  readonly binding: Cap | undefined;
}

/**
 * Cuts an order of `wanted` (WAD, signed) to what the rules let through, and spreads it over the pools.
 * @param slippageBps How far from the oracle's price it may fill, whatever the pools say.
 */
export function sizeOrder(state: HedgeState, policy: HedgePolicy, wanted: bigint, slippageBps: bigint): SizedOrder {
  const { venues, snapshot } = state;
  const { spot } = snapshot.mark;
  const isBuy = wanted > 0n;
  const sign = isBuy ? 1n : -1n;
  const bounds = { spot: fromWad(spot), slippageBps: Number(slippageBps) };
  const isAnswered = hasAnswers(venues);
  const depth = isAnswered ? deepest(isBuy, venues, bounds) : undefined;
  const limitOf = (route: VenueRoute | undefined) => limitFor(route?.slippageBps, policy, slippageBps);

  // What the pools would give for all that they and the policy let through bounds what is drawn and what may be lost.
  const most = least(abs(wanted), ...(depth === undefined ? [] : [depth]), clipOf(state, policy, isBuy, slippageBps));
  const whole = isAnswered ? bestRoute(sign * most, venues, bounds) : undefined;
  const caps = capsOf(state, policy, { isBuy, depth, slippageBps, limitBps: limitOf(whole) });
  const size = least(abs(wanted), ...caps.map(({ amount }) => amount));
  const cap = size < abs(wanted) ? caps.find(({ amount }) => amount === size) : undefined;
  if (size === 0n) return { amount: 0n, cashLimit: 0n, route: undefined, binding: cap };

  if (!isAnswered) {
    const cashLimit = cashLimitOf(sign * size, spot, slippageBps);
    return {
      amount: sign * size,
      cashLimit,
      route: blindRoute(state, sign * size, cashLimit, slippageBps),
      binding: cap,
    };
  }
  const route = size === most ? whole : bestRoute(sign * size, venues, bounds);
  const amount = route?.amount ?? 0n;
  const binding = abs(amount) < size ? ({ name: "depth", amount: abs(amount) } as const) : cap;
  // A smaller order is expected to fill better, and its limit is no looser.
  const limitBps = [limitOf(whole), limitOf(route)].reduce((a, b) => (b < a ? b : a));
  return { amount, cashLimit: cashLimitOf(amount, spot, limitBps), route, binding };
}

/** What bounds an order whatever it is expected to fill at, WAD. */
function clipOf(state: HedgeState, policy: HedgePolicy, isBuy: boolean, slippageBps: bigint): bigint {
  const fixed = capsOf(state, policy, { isBuy, depth: undefined, slippageBps, limitBps: slippageBps });
  const [first, ...others] = fixed.filter(({ name }) => name !== "cash" && name !== "loss-budget");
  return first ? least(first.amount, ...others.map(({ amount }) => amount)) : 0n;
}

/** Through the pool that is taken when none has answered; nothing but the bound is known of what it fills at. */
function blindRoute({ venues }: HedgeState, amount: bigint, cash: bigint, slippageBps: bigint): VenueRoute | undefined {
  const [venue] = venues;
  if (!venue) return undefined;
  const parts = [{ feeTier: venue.home, amount, shareBps: BPS }];
  return { venue: venue.name, amount, parts, cash, slippageBps: Number(slippageBps) };
}

/** The oracle's price for `amount`, worsened by the limit, and rounded to the stricter side. */
function cashLimitOf(amount: bigint, spot: bigint, limitBps: bigint): bigint {
  const unit = WAD * WAD_PER_USDC_UNIT * BPS;
  if (amount > 0n) return (amount * spot * (BPS + limitBps)) / unit;
  const atLeast = -amount * spot * (BPS - limitBps);
  return (atLeast + unit - 1n) / unit;
}
