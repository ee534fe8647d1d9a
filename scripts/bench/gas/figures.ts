/** One operation whose gas is measured. */
export interface Figure {
  readonly id: string;
  /** What is done, as a row of the table. */
  readonly operation: string;
  /** Gas that it may take at most, where that is set. */
  readonly target?: number;
  /** What others need for the same, in thousands, where it was measured. */
  readonly peers?: Peers;
}

/** In the order of {@link PEERS}; a dash where a system has no such operation. */
type Peers = readonly [string, string, string, string, string, string];

export const PEERS = ["Lyra v1", "Rysk", "Premia v3 vault", "Premia v3 pool", "Derive v2", "Panoptic v1"] as const;

/** Every figure, in the order of the table. */
export const FIGURES = [
  {
    id: "buy-again-6",
    operation: "buy again, 6 listed series",
    target: 200_000,
    peers: ["947–1,152", "810", "580", "204", "602", "655"],
  },
  { id: "buy-again-128", operation: "buy again, 128 listed series", target: 200_000 },
  {
    id: "buy-first-6",
    operation: "first buy of a new trader, 6 listed series",
    target: 260_000,
    peers: ["1,149", "827", "714", "556", "753", "388"],
  },
  { id: "buy-first-128", operation: "first buy of a new trader, 128 listed series", target: 260_000 },
  {
    id: "sell-part-6",
    operation: "sell back a part, 6 listed series",
    target: 190_000,
    peers: ["958", "753", "435", "177", "598", "275–337"],
  },
  { id: "sell-part-128", operation: "sell back a part, 128 listed series", target: 190_000 },
  {
    id: "sell-all-6",
    operation: "sell back everything, 6 listed series",
    target: 190_000,
    peers: ["992", "749", "424", "189", "412", "–"],
  },
  { id: "spread-6", operation: "two-leg spread (buy one, sell another back), 6 listed series", target: 280_000 },
  { id: "spread-128", operation: "two-leg spread, 128 listed series", target: 280_000 },
  { id: "buy-stale-6", operation: "buy again at a stale mark, 6 listed series", target: 225_000 + 6 * 12_000 },
  { id: "buy-stale-128", operation: "buy again at a stale mark, 128 listed series", target: 225_000 + 128 * 12_000 },
  { id: "sell-stale-6", operation: "sell back a part at a stale mark, 6 listed series", target: 215_000 + 6 * 6_000 },
  {
    id: "sell-stale-128",
    operation: "sell back a part at a stale mark, 128 listed series",
    target: 215_000 + 128 * 6_000,
  },
  { id: "buy-loan", operation: "buy again while the hedge has a loan on Aave v3, 20 listed series" },
  {
    id: "mark-64",
    operation: "mark, per series, 64 open series",
    target: 18_000,
    peers: ["150", "139", "148", "–", "62", "61"],
  },
  { id: "greeks-64", operation: "value and Greeks alone, per series, 64 open series", target: 7_000 },
  { id: "mark-256", operation: "mark at all caps, 256 open series", target: 15_000_000 },
  { id: "epoch-256", operation: "process an epoch at all caps, 256 open series", target: 15_000_000 },
  {
    id: "lp-request-deposit",
    operation: "LP: request a deposit",
    target: 110_000,
    peers: ["448 (all steps)", "244 (all steps)", "1,029 (all steps)", "213–651", "–", "67–102"],
  },
  { id: "lp-claim-shares", operation: "LP: claim shares", target: 90_000 },
  {
    id: "lp-request-redeem",
    operation: "LP: request a redemption",
    target: 110_000,
    peers: ["434 (all steps)", "188 (all steps)", "1,028 (all steps)", "229", "–", "78"],
  },
  { id: "lp-claim-assets", operation: "LP: claim assets", target: 90_000 },
  { id: "epoch-1", operation: "process an epoch for 1 LP, less the mark", target: 250_000 },
  { id: "epoch-1000", operation: "process an epoch for 1,000 LPs, less the mark", target: 250_000 },
  {
    id: "settle",
    operation: "settle an expiry of 6 series",
    target: 200_000,
    peers: ["703", "250 per series", "865", "171", "292 per account", "–"],
  },
  { id: "exercise", operation: "exercise: pay a holder", target: 75_000, peers: ["202", "220", "156", "–", "–", "–"] },
  {
    id: "hedge-long",
    operation: "hedge: buy on Uniswap v3, 20 open series",
    target: 260_000,
    peers: ["259 (mock venue)", "175–230", "none", "none", "none", "none"],
  },
  {
    id: "hedge-long-stale",
    operation: "hedge: buy on Uniswap v3 at a stale mark, 20 open series",
    target: 275_000 + 20 * 6_000,
  },
  { id: "hedge-short", operation: "hedge: borrow on Aave v3 and sell on Uniswap v3", target: 700_000 },
  { id: "hedge-short-stale", operation: "hedge: borrow and sell at a stale mark, 20 open series" },
  { id: "hedge-cover", operation: "hedge: buy on Uniswap v3 and repay Aave v3", target: 700_000 },
  {
    id: "post-surface",
    operation: "post a surface, per expiry (8 expiries)",
    peers: ["trade-driven", "124", "59", "–", "67", "none"],
  },
  { id: "read-oracle", operation: "read the oracle, cold, pool traded within the window" },
] as const satisfies readonly Figure[];

export type FigureId = (typeof FIGURES)[number]["id"];

/** Gas by figure; undefined for what the contracts cannot do yet. */
export type Gas = Readonly<Record<FigureId, number | undefined>>;

/** Figures that belong together: the largest may exceed the smallest by this share. */
export const FLAT: readonly { ids: readonly FigureId[]; share: number }[] = [
  { ids: ["buy-again-6", "buy-again-128"], share: 0.03 },
  { ids: ["buy-first-6", "buy-first-128"], share: 0.03 },
  { ids: ["sell-part-6", "sell-part-128"], share: 0.03 },
  { ids: ["spread-6", "spread-128"], share: 0.03 },
  { ids: ["epoch-1", "epoch-1000"], share: 0.01 },
];

/** By how much the largest of the figures exceeds the smallest; undefined when one is missing. */
export function growth(gas: Gas, ids: readonly FigureId[]): number | undefined {
  const values = ids.map((id) => gas[id]).filter((value) => value !== undefined);
  return values.length < ids.length ? undefined : Math.max(...values) / Math.min(...values) - 1;
}
