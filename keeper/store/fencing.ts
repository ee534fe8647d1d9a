import { DrizzleQueryError } from "drizzle-orm";
import { messageOf } from "../../sdk/userError.ts";

/** Permission to act: what an actor's every write carries. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
}

/** Another host has taken over. The only right thing to do is to stop at once. */
export class FencedOut extends Error {
  override readonly name = "FencedOut";

  constructor({ name, token }: Lease, options?: { cause?: unknown }) {
    super(`Another host has taken over ${name}: what is written under token ${token} is refused.`, options);
  }
}

/** What the migration's trigger raises. */
const OLD_TOKEN = "KF001";
const UNIQUE_VIOLATION = "23505";
/**
 * Of the line (Node), of a server that is going down or starting, or has no room for one more, and of a transaction that
 * stood still for so long that the server has taken it back.
 */
const LINE_FAILURES = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_|08|57P|53|25P03)/;
/** What the driver says of a line, without a code. */
const LOST_LINE = /^(Connection terminated|Client (has encountered|was closed)|Cannot use a pool after|timeout )/;

/** Runs a write; the database's refusal of an old token becomes {@link FencedOut}. */
export async function fenced<T>(lease: Lease, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (codeOf(error) === OLD_TOKEN) throw new FencedOut(lease, { cause: error });
    throw error;
  }
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === UNIQUE_VIOLATION;
}

/** What is wrong with the line to the database, as a sentence; undefined for any other error. It may be right again soon. */
export function storeFailure(error: unknown): string | undefined {
  if (!isLineFailure(error)) return undefined;
  const code = codeOf(error);
  return `the database does not answer (${typeof code === "string" ? code : messageOf(causeOf(error))})`;
}

export function isLineFailure(error: unknown): boolean {
  const code = codeOf(error);
  if (typeof code === "string") return LINE_FAILURES.test(code);
  const cause = causeOf(error);
  return cause instanceof Error && LOST_LINE.test(cause.message);
}

/** The SQLSTATE of a database's answer, if it is one. */
export function codeOf(error: unknown): unknown {
  const cause = causeOf(error);
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}
