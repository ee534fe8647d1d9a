import { expect } from "chai";
import { openConnection } from "../../../keeper/chain/chainConnection.ts";
import { callFailure } from "../../../sdk/reverts.ts";
import { isChainError } from "../../../keeper/chain/reverts.ts";
import { type BareNode, startBareNode } from "../support/bareNode.ts";
import { type HostileProxy, startHostileProxy } from "../support/hostileProxy.ts";

describe("Line to the chain", () => {
  let node: BareNode;
  let proxies: HostileProxy[];
  before(async () => {
    node = await startBareNode();
    await node.client.mine({ blocks: 60 });
    proxies = await Promise.all([0, 1, 2].map(() => startHostileProxy(node.url)));
  });
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await node.close();
  });
  beforeEach(() => proxies.forEach((proxy) => proxy.behave("honest")));

  const open = (count: number) => {
    const [first = "", ...others] = proxies.slice(0, count).map(({ url }) => url);
    return openConnection({ urls: [first, ...others], chainId: 31337, pollingIntervalMs: 100, quorum: 1 });
  };

  it("of one endpoint believes it, and of three most of them", async () => {
    const truth = await node.client.getBlockNumber();
    proxies[0]?.behave("high");
    expect(await open(3).newestBlock()).to.equal(truth);
    proxies[0]?.behave("honest");
    expect(await open(1).newestBlock()).to.equal(truth);
  });

  it("reads a block on one endpoint from beginning to end", async () => {
    const line = open(3);
    const block = await line.newestBlock();
    const before = proxies.map(({ received }) => received.length);
    await line.read(block, async (reader) => {
      await reader.getBlock({ blockNumber: block });
      await reader.getBalance({ address: "0x00000000000000000000000000000000000000aa", blockNumber: block });
    });
    const used = proxies.map(({ received }, i) => received.length - (before[i] ?? 0));
    expect([...used].sort()).to.deep.equal([0, 0, 2]);
  });

  it("that is dead is a failure to try again after, not a bug", async () => {
    proxies.forEach((proxy) => proxy.behave("drop-before"));
    const error: unknown = await open(3)
      .newestBlock()
      .catch((reason: unknown) => reason);
    expect(isChainError(error)).to.equal(true);
    expect(callFailure(error)).to.include("Of 3 RPC endpoints 0 answered");
  });

  it("of one endpoint tells whether it answers, by its host alone", async () => {
    const line = open(1);
    const host = new URL(proxies[0]?.url ?? "").host;
    const healthy = { endpoint: host, isHealthy: true, blockLag: 0, failures: 0, lastFault: undefined };
    expect(line.report()).to.deep.equal([healthy]);
    proxies[0]?.behave("drop-before");
    await line.newestBlock().catch(() => undefined);
    const dead = { ...healthy, isHealthy: false, failures: 1, lastFault: "transport" };
    expect(line.report()).to.deep.equal([dead]);
    proxies[0]?.behave("honest");
    await line.newestBlock();
    expect(line.report()).to.deep.equal([{ ...dead, isHealthy: true }]);
  });
});
