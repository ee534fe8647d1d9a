import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConfigFlags } from "../config.ts";

/** What every command that talks to the chain accepts. */
export interface ChainOptions extends ConfigFlags {
  readonly json?: true;
}

/** Adds the flags that say which chain, which deployment and how. */
export function withChainOptions(command: Command): Command {
  return command
    .option("--config <file>", "configuration file (default: keel.config.json if there is one)")
    .option("--rpc-url <url>", "JSON-RPC endpoint of the chain (default: the one of the deployment)")
    .option("--deployment <name>", "network name or path of a deployment file (default: devnet)")
    .addHelpText(
      "after",
      "\nEnvironment: KEEL_RPC_URL, KEEL_DEPLOYMENT and KEEL_PRIVATE_KEY. Flags win over the environment, which wins over " +
        "the configuration file.",
    );
}

/** What commands that only look into the store accept. */
export interface StoreOptions {
  readonly config?: string;
  readonly json?: true;
}

/** Adds the flags that say which store. */
export function withStoreOptions(command: Command): Command {
  return command
    .option("--config <file>", "configuration file (default: keel.config.json if there is one)")
    .addHelpText("after", "\nEnvironment: KEEL_DATA_FOLDER or KEEL_DATABASE_URL say where the keeper's store is.");
}

/** The configuration flags among them. */
export function storeFlags({ config }: StoreOptions): ConfigFlags {
  return config === undefined ? {} : { config };
}

/** Adds the flags of commands that write a log. */
export function withLogOptions(command: Command): Command {
  return command
    .addOption(new Option("--log-format <format>", "lines for people or for machines").choices(["pretty", "json"]))
    .addOption(new Option("--log-level <level>", "how much to write").choices(["debug", "info", "error"]))
    .option("--json", "short for --log-format json");
}

/** The configuration flags among a command's options. */
export function configFlags({ json, ...flags }: ChainOptions): ConfigFlags {
  return json ? { ...flags, logFormat: "json" } : flags;
}

/** A positive decimal number as WAD, exactly as it was written. */
export function parseWad(text: string): bigint {
  const [, whole = "", fraction = ""] = /^(\d*)(?:\.(\d{0,18}))?$/.exec(text.trim()) ?? [];
  const amount = BigInt(`${whole}${fraction.padEnd(18, "0")}`);
  if (whole + fraction === "" || amount === 0n) {
    throw new InvalidArgumentError("It must be a positive number with at most 18 decimals.");
  }
  return amount;
}
