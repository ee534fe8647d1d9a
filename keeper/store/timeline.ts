import { setImmediate } from "node:timers/promises";
import { and, asc, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { Plan } from "../hedging/planner.ts";
import type { Moment, Timeline, TimelineHedge } from "../../sdk/portfolio/timeline.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
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
/** A database of this process holds the keeper's loop while it reads: of many ticks it reads about so many at once. */
const TICKS_AT_ONCE = 2_000;
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

/** First and last ticks of the time, and in how many pieces they are read. */
interface Span {
  readonly pieces: number;
  readonly began: number;
  readonly ended: number;
  readonly first: bigint;
  readonly last: bigint;
}

async function spanOf(db: Database, query: TimelineQuery): Promise<Span | undefined> {
  const end = (order: typeof asc) =>
    db
      .select({ id: ticks.id, at: ticks.at, block: ticks.block })
      .from(ticks)
      .where(inTime(query))
      .orderBy(order(ticks.at), order(ticks.id))
      .limit(1);
  const [first] = await end(asc);
  const [last] = await end(desc);
  if (!first || !last) return undefined;
  // Counting them would mean to read them all; their numbers tell it well enough.
  const pieces = Math.max(1, Math.ceil((last.id - first.id) / TICKS_AT_ONCE));
  return { pieces, began: first.at, ended: last.at, first: first.block, last: last.block };
}

async function momentsOf(db: Database, query: TimelineQuery, { pieces, began, ended }: Span): Promise<Moment[]> {
  const width = Math.max(1, Math.ceil((ended - began) / STRETCHES));
  // Numbers in the text: PostgreSQL does not see that two parameters are the same expression.
  const stretch = sql.raw(`(ticks.at - ${began}) / ${width}`);
  const netDelta = sql<number>`${marks.bookDelta} + ${marks.hedgeDelta}`.mapWith(Number);
  const of = { at: ticks.at, decision: ticks.decision, spot: marks.spot, nav: marks.nav, netDelta };
  const onMark = and(eq(marks.market, ticks.market), eq(marks.block, ticks.block));
  const worst = await inPieces(width * Math.ceil(STRETCHES / pieces), began, ended, ({ from, to }) => {
    // Chosen by number alone: sorting what was decided as well takes three times as long.
    const chosen = db
      .selectDistinctOn([stretch], { id: ticks.id })
      .from(ticks)
      .innerJoin(marks, onMark)
      .where(inTime({ ...query, from, to }))
      .orderBy(stretch, sql`abs(${netDelta}) desc`, desc(ticks.id))
      .as("chosen");
    return db
      .select(of)
      .from(chosen)
      .innerJoin(ticks, eq(ticks.id, chosen.id))
      .innerJoin(marks, onMark)
      .orderBy(ticks.at);
  });
  const newest = await db
    .select(of)
    .from(ticks)
    .innerJoin(marks, onMark)
    .where(inTime(query))
    .orderBy(desc(ticks.at), desc(ticks.id))
    .limit(1);
  const isAdded = newest[0]?.at !== worst.at(-1)?.at;
  return [...worst, ...(isAdded ? newest : [])].map(({ decision, ...rest }) => ({
    ...rest,
    band: fromWad((decision as Plan).band),
  }));
}

/** Rows from `first` to `last`, read by pieces of a size, between which others get their turn. */
async function inPieces<T>(
  size: number,
  first: number,
  last: number,
  /** The end is not included. */
  read: (piece: { readonly from: number; readonly to: number }) => PromiseLike<readonly T[]>,
): Promise<T[]> {
  const rows: T[] = [];
  for (let from = first; from <= last; from += size) {
    rows.push(...(await read({ from, to: Math.min(from + size, last + 1) })));
    await setImmediate();
  }
  return rows;
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
async function profitsOf(db: Database, { market }: TimelineQuery, span: Span): Promise<ReadonlyMap<string, number>> {
  const [first, last] = [Number(span.first), Number(span.last)];
  const sums = await inPieces(Math.ceil((last - first + 1) / span.pieces), first, last, ({ from, to }) => {
    const ends = and(gte(attributions.toBlock, BigInt(from)), lt(attributions.toBlock, BigInt(to)));
    return db
      .select({ cause: sql<string>`cause`, sum: sql<string>`sum((amount ->> '$bigint')::numeric)::text` })
      .from(sql`${attributions}, json_each(${attributions.parts}::json) as part(cause, amount)`)
      .where(and(eq(attributions.market, market), gte(attributions.fromBlock, span.first), ends))
      .groupBy(sql`cause`)
      .orderBy(sql`cause`);
  });
  const totals = new Map<string, bigint>();
  for (const { cause, sum } of sums) totals.set(cause, (totals.get(cause) ?? 0n) + BigInt(sum));
  return new Map([...totals].map(([cause, total]) => [cause, (cause === "gas" ? -1 : 1) * fromUsdc(total)]));
}
