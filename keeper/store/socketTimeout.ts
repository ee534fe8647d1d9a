import { Socket } from "node:net";

/**
 * A socket, not connected yet, that breaks when nothing has come for once to twice so long. A network that drops everything
 * without a word would hold a statement, and whoever waits for it, for as long as the operating system tries: a quarter of an hour.
 */
export function impatientSocket(silenceMs: number): Socket {
  const socket = new Socket();
  let heard = 0;
  // By looking at it, since TLS takes a socket's own timeout away.
  const look = setInterval(() => {
    if (socket.bytesRead === heard && !socket.destroyed) {
      socket.destroy(Object.assign(new Error(`nothing was heard for ${silenceMs} ms`), { code: "ETIMEDOUT" }));
    }
    heard = socket.bytesRead;
  }, silenceMs);
  look.unref();
  socket.once("close", () => clearInterval(look));
  return socket;
}
