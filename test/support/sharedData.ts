import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Market data that is not part of the project: beside the clone, or where KEEL_SHARED_DATA says. */
const FOLDER = process.env.KEEL_SHARED_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

/**
 * Path of a file of real market data. Where it is absent the calling test or suite is skipped, and says so.
 */
export function sharedDataOrSkip(context: Mocha.Context, name: string): string {
  const path = join(FOLDER, name);
  if (existsSync(path)) return path;
  console.log(`      skipped: no ${name} in ${FOLDER}; set KEEL_SHARED_DATA to the folder that has it`);
  return context.skip();
}
