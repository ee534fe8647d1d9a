import type { PublicClient } from "viem";
import { UserError } from "../../sdk/userError.ts";
import { requireVersion } from "../../sdk/version.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";
import type { Deployment } from "../../sdk/deployment.ts";

/**
 * Makes sure that `client` reaches the chain that `deployment` describes.
 * @param client Reads from `url`.
 * @param url Named in the error; nothing is read from it directly.
 * @throws UserError when nothing answers, when it is another chain, or when the contracts are not on it.
 */
export async function assertChain(
  client: Pick<PublicClient, "getChainId" | "getCode">,
  url: string,
  deployment: Pick<Deployment, "chainId" | "network" | "protocols">,
): Promise<void> {
  const chainId = await client.getChainId().catch((cause: unknown) => {
    throw new UserError(`No Ethereum node answers at ${url}. Start one (npm run devnet) or check the address.`, {
      cause,
    });
  });
  if (chainId !== deployment.chainId) {
    throw new UserError(
      `The node at ${url} has chain id ${chainId}, but ${deployment.network} is chain ${deployment.chainId}. ` +
        `Connect to the right node or use the deployment file of that chain.`,
    );
  }
  if (!(await client.getCode({ address: deployment.protocols.feed }))) {
    throw new UserError(
      `The node at ${url} does not hold the contracts of ${deployment.network}. It was restarted or is another chain; deploy again.`,
    );
  }
}

/** @throws UserError when the addresses of the deployment file hold no code on this chain, or code that means something else. */
export async function assertDeployed(
  client: Pick<PublicClient, "getCode" | "readContract">,
  url: string,
  network: string,
  contracts: KeelContracts,
): Promise<void> {
  const codes = await Promise.all([contracts.vault, contracts.desk].map(({ address }) => client.getCode({ address })));
  if (codes.some((code) => code === undefined)) {
    throw new UserError(
      `The node at ${url} does not hold Keel's contracts of ${network}. It was restarted or is another chain; deploy again.`,
    );
  }
  await requireVersion(client, contracts.vault.address);
}
