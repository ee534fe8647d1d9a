import { type Abi, type Address, isAddressEqual, zeroAddress } from "viem";
import type { ProtocolAddresses } from "../sdk/deployment.ts";
import {
  assertAdmin,
  callAsAdmin,
  checkDelay,
  ensureGuardian,
  ensureRevoker,
  ensureRole,
  handOver,
  selectorOf,
} from "./governance.ts";
import { link } from "./link.ts";
import { checkSequencerFeed, ensurePoolMemory } from "./oracleSources.ts";
import type { KeelParameters } from "./parameters.ts";
import { PERMISSIONS, ROLES, type Role } from "./roles.ts";
import { type Compiled, type Sender, addressOf, call, compiled, deployContract } from "./transact.ts";

/** Where Keel's contracts are on one chain. */
export interface KeelAddresses {
  readonly accessManager: Address;
  readonly priceOracle: Address;
  readonly volSurface: Address;
  /** Library of the vault. */
  readonly epochQueue: Address;
  readonly riskEngine: Address;
  readonly tradeEngine: Address;
  readonly tradePreview: Address;
  readonly quoteEngine: Address;
  readonly poolEngine: Address;
  readonly surfaceEngine: Address;
  readonly epochEngine: Address;
  readonly priceSources: Address;
  readonly seriesName: Address;
  readonly listingRules: Address;
  /** Library of the desk. */
  readonly deskLimits: Address;
  readonly optionVault: Address;
  readonly optionMarket: Address;
  readonly hedgeDesk: Address;
  readonly uniswapV3Venue: Address;
  readonly aaveV3Lender: Address;
  readonly lens: Address;
  readonly roleRevoker: Address;
}

/** What a deployment starts from, and whom it gives which role. */
export interface DeployOptions {
  readonly protocols: ProtocolAddresses;
  readonly parameters: KeelParameters;
  /**
   * Accounts to grant each role to. The governors (the sender, if none is named) also become admins of the AccessManager,
   * which the sender is only until everything is in place.
   */
  readonly holders: Readonly<Partial<Record<Role, readonly Address[]>>>;
  /** What an earlier, interrupted run has deployed. */
  readonly existing?: Readonly<Partial<Record<string, Address>>>;
  /** Called after every step, so that the caller can keep what is done so far. */
  readonly onStep?: (step: string, contracts: Readonly<Partial<KeelAddresses>>) => void;
}

/** Where each contract's source is. */
export const SOURCES = {
  accessManager: "@openzeppelin/contracts/access/manager/AccessManager",
  priceOracle: "contracts/PriceOracle",
  volSurface: "contracts/VolSurface",
  epochQueue: "contracts/libraries/EpochQueue",
  riskEngine: "contracts/libraries/RiskEngine",
  tradeEngine: "contracts/libraries/TradeEngine",
  tradePreview: "contracts/libraries/TradePreview",
  quoteEngine: "contracts/libraries/QuoteEngine",
  poolEngine: "contracts/libraries/PoolEngine",
  surfaceEngine: "contracts/libraries/SurfaceEngine",
  epochEngine: "contracts/libraries/EpochEngine",
  priceSources: "contracts/libraries/PriceSources",
  seriesName: "contracts/libraries/SeriesName",
  listingRules: "contracts/libraries/ListingRules",
  deskLimits: "contracts/libraries/DeskLimits",
  optionVault: "contracts/OptionVault",
  optionMarket: "contracts/OptionMarket",
  hedgeDesk: "contracts/HedgeDesk",
  uniswapV3Venue: "contracts/venues/UniswapV3Venue",
  aaveV3Lender: "contracts/venues/AaveV3Lender",
  lens: "contracts/Lens",
  roleRevoker: "contracts/RoleRevoker",
} as const satisfies Record<keyof KeelAddresses, string>;

/**
 * Deploys and connects Keel's contracts. Every step looks first at what is there, so a run that was interrupted is
 * finished by running it again, and a run on a complete deployment sends nothing.
 */
export async function deployKeel(sender: Sender, options: DeployOptions): Promise<KeelAddresses> {
  const chainId = await sender.public.getChainId();
  checkDelay(options.parameters, chainId);
  checkSequencerFeed(options.protocols, chainId);
  const contracts = await deployContracts(sender, options);
  await connect(sender, contracts, options); // while all doors are still the deployer's
  await assignFunctions(sender, contracts, options);
  await grantRoles(sender, contracts, options);
  return contracts;
}

