import { type Address, isAddress } from "viem";
import { z } from "zod";
import { SEVERITIES } from "./monitoring/alerts/alert.ts";
import { DEFAULT_POLICY } from "./hedging/policy.ts";
import { Secret } from "./secret.ts";

/** The local chain, where a deployment file names no other endpoint. */
export const DEFAULT_RPC_URL = "http://127.0.0.1:8545";

const positive = (unit: string) =>
  z.number({ message: `a positive number of ${unit}` }).positive(`a positive number of ${unit}`);
const whole = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return z.number({ message: expected }).int(expected).min(least, expected).max(most, expected);
};
const SHARE = "a number from 0 to 1";
const share = z.number({ message: SHARE }).min(0, SHARE).max(1, SHARE);
const oneOf = <T extends [string, ...string[]]>(...values: T) =>
  z.enum(values, { message: values.map((value) => `"${value}"`).join(" or ") });

const PRIVATE_KEY = "one (0x and 64 hexadecimal digits)";
const ADDRESS = "an address (0x and 40 hexadecimal digits; in mixed case they must be its checksum)";
const text = (expected: string) => z.string({ message: expected }).min(1, expected);
const url = (protocols: RegExp, expected: string) => z.string({ message: expected }).refine(isUrl(protocols), expected);
const httpUrl = url(/^https?:$/, `a URL such as ${DEFAULT_RPC_URL}`);
/** An address that may hold a password or token. */
const secretUrl = (protocols: RegExp, expected: string) =>
  url(protocols, expected).transform((value) => new Secret(value));
const secretHttpUrl = secretUrl(/^https?:$/, "a URL that begins with https:// or http://");
const severity = oneOf(...SEVERITIES).default("warning");
const baseUrl = httpUrl.optional();

const hedgingSchema = z
  .object({
    target: oneOf("edge", "neutral").default(DEFAULT_POLICY.target),
    bandFloor: positive("units of underlying").default(DEFAULT_POLICY.bandFloor),
    riskAversion: positive("1/dollars").default(DEFAULT_POLICY.riskAversion),
    costBps: positive("basis points").default(DEFAULT_POLICY.costBps),
    cashRate: share.default(DEFAULT_POLICY.cashRate),
    holdingHours: positive("hours").default(DEFAULT_POLICY.holdingHours),
    minClip: positive("units of underlying").default(DEFAULT_POLICY.minClip),
    gasShare: positive("parts of one").default(DEFAULT_POLICY.gasShare),
    crumbShare: share.default(DEFAULT_POLICY.crumbShare),
    maxClip: positive("units of underlying").default(DEFAULT_POLICY.maxClip),
    slippageBps: whole(1, 500).default(DEFAULT_POLICY.slippageBps),
    urgentSlippageBps: whole(1, 500).default(DEFAULT_POLICY.urgentSlippageBps),
    fillMarginBps: whole(1, 500).default(DEFAULT_POLICY.fillMarginBps),
    maxGapBps: whole(1, 500).default(DEFAULT_POLICY.maxGapBps),
    urgentBands: positive("half-widths of the band").default(DEFAULT_POLICY.urgentBands),
    emergencyBands: positive("half-widths of the band").default(DEFAULT_POLICY.emergencyBands),
    urgentAfterSeconds: whole(0, 86_400).default(DEFAULT_POLICY.urgentAfterSeconds),
    taperSeconds: whole(0, 86_400).default(DEFAULT_POLICY.taperSeconds),
    deadlineSeconds: whole(1, 86_400).default(DEFAULT_POLICY.deadlineSeconds),
    markTolerance: positive("parts of one").default(DEFAULT_POLICY.markTolerance),
  })
  .strict()
  .refine(({ minClip, maxClip }) => minClip <= maxClip, { path: ["maxClip"], message: "at least hedging.minClip" });

const feeTier = z.custom<500 | 3000>((value) => value === 500 || value === 3000, "500 or 3000").default(500);
const deployment = text("a network name or a path").default("devnet");

const flag = (value: boolean) => z.boolean({ message: "true or false" }).default(value);

