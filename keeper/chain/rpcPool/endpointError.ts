/** What an endpoint did instead of answering; a JSON-RPC error is an answer and none of these. */
export type Fault =
  | "timeout"
  | "rate-limited"
  /** The line broke, or HTTP failed. */
  | "transport"
  /** What came was no JSON-RPC answer. */
  | "malformed"
  /** It said that it does not know a block that the others have. */
  | "missing-block"
  /** Its newest block is too far behind, or too far ahead, of what the others agree on. */
  | "lagging"
  | "ahead"
  /** It gave another hash for a block than the others. */
  | "disagrees";

/** An endpoint failed; another one may not. */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
  readonly endpoint: string;
  readonly fault: Fault;
  /** Milliseconds after which it says that it may be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(endpoint: string, fault: Fault, detail: string, retryAfterMs?: number) {
    super(`The RPC endpoint ${endpoint} failed (${fault}): ${detail}.`);
    this.endpoint = endpoint;
    this.fault = fault;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No endpoint, or too few, could be used. */
export class PoolError extends Error {
  override readonly name = "PoolError";
}
