import { type Hex, keccak256 } from "viem";
import { messageOf } from "../../../sdk/userError.ts";
import { type BlockClaim, agreeOnHash, highestClaimed, majorityOf } from "./agreement.ts";
import { type Endpoint, createEndpoint } from "./endpoint.ts";
import { EndpointError, type Fault, PoolError } from "./endpointError.ts";
import { type EndpointHealth, FRESH, afterAnswer, afterFault, compareHealth, isRested } from "./health.ts";

export interface RpcPoolOptions {
  readonly urls: readonly string[];
  /** Least number of endpoints that must agree on a block; most of those that answer must, anyway. */
  readonly quorum?: number;
  /** Blocks that an endpoint may be away from the agreed one, behind or ahead. */
  readonly maxLag?: number;
  readonly headTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Milliseconds. */
  readonly now?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly timer?: (milliseconds: number, url: string) => AbortSignal;
}

/** A block that enough endpoints agree on. */
export interface Head {
  readonly number: bigint;
  readonly hash: Hex;
  /** Endpoints that have it and say the same of it. */
  readonly agreeing: readonly string[];
}

/** One endpoint, for all requests of one operation. */
export interface RpcSession {
  readonly endpoint: string;
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
}

export interface EndpointReport {
  readonly endpoint: string;
  readonly isHealthy: boolean;
  readonly blockLag: number;
  readonly failures: number;
  readonly lastFault: Fault | undefined;
}

/** Several RPC endpoints as one that does not lie. */
export interface RpcPool {
  /** @throws PoolError when none answers or too few agree. */
  head(): Promise<Head>;
  /**
   * Runs an operation on one endpoint, so that what it reads is of one node's making; when that endpoint fails, all of it
   * is run again on the next. With a head, only endpoints that agreed on it are used.
   * @throws PoolError when every endpoint failed; whatever else `work` throws comes through.
   */
  operate<T>(work: (session: RpcSession) => Promise<T>, at?: Head): Promise<T>;
  /**
   * Sends a signed transaction to all endpoints. An answer that got lost does not matter: it counts as sent when any endpoint
   * takes it, knows it already, or has it when asked.
   * @throws the first endpoint's error when none does.
   */
  broadcast(transaction: Hex): Promise<{ readonly hash: Hex; readonly acceptedBy: readonly string[] }>;
  report(): readonly EndpointReport[];
}

const HEAD_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 20_000;
const MAX_LAG = 3;
/** Blocks further back that are tried when the newest ones differ, as they do for a moment in a reorganisation. */
const DEPTHS = [0n, 1n, 2n, 5n] as const;
const ALREADY_KNOWN = /already known|already imported|known transaction|already exists/i;

interface Member {
  readonly endpoint: Endpoint;
  health: EndpointHealth;
  headNumber: bigint | undefined;
}

