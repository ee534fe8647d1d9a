/** `info` for the record, `warning` for working hours, `critical` to wake somebody. */
export type Severity = "info" | "warning" | "critical";

export const SEVERITIES = ["info", "warning", "critical"] as const satisfies readonly Severity[];

/** Everything that the keeper or Prometheus alerts on; docs/runbook.md has an entry of the same name for each. */
export const ALERTS = {
  KeeperDown: { severity: "critical", title: "The keeper does not answer" },
  TickStale: { severity: "critical", title: "No tick has ended for too long" },
  OutsideBand: { severity: "warning", title: "The net delta stays outside the band" },
  OutsideEmergencyBand: { severity: "critical", title: "The net delta is far outside the band" },
  HedgeFailing: { severity: "warning", title: "Hedges are refused or revert" },
  UnexpectedReceipt: { severity: "critical", title: "A transaction did something else than was ordered" },
  LatchedOff: { severity: "critical", title: "A market is switched off until somebody looks" },
  RpcDegraded: { severity: "warning", title: "RPC endpoints fail or disagree" },
  RpcDown: { severity: "critical", title: "No RPC endpoint can be used" },
  KeyBalanceLow: { severity: "warning", title: "The keeper's account runs out of ether" },
  DrawdownLimit: { severity: "critical", title: "The drawdown limit is reached" },
  LossLimit: { severity: "critical", title: "The daily limit of hedging losses is reached" },
  TurnoverLimit: { severity: "critical", title: "The daily turnover limit is reached" },
  SurfaceStale: { severity: "warning", title: "The volatility surface is getting old" },
  FeedDispersion: { severity: "warning", title: "Spot sources disagree" },
} as const satisfies Record<string, { severity: Severity; title: string }>;

export type AlertName = keyof typeof ALERTS;

/** One thing that is wrong, in one place. */
export interface Alert {
  readonly name: AlertName;
  /** What it is about: a market, an endpoint, an account. Name and subject together are what is told once. */
  readonly subject: string;
  /** Figures and what was found, without secrets. */
  readonly detail: string;
}

/** What a channel is given. */
export interface Notice {
  readonly alert: Alert;
  readonly severity: Severity;
  readonly state: "firing" | "resolved";
  /** How often it was raised since the last notice. */
  readonly count: number;
  /** ISO 8601. */
  readonly at: string;
}

/** Takes a notice to somebody; rejects when it could not. */
export interface Channel {
  readonly name: string;
  readonly leastSeverity: Severity;
  send(notice: Notice): Promise<void>;
}

/** Whether `severity` is at least `least`. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

/** A notice as a line for people. */
export function noticeText({ alert, severity, state, count }: Notice): string {
  const { title } = ALERTS[alert.name];
  const mark = state === "resolved" ? "RESOLVED" : severity.toUpperCase();
  const times = count > 1 ? ` (${count} times)` : "";
  return `[${mark}] ${alert.name} ${alert.subject}: ${title}. ${alert.detail}${times}`;
}
