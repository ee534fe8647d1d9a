import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, getAddress, isAddress } from "viem";
import { UserError } from "../../sdk/userError.ts";
import { Secret } from "../secret.ts";
import { localSigner } from "./localSigner.ts";
import type { Signer } from "./signer.ts";

/** A key file in a folder. */
export interface StoredKey {
  readonly address: Address;
  readonly path: string;
}

export interface KeystoreOptions {
  /** Work that a guess of the password takes: 2^17 rounds of scrypt unless told otherwise. */
  readonly rounds?: number;
}

const ROUNDS = 131_072;
const SHORTEST_PASSWORD = 8;

/**
 * Encrypts a key (Web3 Secret Storage, version 3) into `<folder>/<address>.json`, readable by its owner alone.
 * @throws UserError when the key or the password is not fit, or the file is there already.
 */
export async function writeKeystore(
  folder: string,
  key: Secret,
  password: Secret,
  { rounds = ROUNDS }: KeystoreOptions = {},
): Promise<StoredKey> {
  if (password.reveal().length < SHORTEST_PASSWORD) {
    throw new UserError(`The password is too short: at least ${SHORTEST_PASSWORD} characters are needed.`);
  }
  const { address } = localSigner(key);
  const scrypt = { N: rounds, r: 8, p: 1 };
  const { encryptKeystoreJson } = await import("ethers"); // takes a while to load, and few commands need it
  const json = await encryptKeystoreJson({ address, privateKey: key.reveal() }, password.reveal(), { scrypt });
  const path = join(folder, `${address}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700); // it may have been there with other rights
  try {
    writeFileSync(path, `${json}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new UserError(
      `The key of ${address} is in ${path} already. Move that file away first if it is to be replaced.`,
    );
  }
  return { address, path };
}

/**
 * A signer from a key file.
 * @throws UserError when the file is missing or no keystore, or the password is wrong.
 */
export async function openKeystore(path: string, password: Secret): Promise<Signer> {
  const json = readKeystore(path);
  const { decryptKeystoreJson } = await import("ethers");
  const { privateKey } = await decryptKeystoreJson(json, password.reveal()).catch(() => {
    throw new UserError(`The password does not open the keystore ${path}.`);
  });
  return localSigner(new Secret(privateKey));
}

/** The address of a key file, without its password. @throws UserError when it is no keystore. */
export function keystoreAddress(path: string): Address {
  const { address } = JSON.parse(readKeystore(path)) as { readonly address?: unknown };
  const prefixed = typeof address === "string" ? `0x${address.replace(/^0x/, "")}` : "";
  if (!isAddress(prefixed)) throw new UserError(`The keystore ${path} does not say which address it is of.`);
  return getAddress(prefixed);
}

/** The key files of a folder, by address; none when there is no such folder. */
export function listKeystores(folder: string): StoredKey[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => join(folder, name))
    .map((path) => ({ address: keystoreAddress(path), path }));
}

function readKeystore(path: string): string {
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? "unknown"})`;
    throw new UserError(`The keystore ${path} ${why}. Make one with "keel keys new" or "keel keys import".`);
  }
  if (isKeystore(json)) return json;
  throw new UserError(`${path} is not an encrypted keystore (Web3 Secret Storage, version 3).`);
}

function isKeystore(json: string): boolean {
  try {
    const { version } = JSON.parse(json) as { readonly version?: unknown };
    return Number(version) === 3;
  } catch {
    return false;
  }
}