async function deployContracts(sender: Sender, options: DeployOptions): Promise<KeelAddresses> {
  const { protocols, parameters, existing = {}, onStep } = options;
  const done: Partial<Record<keyof KeelAddresses, Address>> = {};
  const ensure = async (name: keyof KeelAddresses, args: readonly unknown[]): Promise<Address> => {
    const before = existing[name];
    const there = before !== undefined && (await sender.public.getCode({ address: before })) !== undefined;
    const address = there ? before : await deployContract(sender, linked(SOURCES[name], done), args);
    done[name] = address;
    onStep?.(there ? `${name} is there` : `${name} deployed`, { ...existing, ...done });
    return address;
  };

  const { weth, usdc, feed, sequencerFeed = zeroAddress, uniswap, aave } = protocols;
  const { oracle, limits, pricing, listing, share, surface, desk } = parameters;
  const pool = uniswap.pools[oracle.poolFee];
  const manager = await ensure("accessManager", [addressOf(sender)]);
  if (await ensurePoolMemory(sender, pool, parameters))
    onStep?.("the pool remembers the average's window", { ...existing, ...done });
  const priceOracle = await ensure("priceOracle", [
    feed,
    pool,
    weth,
    usdc,
    oracle.maxAge,
    oracle.lastResortAge,
    oracle.twapWindow,
    sequencerFeed,
    oracle.sequencerGrace,
  ]);
  const volSurface = await ensure("volSurface", [manager, surface]);
  const epochQueue = await ensure("epochQueue", []);
  const riskEngine = await ensure("riskEngine", []);
  const tradeEngine = await ensure("tradeEngine", []);
  const tradePreview = await ensure("tradePreview", []);
  const quoteEngine = await ensure("quoteEngine", []);
  const poolEngine = await ensure("poolEngine", []);
  const surfaceEngine = await ensure("surfaceEngine", []);
  const epochEngine = await ensure("epochEngine", []);
  const priceSources = await ensure("priceSources", []);
  const optionVault = await ensure("optionVault", [
    manager,
    usdc,
    priceOracle,
    volSurface,
    limits,
    share.name,
    share.symbol,
  ]);
  const seriesName = await ensure("seriesName", []);
  const listingRules = await ensure("listingRules", []);
  const optionMarket = await ensure("optionMarket", [manager, optionVault, weth, pricing, listing]);
  const deskLimits = await ensure("deskLimits", []);
  const hedgeDesk = await ensure("hedgeDesk", [manager, optionVault, weth, desk.rules, desk.budgets]);
  const pools = Object.keys(uniswap.pools).map((fee) => ({ tokenA: weth, tokenB: usdc, fee: Number(fee) }));
  const uniswapV3Venue = await ensure("uniswapV3Venue", [uniswap.router, weth, usdc, pools]);
  const aaveV3Lender = await ensure("aaveV3Lender", [hedgeDesk, aave.pool, aave.dataProvider, weth, usdc]);
  const lens = await ensure("lens", [optionVault]);
  const roleRevoker = await ensure("roleRevoker", [manager, volSurface]);
  return {
    accessManager: manager,
    priceOracle,
    volSurface,
    epochQueue,
    riskEngine,
    tradeEngine,
    tradePreview,
    quoteEngine,
    poolEngine,
    surfaceEngine,
    epochEngine,
    priceSources,
    optionVault,
    seriesName,
    listingRules,
    optionMarket,
    deskLimits,
    hedgeDesk,
    uniswapV3Venue,
    aaveV3Lender,
    lens,
    roleRevoker,
  };
}

/** A contract with the libraries that are deployed already. */
function linked(source: string, done: Partial<Record<keyof KeelAddresses, Address>>): Compiled {
  const libraries = Object.entries(done).map(([name, address]) => [name[0]?.toUpperCase() + name.slice(1), address]);
  return link(compiled(source), Object.fromEntries(libraries) as Record<string, Address>);
}

