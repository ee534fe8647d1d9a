/** What the keeper knows at one block: every field was read at that block. Amounts are the chain's own integers. */
export interface Snapshot {
  readonly block: BlockStamp;
  readonly oracle: OracleReading;
  readonly vault: VaultReading;
  /** The book, marked exactly at this block's spot and time by the vault itself. */
  readonly mark: MarkReading;
  readonly hedge: HedgeReading;
  /** Every listed series of every open expiry, also those without a position. */
  readonly book: readonly Position[];
  /** One per open expiry that has not passed, ascending. */
  readonly slices: readonly SliceReading[];
}

export interface BlockStamp {
  readonly number: bigint;
  readonly hash: `0x${string}`;
  /** Unix seconds. */
  readonly time: number;
}

export interface OracleReading {
  /** Price that values the vault, WAD. */
  readonly spot: bigint;
  readonly updatedAt: number;
  /** Prices between which trades are made, WAD; undefined when the DEX average cannot be read. */
  readonly range: { readonly low: bigint; readonly high: bigint } | undefined;
}

export interface VaultReading {
  /** USDC, 6 decimals; so are the next two. */
  readonly cash: bigint;
  readonly owed: bigint;
  /** What can leave the vault: cash that is not owed. */
  readonly freeCash: bigint;
  /** WAD USDC. */
  readonly nav: bigint;
  /** LP shares, 18 decimals. */
  readonly shares: bigint;
  readonly epoch: bigint;
  readonly epochEndsAt: number;
}

/** `MarkedBook.Mark`: WAD, signed for the vault. */
export interface MarkReading {
  readonly value: bigint;
  readonly delta: bigint;
  readonly gamma: bigint;
  /** Vega times √(30 days / max(T, 1 day)), per 1.00 of vol. */
  readonly weightedVega: bigint;
  /** Plain vega in absolute sum, USDC with 6 decimals. */
  readonly grossVega: bigint;
  readonly spot: bigint;
  readonly time: number;
}

export interface HedgeReading {
  /** Underlying held less what is owed, WAD. */
  readonly delta: bigint;
  /** How far from the oracle the desk lets a swap fill. */
  readonly maxSlippageBps: number;
}

/** The vault's position in one series, WAD contracts, negative when it is short. */
export interface Position {
  readonly id: bigint;
  readonly quantity: bigint;
}

/** An SSVI slice as it is stored, WAD. */
export interface SliceReading {
  readonly expiry: number;
  readonly atmVol: bigint;
  readonly skew: bigint;
  readonly curvature: bigint;
  readonly carry: bigint;
  readonly updatedAt: number;
}

/** Book delta plus hedge, WAD: what the desk lets a keeper reduce. */
export function netDeltaOf({ mark, hedge }: Pick<Snapshot, "mark" | "hedge">): bigint {
  return mark.delta + hedge.delta;
}

/** NAV per LP share in dollars; one while there are no shares. */
export function navPerShareOf({ vault }: Pick<Snapshot, "vault">): number {
  return vault.shares === 0n ? 1 : Number((vault.nav * 10n ** 12n) / vault.shares) / 1e12;
}
