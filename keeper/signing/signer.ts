import type { Address, Hex } from "viem";

/** A transaction with everything in it: what is signed is what was asked for, so nothing is left to be filled in. */
export interface UnsignedTransaction {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: Address;
  readonly data: Hex;
  readonly value: bigint;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Signs for one account; where the key is, is its own affair. It signs transactions alone, no messages. */
export interface Signer {
  readonly address: Address;
  /** The signed transaction, ready to be broadcast. */
  signTransaction(transaction: UnsignedTransaction): Promise<Hex>;
}
