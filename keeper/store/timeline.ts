import { and, desc, eq, gte, lt, lte, max, min, sql } from "drizzle-orm";
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
  const span = await spanOf(db, query);
  const moments = span ? await momentsOf(db, query, span) : [];
  const profits = span ? await profitsOf(db, query, span) : new Map<string, number>();
  return { ...query, moments, hedges: await hedgesOf(db, query), profits };
}

/** First and last ticks of the time. */
interface Span {
  readonly began: number;
  readonly ended: number;
  readonly first: bigint;
  readonly last: bigint;
}

async function spanOf(db: Database, query: TimelineQuery): Promise<Span | undefined> {
  const [row] = await db
    .select({ began: min(ticks.at), ended: max(ticks.at), first: min(ticks.block), last: max(ticks.block) })
    .from(ticks)
    .where(inTime(query));
  const { began = null, ended = null, first = null, last = null } = row ?? {};
  if (began === null || ended === null || first === null || last === null) return undefined;
  return { began, ended, first, last };
}

async function momentsOf(db: Database, query: TimelineQuery, { began, ended }: Span): Promise<Moment[]> {
  const width = Math.max(1, Math.ceil((ended - began) / STRETCHES));
  // Numbers in the text: PostgreSQL does not see that two parameters are the same expression.
  const stretch = sql.raw(`(ticks.at - ${began}) / ${width}`);
  const netDelta = sql<number>`${marks.bookDelta} + ${marks.hedgeDelta}`.mapWith(Number);
  const of = { at: ticks.at, decision: ticks.decision, spot: marks.spot, nav: marks.nav, netDelta };
  const onMark = and(eq(marks.market, ticks.market), eq(marks.block, ticks.block));
  const worst = await db
    .selectDistinctOn([stretch], of)
    .from(ticks)
    .innerJoin(marks, onMark)
    .where(inTime(query))
    .orderBy(stretch, sql`abs(${netDelta}) desc`, desc(ticks.id));
  const newest = await db
    .select(of)
    .from(ticks)
    .innerJoin(marks, onMark)
    .where(inTime(query))
    .orderBy(desc(ticks.id))
    .limit(1);
  const isAdded = newest[0]?.at !== worst.at(-1)?.at;
  return [...worst, ...(isAdded ? newest : [])].map(({ decision, ...rest }) => ({
    ...rest,
    band: fromWad((decision as Plan).band),
  }));
}

function inTime({ market, from, to }: TimelineQuery) {
  return and(eq(ticks.market, market), gte(ticks.at, from), lt(ticks.at, to));
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

/** Summed where they lie: there is one row for every tick. They are of intervals that began with a tick of the time. */
async function profitsOf(
  db: Database,
  { market }: TimelineQuery,
  { first, last }: Span,
): Promise<ReadonlyMap<string, number>> {
  const within = and(gte(attributions.fromBlock, first), lte(attributions.toBlock, last));
  const sums = await db
    .select({ cause: sql<string>`cause`, sum: sql<string>`sum((amount ->> '$bigint')::numeric)::text` })
    .from(sql`${attributions}, json_each(${attributions.parts}::json) as part(cause, amount)`)
    .where(and(eq(attributions.market, market), within))
    .groupBy(sql`cause`)
    .orderBy(sql`cause`);
  return new Map(sums.map(({ cause, sum }) => [cause, (cause === "gas" ? -1 : 1) * fromUsdc(BigInt(sum))]));
}
