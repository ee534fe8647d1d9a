import { type LocalServer, startHttpServer } from "../../support/httpServer.ts";

/** A line from one host to the node, on which a request can be held up. */
export interface RpcGate extends LocalServer {
  /** Holds the next request that calls `method`, before the node gets it. Resolves once it is there, with the way to let it go. */
  hold(method: string): Promise<() => void>;
}

interface Held {
  readonly method: string;
  readonly arrive: (release: () => void) => void;
}

export async function startRpcGate(target: string): Promise<RpcGate> {
  let awaited: Held | undefined;
  const server = await startHttpServer(
    async ({ body }) => {
      if (awaited && body.includes(`"${awaited.method}"`)) {
        const { arrive } = awaited;
        awaited = undefined;
        await new Promise<void>(arrive);
      }
      const response = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
      return { json: await response.json() };
    },
    { remembers: false },
  );
  return { ...server, hold: (method) => new Promise((resolve) => (awaited = { method, arrive: resolve })) };
}
