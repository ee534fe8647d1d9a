const HOUR = 3600;
const DAY = 24 * HOUR;
/** Options expire at 08:00 UTC. */
const EXPIRY_TIME = 8 * HOUR;
/** 1 January 1970 was a Thursday. */
const FIRST_FRIDAY = DAY;
const WEEK = 7 * DAY;

/** Which expiries are open. */
export interface CalendarPolicy {
  /** Days ahead, one expiry each. */
  readonly dailies: number;
  /** Fridays ahead. */
  readonly weeklies: number;
  /** Last Fridays of a month ahead. */
  readonly monthlies: number;
  /** An expiry nearer than this is not opened any more, seconds. */
  readonly minLeadSeconds: number;
}

/** The expiries that should be open at `now`, ascending: dailies near, then Fridays, then last Fridays of months. */
export function wantedExpiries(now: number, policy: CalendarPolicy): number[] {
  const { dailies, weeklies, monthlies, minLeadSeconds } = policy;
  const from = now + minLeadSeconds;
  const all = [
    ...nextOf(EXPIRY_TIME, DAY, from, dailies),
    ...nextOf(FIRST_FRIDAY + EXPIRY_TIME, WEEK, from, weeklies),
    ...lastFridays(from, monthlies),
  ];
  return [...new Set(all)].sort((a, b) => a - b);
}

/** The first `count` of phase, phase + period, … at or after `from`. */
function nextOf(phase: number, period: number, from: number, count: number): number[] {
  const first = phase + Math.ceil((from - phase) / period) * period;
  return Array.from({ length: count }, (_, i) => first + i * period);
}

function lastFridays(from: number, count: number): number[] {
  const found: number[] = [];
  const start = new Date(from * 1000);
  for (let month = 0; found.length < count; month++) {
    const nextMonth = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month + 1, 1) / 1000;
    const phase = FIRST_FRIDAY + EXPIRY_TIME;
    const last = phase + (Math.ceil((nextMonth - phase) / WEEK) - 1) * WEEK;
    if (last >= from) found.push(last);
  }
  return found;
}
