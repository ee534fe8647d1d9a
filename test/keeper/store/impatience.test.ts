import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import { impatientSockets } from "../../../keeper/store/impatience.ts";

describe("Connections to the database", () => {
  it("break by themselves when nothing is heard on them", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = impatientSockets(50)({ host: ["127.0.0.1"], port: [port] });
    const [error] = (await once(socket, "error").catch((reason: unknown) => [reason])) as [Error & { code: string }];
    expect(error).to.include({ code: "ETIMEDOUT", message: "nothing was heard for 50 ms" });
    server.close();
  });

  it("fail when the other end hangs up without a word", async () => {
    const server = createServer((incoming) => incoming.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = impatientSockets(60_000)({ host: ["127.0.0.1"], port: [port] });
    const [error] = (await once(socket, "error").catch((reason: unknown) => [reason])) as [Error & { code: string }];
    expect(error).to.include({ code: "ECONNRESET" });
    server.close();
  });

  it("go to each server of an address in turn", async () => {
    const servers = await Promise.all(
      [0, 1].map(async () => {
        const server = createServer().listen(0, "127.0.0.1");
        await once(server, "listening");
        return server;
      }),
    );
    const port = servers.map((server) => (server.address() as AddressInfo).port);
    const connectTo = impatientSockets(60_000);
    for (const server of servers) {
      const socket = connectTo({ host: ["127.0.0.1", "127.0.0.1"], port });
      await once(server, "connection");
      socket.destroy();
      server.close();
    }
  });
});
