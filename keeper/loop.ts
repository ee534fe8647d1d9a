import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "../sdk/userError.ts";

export interface LoopOptions {
  /** Number of the newest block. */
  readonly newestBlock: () => Promise<bigint>;
  /** Whether the newest block wants work although it has had it: something else than the chain has changed. */
  readonly isDue?: () => boolean;
  /** Works on one block. Never called again before it has returned. */
  readonly tick: (block: bigint) => Promise<void>;
  /** Told of a failure that will be retried in `retryInMs`. `block` is what was being worked on, if anything. */
  readonly onError: (error: unknown, retryInMs: number, block: bigint | undefined) => void;
  readonly pollingIntervalMs: number;
  /** Ends the loop, after the tick that is under way. */
  readonly signal: AbortSignal;
  /** Waits; returns at once when the signal is aborted. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const LONGEST_BACKOFF_MS = 30_000;
/** A node behind a load balancer may be a few blocks behind its neighbour; one further back is another chain. */
const DEEPEST_STEP_BACK = 64n;

/**
 * Ticks on every new block until it is stopped. Ticks never overlap; blocks that come during a tick are passed over for
 * the newest one. Failures are retried with growing pauses, on whatever block is newest then.
 * @throws UserError from a tick (what only a person can mend), and when the chain has been started anew.
 */
export async function runLoop(options: LoopOptions): Promise<void> {
  const {
    newestBlock,
    isDue = () => false,
    tick,
    onError,
    pollingIntervalMs,
    signal,
    sleep = abortableSleep,
  } = options;
  let done = -1n;
  let failures = 0;
  while (!signal.aborted) {
    let working: bigint | undefined;
    let pause = pollingIntervalMs;
    try {
      const newest = await newestBlock();
      assertForwards(done, newest);
      if ((newest > done || (newest === done && isDue())) && !signal.aborted) {
        working = newest;
        await tick(newest);
        done = newest;
        failures = 0;
        continue; // the tick may have made a block itself
      }
      failures = 0;
    } catch (error) {
      if (error instanceof UserError) throw error;
      pause = Math.min(LONGEST_BACKOFF_MS, pollingIntervalMs * 2 ** failures);
      failures += 1;
      onError(error, pause, working);
    }
    await sleep(pause, signal);
  }
}

function assertForwards(done: bigint, newest: bigint): void {
  if (newest + DEEPEST_STEP_BACK >= done) return;
  throw new UserError(
    `The node went back from block ${done} to block ${newest}: its chain was started anew. Deploy again and restart the keeper.`,
  );
}

async function abortableSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}
