import { textTable } from "../../../keeper/reports/textTable.ts";
import { type DayReport, type InformedReport, type Taken, nameOf } from "./measure.ts";

/** Of NAV in a day, for all trades together. */
export const MOST = 0.001;

/** Whether nobody takes more than that: by the contracts where they were asked, else by the model. */
export function passes({ days }: InformedReport): boolean {
  return days.every(({ price, chain, vol }) => Math.max((chain ?? price).share, vol.share) <= MOST);
}

export function informedJson(report: InformedReport): string {
  const replace = (key: string, value: unknown) => (key === "seen" ? undefined : value);
  return JSON.stringify({ ...report, most: MOST, passes: passes(report) }, replace, 2);
}

export function informedText(report: InformedReport): string {
  const { days, source, nav, seed } = report;
  const verdict = passes(report) ? "Nobody takes more than" : "Somebody takes more than";
  return [
    `Prices: ${source}, bridged to 12 s with seed ${seed}; $${nav.toLocaleString("en-US")} in the pool`,
    "",
    "Who sees the outside price a block before pool and feed (gain at that price's fair value, gas paid)",
    daysTable(days),
    "",
    "Who knows vol ten minutes before it is posted (by the model)",
    volTable(days),
    ...whatIfLines(report),
    "",
    "What one block takes before a jump, of NAV, from an empty book (by the model)",
    jumpTable(report),
    "",
    "What ordinary traders pay: basis points of delta, and vol points",
    ordinaryTable(report),
    "",
    `${verdict} ${percent(MOST, 1)} of NAV in a day.`,
  ].join("\n");
}

function daysTable(days: readonly DayReport[]): string {
  const chain = days.some((day) => day.chain);
  return textTable(
    [
      { heading: "day", align: "left" },
      ...["realised vol", "range ± bp", "taken", "of NAV", "trades"].map((heading) => ({ heading })),
      ...(chain ? ["on chain", "trades", "refused"] : []).map((heading) => ({ heading })),
      ...["control", ...(chain ? ["on chain"] : [])].map((heading) => ({ heading })),
      { heading: "how", align: "left" as const },
      { heading: "worst", align: "left" as const },
    ],
    days.map((day) => [
      day.day,
      percent(day.realised, 0),
      day.range.mean.toFixed(1),
      dollars(day.price.dollars),
      percent(day.price.share),
      String(day.price.trades),
      ...(day.chain ? [percent(day.chain.share), String(day.chain.trades), String(day.chain.refused)] : []),
      percent(day.priceControl.share),
      ...(day.chainControl ? [percent(day.chainControl.share)] : []),
      how(day.price),
      worst(day.price),
    ]),
  );
}

function volTable(days: readonly DayReport[]): string {
  return textTable(
    [
      { heading: "day", align: "left" },
      ...["taken", "of NAV", "trades", "control"].map((heading) => ({ heading })),
      { heading: "worst", align: "left" },
    ],
    days.map(({ day, vol, volControl }) => [
      ...[day, dollars(vol.dollars), percent(vol.share), String(vol.trades), percent(volControl.share)],
      worst(vol),
    ]),
  );
}

function whatIfLines({ days }: InformedReport): string[] {
  if (days.every(({ whatIfs }) => whatIfs.length === 0)) return [];
  return [
    "",
    "WHAT IF, by the model: other charges on directional flow",
    textTable(
      [
        { heading: "charge", align: "left" },
        { heading: "day", align: "left" },
        ...["price: taken", "of NAV", "trades"].map((heading) => ({ heading })),
        { heading: "how", align: "left" },
        ...["vol: taken", "of NAV"].map((heading) => ({ heading })),
      ],
      (days[0]?.whatIfs ?? []).flatMap(({ impact }, i) =>
        days.flatMap(({ day, whatIfs }) => {
          const one = whatIfs[i];
          if (!one) return [];
          const { price, vol } = one;
          return [
            [
              ...[nameOf(impact), day, dollars(price.dollars), percent(price.share), String(price.trades), how(price)],
              ...[dollars(vol.dollars), percent(vol.share)],
            ],
          ];
        }),
      ),
    ),
  ];
}

function jumpTable({ jumps, ordinaryWhatIfs }: InformedReport): string {
  return textTable(
    ["jump", "taken", ...ordinaryWhatIfs.map(({ impact }) => nameOf(impact)), "control"].map((heading) => ({
      heading,
    })),
    jumps.map(({ jump, share, whatIfs, control }) => [
      percent(jump, 2),
      ...[share, ...whatIfs, control].map((one) => percent(one)),
    ]),
  );
}

function ordinaryTable({ ordinary, ordinaryWhatIfs }: InformedReport): string {
  return textTable(
    [
      { heading: "option", align: "left" },
      ...["contracts", "hedging bp", "flow bp", "fees bp"].map((heading) => ({ heading })),
      ...ordinaryWhatIfs.map(({ impact }) => ({ heading: `${nameOf(impact)} bp` })),
      ...["spread pt", "inventory pt", "all pt"].map((heading) => ({ heading })),
    ],
    ordinary.map((row, i) => [
      `${row.days} days, ${row.kind}`,
      ...[String(row.contracts), row.hedgingBps.toFixed(1), row.impactBps.toFixed(1), row.feesBps.toFixed(1)],
      ...ordinaryWhatIfs.map(({ rows }) => (rows[i]?.impactBps ?? 0).toFixed(1)),
      ...[row.spreadPoints.toFixed(2), row.inventoryPoints.toFixed(2), row.allPoints.toFixed(2)],
    ]),
  );
}

function how({ hedged, patienceBps, trades }: Taken): string {
  return trades === 0 ? "" : `${hedged ? "hedged" : "unhedged"}, from ${patienceBps} bp`;
}

function worst({ worst: most }: Taken): string {
  return most ? `${most.what} (${percent(most.part, 0)} of it)` : "";
}

function dollars(amount: number): string {
  return `$${Math.round(amount).toLocaleString("en-US")}`;
}

function percent(share: number, digits = 3): string {
  return `${(100 * share).toFixed(digits)} %`;
}
