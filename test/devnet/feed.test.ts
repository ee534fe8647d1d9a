import { expect } from "chai";
import { type Address, encodeFunctionData, parseAbi, zeroAddress } from "viem";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import {
  FEED_HEARTBEAT,
  feedAbi,
  latestRound,
  openPhase,
  proxyRoundId,
  roundDue,
  transmit,
} from "../../simulator/chain/feed.ts";
import { useFork } from "../helpers/localFork.ts";

const v2Abi = parseAbi([
  "function latestAnswer() view returns (int256)",
  "function latestRound() view returns (uint256)",
  "function getAnswer(uint256) view returns (int256)",
  "function getTimestamp(uint256) view returns (uint256)",
  "function confirmAggregator(address)",
  "function transmit(int192)",
]);

const deployer = devAccount(DEV_ROLES.protocols).address;
const reporter = devAccount(DEV_ROLES.reporter).address;

describe("The local chain's price feed", () => {
  const world = useFork();

  const round = async (roundId: bigint) => {
    const { clients, protocols } = world();
    const [id, answer, startedAt, updatedAt, answeredIn] = await clients.public.readContract({
      address: protocols.feed,
      abi: feedAbi,
      functionName: "getRoundData",
      args: [roundId],
    });
    return { id, answer, startedAt, updatedAt, answeredIn };
  };
  const failure = (action: Promise<unknown>): Promise<string> =>
    action.then(
      () => "none",
      (error: Error) => error.message,
    );

  it("numbers rounds by phase: phase << 64 | round", async () => {
    const { clients, protocols } = world();
    const first = await latestRound(clients, protocols.feed);
    expect(first.roundId >> 64n).to.equal(1n);
    await transmit(clients, protocols.feedAggregator, 3100.12345678);
    const next = await latestRound(clients, protocols.feed);
    expect(next.roundId).to.equal(first.roundId + 1n);
    const { timestamp } = await clients.public.getBlock();
    expect(await round(next.roundId)).to.deep.equal({
      id: next.roundId,
      answer: 310_012_345_678n,
      startedAt: timestamp,
      updatedAt: timestamp,
      answeredIn: next.roundId,
    });
  });

  it("keeps the rounds of an old phase readable after an upgrade, while the newest are of the new one", async () => {
    const { clients, protocols } = world();
    const old = await latestRound(clients, protocols.feed);
    const before = await round(old.roundId);
    const aggregator = await openPhase(clients, protocols.feed, deployer, reporter);
    await transmit(clients, aggregator, 2900);
    const now = await latestRound(clients, protocols.feed);
    expect(now).to.include({ roundId: proxyRoundId(2, 2n), price: 2900 });
    expect(await round(old.roundId)).to.deep.equal(before);
    const read = (functionName: "phaseAggregators", phase: number) =>
      clients.public.readContract({ address: protocols.feed, abi: feedAbi, functionName, args: [phase] });
    expect(await read("phaseAggregators", 1)).to.equal(protocols.feedAggregator);
    expect(await read("phaseAggregators", 2)).to.equal(aggregator);
    expect(await read("phaseAggregators", 3)).to.equal(zeroAddress);
  });

  it("reads a missing round as zeros, as mainnet's aggregators do", async () => {
    const { clients, protocols } = world();
    const { roundId } = await latestRound(clients, protocols.feed);
    const missing = await round(roundId + 1n);
    expect(missing).to.deep.equal({
      id: roundId + 1n,
      answer: 0n,
      startedAt: 0n,
      updatedAt: 0n,
      answeredIn: roundId + 1n,
    });
  });

  it("reverts for a missing phase without a reason, and for an id no aggregator can have with mainnet's", async () => {
    expect(await failure(round(proxyRoundId(9, 1n)))).to.match(/revert/i);
    expect(await failure(round(proxyRoundId(1, 1n << 32n)))).to.include("No data present");
  });

  it("answers the old functions that Aave still uses", async () => {
    const { clients, protocols } = world();
    const { roundId, updatedAt } = await latestRound(clients, protocols.feed);
    const at = { address: protocols.feed, abi: v2Abi } as const;
    expect(await clients.public.readContract({ ...at, functionName: "latestAnswer" })).to.equal(300_000_000_000n);
    expect(await clients.public.readContract({ ...at, functionName: "latestRound" })).to.equal(roundId);
    const get = (functionName: "getAnswer" | "getTimestamp", id: bigint) =>
      clients.public.readContract({ ...at, functionName, args: [id] });
    expect(await get("getAnswer", roundId)).to.equal(300_000_000_000n);
    expect(await get("getTimestamp", roundId)).to.equal(BigInt(updatedAt));
    expect(await get("getAnswer", proxyRoundId(9, 1n))).to.equal(0n);
    expect(await get("getAnswer", 1n << 100n)).to.equal(0n);
  });

  it("lets only the reporter write rounds, and only the owner switch to what was proposed", async () => {
    const { clients, protocols } = world();
    const stranger = devAccount(9).address;
    const write = encodeFunctionData({ abi: v2Abi, functionName: "transmit", args: [1n] });
    const confirm = encodeFunctionData({ abi: v2Abi, functionName: "confirmAggregator", args: [stranger] });
    const attempt = (from: Address, to: Address, data: `0x${string}`) => failure(send(clients, { from, to, data }));
    expect(await attempt(stranger, protocols.feedAggregator, write)).to.match(/OwnableUnauthorizedAccount|reverted/);
    expect(await attempt(stranger, protocols.feed, confirm)).to.match(/OwnableUnauthorizedAccount|reverted/);
    expect(await attempt(deployer, protocols.feed, confirm)).to.include("Invalid proposed aggregator");
  });
});

describe("When the feed reports", () => {
  const last = { roundId: 1n, price: 2000, updatedAt: 1_000_000 };

  it("is at once from a move of 0.5 % on, up or down", () => {
    expect(roundDue(last, 2010, 1_000_001)).to.equal("deviation");
    expect(roundDue(last, 1990, 1_000_001)).to.equal("deviation");
    expect(roundDue(last, 2009.99, 1_000_001)).to.equal(undefined);
    expect(roundDue(last, 1990.01, 1_000_001)).to.equal(undefined);
  });

  it("is after an hour when nothing moved", () => {
    expect(roundDue(last, 2000, 1_000_000 + FEED_HEARTBEAT - 1)).to.equal(undefined);
    expect(roundDue(last, 2000, 1_000_000 + FEED_HEARTBEAT)).to.equal("heartbeat");
  });
});