/** A pool over `urls`, in order of preference among equals. */
export function createRpcPool(options: RpcPoolOptions): RpcPool {
  const { quorum = 1, maxLag = MAX_LAG, now = Date.now, random = Math.random } = options;
  const { headTimeoutMs = HEAD_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const members = options.urls.map((url, i): Member => {
    const name = endpointName(options.urls, i);
    const endpoint = createEndpoint({ url, name, ...(options.timer && { timer: options.timer }) });
    return { endpoint, health: FRESH, headNumber: undefined };
  });
  if (members.length === 0) throw new PoolError("The pool has no RPC endpoint.");
  let agreed: Head | undefined;

  async function ask(member: Member, method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const start = now();
    try {
      const result = await member.endpoint.request(method, params, timeoutMs);
      member.health = afterAnswer(member.health, now(), now() - start);
      return result;
    } catch (error) {
      if (error instanceof EndpointError) blame(member, error.fault, error.retryAfterMs);
      else member.health = afterAnswer(member.health, now(), now() - start); // an error is an answer, too
      throw error;
    }
  }

  function blame(member: Member, fault: Fault, retryAfterMs?: number): void {
    member.health = afterFault(member.health, fault, now(), random(), retryAfterMs);
  }

  /** Those that may be asked, best first; all of them when every one rests. */
  function candidates(among: readonly Member[] = members): Member[] {
    const sorted = [...among].sort((a, b) => compareHealth(a.health, b.health, now()));
    const rested = sorted.filter(({ health }) => isRested(health, now()));
    return rested.length > 0 ? rested : sorted;
  }

  async function claimOf(member: Member, block: bigint | "latest"): Promise<BlockClaim> {
    const tag = block === "latest" ? block : `0x${block.toString(16)}`;
    const result = await ask(member, "eth_getBlockByNumber", [tag, false], headTimeoutMs);
    const { name } = member.endpoint;
    const { number, hash } = (result ?? {}) as { number?: unknown; hash?: unknown };
    if (typeof number === "string" && typeof hash === "string") return { endpoint: name, number: BigInt(number), hash };
    const fault = block === "latest" ? "malformed" : "missing-block";
    blame(member, fault);
    throw new EndpointError(name, fault, `it has no block ${tag}`);
  }

  async function claims(of: readonly Member[], block: bigint | "latest"): Promise<BlockClaim[]> {
    const settled = await Promise.allSettled(of.map((member) => claimOf(member, block)));
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  async function head(): Promise<Head> {
    const majority = Math.max(quorum, majorityOf(members.length));
    const found = await headAmong(candidates(), () => majority).catch((error: unknown) => {
      if (error instanceof PoolError) return undefined;
      throw error;
    });
    const isBehind = found && agreed && found.number + BigInt(maxLag) < agreed.number;
    // Before fewer are believed, or a step back, those that rest are heard, too.
    agreed =
      found && !isBehind ? found : await headAmong(members, (answered) => Math.max(quorum, majorityOf(answered)));
    return agreed;
  }

  /** @param needed How many have to agree when so many answered. */
  async function headAmong(asked: readonly Member[], needed: (answered: number) => number): Promise<Head> {
    const heads = await claims(asked, "latest");
    const enough = needed(heads.length);
    const highest = highestClaimed(heads, enough);
    if (highest === undefined) {
      throw new PoolError(`Of ${members.length} RPC endpoints ${heads.length} answered, but ${enough} have to agree.`);
    }
    for (const depth of DEPTHS) {
      const number = highest - depth;
      if (number < 0n) break;
      const able = heads.filter((claim) => claim.number >= number).map(({ endpoint }) => memberOf(endpoint));
      const verdict = agreeOnHash(await claims(able, number), enough);
      if (!verdict) continue;
      const { hash, disagreeing } = verdict;
      return { number, hash: hash as Hex, agreeing: judge(heads, highest, disagreeing, verdict.agreeing) };
    }
    throw new PoolError(`RPC endpoints disagree about block ${highest}: fewer than ${enough} give the same hash.`);
  }

  /** Blames whoever is off, and returns who may be used. */
  function judge(
    heads: readonly BlockClaim[],
    highest: bigint,
    disagreeing: readonly string[],
    agreeing: readonly string[],
  ): string[] {
    const faultOf = ({ endpoint, number }: BlockClaim): Fault | undefined => {
      if (disagreeing.includes(endpoint)) return "disagrees";
      if (number + BigInt(maxLag) < highest) return "lagging";
      // Of two it cannot be told which one is wrong.
      if (heads.length > 2 && number > highest + BigInt(maxLag)) return "ahead";
      return undefined;
    };
    const faulty = new Set<string>();
    for (const claim of heads) {
      const member = memberOf(claim.endpoint);
      member.headNumber = claim.number;
      const fault = faultOf(claim);
      if (!fault) continue;
      faulty.add(claim.endpoint);
      blame(member, fault);
    }
    return agreeing.filter((name) => !faulty.has(name));
  }

  async function operate<T>(work: (session: RpcSession) => Promise<T>, at?: Head): Promise<T> {
    const usable = at ? members.filter(({ endpoint }) => at.agreeing.includes(endpoint.name)) : members;
    const failures: string[] = [];
    for (const member of candidates(usable)) {
      let failure: EndpointError | undefined;
      const session: RpcSession = {
        endpoint: member.endpoint.name,
        request: (method, params = []) =>
          ask(member, method, params, requestTimeoutMs).catch((error: unknown) => {
            if (error instanceof EndpointError) failure = error;
            throw error;
          }),
      };
      try {
        return await work(session);
      } catch (error) {
        if (!failure) throw error;
        failures.push(failure.message);
      }
    }
    throw new PoolError(failures.join(" ") || "No RPC endpoint agreed on the block that is to be read.");
  }

  async function broadcast(transaction: Hex): Promise<{ hash: Hex; acceptedBy: readonly string[] }> {
    const hash = keccak256(transaction);
    const sent = await Promise.allSettled(
      members.map((member) => ask(member, "eth_sendRawTransaction", [transaction], requestTimeoutMs)),
    );
    const tookIt = sent.map((one) => one.status === "fulfilled" || ALREADY_KNOWN.test(messageOf(one.reason)));
    // A reply may have been lost after the transaction was taken.
    const known = tookIt.includes(true)
      ? tookIt
      : await Promise.all(members.map((member) => knows(member, hash).catch(() => false)));
    if (!known.includes(true)) throw refusalOf(sent);
    return { hash, acceptedBy: members.flatMap(({ endpoint }, i) => (known[i] ? [endpoint.name] : [])) };
  }

  async function knows(member: Member, hash: Hex): Promise<boolean> {
    return (await ask(member, "eth_getTransactionByHash", [hash], requestTimeoutMs)) !== null;
  }

  function memberOf(name: string): Member {
    const member = members.find(({ endpoint }) => endpoint.name === name);
    if (!member) throw new Error(`The pool has no endpoint ${name}.`);
    return member;
  }

  function report(): EndpointReport[] {
    return members.map(({ endpoint, health, headNumber }) => ({
      endpoint: endpoint.name,
      isHealthy: isRested(health, now()),
      blockLag: agreed && headNumber !== undefined ? Number(agreed.number - headNumber) : 0,
      failures: health.faults,
      lastFault: health.lastFault,
    }));
  }

  return { head, operate, broadcast, report };
}

/** Host and port, since a path or query may hold a provider's key; numbered where that is not enough. */
function endpointName(urls: readonly string[], index: number): string {
  const hosts = urls.map((url) => new URL(url).host);
  const before = hosts.slice(0, index).filter((host) => host === hosts[index]).length;
  return `${hosts[index] ?? ""}${before > 0 ? `#${before + 1}` : ""}`;
}

/** A node's refusal says more than a broken line. */
function refusalOf(sent: readonly PromiseSettledResult<unknown>[]): Error {
  const reasons = sent.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  return (
    reasons.find((reason) => !(reason instanceof EndpointError)) ?? reasons[0] ?? new PoolError("Nothing was sent.")
  );
}
