import { join } from "node:path";
import type { Command } from "commander";
import { generatePrivateKey } from "viem/accounts";
import { type ConfigFlags, loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { Secret } from "../secret.ts";
import { type StoredKey, keystoreAddress, listKeystores, writeKeystore } from "../signing/keystore.ts";
import { readSecret } from "./prompt.ts";

interface KeysOptions extends Pick<ConfigFlags, "config"> {
  readonly folder?: string;
  readonly passwordFile?: string;
  readonly keyFile?: string;
  readonly json?: true;
}

const PASSWORD = "Password of the keystore";
const VARIABLES =
  "\nThe password comes from --password-file, from KEEL_KEYSTORE_PASSWORD, or is asked for. No key or password is ever an argument.";

/** Adds `keel keys`. */
export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("make, import and list the keeper's encrypted keys");
  const add = (name: string, description: string) =>
    keys
      .command(name)
      .description(description)
      .option("--config <file>", "configuration file, for its data folder")
      .option("--folder <path>", "folder of the key files (default: keys in the data folder)")
      .option("--json", "print the result as JSON");

  add("new", "make a key and store it encrypted")
    .option("--password-file <file>", "file whose first line is the password")
    .addHelpText("after", VARIABLES)
    .action(async (options: KeysOptions) => {
      print(options, [await store(options, new Secret(generatePrivateKey()))], "Stored a new key.");
    });
  add("import", "store a key that you have, encrypted")
    .option("--key-file <file>", "file whose first line is the private key (default: KEEL_PRIVATE_KEY, or asked for)")
    .option("--password-file <file>", "file whose first line is the password")
    .addHelpText("after", VARIABLES)
    .action(async (options: KeysOptions) => {
      const key = await readSecret("Private key", { file: options.keyFile, variable: "KEEL_PRIVATE_KEY" });
      print(options, [await store(options, key)], "Imported the key.");
    });
  add("list", "list the stored keys by address").action((options: KeysOptions) => {
    const folder = folderOf(options);
    print(options, listKeystores(folder), `Keys in ${folder}:`);
  });
  add("address", "show the address of a key file; needs no password")
    .argument("<file>", "key file")
    .action((file: string, options: KeysOptions) => print(options, [{ address: keystoreAddress(file), path: file }]));
}

async function store(options: KeysOptions, key: Secret): Promise<StoredKey> {
  const { passwordFile: file } = options;
  const password = await readSecret(PASSWORD, { file, variable: "KEEL_KEYSTORE_PASSWORD", twice: true });
  return writeKeystore(folderOf(options), key, password);
}

function folderOf({ folder, config }: KeysOptions): string {
  return folder ?? join(loadConfig(config === undefined ? {} : { config }).dataFolder, "keys");
}

function print({ json }: KeysOptions, keys: readonly StoredKey[], heading?: string): void {
  if (json) return console.log(JSON.stringify(keys, null, 2));
  if (keys.length === 0) throw new UserError(`There is no key yet. Make one with "keel keys new".`);
  if (heading !== undefined) console.log(heading);
  for (const { address, path } of keys) console.log(`${address}  ${path}`);
}
