import { type Address, encodeFunctionData, erc20Abi, maxUint256, parseUnits, zeroAddress } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { type AaveInputs, type RateCurve, type Reserve, reservesOf } from "./aaveReserves.ts";
import { link } from "../../deployments/link.ts";
import { type Artifact, deploy, npmArtifact } from "./artifacts.ts";
import { type ChainClients, send } from "./clients.ts";

type Aave = ProtocolAddresses["aave"];

const PROVIDER = "protocol/configuration/PoolAddressesProvider";
const ACL_MANAGER = "protocol/configuration/ACLManager";
const POOL = "protocol/pool/Pool";
const CONFIGURATOR = "protocol/pool/PoolConfigurator";

const ORACLE_UNIT = 10n ** 8n;
const VARIABLE_RATE = 2n;
const NO_REFERRAL = 0;
/** Flash-loan fee in basis points, and the part of it that goes to the treasury, as on mainnet. */
const FLASH_LOAN_FEE = 5n;

/** Who deploys where: every step below needs both. */
interface Deployer {
  readonly clients: ChainClients;
  readonly account: Address;
}

interface Market {
  readonly provider: Address;
  readonly pool: Address;
  readonly configurator: Address;
}

/** A compiled contract of Aave v3, by its path below `contracts/`, without the ending. */
export function aaveArtifact(path: string): Artifact {
  return npmArtifact(`@aave/core-v3/artifacts/contracts/${path}.sol/${path.split("/").at(-1)}.json`);
}

/** Deploys Aave v3 from `account`, with WETH and USDC reserves that it supplies and others can borrow. */
export async function deployAave(clients: ChainClients, account: Address, inputs: AaveInputs): Promise<Aave> {
  const by = { clients, account };
  const reserves = reservesOf(inputs);
  const provider = await create(by, PROVIDER, ["Keel devnet", account]);
  const dataProvider = await create(by, "misc/AaveProtocolDataProvider", [provider]);
  const assets = reserves.map(({ asset }) => asset);
  const feeds = reserves.map(({ priceFeed }) => priceFeed);
  // Prices are in dollars, which have no address; there is no fallback oracle.
  const oracleArgs = [provider, assets, feeds, zeroAddress, zeroAddress, ORACLE_UNIT];
  await appointAdmin(by, provider);
  const oracle = await create(by, "misc/AaveOracle", oracleArgs);
  await call(by, PROVIDER, provider, "setPriceOracle", [oracle]);
  await call(by, PROVIDER, provider, "setPoolDataProvider", [dataProvider]);
  const market = await deployPool(by, provider);
  await listReserves(by, market, reserves);
  await fillReserves(by, market, reserves);
  return { addressesProvider: provider, pool: market.pool, dataProvider, oracle };
}

/** The deployer keeps every role: nobody else governs a local chain. */
async function appointAdmin(by: Deployer, provider: Address): Promise<void> {
  await call(by, PROVIDER, provider, "setACLAdmin", [by.account]);
  const acl = await create(by, ACL_MANAGER, [provider]);
  await call(by, PROVIDER, provider, "setACLManager", [acl]);
  await call(by, ACL_MANAGER, acl, "addPoolAdmin", [by.account]);
}

/** The pool and its configurator are proxies that the provider creates around these implementations. */
async function deployPool(by: Deployer, provider: Address): Promise<Market> {
  const libraries: Record<string, Address> = {};
  for (const name of ["Supply", "Borrow", "Liquidation", "EMode", "Bridge", "FlashLoan", "Pool", "Configurator"]) {
    const library = `${name}Logic`; // after Borrow, which FlashLoan links
    libraries[library] = await create(by, `protocol/libraries/logic/${library}`, [], libraries);
  }
  const pool = await create(by, POOL, [provider], libraries);
  const configurator = await create(by, CONFIGURATOR, [], libraries);
  await call(by, PROVIDER, provider, "setPoolImpl", [pool]);
  await call(by, PROVIDER, provider, "setPoolConfiguratorImpl", [configurator]);
  const market = {
    provider,
    pool: await proxyOf(by, provider, "getPool"),
    configurator: await proxyOf(by, provider, "getPoolConfigurator"),
  };
  await call(by, CONFIGURATOR, market.configurator, "updateFlashloanPremiumTotal", [FLASH_LOAN_FEE]);
  return market;
}

