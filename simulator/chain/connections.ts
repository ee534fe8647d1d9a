import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

const INCOMING = "net.server.socket";

/** Connections to one port of this process. */
export interface Connections {
  /** Cuts all of them off and stops watching. */
  destroy(): void;
}

/**
 * Watches who connects to `port`. Hardhat's server waits for its clients when it closes: for a websocket forever, for a
 * connection on which nothing was ever asked half a minute. It keeps its sockets to itself, so Node is asked for them.
 */
export function watchConnections(port: number): Connections {
  const sockets = new Set<Socket>();
  const remember = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort !== port) return;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  subscribe(INCOMING, remember);
  return {
    destroy() {
      unsubscribe(INCOMING, remember);
      for (const socket of sockets) socket.destroy();
    },
  };
}
