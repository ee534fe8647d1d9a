/** How far a compilation is. */
export interface ProgressReport {
  readonly done: number;
  readonly total: number;
  readonly seconds: number;
  /** What is being compiled at this moment. */
  readonly now: readonly string[];
}

/** Follows a compilation. */
export interface Progress {
  /** Announces what will be compiled. */
  add(names: readonly string[]): void;
  /** Says that these are being compiled. @returns What to call when they are. */
  begin(names: readonly string[]): () => void;
  finish(): void;
}

/** Somebody waits: there is news at least this often. */
export const INTERVAL_MS = 5_000;

type Listener = (report: ProgressReport) => void;

let listener: Listener = writeLine;

/** Sends reports elsewhere than to stderr, from now on. @returns Where they went before. */
export function onProgress(listen: Listener): Listener {
  const before = listener;
  listener = listen;
  return before;
}

/** Reports at once and then regularly, until it is finished. */
export function startProgress(): Progress {
  const start = performance.now();
  const now = new Map<object, readonly string[]>();
  let done = 0;
  let total = 0;
  const report = (): void =>
    listener({ done, total, seconds: Math.round((performance.now() - start) / 1000), now: [...now.values()].flat() });
  const first = setTimeout(report, 500); // by then it is known how much there is
  const timer = setInterval(report, INTERVAL_MS);
  return {
    add: (names) => void (total += names.length),
    begin(names) {
      const key = {};
      now.set(key, names);
      return () => {
        now.delete(key);
        done += names.length;
      };
    },
    finish() {
      clearTimeout(first);
      clearInterval(timer);
      if (total > 0) report();
    },
  };
}

/** `compiling: 12 of 57, 34 s, now OptionVault and Lens` */
export function progressText({ done, total, seconds, now }: ProgressReport): string {
  const names = now.length > 3 ? [...now.slice(0, 2), `${now.length - 2} more`] : now;
  const doing = names.length > 0 ? `, now ${names.join(", ").replace(/, ([^,]*)$/, " and $1")}` : "";
  return `${done} of ${total}, ${seconds} s${doing}`;
}

function writeLine(report: ProgressReport): void {
  const clear = process.stderr.isTTY ? "\r\x1b[K" : ""; // Hardhat's spinner is on this line
  process.stderr.write(`${clear}compiling: ${progressText(report)}\n`);
}
