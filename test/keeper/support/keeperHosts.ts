import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Cable, startCable } from "./cable.ts";
import { type Running, startKeel } from "./commandLine.ts";
import type { DeployedDevnet } from "./deployedDevnet.ts";
import { type RpcGate, startRpcGate } from "./rpcGate.ts";

/** `keel run` as a process of its own, with a line to the node and one to the database that nobody else uses. */
export interface KeeperHost {
  readonly name: string;
  readonly running: Running;
  readonly rpc: RpcGate;
  readonly database: Cable;
  kill(signal: NodeJS.Signals): void;
  close(): Promise<void>;
}

export interface HostSettings {
  readonly world: DeployedDevnet;
  /** The database's address. */
  readonly url: string;
  readonly leaseSeconds: number;
}

const DUTIES = { settle: false, pay: false, surface: false, mark: false, epochs: false, listing: false };

/** Starts a host. All hosts have the same configuration but for their lines and their folders. */
export async function startKeeperHost(name: string, settings: HostSettings): Promise<KeeperHost> {
  const { world, leaseSeconds } = settings;
  const url = new URL(settings.url);
  const [rpc, database] = await Promise.all([startRpcGate(world.url), startCable(Number(url.port))]);
  url.port = String(database.port);
  const folder = join(world.folder, name);
  mkdirSync(folder);
  const env = {
    KEEL_CONFIG: world.file("hosts.json", { duties: DUTIES, leaseSeconds, pollingIntervalMs: 50 }),
    KEEL_DEPLOYMENT: world.deploymentFile,
    KEEL_DATA_FOLDER: join(folder, "keel-data"),
    KEEL_RPC_URL: rpc.url,
    KEEL_DATABASE_URL: url.href,
  };
  world.activate(env);
  const running = startKeel(folder, ["run", "--log-format", "json"], { ...env, KEEL_PRIVATE_KEY: world.keeperKey });
  return {
    ...{ name, running, rpc, database },
    kill: (signal) => void running.process.kill(signal),
    async close() {
      running.process.kill("SIGKILL");
      await running.finished;
      await Promise.all([rpc.close(), database.close()]);
    },
  };
}
