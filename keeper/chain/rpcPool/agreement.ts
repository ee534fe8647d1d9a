/** What an endpoint says about one block. */
export interface BlockClaim {
  readonly endpoint: string;
  readonly number: bigint;
  readonly hash: string;
}

/** More than half. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * The highest block that `quorum` endpoints claim to have: one that lies about its height moves it neither up nor, among
 * three or more, down. Undefined when fewer answered.
 */
export function highestClaimed(heads: readonly Pick<BlockClaim, "number">[], quorum: number): bigint | undefined {
  const numbers = heads.map(({ number }) => number).sort((a, b) => (a < b ? 1 : -1));
  return numbers[quorum - 1];
}

/** What the endpoints say about one block, sorted by whom to believe. */
export interface Verdict {
  readonly hash: string;
  readonly agreeing: readonly string[];
  readonly disagreeing: readonly string[];
}

/** The hash that at least `quorum` endpoints give, if there is one. */
export function agreeOnHash(
  claims: readonly Pick<BlockClaim, "endpoint" | "hash">[],
  quorum: number,
): Verdict | undefined {
  const byHash = new Map<string, string[]>();
  for (const { endpoint, hash } of claims) byHash.set(hash, [...(byHash.get(hash) ?? []), endpoint]);
  const [most] = [...byHash].sort(([, a], [, b]) => b.length - a.length);
  if (!most || most[1].length < quorum) return undefined;
  const [hash, agreeing] = most;
  return { hash, agreeing, disagreeing: claims.filter((one) => one.hash !== hash).map(({ endpoint }) => endpoint) };
}