/** Which duties besides hedging the keeper takes on. Listing is the market maker's choice, so it is asked for. */
const dutySchema = z
  .object({
    settle: flag(true),
    pay: flag(true),
    surface: flag(true),
    mark: flag(true),
    epochs: flag(true),
    listing: flag(false),
  })
  .strict();

/** Exchanges and option venue that are asked besides the oracle and the pools, each about one underlying. */
const feedsSchema = z
  .object({
    coinbase: z
      .object({ pair: text("a pair such as ETH-USD"), baseUrl })
      .strict()
      .optional(),
    kraken: z
      .object({ pair: text("a pair such as ETHUSD"), baseUrl })
      .strict()
      .optional(),
    /** Option quotes in a file that something else keeps up to date, in place of Deribit's API. */
    quotesFile: text("the path of a quotes file").optional(),
    deribit: z
      .object({ currency: text("a currency such as ETH"), baseUrl })
      .strict()
      .optional(),
  })
  .strict();

/** What one market may lose. */
const riskSchema = z
  .object({
    maxDrawdownBps: positive("basis points").default(1_000),
    maxDailyLoss: positive("dollars").default(10_000),
    maxDailyTurnover: positive("dollars").default(10_000_000),
  })
  .strict();

/** A market with everything that is its own; what is left out of it stands at the top (marketDefaults.ts), but for feeds. */
const marketSchema = z
  .object({
    name: text("a name of its own"),
    deployment,
    feeTier,
    hedging: hedgingSchema.default({}),
    duties: dutySchema.default({}),
    feeds: feedsSchema.default({}),
    risk: riskSchema.default({}),
  })
  .strict();

/** Most that one unit of gas may cost, gwei: beyond it the keeper waits. */
const feeCapsSchema = z
  .object({
    routine: positive("gwei").default(60),
    urgent: positive("gwei").default(200),
    emergency: positive("gwei").default(1_000),
  })
  .strict();

