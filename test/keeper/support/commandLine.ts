import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { KeeperEvent } from "../../../keeper/monitoring/events.ts";

const LAUNCHER = fileURLToPath(new URL("../../../keeper/keel.mjs", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `keel` command that is running. */
export interface Running {
  readonly process: ChildProcess;
  /** Resolves with the next event that fits, among those already written and those to come. */
  event<T extends KeeperEvent["type"]>(
    type: T,
    fits?: (event: Extract<KeeperEvent, { type: T }>) => boolean,
  ): Promise<Extract<KeeperEvent, { type: T }>>;
  readonly finished: Promise<Finished>;
}

/** Starts `keel` in `cwd` with nothing of this process's configuration in its environment. */
export function startKeel(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd,
    env: { PATH: process.env.PATH, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  let wake: () => void = () => undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const finished = once(child, "close").then(([code]): Finished => {
    wake();
    return { code: code as number | null, stdout: lines.join("\n"), stderr: errors.join("") };
  });

  let seen = 0;
  const event: Running["event"] = async (type, fits = () => true) => {
    for (;;) {
      while (seen < lines.length) {
        const next = JSON.parse(lines[seen++] ?? "") as KeeperEvent;
        if (next.type === type && fits(next as never)) return next as never;
      }
      if (child.exitCode !== null) throw new Error(`keel ended before it reported ${type}: ${errors.join("")}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return { process: child, event, finished };
}

/** Runs `keel` to its end. */
export function runKeel(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startKeel(cwd, args, env).finished;
}
