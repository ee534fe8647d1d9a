import { type Abi, type Address, isAddressEqual, toFunctionSelector } from "viem";
import type { ProtocolAddresses } from "../../keeper/chain/deployment.ts";
import type { KeelParameters } from "./parameters.ts";
import { PERMISSIONS, ROLES, type Role } from "./roles.ts";
import { type Sender, addressOf, call, compiled, deployContract } from "./transact.ts";

/** Where Keel's contracts are on one chain. */
export interface KeelAddresses {
  readonly accessManager: Address;
  readonly priceOracle: Address;
  readonly volSurface: Address;
  readonly optionVault: Address;
  readonly optionMarket: Address;
  readonly hedgeDesk: Address;
  readonly uniswapV3Venue: Address;
}

/** What a deployment starts from, and whom it gives which role. */
export interface DeployOptions {
  readonly protocols: ProtocolAddresses;
  readonly parameters: KeelParameters;
  /** Accounts to grant each role to. The sender becomes the admin of the AccessManager. */
  readonly holders: Readonly<Partial<Record<Role, readonly Address[]>>>;
  /** What an earlier, interrupted run has deployed. */
  readonly existing?: Readonly<Partial<Record<string, Address>>>;
  /** Called after every step, so that the caller can keep what is done so far. */
  readonly onStep?: (step: string, contracts: Readonly<Partial<KeelAddresses>>) => void;
}

const SOURCES = {
  accessManager: "@openzeppelin/contracts/access/manager/AccessManager",
  priceOracle: "contracts/PriceOracle",
  volSurface: "contracts/VolSurface",
  optionVault: "contracts/OptionVault",
  optionMarket: "contracts/OptionMarket",
  hedgeDesk: "contracts/HedgeDesk",
  uniswapV3Venue: "contracts/venues/UniswapV3Venue",
} as const satisfies Record<keyof KeelAddresses, string>;

/**
 * Deploys and connects Keel's contracts. Every step looks first at what is there, so a run that was interrupted is
 * finished by running it again, and a run on a complete deployment sends nothing.
 */
export async function deployKeel(sender: Sender, options: DeployOptions): Promise<KeelAddresses> {
  const contracts = await deployContracts(sender, options);
  await assignFunctions(sender, contracts, options);
  await grantRoles(sender, contracts, options);
  await connect(sender, contracts, options);
  return contracts;
}

async function deployContracts(sender: Sender, options: DeployOptions): Promise<KeelAddresses> {
  const { protocols, parameters, existing = {}, onStep } = options;
  const done: Partial<Record<keyof KeelAddresses, Address>> = {};
  const ensure = async (name: keyof KeelAddresses, args: readonly unknown[]): Promise<Address> => {
    const before = existing[name];
    const there = before !== undefined && (await sender.public.getCode({ address: before })) !== undefined;
    const address = there ? before : await deployContract(sender, compiled(SOURCES[name]), args);
    done[name] = address;
    onStep?.(there ? `${name} is there` : `${name} deployed`, { ...existing, ...done });
    return address;
  };

  const { weth, usdc, feed, uniswap } = protocols;
  const { oracle, limits, pricing, share, surface, maxSlippageBps } = parameters;
  const pool = uniswap.pools[oracle.poolFee];
  const manager = await ensure("accessManager", [addressOf(sender)]);
  const priceOracle = await ensure("priceOracle", [feed, pool, weth, usdc, oracle.maxAge, oracle.twapWindow]);
  const volSurface = await ensure("volSurface", [manager, surface]);
  const optionVault = await ensure("optionVault", [
    manager,
    usdc,
    priceOracle,
    volSurface,
    limits,
    share.name,
    share.symbol,
  ]);
  const optionMarket = await ensure("optionMarket", [manager, optionVault, pricing]);
  const hedgeDesk = await ensure("hedgeDesk", [manager, optionVault, weth, maxSlippageBps]);
  const uniswapV3Venue = await ensure("uniswapV3Venue", [uniswap.router, weth, usdc]);
  return { accessManager: manager, priceOracle, volSurface, optionVault, optionMarket, hedgeDesk, uniswapV3Venue };
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
    await call(sender, manager, "setTargetFunctionRole", [address, [selector], ROLES[role]]);
    onStep?.(`${contract}.${functionName} for ${role}`, contracts);
  }
}

async function grantRoles(sender: Sender, contracts: KeelAddresses, options: DeployOptions): Promise<void> {
  const manager = contractOf(contracts, "accessManager");
  const holders = {
    ...options.holders,
    GOVERNOR: [addressOf(sender), ...(options.holders.GOVERNOR ?? [])],
  };
  for (const [role, accounts] of Object.entries(holders) as [Role, readonly Address[]][]) {
    for (const account of accounts) {
      const [isMember] = (await sender.public.readContract({
        ...manager,
        functionName: "hasRole",
        args: [ROLES[role], account],
      })) as [boolean, number];
      if (isMember) continue;
      await call(sender, manager, "grantRole", [ROLES[role], account, 0]);
      options.onStep?.(`${role} granted to ${account}`, contracts);
    }
  }
}

async function connect(sender: Sender, contracts: KeelAddresses, { onStep }: DeployOptions): Promise<void> {
  const vault = contractOf(contracts, "optionVault");
  const desk = contractOf(contracts, "hedgeDesk");
  const [market, hedge, hasVenue] = await Promise.all([
    sender.public.readContract({ ...vault, functionName: "market" }),
    sender.public.readContract({ ...vault, functionName: "hedge" }),
    sender.public.readContract({ ...desk, functionName: "isVenue", args: [contracts.uniswapV3Venue] }),
  ]);
  if (
    !isAddressEqual(market as Address, contracts.optionMarket) ||
    !isAddressEqual(hedge as Address, contracts.hedgeDesk)
  ) {
    await call(sender, vault, "setModules", [contracts.optionMarket, contracts.hedgeDesk]);
    onStep?.("market and desk connected to the vault", contracts);
  }
  if (!hasVenue) {
    await call(sender, desk, "setVenue", [contracts.uniswapV3Venue, true]);
    onStep?.("Uniswap v3 allowed as a venue", contracts);
  }
}

function contractOf(contracts: KeelAddresses, name: keyof KeelAddresses): { address: Address; abi: Abi } {
  return { address: contracts[name], abi: compiled(SOURCES[name]).abi };
}

function selectorOf(abi: Abi, functionName: string): `0x${string}` {
  const item = abi.find((entry) => entry.type === "function" && entry.name === functionName);
  if (item?.type !== "function") throw new Error(`No function ${functionName} in the ABI.`);
  return toFunctionSelector(item);
}