/** The configuration's schema; `keel init` writes what it reads. */
export const configSchema = z
  .object({
    /** JSON-RPC endpoint; left out, the one that the deployment file names. */
    rpcUrl: httpUrl.optional(),
    /** Several endpoints, which have to agree; they win over `rpcUrl`. Three or more, to tell who is wrong. */
    rpcUrls: z.array(httpUrl, { message: "a list of URLs" }).min(1, "at least one URL").optional(),
    /** Announce new blocks, so that the keeper need not wait for its next look. */
    webSocketUrls: z.array(url(/^wss?:$/, "a URL that begins with wss:// or ws://")).default([]),
    /** Least number of endpoints that must agree on a block. */
    quorum: whole(1, 10).default(1),
    /** Folder of what the keeper remembers: journal, keys, activation, kill switch. */
    dataFolder: text("a path").default("keel-data"),
    /** PostgreSQL instead of the data folder's own database. */
    databaseUrl: secretUrl(/^postgres(ql)?:$/, "a URL that begins with postgres://").optional(),
    /** How long a host may be silent before a standby host takes over; only with `databaseUrl`. */
    leaseSeconds: whole(2, 600).default(15),
    /** Days that ticks with all their inputs are kept for `keel replay`; everything else is kept for good. */
    keepTicksDays: whole(1, 3_650).default(30),
    /** Network name (deployments/<name>.json) or path of a deployment file. */
    deployment,
    /** Signs the keeper's transactions. Better given as KEEL_PRIVATE_KEY than in a file. */
    privateKey: z
      .string({ message: PRIVATE_KEY })
      .regex(/^0x[0-9a-fA-F]{64}$/, PRIVATE_KEY)
      .transform((key) => new Secret(key))
      .optional(),
    /** Signs instead of `privateKey`: an encrypted key file, or a server that has the key. */
    signer: z
      .discriminatedUnion(
        "kind",
        [
          z
            .object({
              kind: z.literal("keystore"),
              file: text("the path of a key file"),
              /** File whose first line is the password; else KEEL_KEYSTORE_PASSWORD. */
              passwordFile: text("a path").optional(),
            })
            .strict(),
          z
            .object({
              kind: z.literal("remote"),
              url: secretHttpUrl,
              address: z.custom<Address>((value) => typeof value === "string" && isAddress(value), ADDRESS),
            })
            .strict(),
        ],
        {
          errorMap: (issue, { defaultError }) => ({
            message: issue.code === "invalid_union_discriminator" ? '"keystore" or "remote"' : defaultError,
          }),
        },
      )
      .optional(),
    /** Several markets in one process; left out, one of what stands at the top. */
    markets: z.array(marketSchema).min(1, "at least one market").optional(),
    /** Fee tier of the Uniswap v3 pool that hedges go through, in hundredths of a basis point. */
    feeTier,
    hedging: hedgingSchema.default({}),
    pollingIntervalMs: whole(10, 600_000).default(1_000),
    /** Blocks until a transaction counts as done, its own included. */
    confirmations: whole(1, 100).default(1),
    /** Blocks after which a transaction is never looked at again; no reorganisation may be deeper. */
    finality: whole(1, 1_000).default(12),
    /** Private relays that transactions go to first; the public nodes get what they do not take. */
    relayUrls: z.array(secretHttpUrl).default([]),
    feeCaps: feeCapsSchema.default({}),
    duties: dutySchema.default({}),
    /** None unless named. Of the only market: where several are listed, each names its own. */
    feeds: feedsSchema.default({}),
    /** What may be lost before everything stops until a person looks. */
    risk: riskSchema.default({}),
    monitoring: z
      .object({
        host: text("an address such as 127.0.0.1").default("127.0.0.1"),
        /** Of /metrics, /health and /ready; left out, there are none. */
        port: whole(0, 65_535).optional(),
        /** Seconds without progress after which /health fails. */
        maxTickAgeSeconds: whole(1, 86_400).default(120),
        /** Is asked for while the keeper is ready; whoever watches it misses the sign when the keeper dies. */
        deadMan: z
          .object({ url: secretHttpUrl, intervalSeconds: whole(1, 86_400).default(60) })
          .strict()
          .optional(),
      })
      .strict()
      .default({}),
    alerts: z
      .object({
        webhook: z.object({ url: secretHttpUrl, leastSeverity: severity }).strict().optional(),
        telegram: z
          .object({
            token: text("a bot token").transform((token) => new Secret(token)),
            chatId: text("the id of a chat"),
            leastSeverity: severity,
            baseUrl,
          })
          .strict()
          .optional(),
      })
      .strict()
      .default({}),
    log: z
      .object({
        format: oneOf("pretty", "json").default("pretty"),
        level: oneOf("debug", "info", "error").default("info"),
      })
      .strict()
      .default({}),
  })
  .strict()
  .refine(({ markets = [] }) => new Set(markets.map(({ name }) => name)).size === markets.length, {
    path: ["markets"],
    message: "a name of its own for each market",
  })
  .refine(({ markets = [] }) => new Set(markets.map(deploymentOf)).size === markets.length, {
    path: ["markets"],
    message: "a deployment of its own for each market",
  })
  .refine(({ markets, feeds }) => !markets || Object.keys(feeds).length === 0, {
    path: ["feeds"],
    message: "nothing beside markets, each of which names feeds of its own underlying,",
  });

/** Everything that a person can choose about the keeper. */
export type KeeperConfig = z.infer<typeof configSchema>;

/** One market of a configuration. */
export type MarketConfig = z.infer<typeof marketSchema>;

/** Which duties the keeper takes on. */
export type DutySettings = z.infer<typeof dutySchema>;

/** Fields that are never shown, not even when they are wrong. */
export const SECRET_FIELDS: readonly string[] = [
  "privateKey",
  "databaseUrl",
  "relayUrls",
  "signer.url",
  "monitoring.deadMan.url",
  "alerts.webhook.url",
  "alerts.telegram.token",
];

function deploymentOf({ deployment: own }: MarketConfig): string {
  return own;
}

function isUrl(protocols: RegExp): (text: string) => boolean {
  return (text) => URL.canParse(text) && protocols.test(new URL(text).protocol);
}
