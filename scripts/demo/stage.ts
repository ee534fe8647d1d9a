import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { activate } from "../../keeper/activation.ts";
import { writeDeployment } from "../../keeper/chain/deploymentFile.ts";
import { loadConfig } from "../../keeper/config.ts";
import { deployKeel } from "../deploy/keel.ts";
import { DEVNET_PARAMETERS, printableParameters } from "../deploy/parameters.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "../devnet/accounts.ts";
import { type Keel, connectKeel } from "../devnet/keel.ts";
import { type Market, createMarket } from "../devnet/market.ts";
import { type Devnet, startDevnet } from "../devnet/node.ts";
import type { Cleanup } from "./cleanup.ts";
import { type KeeperProcess, startKeeper } from "./keeperProcess.ts";

/** Where the story is played: a chain with Keel on it and a keeper that watches. */
export interface Stage {
  readonly devnet: Devnet;
  readonly market: Market;
  readonly keel: Keel;
  readonly keeper: KeeperProcess;
}

/** How to set the stage. */
export interface StageOptions {
  readonly port: number;
  readonly price: number;
  /** Time of the first block, unix seconds. */
  readonly genesis: number;
  readonly onKeeperLine?: (line: string) => void;
}

const PROJECT_ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KEEL = join(PROJECT_ROOT, "keeper/keel.mjs");

/** Blocks come as fast as the story can make them. */
const KEEPER_POLLING_MS = 20;

/** The story has its own people for these. */
const NO_DUTIES = { settle: false, pay: false, surface: false, mark: false, epochs: false };

/** Who posts the surface and lists series. Not the keeper's own account, whose nonces belong to its process. */
export const OPERATOR = devAccount(DEV_ROLES.governor).address;

/** Starts the chain, deploys Keel and starts the keeper. All of it is undone by `cleanup`. */
export async function setStage(options: StageOptions, cleanup: Cleanup): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "keel-demo-"));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const devnet = await startDevnet({
    port: options.port,
    price: options.price,
    genesis: new Date(options.genesis * 1000),
  });
  cleanup.add(() => devnet.close());

  const { clients, deployment } = devnet;
  const sender = { public: clients.public, wallet: clients.wallet, account: OPERATOR };
  const contracts = await deployKeel(sender, {
    protocols: deployment.protocols,
    parameters: DEVNET_PARAMETERS,
    holders: { KEEPER: [devAccount(DEV_ROLES.keeper).address, OPERATOR], LISTER: [OPERATOR], POSTER: [OPERATOR] },
  });
  const path = join(folder, "deployment.json");
  writeDeployment(path, {
    ...deployment,
    contracts: { ...contracts },
    parameters: printableParameters(DEVNET_PARAMETERS),
  });
  const config = join(folder, "keel.config.json");
  writeFileSync(config, JSON.stringify({ duties: NO_DUTIES })); // a person's own is none of the demo's business
  const env = {
    KEEL_DEPLOYMENT: path,
    KEEL_RPC_URL: devnet.url,
    KEEL_PRIVATE_KEY: devPrivateKey(DEV_ROLES.keeper),
    KEEL_POLLING_INTERVAL_MS: String(KEEPER_POLLING_MS),
    KEEL_DATA_FOLDER: join(folder, "keel-data"),
  };
  activate(
    loadConfig({ config }, { ...process.env, ...env }),
    devAccount(DEV_ROLES.keeper).address,
    new Date().toISOString(),
  );
  const keeper = startKeeper({
    args: [KEEL, "run", "--log-format", "json", "--config", config],
    env,
    cwd: folder,
    ...(options.onKeeperLine && { onLine: options.onKeeperLine }),
  });
  cleanup.add(() => keeper.stop());
  return {
    devnet,
    market: createMarket(clients, deployment.protocols),
    keel: connectKeel(clients, deployment.protocols, contracts),
    keeper,
  };
}
