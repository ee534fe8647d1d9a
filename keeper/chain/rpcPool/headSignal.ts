import { setTimeout as wait } from "node:timers/promises";

/** What is needed of a WebSocket; Node's own fits. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
}

export interface HeadSignalOptions {
  /** WebSocket addresses; none means that polling is all there is. */
  readonly urls: readonly string[];
  /** Milliseconds between looks while a socket announces blocks: a socket may die without saying so. */
  readonly safetyIntervalMs: number;
  readonly signal: AbortSignal;
  readonly connect?: (url: string) => Socket;
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface HeadSignal {
  /** How many sockets announce blocks now. */
  readonly listening: () => number;
  /**
   * Fits {@link LoopOptions.sleep}: waits until a block is announced; at the latest for `milliseconds` while no socket
   * listens, and for the safety interval while one does.
   */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const SUBSCRIBE = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] });
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Listens for new heads on every socket, and connects again with growing pauses. An announcement wakes the loop and is
 * not believed further: which block there is, the pool's agreement says.
 */
export function createHeadSignal(options: HeadSignalOptions): HeadSignal {
  const { urls, safetyIntervalMs, signal, connect = (url) => new WebSocket(url), sleep = abortableSleep } = options;
  let listening = 0;
  let isAnnounced = false;
  let wake: () => void = () => undefined;

  function announce(): void {
    isAnnounced = true;
    wake();
  }

  /** One connection from opening to its end; whether it ever listened. */
  function listen(url: string): Promise<boolean> {
    return new Promise((resolve) => {
      let isListening = false;
      let isOver = false;
      const socket = connect(url);
      const end = () => {
        if (isOver) return;
        isOver = true;
        if (isListening) listening -= 1;
        signal.removeEventListener("abort", end);
        socket.close();
        announce(); // what was missed is looked for at once
        resolve(isListening);
      };
      signal.addEventListener("abort", end);
      socket.addEventListener("open", () => socket.send(SUBSCRIBE));
      socket.addEventListener("close", end);
      socket.addEventListener("error", end);
      socket.addEventListener("message", ({ data }) => {
        const kind = kindOf(data);
        if (kind === "refused") return end();
        if (kind === "subscribed" && !isListening) {
          isListening = true;
          listening += 1;
        }
        if (kind === "head") announce();
      });
    });
  }

  async function keepListening(url: string): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      failures = (await listen(url)) ? 0 : failures + 1;
      await sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures), signal);
    }
  }
  for (const url of urls) void keepListening(url);

  return {
    listening: () => listening,
    sleep: async (milliseconds, loopSignal) => {
      if (isAnnounced) {
        isAnnounced = false;
        return;
      }
      const over = new AbortController();
      const announced = new Promise<void>((resolve) => (wake = resolve));
      const limit = listening > 0 ? Math.max(milliseconds, safetyIntervalMs) : milliseconds;
      await Promise.race([announced, sleep(limit, AbortSignal.any([over.signal, loopSignal]))]);
      over.abort();
      isAnnounced = false;
    },
  };
}

function kindOf(data: unknown): "head" | "subscribed" | "refused" | "other" {
  let message: { id?: unknown; error?: unknown; method?: unknown };
  try {
    message = JSON.parse(String(data)) as typeof message;
  } catch {
    return "other";
  }
  if (message.method === "eth_subscription") return "head";
  if (message.id !== 1) return "other";
  return message.error === undefined ? "subscribed" : "refused";
}

async function abortableSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}
