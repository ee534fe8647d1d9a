import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that a local server got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What to answer; `undefined` closes the line without an answer. */
export type Reply = { readonly status?: number; readonly json?: unknown; readonly text?: string } | undefined;

export interface LocalServer {
  readonly url: string;
  /** In the order of arrival. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/**
 * A server on this machine that answers as it is told.
 * @param remembers Whether it keeps what it received: not where a test looks at how much memory is held.
 */
export async function startHttpServer(
  reply: (request: Received) => Reply | Promise<Reply>,
  { remembers = true } = {},
): Promise<LocalServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = { method: request.method ?? "", path: request.url ?? "", body: Buffer.concat(chunks).toString() };
    if (remembers) received.push(one);
    const answered = await reply(one);
    if (!answered) return void response.destroy();
    const { status = 200, json, text } = answered;
    response.writeHead(status, { "content-type": json === undefined ? "text/plain" : "application/json" });
    response.end(json === undefined ? (text ?? "") : JSON.stringify(json));
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
