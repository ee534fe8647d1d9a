import { type Address, type PublicClient, parseAbi } from "viem";
import { UserError } from "../errors.ts";

const feedAbi = parseAbi([
  "function phaseId() view returns (uint16)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function getRoundData(uint80 roundId) view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);

const ROUND_MASK = (1n << 64n) - 1n;

type Reader = Pick<PublicClient, "readContract">;

/**
 * The round that decides an expiry: the first one at or after it, in the phase that was live then. This is a search; the
 * proof is `PriceOracle.settlementPrice`.
 * @param expiry Unix seconds.
 * @throws UserError when the feed has no round at or after the expiry yet.
 */
export async function findSettlementRound(client: Reader, feed: Address, expiry: bigint): Promise<bigint> {
  const [latestId, , , latestTime] = await client.readContract({
    address: feed,
    abi: feedAbi,
    functionName: "latestRoundData",
  });
  if (latestTime < expiry) {
    throw new UserError(`The feed has no round at or after ${iso(expiry)} yet; its latest is of ${iso(latestTime)}.`);
  }
  let phase = latestId >> 64n;
  let last = latestId & ROUND_MASK;
  // Back to the phase whose first round is before expiry; within a phase, times ascend.
  for (;;) {
    if (phase === 1n || (await timeOf(client, feed, (phase << 64n) | 1n)) < expiry) break;
    const previousLast = await lastRoundOf(client, feed, phase - 1n);
    if (previousLast === 0n || (await timeOf(client, feed, ((phase - 1n) << 64n) | previousLast)) < expiry) break;
    phase -= 1n;
    last = previousLast;
  }
  return (phase << 64n) | (await firstAtOrAfter(client, feed, phase, last, expiry));
}

/** Bisects rounds 1 … last of a phase for the first at or after `expiry`. */
async function firstAtOrAfter(client: Reader, feed: Address, phase: bigint, last: bigint, expiry: bigint) {
  let low = 1n;
  let high = last;
  while (low < high) {
    const middle = (low + high) / 2n;
    if ((await timeOf(client, feed, (phase << 64n) | middle)) >= expiry) high = middle;
    else low = middle + 1n;
  }
  return low;
}

/** The newest round of an older phase, found by doubling and bisecting; 0 when it has none. */
async function lastRoundOf(client: Reader, feed: Address, phase: bigint): Promise<bigint> {
  const exists = async (round: bigint) => (await timeOf(client, feed, (phase << 64n) | round)) > 0n;
  if (!(await exists(1n))) return 0n;
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

/** Time of a round; 0 for one that does not exist, which proxies answer with zeros or a revert. */
async function timeOf(client: Reader, feed: Address, roundId: bigint): Promise<bigint> {
  const read = { address: feed, abi: feedAbi, functionName: "getRoundData", args: [roundId] } as const;
  return client.readContract(read).then(
    ([, , , updatedAt]) => updatedAt,
    () => 0n,
  );
}

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
