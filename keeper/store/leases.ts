import { and, eq, lte, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import type { Lease } from "./fencing.ts";
import { leases } from "./schema.ts";

export interface LeaseOptions {
  /** What is held, such as `31337:0x…`: one account on one chain, since its nonces are what must not be shared. */
  readonly name: string;
  /** A name that no other process has. */
  readonly holder: string;
  /** How long a lease lasts without being renewed, milliseconds. */
  readonly intervalMs: number;
  /** Milliseconds since 1970; by default the database's own clock, which all hosts share. */
  readonly now?: () => Promise<number>;
}

/** Keeps this host the one that acts, or waits until it may be. */
export interface Leadership {
  /**
   * Renews the lease, or takes it if nobody holds it any more. Call it at every tick and at least three times per interval;
   * calls that overlap are one.
   * @returns The lease, or undefined while another host holds it.
   */
  hold(): Promise<Lease | undefined>;
  /** Gives the lease up, so that a standby host need not wait until it runs out. */
  release(): Promise<void>;
}

/** Competes for a lease in `db`. Losing it and taking it again gives a new token. */
export function createLeadership(db: Database, options: LeaseOptions): Leadership {
  const { name, holder, intervalMs, now = () => databaseTime(db) } = options;
  let held: Lease | undefined;

  let holding: Promise<Lease | undefined> | undefined;

  /** Two at a time would compete with each other, and the one that loses would forget what the other has won. */
  function hold(): Promise<Lease | undefined> {
    holding ??= renewOrTake().finally(() => (holding = undefined));
    return holding;
  }

  async function renewOrTake(): Promise<Lease | undefined> {
    const time = await now();
    held = (held && (await renew(held, time))) ?? (await take(time));
    return held;
  }

  /** Also after it has run out, as long as nobody took it: then nobody else has acted. */
  async function renew(lease: Lease, time: number): Promise<Lease | undefined> {
    const renewed = await db
      .update(leases)
      .set({ expiresAt: time + intervalMs })
      .where(and(eq(leases.name, name), eq(leases.holder, holder), eq(leases.token, lease.token)))
      .returning();
    return renewed.length > 0 ? lease : undefined;
  }

  async function take(time: number): Promise<Lease | undefined> {
    const [taken] = await db
      .insert(leases)
      .values({ name, holder, token: 1, expiresAt: time + intervalMs })
      .onConflictDoUpdate({
        target: leases.name,
        set: { holder, token: sql`${leases.token} + 1`, expiresAt: time + intervalMs },
        setWhere: lte(leases.expiresAt, time),
      })
      .returning();
    return taken && { name, holder, token: taken.token };
  }

  async function release(): Promise<void> {
    if (!held) return;
    const { token } = held;
    held = undefined;
    await db
      .update(leases)
      .set({ expiresAt: 0 })
      .where(and(eq(leases.name, name), eq(leases.holder, holder), eq(leases.token, token)));
  }

  return { hold, release };
}

async function databaseTime(db: Database): Promise<number> {
  const [row] = await db
    .select({ now: sql<string>`(extract(epoch from clock_timestamp()) * 1000)::bigint` })
    .from(sql`(values (1)) as one`);
  return Number(row?.now);
}
