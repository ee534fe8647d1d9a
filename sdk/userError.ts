/**
 * An error that a person can act on: what was wrong, what was expected, what to do, in one sentence. The command line
 * prints it without a stack trace; anything else that is thrown is a bug in Keel and says so.
 */
export class UserError extends Error {
  override readonly name = "UserError";

  constructor(sentence: string, options?: { cause?: unknown }) {
    super(sentence, options);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
