import { type Address, type Hex, type LocalAccount, parseSignature } from "viem";

/** What an ERC-2612 permit says. */
export interface Permit {
  readonly spender: Address;
  readonly value: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

const PERMIT = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
] as const;

/** Signs a permit for the local chain's USDC at `usdc`, as its `permit` takes the signature. */
export async function signPermit(
  owner: Pick<LocalAccount, "address" | "signTypedData">,
  usdc: Address,
  permit: Permit,
): Promise<{ readonly v: number; readonly r: Hex; readonly s: Hex }> {
  const signature = await owner.signTypedData({
    domain: { name: "USD Coin", version: "1", chainId: 31337, verifyingContract: usdc },
    types: { Permit: PERMIT },
    primaryType: "Permit",
    message: { owner: owner.address, ...permit },
  });
  const { r, s, yParity } = parseSignature(signature);
  return { v: 27 + yParity, r, s };
}
