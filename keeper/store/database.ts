import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { DrizzleQueryError, type Logger, sql } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { migrate as migratePglite } from "drizzle-orm/pglite/migrator";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { migrate as migratePostgres } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { UserError, messageOf } from "../errors.ts";
import { codeOf } from "./fencing.ts";
import { lockFolder } from "./folderLock.ts";
import { impatientSockets } from "./impatience.ts";

/** SQL, whoever speaks it. */
export type Database = PgDatabase<PgQueryResultHKT>;

export interface OpenDatabase {
  readonly db: Database;
  readonly close: () => Promise<void>;
}

/** Where the keeper remembers. */
export type StoreLocation =
  /** PGlite in a folder of this machine: nothing to install, one process at a time. */
  | { readonly folder: string }
  /** PostgreSQL: several hosts, of which one acts. */
  | { readonly url: string; readonly patience?: Patience }
  /** PGlite in memory, for tests. */
  | { readonly memory: true };

/** How long each side of a connection to PostgreSQL bears the other's silence, milliseconds. */
export interface Patience {
  /** The server, in the middle of a transaction: whoever stands still in a write holds all others up. */
  readonly server: number;
  /** This process, waiting for an answer. */
  readonly client: number;
}

const PATIENCE: Patience = { server: 5_000, client: 30_000 };

const MIGRATIONS = {
  migrationsFolder: fileURLToPath(new URL("./migrations", import.meta.url)),
  migrationsSchema: "keel",
  migrationsTable: "migrations",
};
/** Any number that nobody else locks: hosts that start together must not migrate together. */
const MIGRATION_LOCK = 0x6b65656c;
/** A connection that broke in the middle of a transaction is never done by itself. */
const CLOSE_SECONDS = 2;
const CONNECTION = { onnotice: () => undefined, connect_timeout: 10 } as const;

/**
 * Opens the store and brings its tables up to date.
 * @param logger Sees every statement before it is sent.
 * @throws UserError when it cannot be reached, or another process has the folder.
 */
export async function openDatabase(location: StoreLocation, logger?: Logger): Promise<OpenDatabase> {
  return "url" in location ? openPostgres(location, logger) : openPglite(location, logger);
}

async function openPglite(location: Exclude<StoreLocation, { url: string }>, logger?: Logger): Promise<OpenDatabase> {
  const lock = "folder" in location ? claim(location.folder) : undefined;
  try {
    const client = await PGlite.create("folder" in location ? join(location.folder, "database") : "memory://");
    const db = drizzlePglite({ client, ...(logger && { logger }) });
    await migratePglite(db, MIGRATIONS);
    return {
      db,
      close: async () => {
        await client.close();
        lock?.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function claim(folder: string): { release(): void } {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new UserError(`The data folder ${folder} cannot be made (${messageOf(cause)}). Name another one.`, { cause });
  }
  return lockFolder(folder);
}

async function openPostgres(
  { url, patience = PATIENCE }: Extract<StoreLocation, { url: string }>,
  logger?: Logger,
): Promise<OpenDatabase> {
  try {
    await migrateAlone(url);
  } catch (error) {
    throw unreachable(url, error);
  }
  const options = {
    ...CONNECTION,
    max: 4,
    // A connection that nobody needs is closed before its silence looks like a fault.
    idle_timeout: patience.client / 2_000,
    connection: { idle_in_transaction_session_timeout: patience.server },
    socket: impatientSockets(patience.client),
  };
  const client = postgres(url, options);
  return {
    db: drizzlePostgres({ client, ...(logger && { logger }) }),
    close: () => client.end({ timeout: CLOSE_SECONDS }),
  };
}

/** On one connection of its own, which the lock belongs to. */
async function migrateAlone(url: string): Promise<void> {
  const client = postgres(url, { ...CONNECTION, max: 1 });
  try {
    const db = drizzlePostgres({ client });
    await db.execute(sql`select pg_advisory_lock(${MIGRATION_LOCK})`);
    await migratePostgres(db, MIGRATIONS);
  } finally {
    await client.end();
  }
}

/** Names the server, never the password. */
function unreachable(url: string, error: unknown): unknown {
  const code = codeOf(error);
  const isLine = typeof code === "string" && /^(E[A-Z]+|CONNECT|28|3D)/.test(code);
  if (!isLine) return error;
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  const { host } = new URL(url);
  return new UserError(
    `The database at ${host} cannot be used (${messageOf(cause)}). Check the address, the user and the password.`,
    { cause },
  );
}
