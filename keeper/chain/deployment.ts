import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Address, isAddress } from "viem";
import { z } from "zod";
import { UserError, messageOf } from "../errors.ts";

const address = z.custom<Address>(
  (value) => typeof value === "string" && isAddress(value),
  "not an address (0x and 40 hexadecimal digits; in mixed case they must be its checksum)",
);

const protocolsSchema = z.object({
  weth: address,
  usdc: address,
  /** Chainlink ETH/USD proxy: the address consumers read. */
  feed: address,
  /** Aggregator behind the proxy when the chain was deployed; the market mover writes its rounds. */
  feedAggregator: address,
  /** Chainlink's uptime feed of the sequencer, on an L2. */
  sequencerFeed: address.optional(),
  uniswap: z.object({
    factory: address,
    positionManager: address,
    router: address,
    quoter: address,
    /** WETH/USDC pools by fee in hundredths of a basis point: 0.05 % and 0.30 %. */
    pools: z.object({ "500": address, "3000": address }),
  }),
  aave: z.object({ addressesProvider: address, pool: address, dataProvider: address, oracle: address }),
});

const deploymentSchema = z
  .object({
    network: z.string().min(1),
    chainId: z.number().int().positive(),
    startedAtBlock: z.number().int().nonnegative(),
    rpcUrl: z.string().url().optional(),
    protocols: protocolsSchema,
    contracts: z.record(address).optional(),
    parameters: z.record(z.unknown()).optional(),
  })
  .passthrough();

/** The outside protocols that Keel stands on, on one chain. */
export type ProtocolAddresses = z.infer<typeof protocolsSchema>;

/**
 * What `deployments/<network>.json` holds. `contracts` and `parameters` are Keel's own, there once it is deployed; keys
 * that this version does not know are kept, so that an older tool never drops what a newer one wrote.
 */
export type Deployment = z.infer<typeof deploymentSchema>;

const PROJECT_ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `deployments/<network>.json` of this checkout. */
export function deploymentPath(network: string): string {
  return join(PROJECT_ROOT, "deployments", `${network}.json`);
}

/**
 * Reads and checks a deployment file.
 * @throws UserError when the file is missing, is not JSON, or misses something.
 */
export function readDeployment(path: string): Deployment {
  const parsed = deploymentSchema.safeParse(parseJson(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "the file itself";
  throw new UserError(
    `${path} is not a deployment: ${where}: ${issue?.message ?? "invalid"}. Deploy again, which rewrites it.`,
  );
}

/** Writes a deployment file in one step: a reader sees the old one or the new one, never half of it. */
export function writeDeployment(path: string, deployment: Deployment): void {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, `${JSON.stringify(deploymentSchema.parse(deployment), null, 2)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UserError(`${path} is not valid JSON (${messageOf(error)}). Deploy again, which rewrites it.`);
    }
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError(`${path} does not exist. Start the local chain with "npm run devnet", or deploy first.`);
  }
}
