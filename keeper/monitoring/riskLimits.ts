import type { AlertName } from "./alerts/alert.ts";

/** What a market may lose before it is switched off until a person looks. */
export interface RiskLimits {
  /** Fall of NAV per share from its highest, basis points. */
  readonly maxDrawdownBps: number;
  /** Dollars that hedges may cost within a day against the oracle, gas included. */
  readonly maxDailyLoss: number;
  /** Dollars that hedges may trade within a day. */
  readonly maxDailyTurnover: number;
}

/** What one tick added. */
export interface RiskSample {
  /** Unix seconds of the block. */
  readonly time: number;
  readonly navPerShare: number;
  /** Dollars traded, and lost against the oracle and to gas; 0 without a hedge. */
  readonly turnover: number;
  readonly loss: number;
}

/** What has to be remembered, as plain JSON: an hour's sums for each hour of the last day. */
export interface RiskState {
  readonly peak: number;
  readonly hours: readonly HourSums[];
}

interface HourSums {
  readonly hour: number;
  readonly turnover: number;
  readonly loss: number;
}

export interface Breach {
  readonly alert: Extract<AlertName, "DrawdownLimit" | "LossLimit" | "TurnoverLimit">;
  readonly value: number;
  readonly limit: number;
}

export const NO_RISK: RiskState = { peak: 0, hours: [] };

const HOURS_KEPT = 24;

/**
 * Adds a sample and says which limits are passed. A day is the hour of the sample and the 23 before it, so that what is kept
 * does not grow. A gain in one hedge does not make room for a loss in another.
 */
export function assessRisk(
  state: RiskState,
  sample: RiskSample,
  limits: RiskLimits,
): { readonly state: RiskState; readonly breaches: readonly Breach[] } {
  const peak = sample.navPerShare > state.peak ? sample.navPerShare : state.peak;
  const hours = withSample(state.hours, sample);
  const total = (figure: "turnover" | "loss") => hours.reduce((sum, one) => sum + one[figure], 0);
  const rows: readonly Breach[] = [
    {
      alert: "DrawdownLimit",
      value: sample.navPerShare === peak ? 0 : (1 - sample.navPerShare / peak) * 10_000,
      limit: limits.maxDrawdownBps,
    },
    { alert: "LossLimit", value: total("loss"), limit: limits.maxDailyLoss },
    { alert: "TurnoverLimit", value: total("turnover"), limit: limits.maxDailyTurnover },
  ];
  // A figure that is not a number passes no limit, so it is a breach.
  return { state: { peak, hours }, breaches: rows.filter(({ value, limit }) => !(value <= limit)) };
}

function withSample(hours: readonly HourSums[], { time, turnover, loss }: RiskSample): HourSums[] {
  const hour = Math.floor(time / 3600);
  const before = hours.find((one) => one.hour === hour) ?? { hour, turnover: 0, loss: 0 };
  const now = { hour, turnover: before.turnover + turnover, loss: before.loss + Math.max(0, loss) };
  const others = hours.filter((one) => one.hour !== hour && one.hour > hour - HOURS_KEPT);
  return [...others, now].sort((a, b) => a.hour - b.hour);
}
