import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** A TCP line from one host to a server, which can be cut. */
export interface Cable {
  readonly port: number;
  /** Breaks all connections, and refuses new ones. */
  cut(): void;
  /**
   * From the moment that the host sends `text`, which is lost already, nothing comes through and nobody is told. Resolves then.
   */
  silenceAt(text: string): Promise<void>;
  /** New connections work again; those that went silent break. */
  mend(): void;
  close(): Promise<void>;
}

export async function startCable(targetPort: number): Promise<Cable> {
  let state: "whole" | "cut" | "silent" = "whole";
  let trap: { readonly text: string; spring(): void } | undefined;
  const ends = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    ends.add(socket);
    // An end that breaks is what this is for.
    return socket.on("error", () => undefined).on("close", () => ends.delete(socket));
  };

  function carry(chunk: Buffer, to: Socket, isFromHost: boolean): void {
    if (isFromHost && trap && chunk.includes(trap.text)) {
      state = "silent";
      trap.spring();
      trap = undefined;
    }
    if (state === "whole") to.write(chunk);
  }

  const server = createServer((host) => {
    if (state === "cut") return void host.destroy();
    keep(host);
    const target = keep(connect(targetPort, "127.0.0.1"));
    host.on("data", (chunk: Buffer) => carry(chunk, target, true));
    target.on("data", (chunk: Buffer) => carry(chunk, host, false));
    // A silent line does not say that its other end is gone.
    host.on("close", () => state !== "silent" && target.destroy());
    target.on("close", () => state !== "silent" && host.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const breakAll = (): void => ends.forEach((end) => end.destroy());

  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = "cut";
      breakAll();
    },
    silenceAt: (text) => new Promise((spring) => (trap = { text, spring })),
    mend() {
      if (state === "silent") breakAll();
      state = "whole";
    },
    async close() {
      server.close();
      breakAll();
      await once(server, "close");
    },
  };
}
