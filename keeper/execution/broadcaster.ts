import type { Hex } from "viem";
import { messageOf } from "../../sdk/userError.ts";
import type { Broadcast, Broadcaster, Clock } from "./ports.ts";

/** One place that takes signed transactions. */
export interface Endpoint {
  readonly name: string;
  /** Resolves once the transaction is taken; rejects with the endpoint's complaint. */
  send(raw: Hex): Promise<unknown>;
}

export interface BroadcasterOptions {
  /** Keeps transactions out of public sight until they are mined. Asked first, when there are any. */
  readonly relays: readonly Endpoint[];
  /** Public nodes. */
  readonly nodes: readonly Endpoint[];
  /** Blocks that the relays have for themselves. */
  readonly publicAfterBlocks: number;
  /** How long one endpoint may take, milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, "sleep">;
}

/** Complaints that mean that the endpoint has it, or that the chain has moved on: looking at the chain will tell. */
const HAS_IT = /already known|already imported|known transaction|already in (the )?(mem)?pool|nonce too low/i;

/**
 * Sends to all relays at once, and to all public nodes when there is no relay, no relay takes it, it has waited too long, or
 * it is an emergency. One endpoint that stalls, lies or refuses does not keep the others from having it.
 */
export function createBroadcaster(options: BroadcasterOptions): Broadcaster {
  const { relays, nodes, publicAfterBlocks } = options;
  return {
    async broadcast(raw, { urgency, blocksWaiting }) {
      const isPublicNow = relays.length === 0 || urgency === "emergency" || blocksWaiting >= publicAfterBlocks;
      const first = await sendToAll(isPublicNow ? [...relays, ...nodes] : relays, raw, options);
      if (isPublicNow || first.accepted.length > 0) return first;
      const second = await sendToAll(nodes, raw, options);
      return { accepted: second.accepted, failed: [...first.failed, ...second.failed] };
    },
  };
}

async function sendToAll(
  endpoints: readonly Endpoint[],
  raw: Hex,
  { clock, timeoutMs }: BroadcasterOptions,
): Promise<Broadcast> {
  const problems = await Promise.all(
    endpoints.map((endpoint) =>
      Promise.race([
        Promise.resolve()
          .then(() => endpoint.send(raw))
          .then(() => undefined, complaint),
        clock.sleep(timeoutMs).then(() => `no answer within ${timeoutMs} ms`),
      ]),
    ),
  );
  const accepted: string[] = [];
  const failed: { endpoint: string; problem: string }[] = [];
  endpoints.forEach(({ name }, i) => {
    const problem = problems[i];
    if (problem === undefined) accepted.push(name);
    else failed.push({ endpoint: name, problem });
  });
  return { accepted, failed };
}

function complaint(error: unknown): string | undefined {
  const message = messageOf(error);
  return HAS_IT.test(message) ? undefined : message;
}
