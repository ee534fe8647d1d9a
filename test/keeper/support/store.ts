import { getTableName, is, sql } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { OpenDatabase } from "../../../keeper/store/database.ts";
import * as schema from "../../../keeper/store/schema.ts";

/** Every table of the store. */
export const TABLES: readonly PgTable[] = Object.values<unknown>(schema).filter((value): value is PgTable =>
  is(value, PgTable),
);

/** Empties them all. */
export async function emptyStore({ db }: Pick<OpenDatabase, "db">): Promise<void> {
  await db.execute(sql.raw(`truncate ${TABLES.map((table) => `keel.${getTableName(table)}`).join(", ")}`));
}
