import type { Calibration, ExpiryFit, SkippedQuote } from "../../sdk/pricing/calibration/index.ts";

const DAY = 86_400;

/** What every form of the report says about an expiry, as text. */
export interface ExpiryLine {
  readonly expiry: string;
  readonly days: string;
  readonly forward: string;
  /** Forward from put-call parity and how many strikes gave it. */
  readonly parity: string;
  readonly atmVol: string;
  readonly skew: string;
  readonly curvature: string;
  readonly carry: string;
  readonly rmse: string;
  readonly used: string;
  readonly skipped: string;
  readonly butterfly: string;
  readonly calendar: string;
}

export const EXPIRY_COLUMNS: readonly {
  readonly key: keyof ExpiryLine;
  readonly heading: string;
  readonly left?: true;
}[] = [
  { key: "expiry", heading: "expiry", left: true },
  { key: "days", heading: "days" },
  { key: "forward", heading: "forward" },
  { key: "parity", heading: "by parity" },
  { key: "atmVol", heading: "ATM vol" },
  { key: "skew", heading: "skew" },
  { key: "curvature", heading: "curvature" },
  { key: "carry", heading: "carry/y" },
  { key: "rmse", heading: "RMSE" },
  { key: "used", heading: "used" },
  { key: "butterfly", heading: "butterfly" },
  { key: "calendar", heading: "calendar" },
  { key: "skipped", heading: "skipped", left: true },
];

export const COLUMN_NOTE =
  "RMSE in vol points over 0.1 ≤ |delta| ≤ 0.9. Butterfly, calendar: unused share of the tightest no-arbitrage condition; calendar is with the expiry before.";

export function describeExpiry(fit: ExpiryFit): ExpiryLine {
  const { slice, forward, headroom } = fit;
  return {
    expiry: dayOf(fit.expiry),
    days: (fit.timeToExpiry / DAY).toFixed(1),
    forward: forward.value.toFixed(2),
    parity: forward.parity === undefined ? "–" : `${forward.parity.value.toFixed(2)} (${String(forward.parity.pairs)})`,
    atmVol: percent(slice.atmVol, 2),
    skew: slice.skew.toFixed(3),
    curvature: slice.curvature.toFixed(3),
    carry: percent(slice.carry, 2),
    rmse: fit.rmse === undefined ? "–" : (100 * fit.rmse).toFixed(2),
    used: String(fit.quotes.length),
    skipped: describeSkipped(fit.skipped),
    butterfly: headroomText(headroom.butterfly),
    calendar: headroom.calendar === undefined ? "–" : headroomText(headroom.calendar),
  };
}

/** "2 crossed, 1 duplicate", or "–" */
export function describeSkipped(skipped: readonly SkippedQuote[]): string {
  const counts = countReasons(skipped);
  const parts = Object.entries(counts).map(([reason, count]) => `${String(count)} ${reason}`);
  return parts.length === 0 ? "–" : parts.join(", ");
}

export function countReasons(skipped: readonly SkippedQuote[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of skipped) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** One sentence per expiry that could not be fitted. */
export function describeFailures({ failures }: Calibration): string[] {
  return failures.map(({ expiry, reason, skipped }) => {
    const aside = skipped.length === 0 ? "" : ` Set aside: ${describeSkipped(skipped)}.`;
    return `${dayOf(expiry)} was not fitted: ${reason}${aside}`;
  });
}

/** 2024-01-26 */
export function dayOf(seconds: number): string {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().slice(0, 10) : "(no expiry)";
}

/** 2024-01-08 11:19 UTC */
export function minuteOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function percent(value: number, digits: number): string {
  return `${(100 * value).toFixed(digits)}%`;
}

/** A condition that binds is met by a margin of one in ten thousand: say so instead of 0.0%. */
function headroomText(share: number): string {
  return share < 5e-4 ? "at limit" : percent(share, 1);
}
