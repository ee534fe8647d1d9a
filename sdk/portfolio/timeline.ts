/** What a market did between two times of the machine's clock (milliseconds since 1970); dollars and ether. */
export interface Timeline {
  readonly market: string;
  readonly from: number;
  readonly to: number;
  /** Oldest first: of every stretch of time the moment with the largest net delta, so that none is lost, and the newest. */
  readonly moments: readonly Moment[];
  /** Newest first. */
  readonly hedges: readonly TimelineHedge[];
  /** Sum of every cause of profit and loss (attribution.ts), and the keeper's gas; losses are negative. */
  readonly profits: ReadonlyMap<string, number>;
}

export interface Moment {
  readonly at: number;
  readonly spot: number;
  readonly nav: number;
  /** Book and hedge together. */
  readonly netDelta: number;
  /** Half-width of the no-trade band. */
  readonly band: number;
}

export interface TimelineHedge {
  readonly at: number;
  readonly tx: string;
  /** Bought positive, sold negative. */
  readonly amount: number;
  /** Spent or received, positive either way. */
  readonly cash: number;
  /** Oracle price at the fill. */
  readonly spot: number;
  readonly gas: number;
}
