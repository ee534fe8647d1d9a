import { expect } from "chai";
import { type Socket, createHeadSignal } from "../../../../keeper/chain/rpcPool/headSignal.ts";
import { type BareNode, startBareNode } from "../../support/bareNode.ts";

/** A socket that does what the test says. */
function fakeSocket() {
  const listeners = new Map<string, ((event: { data?: unknown }) => void)[]>();
  const sent: string[] = [];
  const socket: Socket = {
    send: (text) => sent.push(text),
    close: () => undefined,
    addEventListener: (type, listener) => listeners.set(type, [...(listeners.get(type) ?? []), listener]),
  };
  const fire = (type: string, data?: unknown) => listeners.get(type)?.forEach((listener) => listener({ data }));
  return {
    socket,
    sent,
    fire,
    subscribe: () => {
      fire("open");
      fire("message", JSON.stringify({ jsonrpc: "2.0", id: 1, result: "0x1" }));
    },
    announce: () => fire("message", JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params: {} })),
  };
}

/** Sleeps that end when the test says so. */
function fakeSleep() {
  const sleeps: { ms: number; end: () => void }[] = [];
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      sleeps.push({ ms, end: resolve });
      signal.addEventListener("abort", () => resolve());
    });
  return { sleep, sleeps };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("Signal of new heads", () => {
  let stop: AbortController;
  beforeEach(() => (stop = new AbortController()));
  afterEach(() => stop.abort());

  function setUp(urls = ["ws://one"]) {
    const sockets: ReturnType<typeof fakeSocket>[] = [];
    const { sleep, sleeps } = fakeSleep();
    const heads = createHeadSignal({
      urls,
      safetyIntervalMs: 30_000,
      signal: stop.signal,
      sleep,
      connect: () => {
        const fake = fakeSocket();
        sockets.push(fake);
        return fake.socket;
      },
    });
    return { heads, sockets, sleeps };
  }

  it("wakes the loop at an announcement, and lets it wait for longer while a socket listens", async () => {
    const { heads, sockets, sleeps } = setUp();
    sockets[0]?.subscribe();
    expect(heads.listening()).to.equal(1);
    expect(JSON.parse(sockets[0]?.sent[0] ?? "")).to.deep.include({ method: "eth_subscribe", params: ["newHeads"] });
    const waiting = heads.sleep(1_000, stop.signal);
    expect(sleeps.map(({ ms }) => ms)).to.deep.equal([30_000]);
    sockets[0]?.announce();
    await waiting;
  });

  it("does not miss what is announced while the loop is busy", async () => {
    const { heads, sockets, sleeps } = setUp();
    sockets[0]?.subscribe();
    sockets[0]?.announce();
    await heads.sleep(1_000, stop.signal);
    expect(sleeps).to.deep.equal([]);
  });

  it("falls back to polling when the socket closes, and looks at once", async () => {
    const { heads, sockets, sleeps } = setUp();
    sockets[0]?.subscribe();
    const waiting = heads.sleep(1_000, stop.signal);
    sockets[0]?.fire("close");
    await waiting;
    expect(heads.listening()).to.equal(0);
    await turn();
    void heads.sleep(1_000, stop.signal);
    expect(sleeps.at(-1)?.ms).to.equal(1_000);
  });

  it("connects again, with growing pauses until it has listened once", async () => {
    const { sockets, sleeps } = setUp();
    const fail = async () => {
      sockets.at(-1)?.fire("error");
      await turn();
      const { ms, end } = sleeps.at(-1) ?? { ms: 0, end: () => undefined };
      end();
      await turn();
      return ms;
    };
    expect([await fail(), await fail(), await fail()]).to.deep.equal([2_000, 4_000, 8_000]);
    sockets.at(-1)?.subscribe();
    expect(await fail()).to.equal(1_000);
    expect(sockets.length).to.equal(5);
  });

  it("does not count an endpoint that refuses the subscription, or talks nonsense", async () => {
    const { heads, sockets } = setUp(["ws://one", "ws://two"]);
    sockets[0]?.fire("open");
    sockets[0]?.fire("message", JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "no" } }));
    sockets[1]?.fire("message", "what?");
    await turn();
    expect(heads.listening()).to.equal(0);
  });

  it("without sockets is a pause", async () => {
    const { heads, sleeps } = setUp([]);
    const waiting = heads.sleep(1_000, stop.signal);
    sleeps[0]?.end();
    await waiting;
    expect(sleeps[0]?.ms).to.equal(1_000);
  });

  it("hears of blocks from a real node", async () => {
    const node: BareNode = await startBareNode();
    try {
      const endless = (_: number, signal: AbortSignal) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      const options = { urls: [node.webSocketUrl], safetyIntervalMs: 1, signal: stop.signal };
      const heads = createHeadSignal({ ...options, sleep: endless });
      while (heads.listening() === 0) await turn();
      const waiting = heads.sleep(1, stop.signal);
      await node.client.mine({ blocks: 1 });
      await waiting; // never ends unless the node's announcement arrives
    } finally {
      stop.abort();
      await node.close();
    }
  });
});