async function assignFunctions(sender: Sender, contracts: KeelAddresses, { onStep }: DeployOptions): Promise<void> {
  const manager = contractOf(contracts, "accessManager");
  for (const { contract, functionName, role } of PERMISSIONS) {
    const { address, abi } = contractOf(contracts, contract as keyof KeelAddresses);
    const selector = selectorOf(abi, functionName);
    const current = await sender.public.readContract({
      ...manager,
      functionName: "getTargetFunctionRole",
      args: [address, selector],
    });
    if (current === ROLES[role]) continue;
    await callAsAdmin(sender, manager, "setTargetFunctionRole", [address, [selector], ROLES[role]]);
    onStep?.(`${contract}.${functionName} for ${role}`, contracts);
  }
}

async function grantRoles(sender: Sender, contracts: KeelAddresses, options: DeployOptions): Promise<void> {
  const manager = contractOf(contracts, "accessManager");
  const { delay } = options.parameters.governance;
  const step = (done: boolean, what: string) => done && options.onStep?.(what, contracts);
  const governors = options.holders.GOVERNOR ?? [addressOf(sender)];
  const holders = { ...options.holders, GOVERNOR: governors };
  for (const [role, accounts] of Object.entries(holders) as [Role, readonly Address[]][]) {
    for (const account of accounts) {
      const granted = await ensureRole(sender, manager, ROLES[role], account, role === "GOVERNOR" ? delay : 0);
      step(granted, `${role} granted to ${account}`);
    }
  }
  step(await ensureGuardian(sender, manager), "guardians may cancel what governors schedule");
  const revoking = await ensureRevoker(sender, manager, contracts.roleRevoker, governors, delay);
  step(revoking, "guardians may revoke keepers, posters and listers");
  const targets = Object.values(contracts) as Address[];
  const handedOver = await handOver(sender, manager, governors, targets, delay);
  step(handedOver, `administration handed over to ${governors.join(", ")} with a delay of ${delay} seconds`);
}

async function connect(sender: Sender, contracts: KeelAddresses, { parameters, onStep }: DeployOptions): Promise<void> {
  const vault = contractOf(contracts, "optionVault");
  const desk = contractOf(contracts, "hedgeDesk");
  const manager = contractOf(contracts, "accessManager");
  const surface = contractOf(contracts, "volSurface");
  const [market, hedge, hasVenue, lending, pricedVault] = await Promise.all([
    sender.public.readContract({ ...vault, functionName: "market" }),
    sender.public.readContract({ ...vault, functionName: "desk" }),
    sender.public.readContract({ ...desk, functionName: "isVenue", args: [contracts.uniswapV3Venue] }),
    sender.public.readContract({ ...desk, functionName: "lending" }),
    sender.public.readContract({ ...surface, functionName: "vault" }),
  ]);
  if (!isAddressEqual(pricedVault as Address, contracts.optionVault)) {
    await assertAdmin(sender, manager, "Connecting the vault to the surface");
    await call(sender, surface, "setVault", [contracts.optionVault]);
    onStep?.("vault connected to the surface", contracts);
  }
  if (
    !isAddressEqual(market as Address, contracts.optionMarket) ||
    !isAddressEqual(hedge as Address, contracts.hedgeDesk)
  ) {
    await assertAdmin(sender, manager, "Connecting market and desk to the vault");
    await call(sender, vault, "setModules", [contracts.optionMarket, contracts.hedgeDesk]);
    onStep?.("market and desk connected to the vault", contracts);
  }
  if (!hasVenue) {
    await assertAdmin(sender, manager, "Allowing the Uniswap v3 venue");
    await call(sender, desk, "setVenue", [contracts.uniswapV3Venue, true]);
    onStep?.("Uniswap v3 allowed as a venue", contracts);
  }
  if (!isAddressEqual((lending as { lender: Address }).lender, contracts.aaveV3Lender)) {
    await assertAdmin(sender, manager, "Naming the Aave v3 lender");
    await call(sender, desk, "setLending", [{ lender: contracts.aaveV3Lender, ...parameters.desk.lending }]);
    onStep?.("Aave v3 is the lender", contracts);
  }
}

function contractOf(contracts: KeelAddresses, name: keyof KeelAddresses): { address: Address; abi: Abi } {
  return { address: contracts[name], abi: compiled(SOURCES[name]).abi };
}
