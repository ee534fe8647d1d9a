import { expect } from "chai";
import { type Address, encodeFunctionData, parseAbi, parseEther } from "viem";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import { proxyRoundId, transmit } from "../../simulator/chain/feed.ts";
import { impersonate } from "../../simulator/chain/deal.ts";
import { GOVERNOR, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";

const DAY = 86_400n;
const proxyAbi = parseAbi([
  "function owner() view returns (address)",
  "function phaseId() view returns (uint16)",
  "function proposeAggregator(address)",
  "function confirmAggregator(address)",
]);

/** One price of an expiry, whoever asks and whenever, while aggregators follow each other. */
describe("Settlement across aggregators that run beside each other", () => {
  const world = useFork((fork) => keelWorld(fork));
  const reporter = devAccount(DEV_ROLES.reporter).address;

  const now = async () => (await world().clients.public.getBlock()).timestamp;
  const newAggregator = () => {
    const { clients } = world();
    const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
    return deployContract(sender, compiled("contracts/devnet/PriceAggregator"), [reporter, 8, "ETH / USD"]);
  };

  /** Writes a round into an aggregator, at a time. */
  async function write(aggregator: Address, price: number, time: bigint): Promise<void> {
    const { clients } = world();
    await clients.test.setNextBlockTimestamp({ timestamp: time });
    await transmit(clients, aggregator, price);
  }

  /** The proxy switches to another aggregator. */
  async function switchTo(next: Address): Promise<void> {
    const { clients, protocols } = world();
    const owner = await clients.public.readContract({ address: protocols.feed, abi: proxyAbi, functionName: "owner" });
    await impersonate(clients, owner, async () => {
      for (const functionName of ["proposeAggregator", "confirmAggregator"] as const) {
        const data = encodeFunctionData({ abi: proxyAbi, functionName, args: [next] });
        await send(clients, { from: owner, to: protocols.feed, data });
      }
    });
  }

  const price = async (expiry: bigint, roundId: bigint): Promise<bigint | undefined> => {
    const { clients, keel } = world();
    const call = { ...keel.oracle, functionName: "settlementPrice", args: [expiry, roundId] } as const;
    return clients.public.readContract(call).catch(() => undefined);
  };

  /** Every price that somebody can prove now, of the first rounds of each phase. */
  async function provable(expiry: bigint, rounds = 12n): Promise<Set<bigint>> {
    const { clients, protocols } = world();
    const phases = await clients.public.readContract({
      address: protocols.feed,
      abi: proxyAbi,
      functionName: "phaseId",
    });
    const { roundId } = await lastOfFirstPhase();
    const found = new Set<bigint>();
    for (let phase = 1; phase <= phases; ++phase) {
      const last = phase === 1 ? roundId : proxyRoundId(phase, rounds);
      for (let id = last; id > last - rounds; --id) {
        const answer = await price(expiry, id);
        if (answer !== undefined) found.add(answer);
      }
    }
    return found;
  }

  const lastOfFirstPhase = async () => {
    const { clients, protocols } = world();
    const abi = parseAbi(["function latestRound() view returns (uint256)"]);
    const last = await clients.public.readContract({
      address: protocols.feedAggregator,
      abi,
      functionName: "latestRound",
    });
    return { roundId: proxyRoundId(1, last) };
  };

  const find = (expiry: bigint) =>
    findSettlementRound(world().clients.public, world().protocols.feed, expiry, world().keel.oracle.address);

  it("T67: a round that decides goes on deciding when the proxy switches to an aggregator that ran before", async () => {
    const { protocols, clients } = world();
    const old = protocols.feedAggregator;
    const expiry = (await now()) + 3600n;
    const next = await newAggregator();
    await write(old, 3000, expiry - 100n);
    await write(next, 3000, expiry - 90n);
    await write(old, 3001, expiry + 10n);
    const { roundId } = await lastOfFirstPhase();
    await write(next, 3040, expiry + 2400n);
    expect([...(await provable(expiry))]).to.deep.equal([parseEther("3001")]);
    await switchTo(next);
    expect([...(await provable(expiry))]).to.deep.equal([parseEther("3001")]);
    expect(await find(expiry)).to.equal(roundId);
    await clients.test.setNextBlockTimestamp({ timestamp: expiry + 2n * DAY });
    await clients.test.mine({ blocks: 1 });
    expect([...(await provable(expiry))]).to.deep.equal([parseEther("3001")]);
  });

  it("T67: nor does it matter that the new one was first to write after the expiry", async () => {
    const { protocols } = world();
    const expiry = (await now()) + 3600n;
    const next = await newAggregator();
    await write(protocols.feedAggregator, 3000, expiry - 100n);
    await write(next, 3040, expiry + 5n);
    await write(protocols.feedAggregator, 3001, expiry + 10n);
    expect([...(await provable(expiry))]).to.deep.equal([parseEther("3001")]);
    await switchTo(next);
    expect([...(await provable(expiry))]).to.deep.equal([parseEther("3001")]);
  });

  it("T67: the new one decides at once when it was seen in force before the expiry, and in a day otherwise", async () => {
    const { protocols, clients, keel } = world();
    const expiry = (await now()) + 3600n;
    const next = await newAggregator();
    await write(protocols.feedAggregator, 3000, expiry - 1000n);
    await write(next, 3000, expiry - 900n);
    await switchTo(next);
    const snapshot = await clients.test.snapshot();
    for (const noted of [true, false]) {
      if (noted) await keel.write(GOVERNOR, { ...keel.oracle, functionName: "notePhase", args: [] });
      await write(next, 3040, expiry + 10n);
      expect(await price(expiry, proxyRoundId(2, 2n))).to.equal(noted ? parseEther("3040") : undefined);
      await write(next, 3050, expiry + DAY + 1n);
      expect(await price(expiry, proxyRoundId(2, 2n))).to.equal(parseEther("3040"));
      expect(await find(expiry)).to.equal(proxyRoundId(2, 2n));
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T67: where nobody wrote for a day the first round of all decides, whatever newer aggregators write later or never", async () => {
    const { protocols } = world();
    const expiry = (await now()) + 3600n;
    const next = await newAggregator();
    await write(protocols.feedAggregator, 3000, expiry - 100n);
    await write(next, 3000, expiry - 90n);
    await switchTo(next);
    await write(protocols.feedAggregator, 3001, expiry + DAY + 10n);
    const { roundId } = await lastOfFirstPhase();
    expect(await price(expiry, roundId)).to.equal(parseEther("3001"));
    await write(next, 3040, expiry + DAY + 20n);
    expect([...(await provable(expiry))]).to.deep.equal([parseEther("3001")]);
  });

  it("T67: settling notes the phase", async () => {
    const { keel, expiries, clients, market } = world();
    const next = await newAggregator();
    await write(next, 3000, (await now()) + 10n);
    await switchTo(next);
    const seen = () => clients.public.readContract({ ...keel.oracle, functionName: "firstPhase", args: [2n ** 40n] });
    expect(await seen()).to.equal(1);
    await write(next, 3000, expiries[0] + DAY);
    await clients.test.setNextBlockTimestamp({ timestamp: expiries[0] + DAY + 10n });
    await market.report(3000);
    await keel.settle(expiries[0]);
    expect(await seen()).to.equal(2);
  });

  it("T67: at most one price can ever be proven, whatever aggregators write and whenever the proxy switches", async function () {
    this.timeout(600_000);
    const { clients, keel, protocols } = world();
    const random = generator(20_261_130);
    for (let run = 0; run < 12; ++run) {
      const snapshot = await clients.test.snapshot();
      const expiry = (await now()) + 30_000n;
      const aggregators = [protocols.feedAggregator, await newAggregator(), await newAggregator()];
      const visible = { count: 1 };
      const ever = new Set<bigint>();
      let time = expiry - BigInt(Math.floor(random() * 8000)) - 100n;
      for (let event = 0; event < 14; ++event) {
        time += 60n + BigInt(Math.floor(random() * (random() < 0.2 ? 20_000 : 2500)));
        const what = random();
        await clients.test.setNextBlockTimestamp({ timestamp: time });
        if (what < 0.15 && visible.count < 3) await switchTo(aggregators[visible.count++] as Address);
        else if (what < 0.25) await keel.write(GOVERNOR, { ...keel.oracle, functionName: "notePhase", args: [] });
        else {
          // Each answer is another price, so that two rounds are never taken for one.
          const writer = aggregators[Math.floor(random() * 3)] as Address;
          await transmit(clients, writer, 3000 + run * 20 + event);
        }
        time = await now();
        if (time >= expiry) for (const one of await provable(expiry)) ever.add(one);
        expect(ever.size, `run ${run}, event ${event}`).to.be.below(2);
      }
      await clients.test.setNextBlockTimestamp({ timestamp: (time > expiry ? time : expiry) + 2n * DAY });
      await transmit(clients, aggregators[visible.count - 1] as Address, 2500);
      for (const one of await provable(expiry)) ever.add(one);
      expect(ever.size, `run ${run}`).to.equal(1);
      await clients.test.revert({ id: snapshot });
    }
  });
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
