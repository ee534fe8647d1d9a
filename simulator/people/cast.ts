import type { Address } from "viem";
import { DEV_ROLES, devAccount } from "../chain/accounts.ts";

/** Someone in the story. */
export interface Person {
  readonly name: string;
  readonly address: Address;
}

/** Who provides the liquidity. */
export const LPS = people(["Lena", "Musa", "Noor"], DEV_ROLES.liquidityProviders);

/** Who trades. */
export const TRADERS = people(["Ada", "Bela", "Chen", "Dara"], DEV_ROLES.traders);

function people(names: readonly string[], indices: readonly number[]): readonly Person[] {
  return indices.map((index, i) => ({ name: names[i] ?? `account ${index}`, address: devAccount(index).address }));
}
