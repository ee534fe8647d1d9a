import { type Address, encodeFunctionData, parseAbi } from "viem";
import { deploy, devnetArtifact } from "./artifacts.ts";
import { type Call, type ChainClients, send } from "./clients.ts";
import { impersonate } from "./deal.ts";

/** Seconds after which mainnet's ETH/USD feed reports even when the price has not moved. */
export const FEED_HEARTBEAT = 3600;

/** Relative move at which mainnet's ETH/USD feed reports at once. */
export const FEED_DEVIATION = 0.005;

/** Decimals of a dollar feed. */
const FEED_DECIMALS = 8;

/** What consumers read from the feed. */
export const feedAbi = parseAbi([
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function getRoundData(uint80 roundId) view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "function phaseId() view returns (uint16)",
  "function phaseAggregators(uint16 phaseId) view returns (address)",
  "function aggregator() view returns (address)",
]);
const proxyAbi = parseAbi([
  "function owner() view returns (address)",
  "function proposeAggregator(address next)",
  "function confirmAggregator(address next)",
]);
const aggregatorAbi = parseAbi(["function owner() view returns (address)", "function transmit(int192 answer)"]);

/** A round, with the price in dollars. */
export interface FeedRound {
  readonly roundId: bigint;
  readonly price: number;
  readonly updatedAt: number;
}

/** Where a feed is: `feed` is the proxy that consumers read. */
export interface FeedAddresses {
  readonly feed: Address;
  readonly feedAggregator: Address;
}

/** Deploys a feed from `deployer`, which owns the proxy; `reporter` writes the rounds. */
export async function deployFeed(
  clients: ChainClients,
  deployer: Address,
  reporter: Address,
  pair: string,
): Promise<FeedAddresses> {
  const feedAggregator = await deployAggregator(clients, deployer, reporter, pair);
  const feed = await deploy(clients, deployer, devnetArtifact("PriceFeed"), [deployer, feedAggregator]);
  return { feed, feedAggregator };
}

/**
 * Upgrades a feed to a new aggregator of ours, whose first round has the price the old one ended with. The proxy's owner
 * is impersonated, so this also takes over the real feed on a fork of mainnet.
 */
export async function openPhase(
  clients: ChainClients,
  feed: Address,
  deployer: Address,
  reporter: Address,
): Promise<Address> {
  const { price } = await latestRound(clients, feed);
  const [owner, pair] = await Promise.all([
    clients.public.readContract({ address: feed, abi: proxyAbi, functionName: "owner" }),
    clients.public.readContract({ address: feed, abi: feedAbi, functionName: "description" }),
  ]);
  const next = await deployAggregator(clients, deployer, reporter, pair);
  await transmit(clients, next, price);
  await impersonate(clients, owner, async () => {
    const propose = encodeFunctionData({ abi: proxyAbi, functionName: "proposeAggregator", args: [next] });
    await send(clients, { from: owner, to: feed, data: propose });
    const confirm = encodeFunctionData({ abi: proxyAbi, functionName: "confirmAggregator", args: [next] });
    await send(clients, { from: owner, to: feed, data: confirm });
  });
  return next;
}

/** Writes a round with `price` into an aggregator of ours. */
export async function transmit(clients: ChainClients, aggregator: Address, price: number): Promise<void> {
  await send(clients, await roundCall(clients, aggregator, price));
}

/** The transaction of {@link transmit}. */
export async function roundCall(clients: ChainClients, aggregator: Address, price: number): Promise<Call> {
  const owner = await clients.public.readContract({ address: aggregator, abi: aggregatorAbi, functionName: "owner" });
  const answer = BigInt(Math.round(price * 10 ** FEED_DECIMALS));
  const data = encodeFunctionData({ abi: aggregatorAbi, functionName: "transmit", args: [answer] });
  return { from: owner, to: aggregator, data };
}

/** The aggregator of the current phase. */
export function currentAggregator(clients: ChainClients, feed: Address): Promise<Address> {
  return clients.public.readContract({ address: feed, abi: feedAbi, functionName: "aggregator" });
}

/** The newest round of a feed. */
export async function latestRound(clients: ChainClients, feed: Address): Promise<FeedRound> {
  const [roundId, answer, , updatedAt] = await clients.public.readContract({
    address: feed,
    abi: feedAbi,
    functionName: "latestRoundData",
  });
  return { roundId, price: Number(answer) / 10 ** FEED_DECIMALS, updatedAt: Number(updatedAt) };
}

/** Why mainnet's reporters would write a round at `now` (seconds) with the market at `price`, if they would. */
export function roundDue(last: FeedRound, price: number, now: number): "deviation" | "heartbeat" | undefined {
  if (Math.abs(price - last.price) >= FEED_DEVIATION * last.price) return "deviation";
  return now - last.updatedAt >= FEED_HEARTBEAT ? "heartbeat" : undefined;
}

/** A proxy's round id, from its phase and the aggregator's own round id. */
export function proxyRoundId(phase: number, aggregatorRound: bigint): bigint {
  return (BigInt(phase) << 64n) | aggregatorRound;
}

function deployAggregator(clients: ChainClients, deployer: Address, reporter: Address, pair: string): Promise<Address> {
  return deploy(clients, deployer, devnetArtifact("PriceAggregator"), [reporter, FEED_DECIMALS, pair]);
}
