import type { Address } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { deployAave } from "./aave.ts";
import { AAVE_SUPPLY } from "./aaveReserves.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import { deploy, devnetArtifact, weth9Artifact } from "./artifacts.ts";
import type { ChainClients } from "./clients.ts";
import { dealUsdc, dealWeth } from "./deal.ts";
import { deployFeed, transmit } from "./feed.ts";
import { deployUniswap, liquidityNeeded } from "./uniswap.ts";

/** Price of ether in dollars when nothing else is asked for. */
export const DEFAULT_PRICE = 3000;

/** How old the pools are when everything is deployed: a TWAP of up to this many seconds can be read at once. */
const POOL_AGE = 3600;

/**
 * Deploys WETH, USDC, the price feed, Uniswap v3 and Aave v3 on an empty development chain, with `price` dollars per
 * ether everywhere. All of it comes from one account's nonces, so the addresses are the same on every chain.
 */
export async function deployProtocols(
  clients: ChainClients,
  { price = DEFAULT_PRICE }: { readonly price?: number } = {},
): Promise<ProtocolAddresses> {
  const deployer = devAccount(DEV_ROLES.protocols).address;
  const reporter = devAccount(DEV_ROLES.reporter).address;
  const { weth, usdc } = await deployTokens(clients, deployer, price);
  const ether = await deployFeed(clients, deployer, reporter, "ETH / USD");
  const dollar = await deployFeed(clients, deployer, reporter, "USDC / USD");
  await transmit(clients, ether.feedAggregator, price);
  await transmit(clients, dollar.feedAggregator, 1);

  const uniswap = await deployUniswap(clients, deployer, { weth, usdc }, price);
  await clients.test.increaseTime({ seconds: POOL_AGE });
  await transmit(clients, ether.feedAggregator, price);
  const aave = await deployAave(clients, deployer, { weth, usdc, wethFeed: ether.feed, usdcFeed: dollar.feed });
  return { weth, usdc, ...ether, uniswap, aave };
}

/** Deploys both tokens and gives the deployer what the pools and the lending market will take. */
async function deployTokens(
  clients: ChainClients,
  deployer: Address,
  price: number,
): Promise<{ weth: Address; usdc: Address }> {
  // In this order USDC gets the lower address, which makes it the pools' token0, as on mainnet.
  const usdc = await deploy(clients, deployer, devnetArtifact("DevUSDC"), [deployer]);
  const weth = await deploy(clients, deployer, weth9Artifact());
  const needed = liquidityNeeded(price);
  await dealWeth(clients, weth, deployer, needed.weth + AAVE_SUPPLY.weth);
  await dealUsdc(clients, usdc, deployer, needed.usdc + AAVE_SUPPLY.usdc);
  return { weth, usdc };
}
