import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readDeployment } from "./chain/deploymentFile.ts";
import { type KeeperConfig, deploymentFile, marketsOf } from "./config.ts";

/** What was activated, and when. */
export interface Activation {
  /** Of the effective configuration, see {@link fingerprintOf}. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly at: string;
}

const schema = z.object({ fingerprint: z.string(), at: z.string() });

/**
 * A fingerprint of everything that decides what the keeper would do: the effective configuration with all defaults, the
 * deployment files it names, and the account that signs. Where it logs, listens, alerts to and keeps its files is not in it,
 * nor how long a standby host waits, and neither is any secret.
 */
export function fingerprintOf(config: KeeperConfig, account: string): string {
  const { log: _log, monitoring: _monitoring, alerts: _alerts, privateKey: _key, signer: _signer, ...rest } = config;
  const { dataFolder: _folder, keepTicksDays: _days, leaseSeconds: _lease, ...deciding } = rest;
  const deployments = marketsOf(config).map((market) => readDeployment(deploymentFile(market)));
  const text = canonical({ deciding, deployments, account: account.toLowerCase() });
  return createHash("sha256").update(text).digest("hex");
}

/** The activation in a data folder; undefined when there is none that can be read. */
export function readActivation(dataFolder: string): Activation | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(pathIn(dataFolder), "utf8")));
  } catch {
    return undefined;
  }
}

/** Remembers that a person wants exactly this to be carried out. @param at ISO 8601. */
export function activate(config: KeeperConfig, account: string, at: string): Activation {
  const activation = { fingerprint: fingerprintOf(config, account), at };
  mkdirSync(config.dataFolder, { recursive: true });
  const path = pathIn(config.dataFolder);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(activation, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
  return activation;
}

/** Takes it back; whether there was one. */
export function removeActivation(dataFolder: string): boolean {
  const wasThere = readActivation(dataFolder) !== undefined;
  rmSync(pathIn(dataFolder), { force: true });
  return wasThere;
}

/** Whether a person has activated exactly this. */
export function isActivated(config: KeeperConfig, account: string): boolean {
  return readActivation(config.dataFolder)?.fingerprint === fingerprintOf(config, account);
}

function pathIn(dataFolder: string): string {
  return join(dataFolder, "activated.json");
}

/** JSON with sorted keys: the order in which a person writes fields decides nothing. Secrets print as redacted. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
