import { WAD_PER_USDC_UNIT, fromUsdc, fromWad, toWad } from "../../sdk/units.ts";
import type { Route } from "./route.ts";

/**
 * The price at which the desk counts what a fill loses: the worse for the vault of the oracle's and the DEX average near it. WAD.
 * @param average Undefined when it is not known: then the oracle's alone.
 */
export function lossPrice(isBuy: boolean, spot: bigint, average = spot): bigint {
  return isBuy === average < spot ? average : spot;
}

/** USDC that a fill as expected loses by the desk's count; negative when it gains. */
export function expectedLoss({ amount, cash }: Pick<Route, "amount" | "cash">, spot: bigint, average?: bigint): bigint {
  const price = fromWad(lossPrice(amount > 0n, spot, average));
  const gained = fromWad(amount) * price - (amount > 0n ? 1 : -1) * fromUsdc(cash);
  return toWad(-gained) / WAD_PER_USDC_UNIT;
}
