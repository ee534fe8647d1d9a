import type { OptionKind } from "../../sdk/pricing/index.ts";

/** What the name of a Deribit option says. */
export interface DeribitInstrument {
  readonly underlying: string;
  /** Linear options ("ETH_USDC-…") are priced in USDC, inverse ones in coin. */
  readonly unit: "coin" | "usd";
  /** Unix seconds; Deribit's options expire at 08:00 UTC. */
  readonly expiry: number;
  readonly strike: number;
  readonly kind: OptionKind;
}

const NAME = /^([A-Z]+)(_[A-Z]+)?-(\d{1,2})([A-Z]{3})(\d{2})-(\d+(?:d\d+)?)-([CP])$/;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const EXPIRY_HOUR = 8;

/** Reads names like ETH-26JAN24-2200-C; nothing for names that are not a dated option's. */
export function parseDeribitInstrument(name: string): DeribitInstrument | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, underlying = "", settlement, day, month = "", year, strike = "", letter] = match;
  const monthIndex = MONTHS.indexOf(month);
  const date = new Date(Date.UTC(2000 + Number(year), monthIndex, Number(day), EXPIRY_HOUR));
  if (monthIndex < 0 || date.getUTCDate() !== Number(day)) return undefined;
  return {
    underlying,
    unit: settlement === undefined ? "coin" : "usd",
    expiry: date.getTime() / 1000,
    strike: Number(strike.replace("d", ".")), // "0d625" is 0.625
    kind: letter === "C" ? "call" : "put",
  };
}
