import type { Progress } from "./evolve.ts";
import { type Kind, type Result, dollars } from "./kind.ts";

/** What a search ended with. */
export interface Find extends Progress<Result> {
  readonly kind: Kind;
  readonly nav: number;
  readonly seed: number;
  readonly seconds: number;
}

/** A find for people. */
export function findText(find: Find): string {
  const { kind, nav, seed, seconds, evaluations, generation, restarts } = find;
  const { score, profit, figures, steps } = find.best.result;
  const percent = ((100 * profit) / nav).toFixed(3);
  return [
    "",
    `${kind.name}: ${kind.title}`,
    `  bound        ${kind.bound}`,
    `  best find    ${dollars(profit)}, ${percent} % of NAV: ${score > 0 ? "BEYOND THE BOUND" : "within the bound"}`,
    ...Object.entries(figures).map(
      ([name, value]) => `               ${name} ${value.toLocaleString("en", { maximumFractionDigits: 2 })}`,
    ),
    `  searched     ${evaluations} attacks in ${Math.round(seconds)} s, ${generation} generations, ${restarts} restarts, seed ${seed}`,
    "  steps",
    ...(steps.length > 0 ? steps : ["nothing"]).map((step, i) => `  ${String(i + 1).padStart(3)}. ${step}`),
  ].join("\n");
}

/** A find for machines. */
export function findJson({ kind, nav, seed, seconds, evaluations, generation, restarts, best }: Find) {
  const { score, profit, figures, steps } = best.result;
  return {
    kind: kind.name,
    bound: kind.bound,
    withinBound: score <= 0,
    ...{ score, profit, shareOfNav: profit / nav, figures, steps, nav, evaluations },
    ...{ generations: generation, restarts, seed, seconds, genome: best.genome },
  };
}
