import { ALERTS, type Alert, type Channel, type Notice, type Severity, isAtLeast } from "./alert.ts";

export interface AlerterOptions {
  readonly channels: readonly Channel[];
  /** Milliseconds. */
  readonly now: () => number;
  /** Told of a channel that failed; the notice is tried again at the next flush. */
  readonly onFailure: (channel: string, error: unknown) => void;
  /** How long an alert that keeps firing is silent before it is told again, by severity. */
  readonly repeatAfterMs?: Readonly<Record<Severity, number>>;
}

/** Raises alerts without telling the same thing twice, and never keeps the keeper from hedging. */
export interface Alerter {
  raise(alert: Alert): void;
  /** What was wrong is right again; told once, and only if the alert was. */
  resolve(name: Alert["name"], subject: string): void;
  /** Delivers what waits. Never rejects. */
  flush(): Promise<void>;
  /** Names and subjects that fire now. */
  firing(): readonly Alert[];
}

const HOUR = 3_600_000;
const REPEAT_AFTER_MS: Record<Severity, number> = { info: 24 * HOUR, warning: 4 * HOUR, critical: HOUR / 4 };
/** Notices a dead channel may hold up; the oldest go first, since the newest says how things are. */
const LONGEST_QUEUE = 50;

interface Firing {
  readonly alert: Alert;
  readonly toldAt: number;
  /** Raised since it was told. */
  readonly count: number;
}

/** An alerter that keeps what fires in memory: after a restart everything that is still wrong is told once more. */
export function createAlerter({ channels, now, onFailure, repeatAfterMs = REPEAT_AFTER_MS }: AlerterOptions): Alerter {
  const firing = new Map<string, Firing>();
  const queues = channels.map((channel) => ({ channel, waiting: [] as Notice[] }));
  let delivering: Promise<void> | undefined;

  const keyOf = (name: string, subject: string) => `${name} ${subject}`;

  function report(alert: Alert, state: Notice["state"], count: number): void {
    const { severity } = ALERTS[alert.name];
    const notice = { alert, severity, state, count, at: new Date(now()).toISOString() };
    for (const { channel, waiting } of queues) {
      if (!isAtLeast(severity, channel.leastSeverity)) continue;
      waiting.push(notice);
      if (waiting.length > LONGEST_QUEUE) waiting.shift();
    }
  }

  async function deliver(): Promise<void> {
    await Promise.all(
      queues.map(async ({ channel, waiting }) => {
        for (let next = waiting[0]; next; next = waiting[0]) {
          try {
            await channel.send(next);
          } catch (error) {
            onFailure(channel.name, error);
            return;
          }
          if (waiting[0] === next) waiting.shift();
        }
      }),
    );
  }

  return {
    raise: (alert) => {
      const key = keyOf(alert.name, alert.subject);
      const known = firing.get(key);
      const count = (known?.count ?? 0) + 1;
      const isSilent = known && now() - known.toldAt < repeatAfterMs[ALERTS[alert.name].severity];
      if (!isSilent) report(alert, "firing", count);
      firing.set(key, isSilent ? { ...known, alert, count } : { alert, toldAt: now(), count: 0 });
    },
    resolve: (name, subject) => {
      const known = firing.get(keyOf(name, subject));
      if (!known) return;
      firing.delete(keyOf(name, subject));
      report(known.alert, "resolved", known.count);
    },
    flush: () => {
      delivering ??= deliver().finally(() => (delivering = undefined));
      return delivering;
    },
    firing: () => [...firing.values()].map(({ alert }) => alert),
  };
}
