import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Seat, type SimulatedKeeper, configureKeeper } from "./simulatedKeeper.ts";

/** A keeper that runs as a process of its own. */
interface KeeperProcess {
  /** Resolves once the keeper says that nothing is left to do at a block not older than `block`. */
  settledAt(block: bigint): Promise<void>;
  /** Asks the process to stop, insists after a while, and returns when it is gone. */
  stop(): Promise<void>;
}

/** How to start one. */
interface KeeperOptions {
  /** Arguments for Node: the script and what it takes. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Called with every line it writes. */
  readonly onLine?: (line: string) => void;
}

/** What is needed of the keeper's log: see keeper/monitoring/events.ts. */
interface LogLine {
  readonly type?: string;
  readonly block?: number;
  readonly settled?: boolean;
}

interface Waiter {
  readonly block: bigint;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const KEEL = fileURLToPath(new URL("../../keeper/keel.mjs", import.meta.url));
const PATIENCE_MS = 300_000; // many times what the slowest tick on a busy machine takes
const GRACE_MS = 3_000;
const REMEMBERED_LINES = 8;

/**
 * The keeper as operators run it, in a process that talks to the chain over HTTP.
 * @param newestBlock Number of the chain's newest block. @param onLine Called with every line that it writes.
 */
export function openProcess(
  seat: Seat,
  newestBlock: () => Promise<bigint>,
  onLine?: (line: string) => void,
): SimulatedKeeper {
  const { file, env } = configureKeeper(seat);
  const process = startKeeper({
    args: [KEEL, "run", "--log-format", "json", "--config", file],
    env,
    cwd: seat.folder,
    ...(onLine && { onLine }),
  });
  return {
    catchUp: async () => {
      await process.settledAt(await newestBlock());
      return [];
    },
    stop: () => process.stop(),
  };
}

/** Starts the keeper. It shares this process's group, so that a terminal's Ctrl-C reaches both. */
function startKeeper({ args, env, cwd, onLine }: KeeperOptions): KeeperProcess {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tail: string[] = [];
  const waiters = new Set<Waiter>();
  let settled = -1n;
  let stopping = false;

  const fail = (why: string): void => {
    const error = new Error(`${why} Its last words:\n${tail.join("\n") || "(none)"}`);
    for (const { reject } of waiters) reject(error);
    waiters.clear();
  };
  const hear = (line: string): void => {
    tail.push(line);
    if (tail.length > REMEMBERED_LINES) tail.shift();
    onLine?.(line);
  };
  createInterface({ input: child.stderr }).on("line", hear);
  createInterface({ input: child.stdout }).on("line", (line) => {
    hear(line);
    const block = settledBlock(line);
    if (block === undefined || block <= settled) return;
    settled = block;
    for (const waiter of waiters) {
      if (waiter.block > settled) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
  });
  child.on("error", (error) => fail(`The keeper could not be started (${error.message}).`));
  child.on("close", (code, signal) => {
    if (!stopping) fail(`The keeper ended by itself (${signal ?? `exit code ${code}`}).`);
  });

  return {
    settledAt: async (block) => {
      if (settled >= block) return;
      const patience = new AbortController();
      const heard = new Promise<void>((resolve, reject) => waiters.add({ block, resolve, reject }));
      if (hasEnded(child)) fail("The keeper is not running.");
      void sleep(PATIENCE_MS, undefined, { signal: patience.signal }).then(
        () => fail(`The keeper has not finished with block ${block} within ${PATIENCE_MS / 1000} s.`),
        () => undefined,
      );
      await heard.finally(() => patience.abort());
    },
    stop: async () => {
      stopping = true;
      await endProcess(child);
    },
  };
}

function settledBlock(line: string): bigint | undefined {
  try {
    const { type, block, settled } = JSON.parse(line) as LogLine;
    return type === "tick" && settled === true && block !== undefined ? BigInt(block) : undefined;
  } catch {
    return undefined; // not one of the lines we wait for
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(insist);
}
