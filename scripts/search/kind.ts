import type { Chain } from "./chain.ts";
import type { Alphabet, Genome } from "./genome.ts";

/** What an attack came to, in dollars. */
export interface Result {
  /** What the search makes as large as it can: above zero the bound is broken. */
  readonly score: number;
  /** What the attacker has more than before, his options at what honest people say that they are worth. */
  readonly profit: number;
  /** Further figures, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** What was done, step by step; steps that came to nothing are left out. */
  readonly steps: readonly string[];
}

/** A kind of attack, ready to be tried. */
export interface Stage {
  readonly chain: Chain;
  readonly nav: number;
  readonly alphabet: Alphabet;
  readonly evaluate: (genome: Genome) => Promise<Result>;
}

/** A kind of attack. */
export interface Kind {
  readonly name: string;
  readonly title: string;
  /** What must hold, in words. */
  readonly bound: string;
  readonly open: () => Promise<Stage>;
}

/** Dollars in words. */
export const dollars = (amount: number): string =>
  `${amount < 0 ? "−" : ""}$${Math.abs(amount).toLocaleString("en", { maximumFractionDigits: 2 })}`;

/** A duration in words. */
export function timeText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
