import { expect } from "chai";
import { type Hex, defineChain, keccak256, parseGwei } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type RpcPool, createRpcPool } from "../../../../keeper/chain/rpcPool/pool.ts";
import { PoolError } from "../../../../keeper/chain/rpcPool/endpointError.ts";
import { poolTransport, sessionReader } from "../../../../keeper/chain/rpcPool/transport.ts";
import { devPrivateKey } from "../../../../simulator/chain/accounts.ts";
import { createRandom } from "../../../../simulator/path/random.ts";
import { type BareNode, startBareNode } from "../../support/bareNode.ts";
import { type Behaviour, type HostileProxy, startHostileProxy } from "../../support/hostileProxy.ts";

const SEED = 2026;
const STEPS = 300;
const SILENT = ["stall", "busy", "drop-before", "garbage"] as const;
const LYING = ["high", "low", "forged", "drop-after", "drop-sent"] as const;
const CHAIN = defineChain({
  id: 31337,
  name: "local",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});

describe("RPC pool over a real node, behind proxies that fail and lie", () => {
  let node: BareNode;
  let proxies: HostileProxy[];
  let pool: RpcPool;
  let now: number;
  const timers = new Map<string, Set<AbortController>>();
  const account = privateKeyToAccount(devPrivateKey(5));

  /** Time passes for those who wait for an endpoint that will not answer. */
  const expire = (url: string) => timers.get(url)?.forEach((timer) => timer.abort());
  const timer = (_: number, url: string): AbortSignal => {
    const controller = new AbortController();
    timers.set(url, (timers.get(url) ?? new Set()).add(controller));
    return controller.signal;
  };

  before(async () => {
    node = await startBareNode();
    proxies = await Promise.all([0, 1, 2].map(() => startHostileProxy(node.url, expire)));
    await node.client.mine({ blocks: 60 });
  });
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await node.close();
  });
  beforeEach(() => {
    now = 1_000_000;
    timers.clear();
    proxies.forEach((proxy) => proxy.behave("honest"));
    pool = newPool();
  });

  const newPool = (count = 3) =>
    createRpcPool({ urls: proxies.slice(0, count).map(({ url }) => url), now: () => now, random: () => 0.5, timer });
  const behave = (...behaviours: Behaviour[]) => proxies.forEach((proxy, i) => proxy.behave(behaviours[i] ?? "honest"));
  const nameOf = (i: number) => new URL(proxies[i]?.url ?? "").host;
  const faults = () => pool.report().map(({ lastFault }) => lastFault);
  const truth = async () => {
    const { number, hash } = await node.client.getBlock();
    return { number, hash };
  };
  const sign = async (nonce: number, gas = 21_000n): Promise<Hex> =>
    account.signTransaction({
      chainId: CHAIN.id,
      to: account.address,
      nonce,
      gas,
      maxFeePerGas: parseGwei("100"),
      maxPriorityFeePerGas: 1n,
    });

  it("gives the true head and one node's answers throughout 300 steps of chaos, and loses and doubles no transaction", async function () {
    this.timeout(600_000);
    const random = createRandom(SEED);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random.between(0, list.length))] as T;
    let nonce = await node.client.getTransactionCount({ address: account.address });
    for (let step = 0; step < STEPS; step++) {
      now += random.between(0, 4_000);
      const behaviours = Array<Behaviour>(3).fill("honest");
      if (random.between(0, 1) < 0.8) {
        // Either one lies while two are honest, or two say nothing while one is honest.
        const first = Math.floor(random.between(0, 3));
        const isLie = random.between(0, 1) < 0.6;
        behaviours[first] = isLie ? pick(LYING) : pick(SILENT);
        if (!isLie) behaviours[(first + 1) % 3] = pick(SILENT);
      }
      behave(...behaviours);
      const about = `step ${step}: ${behaviours.join(", ")}`;

      const { hash } = await pool.broadcast(await sign(nonce)); // mines a block
      nonce += 1;
      const receipt = await node.client.getTransactionReceipt({ hash });
      expect(receipt.status, about).to.equal("success");
      expect(await node.client.getTransactionCount({ address: account.address }), about).to.equal(nonce);

      const { number, hash: blockHash } = await truth();
      const head = await pool.head();
      const read = await pool.operate(async (session) => {
        const reader = sessionReader(session, CHAIN);
        const [block, count] = await Promise.all([
          reader.getBlock({ blockNumber: head.number }),
          reader.getTransactionCount({ address: account.address, blockNumber: head.number }),
        ]);
        return { head, block, count };
      }, head);
      expect(read.head, about).to.include({ number, hash: blockHash });
      expect(read.block.hash, about).to.equal(blockHash);
      expect(read.count, about).to.equal(nonce);
    }
    for (const { failures } of pool.report()) expect(failures).to.be.above(STEPS / 20);
  });

  it("is not moved by an endpoint that claims a higher block, and lets it rest", async () => {
    behave("high");
    expect(await pool.head()).to.deep.include({ ...(await truth()), agreeing: [nameOf(1), nameOf(2)] });
    expect(faults()).to.deep.equal(["ahead", undefined, undefined]);
    const before = proxies[0]?.received.length;
    await pool.head();
    expect(proxies[0]?.received.length).to.equal(before);
  });

  it("does not read from one that lags, and takes it back once it has caught up", async () => {
    behave("low");
    expect((await pool.head()).agreeing).to.deep.equal([nameOf(1), nameOf(2)]);
    expect(pool.report()[0]).to.include({ isHealthy: false, blockLag: 5, lastFault: "lagging" });
    behave();
    now += 60_000;
    expect((await pool.head()).agreeing.length).to.equal(3);
    expect(pool.report()[0]).to.include({ isHealthy: true, blockLag: 0 });
  });

  it("believes most of them about a hash, and nobody when there is no majority", async () => {
    behave("honest", "forged");
    expect(await pool.head()).to.deep.include({ ...(await truth()), agreeing: [nameOf(0), nameOf(2)] });
    behave("honest", "forged", "drop-before");
    pool = newPool();
    const error = await pool.head().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(PoolError);
    expect(String(error)).to.include("disagree about block");
  });

  it("does not fall for a liar because the honest ones have just been resting", async () => {
    behave("busy", "honest", "busy");
    await pool.head();
    behave("honest", "forged", "honest"); // the only one that does not rest lies now
    expect(await pool.head()).to.deep.include(await truth());
  });

  it("goes on with the only endpoint that works", async () => {
    behave("stall", "busy", "honest");
    expect(await pool.head()).to.deep.include({ ...(await truth()), agreeing: [nameOf(2)] });
    expect(faults()).to.deep.equal(["timeout", "rate-limited", undefined]);
  });

  it("with a quorum of two does not", async () => {
    behave("stall", "busy", "honest");
    const strict = createRpcPool({ urls: proxies.map(({ url }) => url), quorum: 2, now: () => now, timer });
    const error = await strict.head().then(
      () => "",
      (reason: unknown) => String(reason),
    );
    expect(error).to.include("Of 3 RPC endpoints 1 answered, but 2 have to agree");
  });

  it("rests a failing endpoint for longer and longer", async () => {
    const single = createRpcPool({ urls: [proxies[0]?.url ?? ""], now: () => now, random: () => 0.5, timer });
    behave("busy");
    const rests: number[] = [];
    for (let i = 0; i < 5; i++) {
      await single.head().catch(() => undefined);
      const start = now;
      while (!single.report()[0]?.isHealthy) now += 250;
      rests.push(now - start);
    }
    expect(rests).to.deep.equal([2_000, 4_000, 8_000, 16_000, 32_000]);
  });

  it("runs an operation again as a whole on the next endpoint, never half on one and half on the other", async () => {
    behave("honest", "honest");
    const used: string[] = [];
    const result = await pool.operate(async (session) => {
      used.push(session.endpoint);
      await session.request("eth_chainId");
      if (used.length === 1) behave("drop-before");
      return session.request("eth_blockNumber");
    });
    expect(BigInt(String(result))).to.equal((await truth()).number);
    expect(used).to.deep.equal([nameOf(0), nameOf(1)]);
  });

  it("passes on what the node itself refuses, without blaming or trying another", async () => {
    const calls: string[] = [];
    const error = await pool
      .operate((session) => {
        calls.push(session.endpoint);
        return session.request("eth_nonsense");
      })
      .then(
        () => "",
        (reason: unknown) => String(reason),
      );
    expect(error).to.include("eth_nonsense");
    expect(calls.length).to.equal(1);
    expect(faults()).to.deep.equal([undefined, undefined, undefined]);
  });

  it("sends a transaction once although every reply to it got lost", async () => {
    behave("drop-sent", "drop-sent", "drop-sent");
    const nonce = await node.client.getTransactionCount({ address: account.address });
    const raw = await sign(nonce);
    const { hash, acceptedBy } = await pool.broadcast(raw);
    expect(acceptedBy.length).to.equal(3);
    expect(hash).to.equal(keccak256(raw));
    expect(await node.client.getTransactionCount({ address: account.address })).to.equal(nonce + 1);
  });

  it("says why when no node takes a transaction", async () => {
    const nonce = await node.client.getTransactionCount({ address: account.address });
    behave("busy");
    const error = await pool.broadcast(await sign(nonce - 1, 22_000n)).then(
      () => "",
      (reason: unknown) => String(reason),
    );
    expect(error).to.match(/nonce/i);
  });

  it("serves viem's clients, calls of one moment in one HTTP request", async () => {
    const { createPublicClient } = await import("viem");
    const client = createPublicClient({ chain: CHAIN, transport: poolTransport(pool), cacheTime: 0 });
    const before = proxies.map(({ received }) => received.length);
    const [id, number] = await Promise.all([client.getChainId(), client.getBlockNumber()]);
    expect([id, number]).to.deep.equal([31337, (await truth()).number]);
    const sent = proxies.map(({ received }, i) => received.length - (before[i] ?? 0));
    expect(sent).to.deep.equal([1, 0, 0]);
  });

  it("names endpoints by host alone, never by what may hold a key", () => {
    const urls = [
      "https://node.example/v3/secret",
      "https://node.example/v3/other",
      "https://u:p@third.example/?key=x",
    ];
    const names = createRpcPool({ urls })
      .report()
      .map(({ endpoint }) => endpoint);
    expect(names).to.deep.equal(["node.example", "node.example#2", "third.example"]);
  });
});
