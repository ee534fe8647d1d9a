import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { Plan } from "../hedging/planner.ts";
import type { Moment, Timeline, TimelineHedge } from "../portfolio/timeline.ts";
import { fromUsdc, fromWad } from "../units.ts";
import type { Database } from "./database.ts";
import { attributions, fills, marks, ticks } from "./schema.ts";

export interface TimelineQuery {
  readonly market: string;
  /** Milliseconds since 1970; the end is not included. */
  readonly from: number;
  readonly to: number;
}

/** Stretches that a timeline has one moment of, at most. */
const STRETCHES = 400;
const MOST_HEDGES = 1_000;

/** Names of all markets of which anything is remembered. */
export async function readMarkets(db: Database): Promise<string[]> {
  const rows = await db.selectDistinct({ market: marks.market }).from(marks).orderBy(marks.market);
  return rows.map(({ market }) => market);
}

/** What a market did in a stretch of time. */
export async function readTimeline(db: Database, query: TimelineQuery): Promise<Timeline> {
  const rows = await momentRows(db, query);
  const hedges = await hedgesOf(db, query);
  const blocks = rows.map(({ block }) => block).sort((a, b) => Number(a - b));
  const profits = blocks[0] === undefined ? new Map<string, number>() : await profitsSince(db, query.market, blocks[0]);
  return { ...query, moments: rows.map(momentOf), hedges, profits };
}

type MomentRow = Awaited<ReturnType<typeof momentRows>>[number];

/** The worst tick of every stretch. Numbers are put into the text, since PostgreSQL wants the same expression twice. */
function momentRows(db: Database, { market, from, to }: TimelineQuery) {
  const width = Math.max(1, Math.ceil((to - from) / STRETCHES));
  const stretch = sql`(${ticks.at} - ${sql.raw(String(from))}) / ${sql.raw(String(width))}`;
  const netDelta = sql<number>`${marks.bookDelta} + ${marks.hedgeDelta}`;
  return db
    .selectDistinctOn([stretch], {
      at: ticks.at,
      block: ticks.block,
      decision: ticks.decision,
      spot: marks.spot,
      nav: marks.nav,
      netDelta: netDelta.mapWith(Number),
    })
    .from(ticks)
    .innerJoin(marks, and(eq(marks.market, ticks.market), eq(marks.block, ticks.block)))
    .where(and(eq(ticks.market, market), gte(ticks.at, from), lt(ticks.at, to)))
    .orderBy(stretch, sql`abs(${netDelta}) desc`, desc(ticks.id));
}

function momentOf({ at, spot, nav, netDelta, decision }: MomentRow): Moment {
  return { at, spot, nav, netDelta, band: fromWad((decision as Plan).band) };
}

async function hedgesOf(db: Database, { market, from, to }: TimelineQuery): Promise<TimelineHedge[]> {
  const rows = await db
    .select()
    .from(fills)
    .where(and(eq(fills.market, market), gte(fills.at, from), lt(fills.at, to)))
    .orderBy(desc(fills.at))
    .limit(MOST_HEDGES);
  return rows.map(({ at, tx, amount, cash, spot, gasCost }) => ({
    ...{ at, tx, amount: fromWad(amount), cash: fromUsdc(cash), spot: fromWad(spot) },
    gas: fromWad(gasCost) * fromWad(spot),
  }));
}

/** Summed where they lie: there is one row for every tick. */
async function profitsSince(db: Database, market: string, block: bigint): Promise<ReadonlyMap<string, number>> {
  const parts = db.$with("parts").as(
    db
      .select({
        cause: sql<string>`cause`.as("cause"),
        amount: sql<string>`(amount ->> '$bigint')::numeric`.as("amount"),
      })
      .from(sql`${attributions}, json_each(${attributions.parts}::json) as part(cause, amount)`)
      .where(and(eq(attributions.market, market), gte(attributions.fromBlock, block))),
  );
  const sums = await db
    .with(parts)
    .select({ cause: parts.cause, sum: sql<string>`sum(${parts.amount})::text` })
    .from(parts)
    .groupBy(parts.cause)
    .orderBy(parts.cause);
  return new Map(sums.map(({ cause, sum }) => [cause, fromUsdc(BigInt(sum))]));
}
