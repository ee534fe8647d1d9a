import { existsSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { DEFAULT_CONFIG_FILE, DEFAULT_RPC_URL } from "../config.ts";
import { configSchema } from "../configSchema.ts";
import { UserError } from "../../sdk/userError.ts";
import { ask } from "./prompt.ts";

interface InitOptions {
  readonly out: string;
  readonly force?: true;
  readonly yes?: true;
  readonly json?: true;
  readonly deployment?: string;
  readonly rpcUrl?: readonly string[];
  readonly wsUrl?: readonly string[];
  readonly keystore?: string;
  readonly passwordFile?: string;
  readonly dataFolder?: string;
  readonly monitoringPort?: string;
  readonly exchanges?: true;
}

/** What is written: the part of the configuration that a person chose. */
type Draft = Record<string, unknown>;

const DEFAULTS = { deployment: "devnet", dataFolder: "keel-data", monitoringPort: "9464" } as const;

/** Adds `keel init`. */
export function registerInit(program: Command): void {
  program
    .command("init")
    .description("write a configuration file: asks for what no flag says, or with --yes takes the defaults")
    .option("--out <file>", "where to write it", DEFAULT_CONFIG_FILE)
    .option("--force", "overwrite a file that is there")
    .option("--yes", "ask nothing")
    .option("--json", "print the configuration instead of where it was written")
    .option("--deployment <name>", `network name or path of a deployment file (default: ${DEFAULTS.deployment})`)
    .option(
      "--rpc-url <urls...>",
      `JSON-RPC endpoints, three or more to tell who is wrong (default: ${DEFAULT_RPC_URL})`,
    )
    .option("--ws-url <urls...>", "WebSocket endpoints that announce new blocks (default: none)")
    .option("--keystore <file>", 'key file of "keel keys new" (default: the key in KEEL_PRIVATE_KEY)')
    .option("--password-file <file>", "file whose first line opens the keystore (default: KEEL_KEYSTORE_PASSWORD)")
    .option("--data-folder <path>", `where the keeper keeps its files (default: ${DEFAULTS.dataFolder})`)
    .option(
      "--monitoring-port <port>",
      `of the dashboard, /metrics, /health and /ready (default: ${DEFAULTS.monitoringPort})`,
    )
    .option("--exchanges", "ask Coinbase and Kraken for spot and Deribit for option quotes, for ETH")
    .addHelpText("after", "\nNo secret is written: keys, passwords and tokens come from the environment or from files.")
    .action(init);
}

async function init(options: InitOptions): Promise<void> {
  const { out, force, json } = options;
  if (existsSync(out) && !force) {
    throw new UserError(`${out} is there already. Choose another place with --out, or overwrite it with --force.`);
  }
  const draft = draftOf(options.yes ? options : await interview(options));
  const parsed = configSchema.safeParse(draft);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${issue?.path.join(".") ?? "Something"} is not right: ${issue?.message ?? ""} was expected.`);
  }
  const text = `${JSON.stringify(draft, null, 2)}\n`;
  writeFileSync(out, text, { mode: 0o600 });
  console.log(json ? text.trimEnd() : `Wrote ${out}. Next: keel doctor, keel run --dry-run, keel activate, keel run.`);
}

/** Asks for what no flag says. */
async function interview(options: InitOptions): Promise<InitOptions> {
  const list = (answer: string) => answer.split(/[\s,]+/).filter((part) => part !== "");
  const keystore = options.keystore ?? (await ask("Key file (empty: KEEL_PRIVATE_KEY)", ""));
  return {
    ...options,
    deployment: options.deployment ?? (await ask("Deployment (network name or file)", DEFAULTS.deployment)),
    rpcUrl: options.rpcUrl ?? list(await ask("RPC endpoints, separated by commas", DEFAULT_RPC_URL)),
    wsUrl: options.wsUrl ?? list(await ask("WebSocket endpoints (empty: none)", "")),
    ...(keystore !== "" && { keystore }),
    dataFolder: options.dataFolder ?? (await ask("Data folder", DEFAULTS.dataFolder)),
    monitoringPort: options.monitoringPort ?? (await ask("Port for metrics", DEFAULTS.monitoringPort)),
  };
}

function draftOf(options: InitOptions): Draft {
  const { deployment = DEFAULTS.deployment, dataFolder = DEFAULTS.dataFolder, keystore, passwordFile } = options;
  const { rpcUrl = [], wsUrl = [], monitoringPort = DEFAULTS.monitoringPort, exchanges } = options;
  return {
    deployment,
    ...(rpcUrl.length > 0 && { rpcUrls: rpcUrl }),
    ...(wsUrl.length > 0 && { webSocketUrls: wsUrl }),
    dataFolder,
    ...(keystore !== undefined && {
      signer: { kind: "keystore", file: keystore, ...(passwordFile && { passwordFile }) },
    }),
    monitoring: { port: Number(monitoringPort) },
    ...(exchanges && {
      feeds: { coinbase: { pair: "ETH-USD" }, kraken: { pair: "ETHUSD" }, deribit: { currency: "ETH" } },
    }),
  };
}
