import type { Address, Hash, Hex } from "viem";

/** What a transaction does, before anybody knows its nonce and its price. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
  /** Wei. */
  readonly value: bigint;
  /** Gas limit; left out, it is estimated. */
  readonly gas?: bigint;
}

export interface BlockRef {
  readonly number: bigint;
  readonly hash: Hash;
}
