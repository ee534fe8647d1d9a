import { roundDue } from "../../../simulator/chain/feed.ts";

/** What PriceOracle.read answers, dollars: Chainlink's price, and the range of it and of what the pool has seen. */
export interface Reading {
  readonly spot: number;
  readonly low: number;
  readonly high: number;
}

interface Observation {
  readonly time: number;
  readonly sum: number;
}

const TICK = Math.log(1.0001);
/** Raw units of USDC per raw unit of ether, at a dollar. */
const RAW = 1e-12;
/** PriceOracle.SINGLE_INTERVALS. */
const SINGLE_INTERVALS = 4;
const CARDINALITY = 200;

/**
 * Feed and pool as PriceOracle sees them, without a chain: PriceOracle._remember, with the pool's own ticks.
 * A test compares it with the contract.
 */
export class Sources {
  private readonly usdcFirst: boolean;
  private readonly window: number;
  private readonly observations: Observation[];
  private tick: number;
  private price: number;
  private round: { readonly price: number; readonly updatedAt: number };

  /** @param usdcFirst Whether USDC is the pool's token0. @param window Seconds that the oracle looks back. */
  constructor(price: number, time: number, usdcFirst: boolean, window = 120) {
    [this.usdcFirst, this.window] = [usdcFirst, window];
    this.price = price;
    this.tick = this.tickOf(price);
    this.observations = [{ time, sum: 0 }];
    this.round = { price, updatedAt: time };
  }

  /** The pool is traded to `price`; it writes an observation if its tick moves. */
  trade(price: number, time: number): void {
    const tick = this.tickOf(price);
    const last = this.observations.at(-1);
    if (tick !== this.tick && last && last.time < time) {
      this.observations.push({ time, sum: last.sum + this.tick * (time - last.time) });
      if (this.observations.length > 2 * CARDINALITY) this.observations.splice(0, CARDINALITY);
    }
    [this.tick, this.price] = [tick, price];
  }

  /** Chainlink's reporters see `price`. Returns whether they wrote a round. */
  report(price: number, time: number): boolean {
    const last = { roundId: 0n, ...this.round };
    if (!roundDue(last, price, time)) return false;
    this.round = { price, updatedAt: time };
    return true;
  }

  read(now: number): Reading {
    const { price: spot } = this.round;
    const seen = [spot, this.price, ...this.remembered(now).map((tick) => this.priceAt(tick))];
    return { spot, low: Math.min(...seen), high: Math.max(...seen) };
  }

  /** Mean ticks between observations of the window, and that of all of it. */
  private remembered(now: number): number[] {
    const ring = this.observations.slice(-CARDINALITY);
    const newest = ring.length - 1;
    const at = (back: number): Observation => ring[Math.max(newest - back, 0)] ?? { time: now, sum: 0 };
    const ageOf = ({ time }: Observation): number => now - time;
    let one = at(0);
    if (ageOf(one) >= this.window || newest === 0) return [];
    const sumNow = one.sum + this.tick * ageOf(one);
    const seen: number[] = [];
    let later = one;
    let near = 0;
    const note = (): void => {
      if (one.time !== later.time) seen.push(Math.floor((later.sum - one.sum) / (later.time - one.time)));
    };
    for (let back = 1; back <= newest && ageOf(one) < this.window; back = further(back, newest)) {
      later = one;
      one = at(back);
      let far = back;
      while (far > near + 1 && ageOf(one) > 2 * this.window) {
        const middle = Math.floor((near + far) / 2);
        const between = at(middle);
        if (ageOf(between) >= this.window) {
          [far, one] = [middle, between];
          continue;
        }
        if (between.time !== later.time) seen.push(Math.floor((later.sum - between.sum) / (later.time - between.time)));
        [near, later] = [middle, between];
      }
      note();
      near = back;
    }
    let { sum } = one;
    let age = ageOf(one);
    if (age >= this.window && one.time !== later.time) {
      sum += Math.trunc(((later.sum - sum) * (age - this.window)) / (later.time - one.time));
      age = this.window;
    }
    if (age > 0) seen.push(Math.floor((sumNow - sum) / age));
    return seen;
  }

  private tickOf(price: number): number {
    const raw = this.usdcFirst ? 1 / (price * RAW) : price * RAW;
    return Math.floor(Math.log(raw) / TICK);
  }

  private priceAt(tick: number): number {
    const raw = Math.exp(tick * TICK);
    return (this.usdcFirst ? 1 / raw : raw) / RAW;
  }
}

function further(back: number, newest: number): number {
  if (back === newest) return newest + 1;
  return Math.min(back < SINGLE_INTERVALS ? back + 1 : 2 * back, newest);
}
