import { expect } from "chai";
import { keepAlive } from "../../../keeper/monitoring/deadMan.ts";
import { Secret } from "../../../keeper/secret.ts";
import { type LocalServer, type Reply, startHttpServer } from "../../support/httpServer.ts";

describe("Dead-man heartbeat", () => {
  let server: LocalServer;
  let replies: Reply[];
  beforeEach(async () => {
    replies = [];
    server = await startHttpServer(() => (replies.length > 0 ? replies.shift() : { status: 200 }));
  });
  afterEach(() => server.close());

  /** One round for each entry: whether the keeper is ready in it. */
  async function live(rounds: readonly boolean[]) {
    const stop = new AbortController();
    const failures: string[] = [];
    const pauses: number[] = [];
    let round = 0;
    await keepAlive({
      url: new Secret(`${server.url}/ping/very-secret`),
      intervalMs: 60_000,
      isReady: () => rounds[round] ?? false,
      onFailure: ({ message }) => failures.push(message),
      signal: stop.signal,
      sleep: (milliseconds) => {
        pauses.push(milliseconds);
        if (++round === rounds.length) stop.abort();
        return Promise.resolve();
      },
    });
    return { failures, pauses };
  }

  it("gives a sign every interval", async () => {
    const { failures, pauses } = await live([true, true, true]);
    expect(server.received.map(({ path }) => path)).to.deep.equal(Array(3).fill("/ping/very-secret"));
    expect(pauses).to.deep.equal([60_000, 60_000, 60_000]);
    expect(failures).to.deep.equal([]);
  });

  it("gives none while the keeper could not hedge", async () => {
    await live([true, false, false, true]);
    expect(server.received.length).to.equal(2);
  });

  it("reports a sign that failed without its address, and goes on", async () => {
    replies = [{ status: 500 }, undefined];
    const { failures } = await live([true, true, true]);
    expect(failures).to.deep.equal([
      "The dead-man monitor answered with status 500.",
      "The dead-man monitor cannot be reached.",
    ]);
    expect(server.received.length).to.equal(3);
  });
});
