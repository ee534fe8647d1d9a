import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { activate } from "../../keeper/activation.ts";
import { type KeeperConfig, loadConfig } from "../../keeper/config.ts";
import type { HedgePolicy } from "../../keeper/hedging/policy.ts";
import type { KeeperEvent } from "../../keeper/monitoring/events.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "../chain/accounts.ts";

/** The keeper in a simulation, in which it only hedges: posts, settlements and epochs are people's. */
export interface SimulatedKeeper {
  /** Lets the keeper work until nothing is left to do at the newest block. @returns What it told of that, where it can be heard. */
  catchUp(): Promise<readonly KeeperEvent[]>;
  stop(): Promise<void>;
}

/** Where a simulated keeper sits. */
export interface Seat {
  /** Of its own: configuration and data. */
  readonly folder: string;
  /** Deployment file. */
  readonly deployment: string;
  readonly rpcUrl: string;
  readonly policy: Partial<HedgePolicy>;
}

/** A configuration that a person has activated. */
export interface Configured {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: KeeperConfig;
}

/** Blocks come as fast as the simulation can make them. */
const POLLING_MS = 20;
/** This chain never takes a block back, so that nothing mined needs to be looked at again. */
const FINALITY = 1;
/** The simulation has its own people for these. */
const NO_DUTIES = { settle: false, pay: false, surface: false, mark: false, epochs: false };

/** Writes the keeper's configuration into its folder and activates it. */
export function configureKeeper({ folder, deployment, rpcUrl, policy }: Seat): Configured {
  const file = join(folder, "keel.config.json");
  writeFileSync(file, JSON.stringify({ hedging: policy, finality: FINALITY, duties: NO_DUTIES }));
  const env = {
    KEEL_DEPLOYMENT: deployment,
    KEEL_RPC_URL: rpcUrl,
    KEEL_PRIVATE_KEY: devPrivateKey(DEV_ROLES.keeper),
    KEEL_POLLING_INTERVAL_MS: String(POLLING_MS),
    KEEL_DATA_FOLDER: join(folder, "keel-data"),
  };
  const config = loadConfig({ config: file }, { ...process.env, ...env });
  activate(config, devAccount(DEV_ROLES.keeper).address, new Date().toISOString());
  return { file, env, config };
}
