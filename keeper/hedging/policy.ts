/** How the keeper hedges. Amounts are units of underlying, as a person writes them in the configuration. */
export interface HedgePolicy {
  /** `edge`: trade to the near edge of the no-trade band; `neutral`: trade to within `bandFloor` of zero. */
  readonly target: "edge" | "neutral";
  /** Net delta below which nothing is ever traded. It also keeps an order from passing zero while it is under way. */
  readonly bandFloor: number;
  /** λ of Whalley & Wilmott, per dollar: the higher, the narrower the band and the more is paid for hedging. */
  readonly riskAversion: number;
  /** Expected cost of a swap in basis points of its notional: pool fee and the spread of a small order. */
  readonly costBps: number;
  /** What held cash would earn elsewhere, a yearly share of one: what a long hedge costs while it is held. */
  readonly cashRate: number;
  /** How long a hedge is expected to be held, hours: what funding is reckoned over when it is a cost of the trade. */
  readonly holdingHours: number;
  /** Smallest order, whatever the gas costs. */
  readonly minClip: number;
  /** Gas of an order as a share of its other costs, above which a routine order waits until it is larger. */
  readonly gasShare: number;
  /**
   * Share of the band's half-width below which a routine order waits in the `urgentAfterSeconds` after a hedge: an order ends
   * at the edge of the band, where the least move of spot or vols would ask for another crumb of it.
   */
  readonly crumbShare: number;
  /** Largest order: what the pool takes within the slippage bound. The rest follows at the next block. */
  readonly maxClip: number;
  /** How far from the oracle price a swap may fill; the desk's own bound holds besides. */
  readonly slippageBps: number;
  /** The same for orders that are urgent or an emergency. */
  readonly urgentSlippageBps: number;
  /** How much worse an order may fill than the pools would fill it at the block that it is planned at; both bounds above hold. */
  readonly fillMarginBps: number;
  /** Gap between the oracle's price and the DEX average above which a routine order waits: one is behind the market, or pushed. */
  readonly maxGapBps: number;
  /** Band half-widths from zero at which an order becomes urgent, and at which it is an emergency. */
  readonly urgentBands: number;
  readonly emergencyBands: number;
  /** Seconds outside the band after which an order becomes urgent however near the edge is. */
  readonly urgentAfterSeconds: number;
  /** Seconds before expiry in which the delta of a series is no longer followed up its growing slope; 0 never tapers. */
  readonly taperSeconds: number;
  /** Seconds after the block it was planned at, until which an order may be mined. */
  readonly deadlineSeconds: number;
  /** Relative difference between the vault's mark and our own Greeks above which the keeper refuses to act. */
  readonly markTolerance: number;
}

/**
 * Over the hourly prices of 17 to 24 May 2021, with a short call at four strikes for each of three expiries, this leaves an
 * eighth of the unhedged P&L's standard deviation (a tenth with ten times the contracts, as the band grows more slowly than
 * the book), with a third as many swaps as there are hours.
 */
export const DEFAULT_POLICY: HedgePolicy = {
  target: "edge",
  bandFloor: 0.02,
  riskAversion: 0.003,
  costBps: 6,
  cashRate: 0,
  holdingHours: 24,
  minClip: 0.05,
  gasShare: 1,
  crumbShare: 0.25,
  maxClip: 250,
  slippageBps: 80,
  urgentSlippageBps: 100,
  fillMarginBps: 15,
  maxGapBps: 50,
  urgentBands: 2,
  emergencyBands: 5,
  urgentAfterSeconds: 900,
  taperSeconds: 1800,
  deadlineSeconds: 120,
  markTolerance: 1e-6,
};

/**
 * The policy of somebody who wants to be hedged now: to within `bandFloor` of zero in one order, whatever the band says, and
 * nothing that can wait waits.
 */
export function atOnce(policy: HedgePolicy): HedgePolicy {
  return {
    ...policy,
    target: "neutral",
    riskAversion: Infinity, // no band but the floor
    minClip: Math.min(policy.minClip, policy.bandFloor),
    gasShare: Infinity,
    crumbShare: 0,
    maxGapBps: 10_000,
    taperSeconds: 0,
    // By a band as narrow as the floor everything would be an emergency.
    urgentBands: Infinity,
    emergencyBands: Infinity,
    urgentAfterSeconds: Infinity,
  };
}
