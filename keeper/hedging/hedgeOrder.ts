import { BPS, WAD, WAD_PER_USDC_UNIT, abs, fromUsdc, fromWad, least, toWad } from "../../sdk/units.ts";
import { type DeskState, sellable, shareOfNav } from "./deskState.ts";
import { lossPrice } from "./lossPrice.ts";
import type { HedgePolicy } from "./policy.ts";
import { type QuotedPool, type Route, type RouteBounds, depthOf, findRoute } from "./route.ts";

/** What can make an order smaller than the net delta asks for. */
export type ClipLimit = "depth" | "turnover-budget" | "loss-budget" | "cash" | "collateral" | "max-clip";

/** Why nothing is ordered. */
export type NoOrder =
  | { readonly code: "neutral" }
  /** Our own Greeks and holdings say another net delta than the desk: one of them is wrong, so nothing is done. */
  | { readonly code: "readings-disagree"; readonly own: number; readonly desk: number }
  | { readonly code: "limited"; readonly by: ClipLimit; readonly allowed: number };

/** What to trade now, with all that the desk and the pools allow in mind. */
export type HedgeProposal =
  | { readonly order: undefined; readonly reason: NoOrder }
  | {
      readonly order: {
        /** WAD: positive buys, negative sells. */
        readonly amount: bigint;
        /** USDC: the most to spend or the least to receive. */
        readonly cashLimit: bigint;
        /** Unix seconds. */
        readonly deadline: number;
      };
      readonly route: Route;
      /** USDC that the fill is expected to lose, as the desk will count it; negative when it gains. */
      readonly loss: bigint;
      readonly limitedBy: ClipLimit | undefined;
    };

export interface HedgeInputs {
  readonly state: DeskState;
  readonly pools: readonly QuotedPool[];
  readonly policy: HedgePolicy;
  /** The net delta as we compute it ourselves, WAD. */
  readonly ownNetDelta: bigint;
}

/** Of the loss budget, what a clip may be expected to use: the market moves until the order is mined. */
const LOSS_SHARE = { numerator: 9n, denominator: 10n };
/** Of what may be sold short: the lender and the vault round against us, and interest grows by the second. */
const SHORT_SHARE = { numerator: 999n, denominator: 1_000n };
/** Halvings while looking for the largest clip that the loss budget bears: to a millionth of the clip. */
const HALVINGS = 20;

/**
 * Sizes one order that takes the net delta to within the policy's `bandFloor` of zero (to zero when no option is open), or
 * as near as depth, budgets, cash and collateral let it, and spreads it over the pools.
 */
export function proposeHedge({ state, pools, policy, ownNetDelta }: HedgeInputs): HedgeProposal {
  const { netDelta, spot } = state;
  const none = (reason: NoOrder): HedgeProposal => ({ order: undefined, reason });
  if (!readingsAgree(state, ownNetDelta, policy.markTolerance)) {
    return none({ code: "readings-disagree", own: fromWad(ownNetDelta), desk: fromWad(netDelta) });
  }
  const wanted = wantedHedge(state, policy);
  if (wanted === 0n) return none({ code: "neutral" });

  const slippageBps = Math.min(policy.slippageBps, state.rules.maxSlippageBps);
  const bounds = { spot: fromWad(spot), slippageBps };
  const limits = limitsOf(state, pools, policy, bounds);
  const size = least(abs(wanted), ...limits.map(({ amount }) => amount));
  const sign = wanted > 0n ? 1n : -1n;
  const judgedBy = fromWad(lossPrice(wanted > 0n, spot, state.average));
  const lossOfPart = (part: bigint) => lossOf(findRoute(part, pools, bounds), judgedBy);
  const affordable = withinLoss(sign * size, lossOfPart, lossAllowed(state));
  const limitedBy =
    abs(affordable) < size
      ? "loss-budget"
      : size < abs(wanted)
        ? limits.find(({ amount }) => amount === size)?.name
        : undefined;
  const route = findRoute(affordable, pools, bounds);
  const smallest = state.isFlat ? 1n : toWad(policy.minClip);
  if (abs(route.amount) < least(smallest, abs(wanted))) {
    return none({ code: "limited", by: limitedBy ?? "depth", allowed: fromWad(abs(route.amount)) });
  }
  return {
    order: {
      amount: route.amount,
      cashLimit: cashLimitOf(route, spot, BigInt(slippageBps), BigInt(policy.fillMarginBps)),
      deadline: state.block.time + policy.deadlineSeconds,
    },
    route,
    loss: lossOf(route, judgedBy),
    limitedBy,
  };
}

