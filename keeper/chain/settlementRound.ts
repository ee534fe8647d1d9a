import { type Address, type PublicClient, parseAbi } from "viem";
import { UserError } from "../errors.ts";

const feedAbi = parseAbi([
  "function phaseId() view returns (uint16)",
  "function getRoundData(uint80 roundId) view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);

type Reader = Pick<PublicClient, "readContract">;

interface Round {
  readonly id: bigint;
  readonly time: bigint;
}

/**
 * The round that decides an expiry: the first one at or after it in the phase that was in force then, or the first of the
 * next phase if that came earlier. This is a search; the proof is `PriceOracle.settlementPrice`.
 * @param expiry Unix seconds.
 * @throws UserError when the feed has no round at or after the expiry yet.
 */
export async function findSettlementRound(client: Reader, feed: Address, expiry: bigint): Promise<bigint> {
  let phase = BigInt(await client.readContract({ address: feed, abi: feedAbi, functionName: "phaseId" }));
  let firstOfNext: Round | undefined;
  for (; phase >= 1n; phase -= 1n) {
    const first = await roundAt(client, feed, (phase << 64n) | 1n);
    if (first.time === 0n) continue; // a phase without rounds
    if (first.time < expiry) break;
    firstOfNext = first;
  }
  const inForce = phase >= 1n ? await firstAtOrAfter(client, feed, phase, expiry) : undefined;
  const candidates = [inForce, firstOfNext].filter((round) => round !== undefined);
  const [earliest] = candidates.sort((a, b) => (a.time < b.time ? -1 : 1));
  if (!earliest) throw new UserError(`The feed has no round at or after ${iso(expiry)} yet. Wait for its next update.`);
  return earliest.id;
}

/** The first round of a phase at or after `expiry`; the phase's first round is before it. */
async function firstAtOrAfter(client: Reader, feed: Address, phase: bigint, expiry: bigint) {
  const last = await lastRoundOf(client, feed, phase);
  let low = 1n;
  let high = last + 1n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if ((await roundAt(client, feed, (phase << 64n) | middle)).time < expiry) low = middle;
    else high = middle;
  }
  return high > last ? undefined : roundAt(client, feed, (phase << 64n) | high);
}

/** The newest round of a phase that has one, found by doubling and bisecting. */
async function lastRoundOf(client: Reader, feed: Address, phase: bigint): Promise<bigint> {
  const exists = async (round: bigint) => (await roundAt(client, feed, (phase << 64n) | round)).time > 0n;
  let low = 1n;
  let high = 2n;
  while (await exists(high)) [low, high] = [high, 2n * high];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (await exists(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** A round; its time is 0 if it does not exist, which proxies answer with zeros or a revert. */
async function roundAt(client: Reader, feed: Address, id: bigint): Promise<Round> {
  const read = { address: feed, abi: feedAbi, functionName: "getRoundData", args: [id] } as const;
  const time = await client.readContract(read).then(
    ([, , , updatedAt]) => updatedAt,
    () => 0n,
  );
  return { id, time };
}

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
