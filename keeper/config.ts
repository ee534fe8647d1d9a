import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { z } from "zod";
import { deploymentPath } from "./chain/deploymentFile.ts";
import { type KeeperConfig, type MarketConfig, SECRET_FIELDS, configSchema } from "./configSchema.ts";
import { inMarketOnly, withDefaultsOfMarkets } from "./marketDefaults.ts";
import { UserError, messageOf } from "../sdk/userError.ts";

export { DEFAULT_RPC_URL, type KeeperConfig, type MarketConfig } from "./configSchema.ts";

/** Read when it is there and `--config` names no other. */
export const DEFAULT_CONFIG_FILE = "keel.config.json";

/** What the command line may say; each wins over the environment, which wins over the file. */
export interface ConfigFlags {
  readonly config?: string;
  readonly rpcUrl?: string;
  readonly deployment?: string;
  readonly logFormat?: string;
  readonly logLevel?: string;
}

/** Environment variables, and which fields they set. */
const VARIABLES: readonly (readonly [name: string, path: readonly string[], kind: "text" | "number"])[] = [
  ["KEEL_RPC_URL", ["rpcUrl"], "text"],
  ["KEEL_DEPLOYMENT", ["deployment"], "text"],
  ["KEEL_PRIVATE_KEY", ["privateKey"], "text"],
  ["KEEL_DATA_FOLDER", ["dataFolder"], "text"],
  ["KEEL_DATABASE_URL", ["databaseUrl"], "text"],
  ["KEEL_LEASE_SECONDS", ["leaseSeconds"], "number"],
  ["KEEL_MONITORING_HOST", ["monitoring", "host"], "text"],
  ["KEEL_MONITORING_PORT", ["monitoring", "port"], "number"],
  ["KEEL_DEAD_MAN_URL", ["monitoring", "deadMan", "url"], "text"],
  ["KEEL_ALERT_WEBHOOK_URL", ["alerts", "webhook", "url"], "text"],
  ["KEEL_TELEGRAM_TOKEN", ["alerts", "telegram", "token"], "text"],
  ["KEEL_TELEGRAM_CHAT_ID", ["alerts", "telegram", "chatId"], "text"],
  ["KEEL_FEE_TIER", ["feeTier"], "number"],
  ["KEEL_POLLING_INTERVAL_MS", ["pollingIntervalMs"], "number"],
  ["KEEL_CONFIRMATIONS", ["confirmations"], "number"],
  ["KEEL_LOG_FORMAT", ["log", "format"], "text"],
  ["KEEL_LOG_LEVEL", ["log", "level"], "text"],
  ["KEEL_HEDGING_TARGET", ["hedging", "target"], "text"],
  ["KEEL_BAND_FLOOR", ["hedging", "bandFloor"], "number"],
  ["KEEL_RISK_AVERSION", ["hedging", "riskAversion"], "number"],
  ["KEEL_COST_BPS", ["hedging", "costBps"], "number"],
  ["KEEL_MIN_CLIP", ["hedging", "minClip"], "number"],
  ["KEEL_MAX_CLIP", ["hedging", "maxClip"], "number"],
  ["KEEL_SLIPPAGE_BPS", ["hedging", "slippageBps"], "number"],
  ["KEEL_FILL_MARGIN_BPS", ["hedging", "fillMarginBps"], "number"],
  ["KEEL_MAX_GAP_BPS", ["hedging", "maxGapBps"], "number"],
  ["KEEL_DEADLINE_SECONDS", ["hedging", "deadlineSeconds"], "number"],
  ["KEEL_MARK_TOLERANCE", ["hedging", "markTolerance"], "number"],
];

/**
 * The configuration: defaults that fit the devnet, overlaid by the file, the environment and the flags.
 * @throws UserError with one sentence per field that is wrong.
 */
