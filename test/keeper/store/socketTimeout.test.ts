import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import { impatientSocket } from "../../../keeper/store/socketTimeout.ts";

describe("Connections to the database", () => {
  it("break by themselves when nothing is heard on them", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = impatientSocket(50).connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [error] = (await once(socket, "error").catch((reason: unknown) => [reason])) as [Error & { code: string }];
    expect(error).to.include({ code: "ETIMEDOUT", message: "nothing was heard for 50 ms" });
    server.close();
  });
});
