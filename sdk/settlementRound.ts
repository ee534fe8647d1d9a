import { type Address, type PublicClient, parseAbi } from "viem";
import { UserError } from "./userError.ts";
import { priceOracleAbi } from "./abi/priceOracle.ts";

const feedAbi = parseAbi([
  "function phaseId() view returns (uint16)",
  "function phaseAggregators(uint16 phaseId) view returns (address)",
  "function getRoundData(uint80 roundId) view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);
const aggregatorAbi = parseAbi([
  "function minAnswer() view returns (int192)",
  "function maxAnswer() view returns (int192)",
]);

/** How many ids without a valid round the search passes over, as the oracle does. */
const MAX_GAP = 32n;
/** The oracle's default, for a search without one. */
const LAST_RESORT_AGE = 86_400n;

type Reader = Pick<PublicClient, "readContract" | "getBlock">;

interface Round {
  readonly id: bigint;
  readonly answer: bigint;
  readonly time: bigint;
}

/** Which rounds count for an expiry, as the oracle that decides it says. */
interface Rule {
  /** The oldest phase that counts. */
  readonly firstPhase: bigint;
  /** Until when a phase may write the round that decides, unix seconds. */
  readonly until: bigint;
}

/**
 * The round that decides an expiry: the first one at or after it of the oldest phase that counts and writes one in time.
 * This is a search; the proof is `PriceOracle.settlementPrice`, which says why.
 * @param expiry Unix seconds.
 * @param oracle The one that decides the expiry, `OptionVault.oracleOf`; without it, every phase counts for a day.
 * @throws UserError when there is no such round yet.
 */
export async function findSettlementRound(
  client: Reader,
  feed: Address,
  expiry: bigint,
  oracle?: Address,
): Promise<bigint> {
  const { firstPhase, until } = await ruleOf(client, expiry, oracle);
  const current = BigInt(await client.readContract({ address: feed, abi: feedAbi, functionName: "phaseId" }));
  const late: Round[] = [];
  for (let phase = firstPhase; phase <= current; phase += 1n) {
    const round = await firstAtOrAfter(client, feed, phase, expiry);
    if (round && round.time <= until) return round.id;
    if (round) late.push(round);
    if (phase < current) await requirePast(client, until, phase);
  }
  const [earliest] = late.sort((a, b) => (a.time < b.time ? -1 : 1));
  if (!earliest) throw new UserError(`The feed has no round at or after ${iso(expiry)} yet. Wait for its next update.`);
  return earliest.id;
}

async function ruleOf(client: Reader, expiry: bigint, address: Address | undefined): Promise<Rule> {
  if (!address) return { firstPhase: 1n, until: expiry + LAST_RESORT_AGE };
  const oracle = { address, abi: priceOracleAbi } as const;
  const [firstPhase, window] = await Promise.all([
    client.readContract({ ...oracle, functionName: "firstPhase", args: [expiry] }),
    client.readContract({ ...oracle, functionName: "lastResortAge" }),
  ]);
  return { firstPhase: BigInt(firstPhase), until: expiry + window };
}

/** @throws UserError while `phase` may still write the round that decides. */
async function requirePast(client: Reader, until: bigint, phase: bigint): Promise<void> {
  const { timestamp } = await client.getBlock();
  if (timestamp > until) return;
  throw new UserError(
    `The feed's phase ${phase} has been replaced, but may still write the round that decides, until ${iso(until)}. Wait for that.`,
  );
}

/** The first valid round of a phase at or after `expiry`. */
async function firstAtOrAfter(
  client: Reader,
  feed: Address,
  phase: bigint,
  expiry: bigint,
): Promise<Round | undefined> {
  const isPrice = await boundsOf(client, feed, phase);
  const read = (id: bigint) => roundAt(client, feed, (phase << 64n) | id);
  const isBefore = async (id: bigint) => {
    const { answer, time } = await read(id);
    return time > 0n && time < expiry && isPrice(answer);
  };
  let last = 0n; // of the ids known to be before expiry
  for (;;) {
    let step = 1n;
    for (; await isBefore(last + step); step *= 2n) last += step;
    for (; step > 0n; step /= 2n) if (await isBefore(last + step)) last += step;
    const next = await nextValid(read, isPrice, last);
    if (!next || next.time >= expiry) return next;
    last = next.id & (2n ** 64n - 1n);
  }
}

async function nextValid(
  read: (id: bigint) => Promise<Round>,
  isPrice: (answer: bigint) => boolean,
  last: bigint,
): Promise<Round | undefined> {
  for (let id = last + 1n; id <= last + MAX_GAP; id += 1n) {
    const round = await read(id);
    if (round.time > 0n && isPrice(round.answer)) return round;
  }
  return undefined;
}

/** Whether an answer is a price: positive, and within what the phase's aggregator can answer. */
async function boundsOf(client: Reader, feed: Address, phase: bigint): Promise<(answer: bigint) => boolean> {
  const none = () => 0n;
  const args = [Number(phase)] as const;
  const address = await client.readContract({ address: feed, abi: feedAbi, functionName: "phaseAggregators", args });
  const aggregator = { address, abi: aggregatorAbi } as const;
  const [least, most] = await Promise.all([
    client.readContract({ ...aggregator, functionName: "minAnswer" }).catch(none),
    client.readContract({ ...aggregator, functionName: "maxAnswer" }).catch(none),
  ]);
  const floor = least > 0n ? least : 0n;
  return (answer) => answer > floor && (most <= floor || answer < most);
}

/** A round; its time is 0 if it does not exist, which proxies answer with zeros or a revert. */
async function roundAt(client: Reader, feed: Address, id: bigint): Promise<Round> {
  const read = { address: feed, abi: feedAbi, functionName: "getRoundData", args: [id] } as const;
  return client.readContract(read).then(
    ([, answer, , updatedAt]) => ({ id, answer, time: updatedAt }),
    () => ({ id, answer: 0n, time: 0n }),
  );
}

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
