import { setTimeout as wait } from "node:timers/promises";
import type { Secret } from "../secret.ts";

export interface DeadManOptions {
  /** Where a monitor outside waits for a sign of life; whoever knows it can fake one, so it is never shown. */
  readonly url: Secret;
  readonly intervalMs: number;
  /** No sign is given while this is false: a keeper that runs but could not hedge counts as dead. */
  readonly isReady: () => boolean;
  readonly onFailure: (error: Error) => void;
  readonly signal: AbortSignal;
  /** Waits; returns at once when the signal is aborted. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** Gives a sign of life every interval until it is stopped. A sign that fails is reported, and the next one is tried. */
export async function keepAlive(options: DeadManOptions): Promise<void> {
  const { url, intervalMs, isReady, onFailure, signal, sleep = abortableSleep } = options;
  while (!signal.aborted) {
    if (isReady()) await ping(url, signal).catch((error: Error) => (signal.aborted ? undefined : onFailure(error)));
    await sleep(intervalMs, signal);
  }
}

async function ping(url: Secret, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetch(url.reveal(), { signal: limit }).catch(() => undefined);
  if (!response) throw new Error("The dead-man monitor cannot be reached.");
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The dead-man monitor answered with status ${response.status}.`);
}

async function abortableSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}
