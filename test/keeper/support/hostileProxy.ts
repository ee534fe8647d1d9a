import { type LocalServer, type Reply, startHttpServer } from "../../support/httpServer.ts";

/** What a proxy does with the next request. */
export type Behaviour =
  | "honest"
  /** Never answers. */
  | "stall"
  /** HTTP 429. */
  | "busy"
  /** Hands the request on and loses the reply. */
  | "drop-after"
  /** The same for signed transactions alone. */
  | "drop-sent"
  /** Breaks the line before handing anything on. */
  | "drop-before"
  | "garbage"
  /** Claims a newest block 50 higher than there is. */
  | "high"
  /** Claims a newest block 5 lower than there is. */
  | "low"
  /** Gives another hash for every block. */
  | "forged";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface HostileProxy extends LocalServer {
  behave(behaviour: Behaviour): void;
}

/**
 * A JSON-RPC server between the keeper and a node at `target`. @param onStall Told of a request that gets no answer.
 * @param remembers Whether requests are kept in `received`: not in a run that watches its memory.
 */
export async function startHostileProxy(
  target: string,
  onStall: (url: string) => void = () => undefined,
  { remembers = true } = {},
) {
  let behaviour: Behaviour = "honest";
  const server = await startHttpServer(({ body }) => answer(body), { remembers });

  async function answer(body: string): Promise<Reply> {
    switch (behaviour) {
      case "stall":
        onStall(server.url);
        return new Promise<Reply>(() => undefined);
      case "busy":
        return { status: 429, text: "slow down" };
      case "garbage":
        return { text: "<html>not here</html>" };
      case "drop-before":
        return undefined;
      case "drop-after":
        await forward(body);
        return undefined;
      case "drop-sent": {
        const json = await forward(body);
        return body.includes("eth_sendRawTransaction") ? undefined : { json };
      }
      case "honest":
        return { json: await forward(body) };
      default:
        return { json: await lie(body, behaviour) };
    }
  }

  async function forward(body: string): Promise<unknown> {
    const response = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
    return response.json();
  }

  async function lie(body: string, how: "high" | "low" | "forged"): Promise<unknown> {
    const parsed = JSON.parse(body) as Call | Call[];
    return Array.isArray(parsed) ? Promise.all(parsed.map((call) => lieAbout(call, how))) : lieAbout(parsed, how);
  }

  async function lieAbout(call: Call, how: "high" | "low" | "forged"): Promise<unknown> {
    const isLatest = call.method === "eth_getBlockByNumber" && call.params[0] === "latest";
    const answered = (await forward(JSON.stringify(call))) as { result?: { number?: string; hash?: string } | null };
    const { result } = answered;
    if (!result || typeof result !== "object" || result.number === undefined) return answered;
    if (how === "forged") return { ...answered, result: { ...result, hash: `0x${"de".repeat(32)}` } };
    if (!isLatest) return answered;
    const number = `0x${(BigInt(result.number) + (how === "high" ? 50n : -5n)).toString(16)}`;
    if (how === "high") return { ...answered, result: { ...result, number, hash: `0x${"ab".repeat(32)}` } };
    return forward(JSON.stringify({ ...call, params: [number, false] }));
  }

  const proxy: HostileProxy = { ...server, behave: (next) => (behaviour = next) };
  return proxy;
}
