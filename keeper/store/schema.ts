import {
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  pgSchema,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";
import type { Document, Intent, State } from "../execution/intent.ts";
import type { Attempt } from "../execution/intent.ts";
import type { Fees } from "../execution/fees.ts";
import type { Call } from "../execution/call.ts";
import type { Urgency } from "../execution/ports.ts";
import { document, whole } from "./columns.ts";

/**
 * The keeper's memory. The tables are made by the files in migrations/, which also hold what drizzle has no words for:
 * the trigger that refuses writes under an old fencing token. A test compares the two.
 */
export const keel = pgSchema("keel");

/** Who may act. The token grows whenever another host takes over. Times are milliseconds since 1970. */
export const leases = keel.table("leases", {
  name: text().primaryKey(),
  holder: text().notNull(),
  token: bigint({ mode: "number" }).notNull(),
  expiresAt: bigint("expires_at", { mode: "number" }).notNull(),
});

/** Every row that an actor writes says under which lease and token: an older token than the newest is refused. */
const fence = {
  lease: text().notNull(),
  token: bigint({ mode: "number" }).notNull(),
};

export const intents = keel.table(
  "intents",
  {
    id: text().primaryKey(),
    /** Order of creation. */
    sequence: bigserial({ mode: "number" }).notNull(),
    chainId: integer("chain_id").notNull(),
    account: text().$type<Intent["account"]>().notNull(),
    slot: text().notNull(),
    urgency: text().$type<Urgency>().notNull(),
    call: document<Call>("call").notNull(),
    expected: document<{ readonly value: Document }>("expected").notNull(),
    expiresAt: bigint("expires_at", { mode: "number" }),
    nonce: integer(),
    firstSent: bigint("first_sent", { mode: "bigint" }),
    withdrawn: boolean().notNull(),
    confirmed: boolean("settled").notNull(),
    over: boolean().notNull(),
    tag: text().$type<State["tag"]>().notNull(),
    state: document<State>("state").notNull(),
    version: integer().notNull(),
    /** Block of the inclusion that the state names, if it names one. */
    minedBlock: bigint("mined_block", { mode: "bigint" }),
    ...fence,
  },
  (table) => [
    // One in flight per slot, and one intent per nonce, whatever a program believes.
    uniqueIndex("intents_slot")
      .on(table.chainId, table.slot)
      .where(sql`not settled`),
    uniqueIndex("intents_nonce").on(table.chainId, table.account, table.nonce),
  ],
);

/** Signed bytes, never changed and never deleted. */
export const attempts = keel.table(
  "attempts",
  {
    hash: text().$type<Attempt["hash"]>().primaryKey(),
    intentId: text("intent_id")
      .notNull()
      .references(() => intents.id),
    sequence: integer().notNull(),
    purpose: text().$type<Attempt["purpose"]>().notNull(),
    raw: text().$type<Attempt["raw"]>().notNull(),
    fees: document<Fees>("fees").notNull(),
    gas: whole().notNull(),
    ...fence,
  },
  (table) => [uniqueIndex("attempts_sequence").on(table.intentId, table.sequence)],
);

/** Every state that an intent has ever had. */
export const transitions = keel.table(
  "transitions",
  {
    intentId: text("intent_id")
      .notNull()
      .references(() => intents.id),
    version: integer().notNull(),
    tag: text().$type<State["tag"]>().notNull(),
    state: document<State>("state").notNull(),
    at: bigint({ mode: "number" }).notNull(),
    ...fence,
  },
  (table) => [primaryKey({ columns: [table.intentId, table.version] })],
);

/** Every decision, with everything that it was made from. */
export const ticks = keel.table(
  "ticks",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    market: text().notNull(),
    block: bigint({ mode: "bigint" }).notNull(),
    blockHash: text("block_hash").notNull(),
    at: bigint({ mode: "number" }).notNull(),
    inputs: document<unknown>("inputs").notNull(),
    decision: document<unknown>("decision").notNull(),
    result: document<{ readonly value: unknown }>("result").notNull(),
    ...fence,
  },
  (table) => [
    uniqueIndex("ticks_market_block").on(table.market, table.block, table.id),
    index("ticks_market_at").on(table.market, table.at),
  ],
);

/** What a mined hedge did. Amounts are the chain's own integers. */
export const fills = keel.table("fills", {
  tx: text().primaryKey(),
  intentId: text("intent_id"),
  market: text().notNull(),
  block: bigint({ mode: "bigint" }).notNull(),
  amount: whole().notNull(),
  cash: whole().notNull(),
  spot: whole().notNull(),
  gasUsed: whole("gas_used").notNull(),
  gasCost: whole("gas_cost").notNull(),
  at: bigint({ mode: "number" }).notNull(),
  ...fence,
});

/** The vault as it was valued at a block; dollars and contracts. */
export const marks = keel.table(
  "marks",
  {
    market: text().notNull(),
    block: bigint({ mode: "bigint" }).notNull(),
    blockTime: bigint("block_time", { mode: "number" }).notNull(),
    spot: doublePrecision().notNull(),
    nav: doublePrecision().notNull(),
    value: doublePrecision().notNull(),
    bookDelta: doublePrecision("book_delta").notNull(),
    hedgeDelta: doublePrecision("hedge_delta").notNull(),
    gamma: doublePrecision().notNull(),
    weightedVega: doublePrecision("weighted_vega").notNull(),
    ...fence,
  },
  (table) => [primaryKey({ columns: [table.market, table.block] })],
);

/** The change of NAV between two blocks, by cause (portfolio/attribution.ts). Units of USDC, six decimals. */
export const attributions = keel.table(
  "attributions",
  {
    market: text().notNull(),
    fromBlock: bigint("from_block", { mode: "bigint" }).notNull(),
    toBlock: bigint("to_block", { mode: "bigint" }).notNull(),
    change: whole().notNull(),
    parts: document<Readonly<Record<string, bigint>>>("parts").notNull(),
    ...fence,
  },
  (table) => [primaryKey({ columns: [table.market, table.toBlock] })],
);
