import { type Hex, bytesToHex } from "viem";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";

/** Hardhat's public test phrase: its keys are known to everyone and must never hold anything of value. */
const TEST_MNEMONIC = "test test test test test test test test test test test junk";

/** How many accounts of the phrase a development chain unlocks and funds. */
const ACCOUNT_COUNT = 20;

const byIndex = new Map<number, HDAccount>();

/** Account `index` (0 … 19) of a development chain. */
export function devAccount(index: number): HDAccount {
  if (index < 0 || index >= ACCOUNT_COUNT) throw new RangeError(`A development chain has no account ${index}.`);
  const account = byIndex.get(index) ?? mnemonicToAccount(TEST_MNEMONIC, { addressIndex: index });
  byIndex.set(index, account);
  return account;
}

/** Private key of account `index`, for tools that sign by themselves. */
export function devPrivateKey(index: number): Hex {
  const { privateKey } = devAccount(index).getHdKey();
  if (!privateKey) throw new Error("A phrase yields private keys.");
  return bytesToHex(privateKey);
}

/**
 * Who is who on a development chain. Keel's people come first; those who only make up its surroundings come last, so
 * that what they do never shifts the nonces, and with them the contract addresses, of the first.
 */
export const DEV_ROLES = {
  governor: 0,
  keeper: 1,
  guardian: 2,
  liquidityProviders: [3, 4, 5],
  traders: [6, 7, 8, 9],
  reporter: 17,
  arbitrageur: 18,
  protocols: 19,
} as const;
