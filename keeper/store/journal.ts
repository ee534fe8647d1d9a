import { and, asc, eq, gte, max, or, sql } from "drizzle-orm";
import type { Attempt, Intent } from "../execution/intent.ts";
import { currentAttempt, isOver } from "../execution/intent.ts";
import type { Journal } from "../execution/ports.ts";
import type { Database } from "./database.ts";
import { type Lease, fenced, isUniqueViolation } from "./fencing.ts";
import { attempts, intents, transitions } from "./schema.ts";

/** Two writers have changed the same intent: one of them works from old knowledge. */
export class JournalConflict extends Error {
  override readonly name = "JournalConflict";

  constructor({ id, version }: Pick<Intent, "id" | "version">) {
    super(`Intent ${id} has a version ${version} already: somebody else writes the same journal.`);
  }
}

export interface JournalOptions {
  readonly chainId: number;
  readonly lease: Lease;
  /** Milliseconds since 1970, for the record only. */
  readonly now: () => number;
}

/**
 * The transaction machine's memory in SQL. Each method is one transaction of the database, and every write carries the
 * lease's token.
 * @throws FencedOut from every write once another host has taken over.
 */
export function createJournal(db: Database, { chainId, lease, now }: JournalOptions): Journal {
  const fence = { lease: lease.name, token: lease.token };

  async function begin(intent: Intent): Promise<Intent> {
    const busy = await holderOf(intent.slot);
    if (busy) return busy;
    try {
      await fenced(lease, () =>
        db.transaction(async (tx) => {
          await tx
            .insert(intents)
            .values({ id: intent.id, ...fixedFields(intent), ...changingFields(intent), ...fence });
          await tx.insert(transitions).values(transitionOf(intent));
        }),
      );
      return intent;
    } catch (error) {
      const holder = isUniqueViolation(error) ? await holderOf(intent.slot) : undefined;
      if (holder) return holder;
      throw error;
    }
  }

  /** Also an intent that was confirmed once and has been lost again holds its slot. */
  async function holderOf(slot: string): Promise<Intent | undefined> {
    const isInFlight = or(eq(intents.confirmed, false), and(eq(intents.over, false), sql`${intents.tag} <> 'mined'`));
    const [row] = await db
      .select()
      .from(intents)
      .where(and(eq(intents.chainId, chainId), eq(intents.slot, slot), isInFlight))
      .orderBy(asc(intents.sequence))
      .limit(1);
    return row && load(row);
  }

  async function open(): Promise<Intent[]> {
    const isOpen = and(eq(intents.chainId, chainId), eq(intents.over, false));
    const rows = await db.select().from(intents).where(isOpen).orderBy(asc(intents.sequence));
    return Promise.all(rows.map(load));
  }

  async function find(id: string): Promise<Intent | undefined> {
    const [row] = await db.select().from(intents).where(eq(intents.id, id));
    return row && load(row);
  }

  async function load(row: typeof intents.$inferSelect): Promise<Intent> {
    const rows = await db.select().from(attempts).where(eq(attempts.intentId, row.id)).orderBy(asc(attempts.sequence));
    return intentOf(row, rows);
  }

  async function allocateNonce(intent: Intent, floor: number): Promise<Intent> {
    if (intent.nonce !== undefined) return intent;
    return writing(intent, async (tx) => {
      const isOwn = and(eq(intents.chainId, chainId), eq(intents.account, intent.account), gte(intents.nonce, floor));
      const taken = await tx.select({ nonce: intents.nonce }).from(intents).where(isOwn);
      const numbered = { ...intent, nonce: lowestFree(floor, taken), version: intent.version + 1 };
      await write(tx, numbered);
      return numbered;
    });
  }

  async function record(next: Intent): Promise<void> {
    await writing(next, async (tx) => {
      const attempt = currentAttempt(next);
      const isNew = next.state.tag === "signed" || next.state.tag === "replaced";
      await write(tx, next);
      if (!attempt || !isNew) return;
      const { hash, purpose, raw, fees, gas } = attempt;
      const sequence = next.attempts.length - 1;
      await tx
        .insert(attempts)
        .values({ hash, intentId: next.id, sequence, purpose, raw, fees, gas, ...fence })
        .onConflictDoNothing();
    });
  }

  async function write(tx: Database, next: Intent): Promise<void> {
    // First, because it fails for a host that was fenced out and for one that works from an old version alike.
    await tx.insert(transitions).values(transitionOf(next));
    await tx
      .update(intents)
      .set({ ...changingFields(next), ...fence })
      .where(eq(intents.id, next.id));
  }

  async function writing<T>(intent: Intent, work: (tx: Database) => Promise<T>): Promise<T> {
    try {
      return await fenced(lease, () => db.transaction(work));
    } catch (error) {
      if (isUniqueViolation(error)) throw new JournalConflict(intent);
      throw error;
    }
  }

  function transitionOf({ id, version, state }: Intent): typeof transitions.$inferInsert {
    return { intentId: id, version, tag: state.tag, state, at: now(), ...fence };
  }

  async function lastInclusion(slot: string): Promise<bigint | undefined> {
    const isSlot = and(eq(intents.chainId, chainId), eq(intents.slot, slot));
    const [row] = await db
      .select({ block: max(intents.minedBlock) })
      .from(intents)
      .where(isSlot);
    return row?.block ?? undefined;
  }

  return { begin, open, find, allocateNonce, record, lastInclusion };
}

function fixedFields({ chainId, account, slot, call, expected, expiresAt }: Intent) {
  return { chainId, account, slot, call, expected: { value: expected }, expiresAt: expiresAt ?? null };
}

function changingFields(intent: Intent) {
  const { urgency, nonce, firstSent, withdrawn, confirmed, state, version } = intent;
  const minedBlock = "inclusion" in state ? state.inclusion.block.number : null;
  const flags = { withdrawn, confirmed, over: isOver(intent) };
  return {
    urgency,
    nonce: nonce ?? null,
    firstSent: firstSent ?? null,
    ...flags,
    tag: state.tag,
    state,
    version,
    minedBlock,
  };
}

function intentOf(row: typeof intents.$inferSelect, signed: readonly (typeof attempts.$inferSelect)[]): Intent {
  const { id, chainId, account, slot, urgency, call, expected, withdrawn, confirmed, state, version } = row;
  return {
    ...{ id, chainId, account, slot, urgency, call, expected: expected.value, withdrawn, confirmed, state, version },
    expiresAt: row.expiresAt ?? undefined,
    nonce: row.nonce ?? undefined,
    firstSent: row.firstSent ?? undefined,
    attempts: signed.map(({ hash, raw, purpose, fees, gas }): Attempt => ({ hash, raw, purpose, fees, gas })),
  };
}

function lowestFree(floor: number, taken: readonly { readonly nonce: number | null }[]): number {
  const numbers = new Set(taken.map(({ nonce }) => nonce));
  let nonce = floor;
  while (numbers.has(nonce)) nonce += 1;
  return nonce;
}
