const DAY = 86_400;

/** The largest loss of any 24 hours, and the same by the day in which they end. */
export interface Worst {
  readonly worst: number;
  readonly byDay: readonly number[];
}

/** The largest sum of losses in any 24 hours, and by the day in which such hours end. Gains are negative losses. */
export class Tally implements Worst {
  readonly #begin: number;
  /** Moments with what was lost in all before: a window may begin with each, and later ones are larger. */
  #points: { time: number; before: number }[] = [];
  #sum = 0;
  #worst = 0;
  readonly #byDay: number[] = [];

  constructor(begin: number) {
    this.#begin = begin;
  }

  add(time: number, loss: number): void {
    this.#points = this.#points.filter((point) => point.time + DAY >= time && point.before < this.#sum);
    this.#points.push({ time, before: this.#sum });
    this.#sum += loss;
    const window = this.#sum - (this.#points[0]?.before ?? this.#sum);
    this.#worst = Math.max(this.#worst, window);
    const day = Math.floor((time - this.#begin) / DAY);
    while (this.#byDay.length <= day) this.#byDay.push(0);
    this.#byDay[day] = Math.max(this.#byDay[day] ?? 0, window);
  }

  get worst(): number {
    return this.#worst;
  }

  get byDay(): readonly number[] {
    return this.#byDay;
  }
}

/** The worst of several episodes, day by day. */
export function worstOf(all: readonly Worst[]): Worst {
  const days = Math.max(0, ...all.map(({ byDay }) => byDay.length));
  return {
    worst: Math.max(0, ...all.map(({ worst }) => worst)),
    byDay: Array.from({ length: days }, (_, day) => Math.max(0, ...all.map(({ byDay }) => byDay[day] ?? 0))),
  };
}
