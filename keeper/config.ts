import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { deploymentPath } from "./chain/deployment.ts";
import { UserError, messageOf } from "./errors.ts";
import { DEFAULT_POLICY } from "./hedging/policy.ts";
import { Secret } from "./secret.ts";

/** The local chain, where a deployment file names no other endpoint. */
export const DEFAULT_RPC_URL = "http://127.0.0.1:8545";

/** Read when it is there and `--config` names no other. */
export const DEFAULT_CONFIG_FILE = "keel.config.json";

const positive = (unit: string) =>
  z.number({ message: `a positive number of ${unit}` }).positive(`a positive number of ${unit}`);
const whole = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return z.number({ message: expected }).int(expected).min(least, expected).max(most, expected);
};
const oneOf = <T extends [string, ...string[]]>(...values: T) =>
  z.enum(values, { message: values.map((value) => `"${value}"`).join(" or ") });

const PRIVATE_KEY = "one (0x and 64 hexadecimal digits)";

const hedgingSchema = z
  .object({
    target: oneOf("edge", "neutral").default(DEFAULT_POLICY.target),
    bandFloor: positive("ether").default(DEFAULT_POLICY.bandFloor),
    riskAversion: positive("1/dollars").default(DEFAULT_POLICY.riskAversion),
    costBps: positive("basis points").default(DEFAULT_POLICY.costBps),
    minClip: positive("ether").default(DEFAULT_POLICY.minClip),
    maxClip: positive("ether").default(DEFAULT_POLICY.maxClip),
    slippageBps: whole(1, 500).default(DEFAULT_POLICY.slippageBps),
    deadlineSeconds: whole(1, 86_400).default(DEFAULT_POLICY.deadlineSeconds),
    markTolerance: positive("parts of one").default(DEFAULT_POLICY.markTolerance),
  })
  .strict()
  .refine(({ minClip, maxClip }) => minClip <= maxClip, { path: ["maxClip"], message: "at least hedging.minClip" });

const schema = z
  .object({
    /** JSON-RPC endpoint; left out, the one that the deployment file names. */
    rpcUrl: z
      .string({ message: `a URL such as ${DEFAULT_RPC_URL}` })
      .refine(isHttpUrl, `a URL such as ${DEFAULT_RPC_URL}`)
      .optional(),
    /** Network name (deployments/<name>.json) or path of a deployment file. */
    deployment: z.string({ message: "a network name or a path" }).min(1, "a network name or a path").default("devnet"),
    /** Signs the keeper's transactions. Better given as KEEL_PRIVATE_KEY than in a file. */
    privateKey: z
      .string({ message: PRIVATE_KEY })
      .regex(/^0x[0-9a-fA-F]{64}$/, PRIVATE_KEY)
      .transform((key) => new Secret(key))
      .optional(),
    /** Fee tier of the Uniswap v3 pool that hedges go through, in hundredths of a basis point. */
    feeTier: z.custom<500 | 3000>((value) => value === 500 || value === 3000, "500 or 3000").default(500),
    hedging: hedgingSchema.default({}),
    pollingIntervalMs: whole(10, 600_000).default(1_000),
    /** Blocks until a transaction counts as done, its own included. */
    confirmations: whole(1, 100).default(1),
    log: z
      .object({
        format: oneOf("pretty", "json").default("pretty"),
        level: oneOf("debug", "info", "error").default("info"),
      })
      .strict()
      .default({}),
  })
  .strict();

/** Everything that a person can choose about the keeper. */
export type KeeperConfig = z.infer<typeof schema>;

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
  if (flags.rpcUrl !== undefined) put(raw, ["rpcUrl"], flags.rpcUrl);
  if (flags.deployment !== undefined) put(raw, ["deployment"], flags.deployment);
  if (flags.logFormat !== undefined) put(raw, ["log", "format"], flags.logFormat);
  if (flags.logLevel !== undefined) put(raw, ["log", "level"], flags.logLevel);

  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new UserError(parsed.error.issues.map((issue) => sentenceOf(issue, raw)).join(" "));
}

/** The deployment file that a configuration names: a path, or a network name of this checkout. */
export function deploymentFile({ deployment }: Pick<KeeperConfig, "deployment">): string {
  return /[\\/]|\.json$/.test(deployment) ? resolve(deployment) : deploymentPath(deployment);
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
  const value = issue.path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), raw);
  const found = field === "privateKey" ? "not a private key" : (JSON.stringify(value) ?? "missing");
  const expected = issue.code === "invalid_type" && issue.expected === "object" ? "an object" : issue.message;
  const source = VARIABLES.find(([, path]) => path.join(".") === field)?.[0];
  return `${field}${source ? ` (${source})` : ""} is ${found}, but ${expected} was expected.`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
