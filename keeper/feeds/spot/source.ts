/** A price and when it was made. */
export interface PriceReading {
  /** Dollars per unit of underlying. */
  readonly price: number;
  /** Unix seconds. */
  readonly at: number;
}

/** Somebody who says what the underlying costs: the oracle, a pool, an exchange. */
export interface SpotSource {
  readonly name: string;
  /** Seconds after which what it says does not count any more: minutes for an exchange, the heartbeat for an oracle. */
  readonly maxAgeSeconds: number;
  /** Rejects when it has no price. */
  read(): Promise<PriceReading>;
}
