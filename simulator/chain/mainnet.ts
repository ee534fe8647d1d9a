import { type Address, parseAbi } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import type { ChainClients } from "./clients.ts";
import { openPhase } from "./feed.ts";

/**
 * The protocols on Ethereum mainnet, from their own documentation. What governance may replace is not here but asked for:
 * the feed's aggregator, and Aave's data provider and oracle.
 */
export const MAINNET_PROTOCOLS = {
  weth: "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
  usdc: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
  feed: "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
  uniswap: {
    factory: "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    positionManager: "0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
    router: "0xE592427A0AEce92De3Edee1F18E0157C05861564",
    quoter: "0x61fFE014bA17989E743c5F6cB21bF9697530B21e",
    pools: {
      "500": "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
      "3000": "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8",
    },
  },
  aave: {
    addressesProvider: "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e",
    pool: "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
  },
} as const satisfies Partial<Record<keyof ProtocolAddresses, unknown>>;

const addressesProviderAbi = parseAbi([
  "function getPoolDataProvider() view returns (address)",
  "function getPriceOracle() view returns (address)",
]);

/**
 * Makes a fork of mainnet drivable: opens a new phase of the real Chainlink proxy with an aggregator of ours, so that the
 * market mover can report prices while every older round stays readable. All other protocols stay as they are.
 */
export async function adoptMainnet(clients: ChainClients): Promise<ProtocolAddresses> {
  await clearDelegations(clients);
  const deployer = devAccount(DEV_ROLES.protocols).address;
  const reporter = devAccount(DEV_ROLES.reporter).address;
  const feedAggregator = await openPhase(clients, MAINNET_PROTOCOLS.feed, deployer, reporter);
  const provider = { address: MAINNET_PROTOCOLS.aave.addressesProvider, abi: addressesProviderAbi } as const;
  const [dataProvider, oracle] = await Promise.all([
    clients.public.readContract({ ...provider, functionName: "getPoolDataProvider" }),
    clients.public.readContract({ ...provider, functionName: "getPriceOracle" }),
  ]);
  return { ...MAINNET_PROTOCOLS, feedAggregator, aave: { ...MAINNET_PROTOCOLS.aave, dataProvider, oracle } };
}

/** On mainnet, thieves have put code (EIP-7702) on the well-known test accounts; it would run when one receives ether. */
async function clearDelegations(clients: ChainClients): Promise<void> {
  const accounts: Address[] = await clients.wallet.getAddresses();
  for (const address of accounts) {
    await clients.test.setCode({ address, bytecode: "0x" });
    await clients.test.setBalance({ address, value: 10_000n * 10n ** 18n });
  }
}
