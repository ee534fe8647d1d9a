import { existsSync, readFileSync } from "node:fs";

/** Where campaigns of thieves write down what was lost, a line for each run. */
export const RESULTS = "cache/thieves.csv";

/** Of one role, in millionths of what honest LPs had. */
interface Losses {
  calls: number;
  taken: number;
  realised: number;
  lost: number;
  readonly byDay: number[];
}

/**
 * The largest loss of any 24 hours by role, and by the day of a run in which they end. Undefined without results.
 * @param text Lines of `role,calls,taken,realised,lost,first day,second day,…`.
 */
export function thievesTable(text: string): string | undefined {
  const roles = new Map<string, Losses>();
  for (const line of new Set(text.split("\n").filter(Boolean))) {
    const [role = "", ...rest] = line.split(",");
    const [calls = 0, taken = 0, realised = 0, lost = 0, ...days] = rest.map(Number);
    const all = roles.get(role) ?? { calls: 0, taken: -Infinity, realised: 0, lost: 0, byDay: [] };
    all.calls += calls;
    all.taken = Math.max(all.taken, taken);
    all.realised = Math.max(all.realised, realised);
    all.lost = Math.max(all.lost, lost);
    days.forEach((loss, day) => (all.byDay[day] = Math.max(all.byDay[day] ?? 0, loss)));
    roles.set(role, all);
  }
  if (roles.size === 0) return undefined;
  const lines = [...roles].map(([role, { calls, taken, realised, lost, byDay }]) => {
    const days = byDay.slice(0, 14).map(percent).join(" ");
    const head = `${role.padEnd(8)} ${calls} calls: lost ${percent(lost)}, realised ${percent(realised)}`;
    return `${head}, taken ${percent(taken)} in 24 hours; by day: ${days}`;
  });
  return ["Largest losses to thieves in any 24 hours, % of what LPs had:", ...lines].join("\n");
}

const percent = (millionths: number) => (millionths / 10_000).toFixed(3);

/** The table of what is written down, if anything is. */
export function readThieves(): string | undefined {
  return existsSync(RESULTS) ? thievesTable(readFileSync(RESULTS, "utf8")) : undefined;
}

if (import.meta.url === `file://${process.argv[1]}`) console.log(readThieves() ?? "No campaign of thieves has run.");
