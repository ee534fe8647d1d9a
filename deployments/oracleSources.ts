import { type Address, parseAbi } from "viem";
import type { ProtocolAddresses } from "../sdk/deployment.ts";
import { observationsNeeded } from "../keeper/chain/poolMemory.ts";
import { UserError } from "../sdk/userError.ts";
import type { KeelParameters } from "./parameters.ts";
import { type Sender, call } from "./transact.ts";

/**
 * Chains whose sequencer Chainlink watches (docs.chain.link/data-feeds/l2-sequencer-feeds): there, a price oracle without
 * the uptime feed would trade at the prices of before an outage.
 */
const SEQUENCED_CHAINS: Readonly<Record<number, string>> = {
  10: "OP Mainnet",
  130: "Unichain",
  196: "X Layer",
  324: "zkSync Era",
  1088: "Metis",
  1868: "Soneium",
  5000: "Mantle",
  8453: "Base",
  42161: "Arbitrum One",
  42220: "Celo",
  57073: "Ink",
  59144: "Linea",
  534352: "Scroll",
};

const poolAbi = parseAbi([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)",
  "function increaseObservationCardinalityNext(uint16 observationCardinalityNext)",
]);

/** @throws UserError when the chain has a sequencer and no uptime feed of it is named. */
export function checkSequencerFeed(protocols: Pick<ProtocolAddresses, "sequencerFeed">, chainId: number): void {
  const chain = SEQUENCED_CHAINS[chainId];
  if (chain === undefined || protocols.sequencerFeed) return;
  throw new UserError(
    `Chain ${chainId} (${chain}) has a sequencer. Name Chainlink's uptime feed of it with --sequencer-feed <address> ` +
      "(docs.chain.link/data-feeds/l2-sequencer-feeds), so that nothing is traded at the prices of before an outage.",
  );
}

/**
 * Lets the pool that the oracle reads remember the whole window of its average, however often it is traded: until it does,
 * nothing can be opened. Anyone may do that; it costs about 22,000 gas for each observation.
 * @returns whether anything was to be done.
 */
export async function ensurePoolMemory(sender: Sender, pool: Address, { oracle }: KeelParameters): Promise<boolean> {
  const needed = observationsNeeded(oracle.twapWindow);
  const contract = { address: pool, abi: poolAbi } as const;
  const [, , , , ordered] = await sender.public.readContract({ ...contract, functionName: "slot0" });
  if (ordered >= needed) return false;
  await call(sender, contract, "increaseObservationCardinalityNext", [needed]);
  return true;
}
