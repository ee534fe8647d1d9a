/**
 * The price at which the desk counts what a fill loses: the worse for the vault of the oracle's and the DEX average near it. WAD.
 * @param average Undefined when it is not known: then the oracle's alone.
 */
export function lossPrice(isBuy: boolean, spot: bigint, average = spot): bigint {
  return isBuy === average < spot ? average : spot;
}
