import { type Address, isAddress } from "viem";
import { z } from "zod";
import { UserError } from "./userError.ts";

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

export const deploymentSchema = z
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

/**
 * What a deployment file says, checked.
 * @param source Where it comes from, for the error.
 * @throws UserError when it misses something.
 */
export function parseDeployment(value: unknown, source: string): Deployment {
  const parsed = deploymentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "the file itself";
  throw new UserError(
    `${source} is not a deployment: ${where}: ${issue?.message ?? "invalid"}. Deploy again, which rewrites it.`,
  );
}
