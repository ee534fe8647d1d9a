import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../../../sdk/deployment.ts";
import { writeDeployment } from "../../../keeper/chain/deploymentFile.ts";
import { activate } from "../../../keeper/activation.ts";
import { loadConfig } from "../../../keeper/config.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "../../../simulator/chain/accounts.ts";
import { createMarket } from "../../../simulator/chain/market.ts";
import { startDevnet } from "../../../simulator/chain/node.ts";
import { keelWorld } from "../../helpers/keelWorld.ts";
import type { DeployedFork } from "./keeperWorld.ts";

/** A local chain with Keel on it, reachable over HTTP, and a folder with its deployment file. */
export interface DeployedDevnet extends DeployedFork {
  readonly url: string;
  readonly folder: string;
  readonly deployment: Deployment;
  readonly deploymentFile: string;
  readonly keeperKey: string;
  /** Writes a file into the folder and returns its path. */
  file(name: string, content: unknown): string;
  /** Activates these settings on this deployment, for commands that run in the folder. */
  activate(env?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** Starts a chain of its own: what a process beside the tests can talk to. */
export async function startDeployedDevnet(): Promise<DeployedDevnet> {
  const devnet = await startDevnet({ port: 0 });
  const folder = mkdtempSync(join(tmpdir(), "keel-cli-"));
  const { clients, url } = devnet;
  const { protocols } = devnet.deployment;
  const fork = { origin: "devnet", clients, protocols, market: createMarket(clients, protocols) } as const;
  const world = await keelWorld(fork);
  const deployment = { ...devnet.deployment, contracts: { ...world.keel.contracts } };
  const deploymentFile = join(folder, "devnet.json");
  writeDeployment(deploymentFile, deployment);
  return {
    ...fork,
    ...world,
    url,
    folder,
    deployment,
    deploymentFile,
    keeperKey: devPrivateKey(DEV_ROLES.keeper),
    file: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
      return path;
    },
    activate: (env = {}) => {
      const settings = { KEEL_DEPLOYMENT: deploymentFile, KEEL_DATA_FOLDER: join(folder, "keel-data"), ...env };
      activate(loadConfig({}, settings), devAccount(DEV_ROLES.keeper).address, "2026-12-01T08:00:00.000Z");
    },
    close: async () => {
      await devnet.close();
      rmSync(folder, { recursive: true });
    },
  };
}
