import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Abi, type Address, type Hex, encodeDeployData, getAddress } from "viem";
import { UserError } from "../../sdk/userError.ts";
import type { LinkReferences } from "../../deployments/link.ts";
import { type ChainClients, minedReceipt } from "./clients.ts";

/** A compiled contract, in the format that Hardhat writes. */
export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  readonly linkReferences: LinkReferences;
}

const require = createRequire(import.meta.url);

/** A protocol's own compiled contract, out of its npm package. */
export function npmArtifact(path: string): Artifact {
  return JSON.parse(readFileSync(require.resolve(path), "utf8")) as Artifact;
}

/** WETH9 as deployed on mainnet; its package predates Hardhat's format. */
export function weth9Artifact(): Artifact {
  const path = require.resolve("@uniswap/v2-periphery/build/WETH9.json");
  const { abi, bytecode, evm } = JSON.parse(readFileSync(path, "utf8")) as {
    abi: Abi;
    bytecode: string;
    evm: { deployedBytecode: { object: string } };
  };
  return { abi, bytecode: hex(bytecode), deployedBytecode: hex(evm.deployedBytecode.object), linkReferences: {} };
}

/** The local chain's own contracts (contracts/devnet). */
export const DEVNET_CONTRACTS = ["DevUSDC", "PriceAggregator", "PriceFeed"] as const;

/** One of the local chain's own contracts, as Hardhat compiled it. */
export function devnetArtifact(name: (typeof DEVNET_CONTRACTS)[number]): Artifact {
  const url = new URL(`../../artifacts/contracts/devnet/${name}.sol/${name}.json`, import.meta.url);
  try {
    return JSON.parse(readFileSync(url, "utf8")) as Artifact;
  } catch (cause) {
    throw new UserError(`The contract ${name} is not compiled. Run "npm run build" first.`, { cause });
  }
}

/** Deploys a contract from an unlocked account and returns where it is. */
export async function deploy(
  clients: ChainClients,
  from: Address,
  artifact: Artifact,
  args: readonly unknown[] = [],
): Promise<Address> {
  const data = encodeDeployData({ abi: artifact.abi, bytecode: artifact.bytecode, args });
  const hash = await clients.wallet.sendTransaction({ account: from, data, chain: null });
  const { contractAddress } = await minedReceipt(clients, hash);
  if (!contractAddress) throw new Error(`The deployment ${hash} created no contract.`);
  return getAddress(contractAddress);
}

function hex(code: string): Hex {
  return code.startsWith("0x") ? (code as Hex) : `0x${code}`;
}
