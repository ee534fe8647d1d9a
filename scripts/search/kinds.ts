import type { Kind } from "./kind.ts";
import { doors } from "./kinds/doors.ts";
import { informed } from "./kinds/informed.ts";
import { lock } from "./kinds/lock.ts";
import { poster } from "./kinds/poster.ts";

/** What is searched for. */
export const KINDS: readonly Kind[] = [poster, lock, doors, informed];
