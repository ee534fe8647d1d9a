import type { Command } from "commander";
import { activate, removeActivation } from "../activation.ts";
import { NO_KEY, openKeeper } from "../app.ts";
import { loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { type ChainOptions, configFlags, withChainOptions } from "./options.ts";
import { ask } from "./prompt.ts";

interface ActivateOptions extends ChainOptions {
  readonly yes?: true;
  readonly off?: true;
}

/** Adds `keel activate`. */
export function registerActivate(program: Command): void {
  const command = program
    .command("activate")
    .description("let the keeper send transactions with exactly this configuration; any change of it needs this again")
    .option("--yes", "do not ask")
    .option("--off", "take it back: from the next start nothing is sent")
    .option("--json", "print the result as JSON");
  withChainOptions(command).action(run);
}

async function run({ yes, off, json, ...flags }: ActivateOptions): Promise<void> {
  const config = loadConfig(configFlags(flags));
  if (off) {
    const wasActive = removeActivation(config.dataFolder);
    return print(
      json,
      { activated: false, wasActive },
      wasActive ? "Not activated any more." : "It was not activated.",
    );
  }
  const { keeper } = await openKeeper(config, { dryRun: true });
  const { account, network, chainId } = keeper;
  if (account === undefined) throw new UserError(NO_KEY);
  if (!yes) {
    const names = keeper.tickers.map(({ name }) => name);
    console.error(`The keeper ${account} will trade for ${names.join(", ")} on ${network} (chain ${chainId}).`);
    const answer = await ask('Type "yes" to activate');
    if (answer !== "yes") throw new UserError("It was not activated.");
  }
  const activation = activate(config, account, new Date().toISOString());
  print(
    json,
    { activated: true, account, ...activation },
    `Activated for ${account}: "keel run" sends transactions now.`,
  );
}

function print(json: true | undefined, result: object, sentence: string): void {
  console.log(json ? JSON.stringify(result, null, 2) : sentence);
}
