import { mkdirSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { DrizzleQueryError, type Logger, sql } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { migrate as migratePostgres } from "drizzle-orm/node-postgres/migrator";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { migrate as migratePglite } from "drizzle-orm/pglite/migrator";
import { Client, type ClientConfig, Pool } from "pg";
import { UserError, messageOf } from "../../sdk/userError.ts";
import { codeOf, isLineFailure } from "./fencing.ts";
import { lockFolder } from "./folderLock.ts";
import { impatientSocket } from "./socketTimeout.ts";

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
const CLOSE_MS = 2_000;
const CONNECT_MS = 10_000;

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
  const server = serversInTurn(url);
  try {
    await migrateAlone(server(), patience);
  } catch (error) {
    throw unreachable(url, error);
  }
  const sockets = new Set<Socket>();
  const pool = new Pool({
    max: 4,
    connectionTimeoutMillis: CONNECT_MS,
    // A connection that nobody needs is closed before its silence looks like a fault.
    idleTimeoutMillis: patience.client / 2,
    idle_in_transaction_session_timeout: patience.server,
    Client: class extends Client {
      constructor(config?: ClientConfig) {
        super({
          ...config,
          connectionString: server(),
          stream: () => remember(impatientSocket(patience.client), sockets),
        });
        this.on("error", leaveItToTheStatements);
      }
    },
  });
  pool.on("error", leaveItToTheStatements);
  return {
    db: drizzlePostgres({ client: pool, ...(logger && { logger }) }),
    async close() {
      const hangUp = setTimeout(() => sockets.forEach((socket) => socket.destroy()), CLOSE_MS);
      await pool.end();
      clearTimeout(hangUp);
    },
  };
}

/** A line that breaks is the failure of whatever is said on it next. Unheard, the event would end the process. */
function leaveItToTheStatements(): void {
  // nothing to do
}

function remember(socket: Socket, sockets: Set<Socket>): Socket {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  return socket;
}

/** Several servers in one address, as in `postgres://a,b/keel`: each call names the next of them. */
export function serversInTurn(url: string): () => string {
  const { hostname } = new URL(url);
  const hosts = hostname.split(",");
  let next = 0;
  return () => {
    const one = new URL(url);
    if (hosts.length > 1) one.hostname = hosts[next++ % hosts.length] ?? hostname;
    // `sslmode` means what it means to psql, not what it means to this driver.
    if (one.searchParams.has("sslmode")) one.searchParams.set("uselibpqcompat", "true");
    return one.href;
  };
}

/** On one connection of its own, which the lock belongs to. */
async function migrateAlone(url: string, patience: Patience): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    stream: () => impatientSocket(patience.client),
  });
  client.on("error", leaveItToTheStatements);
  await client.connect();
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
  const isAddress = typeof code === "string" && /^(E[A-Z]+|28|3D)/.test(code);
  if (!isAddress && !isLineFailure(error)) return error;
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  const { host } = new URL(url);
  return new UserError(
    `The database at ${host} cannot be used (${messageOf(cause)}). Check the address, the user and the password.`,
    { cause },
  );
}
