import { desc, eq, lt, sql } from "drizzle-orm";
import type { Fill } from "../execution/fill.ts";
import type { planHedge } from "../hedging/planner.ts";
import type { Attribution } from "../../sdk/portfolio/attribution.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../sdk/units.ts";
import type { Database } from "./database.ts";
import { type Lease, fenced } from "./fencing.ts";
import { attributions, fills, intents, marks, ticks } from "./schema.ts";

export type PlannerInputs = Readonly<Parameters<typeof planHedge>>;

/** One decision, with all that it was made from. */
export interface TickRecord {
  readonly market: string;
  /** Everything that the planner was given: the state, which holds the snapshot, and the policy. */
  readonly inputs: PlannerInputs;
  /** What it answered. */
  readonly decision: unknown;
  /** What became of it. */
  readonly result: unknown;
}

export interface StoredTick extends TickRecord {
  readonly id: number;
  readonly block: bigint;
  readonly at: number;
}

/** Writes the keeper's history, under a lease. */
export interface Recorder {
  /** @returns The tick's number, which `keel replay` takes. */
  tick(record: TickRecord): Promise<number>;
  fill(market: string, fill: Fill, intentId?: string): Promise<void>;
  /** Forgets ticks from before a time (milliseconds since 1970); fills, marks, transactions and profits stay. */
  forgetTicks(before: number): Promise<void>;
  attribution(
    market: string,
    blocks: { readonly from: bigint; readonly to: bigint },
    split: Attribution,
  ): Promise<void>;
}

/**
 * @param now Milliseconds since 1970.
 * @throws FencedOut from every method once another host has taken over.
 */
export function createRecorder(db: Database, lease: Lease, now: () => number): Recorder {
  const fence = { lease: lease.name, token: lease.token };
  return {
    tick: ({ market, inputs, decision, result }) =>
      fenced(lease, () =>
        db.transaction(async (tx) => {
          const [{ snapshot }] = inputs;
          const { block } = snapshot;
          const row = { market, block: block.number, blockHash: block.hash, at: now(), inputs, decision };
          const [stored] = await tx
            .insert(ticks)
            .values({ ...row, result: { value: result }, ...fence })
            .returning({ id: ticks.id });
          const mark = { ...markOf(snapshot), ...fence };
          const target = [marks.market, marks.block];
          await tx
            .insert(marks)
            .values({ market, ...mark })
            .onConflictDoUpdate({ target, set: mark });
          return stored?.id ?? 0;
        }),
      ),
    async fill(market, { tx, block, amount, cash, spot, gasUsed, gasCost }, intentId) {
      const row = { tx, intentId: intentId ?? null, market, block, amount, cash, spot, gasUsed, gasCost };
      await fenced(lease, () =>
        db
          .insert(fills)
          .values({ ...row, at: now(), ...fence })
          .onConflictDoNothing(),
      );
    },
    async forgetTicks(before) {
      await db.delete(ticks).where(lt(ticks.at, before));
    },
    async attribution(market, { from, to }, { change, parts, gas }) {
      const row = { market, fromBlock: from, toBlock: to, change, parts: { ...parts, gas }, ...fence };
      const target = [attributions.market, attributions.toBlock];
      await fenced(lease, () => db.insert(attributions).values(row).onConflictDoUpdate({ target, set: row }));
    },
  };
}

/** What to look back at. */
export interface HistoryQuery {
  readonly market?: string;
  /** Most recent ones, at most. */
  readonly limit: number;
}

export interface History {
  readonly ticks: readonly StoredTick[];
  readonly transactions: readonly (typeof intents.$inferSelect)[];
  readonly fills: readonly (typeof fills.$inferSelect)[];
  readonly attributions: readonly (typeof attributions.$inferSelect)[];
}

/** The newest entries of each kind, newest first. */
export async function readHistory(db: Database, { market, limit }: HistoryQuery): Promise<History> {
  const of = <T extends typeof ticks | typeof fills | typeof attributions>(table: T) =>
    market === undefined ? undefined : eq(table.market, market);
  const rows = await db.select().from(ticks).where(of(ticks)).orderBy(desc(ticks.id)).limit(limit);
  return {
    ticks: rows.map(tickOf),
    transactions: await db.select().from(intents).where(slotOf(market)).orderBy(desc(intents.sequence)).limit(limit),
    fills: await db.select().from(fills).where(of(fills)).orderBy(desc(fills.block)).limit(limit),
    attributions: await db
      .select()
      .from(attributions)
      .where(of(attributions))
      .orderBy(desc(attributions.toBlock))
      .limit(limit),
  };
}

/** A slot is a kind and a market: see `hedgeSlot`. */
function slotOf(market: string | undefined) {
  return market === undefined
    ? undefined
    : eq(intents.slot, sql`split_part(${intents.slot}, ':', 1) || ':' || ${market}`);
}

export async function readTick(db: Database, id: number): Promise<StoredTick | undefined> {
  const [row] = await db.select().from(ticks).where(eq(ticks.id, id));
  return row && tickOf(row);
}

function tickOf({ id, market, block, at, inputs, decision, result }: typeof ticks.$inferSelect): StoredTick {
  return { id, market, block, at, inputs: inputs as PlannerInputs, decision, result: result.value };
}

function markOf(snapshot: Snapshot): Omit<typeof marks.$inferInsert, "market" | "lease" | "token"> {
  const { block, mark, vault, hedge } = snapshot;
  return {
    block: block.number,
    blockTime: block.time,
    spot: fromWad(mark.spot),
    nav: fromWad(vault.nav),
    value: fromWad(mark.value),
    bookDelta: fromWad(mark.delta),
    hedgeDelta: fromWad(hedge.delta),
    gamma: fromWad(mark.gamma),
    weightedVega: fromWad(mark.weightedVega),
  };
}
