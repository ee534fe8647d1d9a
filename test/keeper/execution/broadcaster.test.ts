import { expect } from "chai";
import { type BroadcasterOptions, type Endpoint, createBroadcaster } from "../../../keeper/execution/broadcaster.ts";

const RAW = "0x02aa";
const CALM = { urgency: "routine", blocksWaiting: 0 } as const;

describe("Broadcaster", () => {
  /** An endpoint that remembers being asked and answers as told. */
  function endpoint(name: string, answer: () => Promise<unknown> = () => Promise.resolve()) {
    const asked: string[] = [];
    const send: Endpoint["send"] = (raw) => {
      asked.push(raw);
      return answer();
    };
    return { name, send, asked };
  }
  const fails = (message: string) => () => Promise.reject(new Error(message));
  const stalls = () => new Promise(() => undefined);

  function broadcaster(options: Partial<BroadcasterOptions>) {
    const clock = { sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    return createBroadcaster({ relays: [], nodes: [], publicAfterBlocks: 3, timeoutMs: 500, clock, ...options });
  }

  it("asks the private relay first, and leaves the public out while it has it", async () => {
    const [relay, node] = [endpoint("relay"), endpoint("node")];
    const result = await broadcaster({ relays: [relay], nodes: [node] }).broadcast(RAW, CALM);
    expect(result).to.deep.equal({ accepted: ["relay"], failed: [] });
    expect(node.asked).to.deep.equal([]);
  });

  it("falls back to the public nodes when the relay refuses or stalls", async () => {
    for (const answer of [fails("429 Too Many Requests"), stalls]) {
      const [relay, node] = [endpoint("relay", answer), endpoint("node")];
      const result = await broadcaster({ relays: [relay], nodes: [node] }).broadcast(RAW, CALM);
      expect(result.accepted).to.deep.equal(["node"]);
      expect(result.failed.map(({ endpoint }) => endpoint)).to.deep.equal(["relay"]);
    }
  });

  it("goes public with what has waited too long, and with an emergency at once", async () => {
    for (const lane of [
      { urgency: "routine", blocksWaiting: 3 } as const,
      { urgency: "emergency", blocksWaiting: 0 } as const,
    ]) {
      const [relay, node] = [endpoint("relay"), endpoint("node")];
      const result = await broadcaster({ relays: [relay], nodes: [node] }).broadcast(RAW, lane);
      expect(result.accepted).to.deep.equal(["relay", "node"]);
    }
  });

  it("lets one node that stalls, one that refuses and one that throws not keep the others from having it", async () => {
    const throws = endpoint("throws");
    throws.send = () => {
      throw new Error("closed");
    };
    const nodes = [endpoint("stalls", stalls), endpoint("refuses", fails("429")), throws, endpoint("works")];
    const result = await broadcaster({ nodes }).broadcast(RAW, CALM);
    expect(result).to.deep.equal({
      accepted: ["works"],
      failed: [
        { endpoint: "stalls", problem: "no answer within 500 ms" },
        { endpoint: "refuses", problem: "429" },
        { endpoint: "throws", problem: "closed" },
      ],
    });
  });

  it("counts a node that has it already as one that took it", async () => {
    const nodes = [endpoint("a", fails("already known")), endpoint("b", fails("nonce too low: next nonce 8"))];
    expect((await broadcaster({ nodes }).broadcast(RAW, CALM)).accepted).to.deep.equal(["a", "b"]);
  });

  it("never throws, even if nobody takes it", async () => {
    const result = await broadcaster({ nodes: [endpoint("a", fails("no"))] }).broadcast(RAW, CALM);
    expect(result.accepted).to.deep.equal([]);
  });
});