async function listReserves(by: Deployer, market: Market, reserves: readonly Reserve[]): Promise<void> {
  const implementations = {
    aTokenImpl: await create(by, "protocol/tokenization/AToken", [market.pool]),
    stableDebtTokenImpl: await create(by, "protocol/tokenization/StableDebtToken", [market.pool]),
    variableDebtTokenImpl: await create(by, "protocol/tokenization/VariableDebtToken", [market.pool]),
  };
  const listings = [];
  for (const reserve of reserves) {
    const strategy = await deployRateStrategy(by, market.provider, reserve.rates);
    listings.push({ ...implementations, ...listingOf(reserve, strategy, by.account) });
  }
  await call(by, CONFIGURATOR, market.configurator, "initReserves", [listings]);
  for (const reserve of reserves) await configureReserve(by, market.configurator, reserve);
}

function listingOf({ symbol, asset, decimals }: Reserve, strategy: Address, treasury: Address) {
  return {
    underlyingAssetDecimals: decimals,
    interestRateStrategyAddress: strategy,
    underlyingAsset: asset,
    treasury,
    incentivesController: zeroAddress,
    aTokenName: `Aave Devnet ${symbol}`,
    aTokenSymbol: `aDev${symbol}`,
    variableDebtTokenName: `Aave Devnet Variable Debt ${symbol}`,
    variableDebtTokenSymbol: `variableDebtDev${symbol}`,
    stableDebtTokenName: `Aave Devnet Stable Debt ${symbol}`,
    stableDebtTokenSymbol: `stableDebtDev${symbol}`,
    params: "0x",
  };
}

async function configureReserve(by: Deployer, configurator: Address, reserve: Reserve): Promise<void> {
  const { asset, ltv, liquidationThreshold, liquidationBonus, reserveFactor } = reserve;
  const collateral = [asset, ltv, liquidationThreshold, liquidationBonus];
  await call(by, CONFIGURATOR, configurator, "configureReserveAsCollateral", collateral);
  await call(by, CONFIGURATOR, configurator, "setReserveBorrowing", [asset, true]);
  await call(by, CONFIGURATOR, configurator, "setReserveFactor", [asset, reserveFactor]);
  await call(by, CONFIGURATOR, configurator, "setReserveFlashLoaning", [asset, true]);
}

/** Supplies everything before borrowing anything, since one reserve is the collateral of the other's debt. */
async function fillReserves(by: Deployer, { pool }: Market, reserves: readonly Reserve[]): Promise<void> {
  const approve = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [pool, maxUint256] });
  for (const { asset, supplied } of reserves) {
    await send(by.clients, { from: by.account, to: asset, data: approve });
    await call(by, POOL, pool, "supply", [asset, supplied, by.account, NO_REFERRAL]);
  }
  for (const { asset, borrowed } of reserves) {
    await call(by, POOL, pool, "borrow", [asset, borrowed, VARIABLE_RATE, NO_REFERRAL, by.account]);
  }
}

function deployRateStrategy(by: Deployer, provider: Address, rates: RateCurve): Promise<Address> {
  const ray = (percent: number): bigint => parseUnits(String(percent), 25);
  // Stable-rate borrowing is off, as on mainnet; its parameters still have to be consistent.
  const stable = [0n, 0n, 0n, 0n, ray(20)];
  const variable = [ray(rates.optimum), ray(rates.base), ray(rates.slope1), ray(rates.slope2)];
  return create(by, "protocol/pool/DefaultReserveInterestRateStrategy", [provider, ...variable, ...stable]);
}

function create(
  { clients, account }: Deployer,
  path: string,
  args: readonly unknown[],
  libraries: Readonly<Record<string, Address>> = {},
): Promise<Address> {
  return deploy(clients, account, link(aaveArtifact(path), libraries), args);
}

async function call(
  { clients, account }: Deployer,
  path: string,
  to: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  const data = encodeFunctionData({ abi: aaveArtifact(path).abi, functionName, args });
  await send(clients, { from: account, to, data });
}

async function proxyOf({ clients }: Deployer, provider: Address, functionName: string): Promise<Address> {
  const { abi } = aaveArtifact(PROVIDER);
  return (await clients.public.readContract({ address: provider, abi, functionName })) as Address;
}