/** What would make the vault neutral, WAD: all of it without options, and short of zero by `bandFloor` with. */
export function wantedHedge({ netDelta, isFlat }: DeskState, policy: Pick<HedgePolicy, "bandFloor">): bigint {
  const margin = isFlat ? 0n : toWad(policy.bandFloor);
  const wanted = abs(netDelta) - margin;
  if (wanted <= 0n) return 0n;
  return netDelta < 0n ? wanted : -wanted;
}

/** Relative to all that is hedged, so that a net delta near zero is not held to its own last digits. */
function readingsAgree({ netDelta, hedge }: DeskState, own: bigint, tolerance: number): boolean {
  const whole = fromWad(hedge.inventory + hedge.debt + abs(netDelta));
  return Math.abs(fromWad(netDelta - own)) <= tolerance * Math.max(1, whole);
}

function limitsOf(
  state: DeskState,
  pools: readonly QuotedPool[],
  policy: HedgePolicy,
  bounds: RouteBounds,
): readonly { readonly name: ClipLimit; readonly amount: bigint }[] {
  const isBuy = state.netDelta < 0n;
  const turnover = shareOfNav(state, state.budgets.keepers.turnover);
  const capital = isBuy
    ? { name: "cash" as const, amount: purchasable(state, BigInt(bounds.slippageBps)) }
    : { name: "collateral" as const, amount: shortened(state) };
  return [
    { name: "depth", amount: depthOf(isBuy, pools, bounds) },
    { name: "turnover-budget", amount: unitsFor(turnover, state.spot, 0n) },
    capital,
    { name: "max-clip", amount: toWad(policy.maxClip) },
  ];
}

/** What cash buys at the worst accepted price. With a loan its collateral pays too, and the desk cuts the order itself. */
function purchasable({ freeCash, hedge, spot, netDelta }: DeskState, slippageBps: bigint): bigint {
  return hedge.debt > 0n ? abs(netDelta) : unitsFor(freeCash, spot, slippageBps);
}

function shortened(state: DeskState): bigint {
  const { inventory } = state.hedge;
  const borrowed = sellable(state) - inventory;
  return inventory + (borrowed * SHORT_SHARE.numerator) / SHORT_SHARE.denominator;
}

function lossAllowed(state: DeskState): bigint {
  return (shareOfNav(state, state.budgets.keepers.loss) * LOSS_SHARE.numerator) / LOSS_SHARE.denominator;
}

/** The largest part of `amount` whose expected loss is within `allowed` (USDC). */
function withinLoss(amount: bigint, lossOfPart: (part: bigint) => bigint, allowed: bigint): bigint {
  const fits = (part: bigint) => lossOfPart(part) <= allowed;
  if (amount === 0n || fits(amount)) return amount;
  let [low, high] = [0n, amount];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2n;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** @param price Dollars that the desk judges a unit by. */
function lossOf({ amount, cash }: Route, price: number): bigint {
  const gained = fromWad(amount) * price - (amount > 0n ? 1 : -1) * fromUsdc(cash);
  return toWad(-gained) / WAD_PER_USDC_UNIT;
}

/** Units that `cash` (USDC) buys at `spot` worsened by `slippageBps`, WAD, rounded down. */
function unitsFor(cash: bigint, spot: bigint, slippageBps: bigint): bigint {
  return (cash * WAD_PER_USDC_UNIT * WAD * BPS) / (spot * (BPS + slippageBps));
}

/**
 * What the pools would give now, worsened by the margin, or the oracle's price worsened by the slippage: whichever is stricter,
 * and rounded to the stricter side.
 */
function cashLimitOf({ amount, cash }: Route, spot: bigint, slippageBps: bigint, marginBps: bigint): bigint {
  const unit = WAD * WAD_PER_USDC_UNIT * BPS;
  if (amount > 0n) return least((amount * spot * (BPS + slippageBps)) / unit, (cash * (BPS + marginBps)) / BPS);
  const atOracle = (-amount * spot * (BPS - slippageBps) + unit - 1n) / unit;
  const atPools = (cash * (BPS - marginBps) + BPS - 1n) / BPS;
  return atPools > atOracle ? atPools : atOracle;
}
