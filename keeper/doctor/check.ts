import { messageOf } from "../../sdk/userError.ts";

/** What one look found. */
export interface CheckResult {
  readonly name: string;
  /** `warn` keeps nobody from running; `skip` needs something that an earlier check did not find. */
  readonly status: "ok" | "warn" | "fail" | "skip";
  readonly detail: string;
}

/** Something to look at. Its sentence says what is there; a thrown error says what is wrong and what to do. */
export interface Check {
  readonly name: string;
  /** What is thrown is a warning rather than a failure. */
  readonly isOptional?: boolean;
  look(): Promise<string> | string;
}

/** Looks at one thing after the other, all of them whatever is found. */
export async function examine(checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await examineOne(check));
  return results;
}

async function examineOne(check: Check): Promise<CheckResult> {
  const { name, isOptional = false } = check;
  try {
    return { name, status: "ok", detail: await check.look() };
  } catch (error) {
    if (error instanceof NotYet) return { name, status: "skip", detail: error.message };
    return { name, status: isOptional ? "warn" : "fail", detail: messageOf(error) };
  }
}

/** A check needs what an earlier one did not find. */
export class NotYet extends Error {
  override readonly name = "NotYet";
}
