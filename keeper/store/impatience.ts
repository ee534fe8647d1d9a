import { type Socket, connect } from "node:net";

/** What the driver has read from the database's address: several hosts when there are several servers. */
interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a socket file instead. */
  readonly path?: string | undefined;
}

/**
 * Makes connections that break when nothing has come for once to twice so long. A network that drops everything without a word
 * would hold a statement, and whoever waits for it, for as long as the operating system tries: a quarter of an hour.
 */
export function impatientSockets(silenceMs: number): (address: Address) => Socket {
  let attempts = 0;
  return ({ host, port, path }) => {
    const server = attempts++ % port.length;
    const socket = path ? connect(path) : connect(port[server] ?? 0, host[server]);
    breakWhenSilent(socket, silenceMs);
    // A gateway without a server behind it hangs up at once. Not told of an error, the client would dial for ever.
    socket.once("end", () => {
      if (socket.bytesRead === 0) fail(socket, "ECONNRESET", "the other end hung up without a word");
    });
    return Object.assign(socket, { host: host[server] }); // TLS goes by the host's name
  };
}

/** By looking at it, since TLS takes a socket's own timeout away. */
function breakWhenSilent(socket: Socket, silenceMs: number): void {
  let heard = 0;
  const look = setInterval(() => {
    if (socket.destroyed) clearInterval(look);
    else if (socket.bytesRead === heard) fail(socket, "ETIMEDOUT", `nothing was heard for ${silenceMs} ms`);
    heard = socket.bytesRead;
  }, silenceMs);
  look.unref();
}

function fail(socket: Socket, code: string, message: string): void {
  socket.destroy(Object.assign(new Error(message), { code }));
}