export function loadConfig(flags: ConfigFlags = {}, env: NodeJS.ProcessEnv = process.env): KeeperConfig {
  const path = flags.config ?? env.KEEL_CONFIG;
  const raw = path !== undefined || existsSync(DEFAULT_CONFIG_FILE) ? readFile(path ?? DEFAULT_CONFIG_FILE) : {};
  for (const [name, field, kind] of VARIABLES) {
    const text = env[name]?.trim();
    if (text) put(raw, field, kind === "number" && Number.isFinite(Number(text)) ? Number(text) : text);
  }
  // Whoever names one endpoint or deployment here means that one, not the file's several.
  if (flags.deployment !== undefined || env.KEEL_DEPLOYMENT?.trim()) delete raw.markets;
  if (flags.rpcUrl !== undefined || env.KEEL_RPC_URL?.trim()) delete raw.rpcUrls;
  if (flags.rpcUrl !== undefined) put(raw, ["rpcUrl"], flags.rpcUrl);
  if (flags.deployment !== undefined) put(raw, ["deployment"], flags.deployment);
  if (flags.logFormat !== undefined) put(raw, ["log", "format"], flags.logFormat);
  if (flags.logLevel !== undefined) put(raw, ["log", "level"], flags.logLevel);

  const whole = withDefaultsOfMarkets(raw);
  const parsed = configSchema.safeParse(whole);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.filter(({ path: field }) => inMarketOnly(field, raw));
  throw new UserError(issues.map((issue) => sentenceOf(issue, whole)).join(" "));
}

/** The deployment file that a configuration names: a path, or a network name of this checkout. */
export function deploymentFile({ deployment }: Pick<KeeperConfig, "deployment">): string {
  return /[\\/]|\.json$/.test(deployment) ? resolve(deployment) : deploymentPath(deployment);
}

/** The markets of a configuration: those that it lists, else the one of its own fields, named as its deployment. */
export function marketsOf(config: KeeperConfig): readonly MarketConfig[] {
  const { deployment, feeTier, hedging, duties, feeds, risk } = config;
  return config.markets ?? [{ name: deployment, deployment, feeTier, hedging, duties, feeds, risk }];
}

function readFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UserError(`The configuration ${path} is not valid JSON (${messageOf(error)}).`);
    }
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? messageOf(error)})`;
    throw new UserError(`The configuration ${path} ${why}. Name an existing file with --config, or leave it out.`);
  }
  if (isRecord(value)) return value;
  throw new UserError(
    `The configuration ${path} must hold a JSON object such as { "rpcUrl": "http://127.0.0.1:8545" }.`,
  );
}

function put(target: Record<string, unknown>, [head, ...rest]: readonly string[], value: unknown): void {
  if (head === undefined) return;
  if (rest.length === 0) target[head] = value;
  else {
    const inner = isRecord(target[head]) ? target[head] : {};
    target[head] = inner;
    put(inner, rest, value);
  }
}

/** "hedging.maxClip is -1, but a positive number of ether was expected." Never shows a key. */
function sentenceOf(issue: z.ZodIssue, raw: unknown): string {
  const field = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => [...issue.path, key].join("."));
    return `The configuration has a field ${names.join(", ")} that the keeper does not know; check its spelling.`;
  }
  const found = foundAt(issue.path, raw);
  const expected = issue.code === "invalid_type" && issue.expected === "object" ? "an object" : issue.message;
  const source = VARIABLES.find(([, path]) => path.join(".") === field)?.[0];
  return `${field}${source ? ` (${source})` : ""} is ${found}, but ${expected} was expected.`;
}

function foundAt(path: readonly (string | number)[], raw: unknown): string {
  const field = path.join(".");
  const value = path.reduce<unknown>(
    (inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key],
    raw,
  );
  if (value === undefined) return "missing";
  if (field === "privateKey") return "not a private key";
  const isSecret = SECRET_FIELDS.some((name) => field === name || field.startsWith(`${name}.`));
  return isSecret ? "something else (not shown)" : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
