import { DEFAULT_POLICY, type HedgePolicy } from "../../../keeper/hedging/policy.ts";
import type { BookOptions } from "../../../simulator/people/book.ts";

/** One way of hedging: shares of the unhedged risk and of the cost of hedging every hour. */
export interface CurvePoint {
  readonly riskAversion: number;
  readonly risk: number;
  readonly cost: number;
  readonly hedges: number;
}

/** Risk against cost over λ, beside hedging to zero every hour. */
export interface Curve<Run extends RunFigures = RunFigures> {
  readonly everyHour: Run;
  readonly points: readonly (CurvePoint & { readonly run: Run })[];
}

/** What every run over a path says. */
export interface RunFigures {
  readonly risk: number;
  /** Dollars. */
  readonly cost: number;
  readonly hedges: number;
}

/** What is sold, by model and on the chain alike. */
export const BOOK: BookOptions = { vol: 1.1, contracts: 1 };

/** The limits that the default policy is held to. */
export const MOST = { risk: 0.09, cost: 0.4 } as const;

/**
 * Hedges to zero every hour whatever it costs. Zero is two thousandths of an ether wide: delta moves while a transaction is on
 * its way, and the desk refuses an order that would pass it.
 */
export const EVERY_HOUR: Partial<HedgePolicy> = {
  target: "neutral",
  riskAversion: 1e12,
  bandFloor: 0.002,
  minClip: 0.002,
  gasShare: 1e9,
  taperSeconds: 0,
};

/** Runs each λ, and hedging every hour, one after the other. @param run Hedges a path by a policy. */
export async function curveOf<Run extends RunFigures>(
  riskAversions: readonly number[],
  run: (policy: Partial<HedgePolicy>, name: string) => Run | Promise<Run>,
): Promise<Curve<Run>> {
  const everyHour = await run(EVERY_HOUR, "every hour");
  const points: Curve<Run>["points"][number][] = [];
  for (const riskAversion of riskAversions) {
    const one = await run({ riskAversion }, `λ = ${riskAversion}`);
    const { risk, hedges } = one;
    points.push({ riskAversion, risk, cost: one.cost / everyHour.cost, hedges, run: one });
  }
  return { everyHour, points };
}

/** The point of the keeper's default policy. */
export function defaultPoint({ points }: Pick<Curve, "points">): CurvePoint | undefined {
  return points.find(({ riskAversion }) => riskAversion === DEFAULT_POLICY.riskAversion);
}

/** Whether a point keeps the limits. */
export function isWithinLimits(point: CurvePoint | undefined): boolean {
  return point !== undefined && point.risk <= MOST.risk && point.cost <= MOST.cost;
}
