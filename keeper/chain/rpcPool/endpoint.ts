import { RpcRequestError } from "viem";
import { EndpointError } from "./endpointError.ts";

/** One JSON-RPC server. */
export interface Endpoint {
  readonly name: string;
  /**
   * One call. Calls of the same moment travel in one HTTP request.
   * @throws EndpointError when there is no answer, RpcRequestError when the answer is an error.
   */
  request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown>;
}

export interface EndpointOptions {
  readonly url: string;
  readonly name: string;
  /** A signal that is aborted after the time. */
  readonly timer?: (milliseconds: number, url: string) => AbortSignal;
}

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const LARGEST_BATCH = 100;
const MISSING_BLOCK =
  /header not found|unknown block|block not found|missing trie node|out of range|invalid block tag|resource not found|beyond current head/i;

/** An endpoint at `url`. */
export function createEndpoint({ url, name, timer = (ms) => AbortSignal.timeout(ms) }: EndpointOptions): Endpoint {
  let waiting: Call[] = [];
  let ids = 0;

  function request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ id: ++ids, method, params, timeoutMs, resolve, reject });
    });
  }

  function flush(): void {
    const calls = waiting;
    waiting = [];
    for (let i = 0; i < calls.length; i += LARGEST_BATCH) {
      const batch = calls.slice(i, i + LARGEST_BATCH);
      void send(batch).catch((error: Error) => batch.forEach(({ reject }) => reject(error)));
    }
  }

  async function send(calls: readonly Call[]): Promise<void> {
    const bodies = calls.map(({ id, method, params }) => ({ jsonrpc: "2.0", id, method, params }));
    const signal = timer(Math.max(...calls.map(({ timeoutMs }) => timeoutMs)), url);
    const text = await post(JSON.stringify(bodies.length === 1 ? bodies[0] : bodies), signal);
    const answers = answersIn(text, name);
    calls.forEach((call, i) => settle(call, bodies[i] ?? {}, answers.get(call.id)));
  }

  async function post(body: string, signal: AbortSignal): Promise<string> {
    try {
      const headers = { "content-type": "application/json" };
      const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
      if (response.ok) return await response.text();
      await response.body?.cancel();
      throw httpError(name, response);
    } catch (error) {
      if (error instanceof EndpointError) throw error;
      // The cause names the address, which may hold a key.
      if (signal.aborted) throw new EndpointError(name, "timeout", "it did not answer in time");
      throw new EndpointError(name, "transport", "the line broke");
    }
  }

  function settle(call: Call, body: object, answer: Answer | undefined): void {
    if (answer?.error) {
      const { code, message, data } = answer.error;
      if (MISSING_BLOCK.test(message)) return call.reject(new EndpointError(name, "missing-block", message));
      return call.reject(
        new RpcRequestError({ body: { ...body }, url: new URL(url).origin, error: { code, message, data } }),
      );
    }
    if (answer && "result" in answer) return call.resolve(answer.result);
    call.reject(new EndpointError(name, "malformed", "one of its answers is missing"));
  }

  return { name, request };
}

function httpError(name: string, { status, headers }: Response): EndpointError {
  const seconds = Number(headers.get("retry-after"));
  const retryAfterMs = seconds > 0 ? seconds * 1000 : undefined;
  const fault = status === 429 ? "rate-limited" : "transport";
  return new EndpointError(name, fault, `HTTP status ${status}`, retryAfterMs);
}

function answersIn(text: string, name: string): Map<number, Answer> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EndpointError(name, "malformed", "it answered with something that is not JSON");
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return new Map(list.filter(isAnswer).map((answer) => [answer.id, answer]));
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== "object" || value === null || !("id" in value)) return false;
  if ("error" in value && value.error !== undefined) {
    const { error } = value;
    return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string";
  }
  return "result" in value;
}
