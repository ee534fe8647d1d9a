import { type Address, erc20Abi, getAddress, parseAbi, zeroAddress } from "viem";
import { DEV_ROLES, devAccount } from "../chain/accounts.ts";
import { ALLOWANCE } from "../chain/node.ts";
import { LPS, TRADERS } from "../people/cast.ts";
import type { Ledger } from "./ledger.ts";
import type { World } from "../world.ts";

/** Where all units of a token are. Amounts are in the token's own units. */
export interface TokenBalances {
  readonly symbol: "USDC" | "WETH";
  /** What was ever minted or wrapped, less what was burned or unwrapped, according to the token's events. */
  readonly issued: bigint;
  readonly holders: readonly { readonly name: string; readonly balance: bigint }[];
  /** What is issued and in none of these accounts. */
  readonly residual: bigint;
}

/** The vault's own accounts beside its token balance, in units of 1e-6 USDC. */
export interface VaultAccounts {
  readonly balance: bigint;
  /** The pool's cash, of which `owed` belongs to holders of settled options. */
  readonly cash: bigint;
  readonly owed: bigint;
  /** The reserve that bears losses before LPs do. It stays when everyone has left. */
  readonly insurance: bigint;
  readonly queuedDeposits: bigint;
  readonly setAsideForRedemptions: bigint;
  /** Cash according to everything that the demo has seen flow in and out. */
  readonly cashByFlows: bigint;
  readonly insuranceByFlows: bigint;
  readonly shares: bigint;
  /** Ether that the desk still holds, WAD. */
  readonly inventory: bigint;
}

/** A statement about the end of the story, and whether it holds. */
export interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly detail: string;
}

/** The final account of everything. */
export interface Accounting {
  readonly tokens: readonly TokenBalances[];
  readonly vault: VaultAccounts;
  readonly checks: readonly Check[];
}

const wethEvents = parseAbi([
  "event Deposit(address indexed dst, uint256 wad)",
  "event Withdrawal(address indexed src, uint256 wad)",
]);
const dataProviderAbi = parseAbi([
  "function getReserveTokensAddresses(address asset) view returns (address aToken, address stableDebt, address variableDebt)",
]);
/** Wraps ether for simulator/chain/deal.ts. */
const WRAPPER: Address = "0x00000000000000000000000000000000dea10000";

/** Adds up where everything is at the end, and checks that nothing is missing and nobody is owed anything. */
export async function audit(world: World, ledger: Ledger): Promise<Accounting> {
  const { protocols } = world.keel;
  const holders = await knownAccounts(world);
  const usdc = await balancesOf(world, "USDC", protocols.usdc, await mintedUsdc(world), holders);
  const weth = await balancesOf(world, "WETH", protocols.weth, await wrappedEther(world), holders);
  const vault = await vaultAccounts(world, ledger);
  const unpaid = await unexercised(world, ledger);
  const moved = await unexplainedMoves(world, ledger);
  const explained = vault.cash + vault.insurance + vault.queuedDeposits + vault.setAsideForRedemptions;
  const checks: Check[] = [
    ...[usdc, weth].map(({ symbol, residual, holders: { length } }) => ({
      what: `Every unit of ${symbol} is accounted for`,
      holds: residual === 0n,
      detail: `${length} accounts hold all that was issued; residual ${residual}`,
    })),
    {
      what: "The vault's own accounts explain its balance",
      holds: vault.balance === explained,
      detail:
        `balance ${vault.balance} = cash ${vault.cash} + insurance ${vault.insurance} + ` +
        `queued ${vault.queuedDeposits} + set aside ${vault.setAsideForRedemptions}`,
    },
    {
      what: "The vault's cash is what flowed in less what flowed out",
      holds: vault.cash === vault.cashByFlows,
      detail: `cash ${vault.cash}, by flows ${vault.cashByFlows}`,
    },
    {
      what: "The insurance reserve is what fees put in less what it paid",
      holds: vault.insurance === vault.insuranceByFlows,
      detail: `insurance ${vault.insurance}, by flows ${vault.insuranceByFlows}`,
    },
    {
      what: "Every holder is paid",
      holds: unpaid === 0n && vault.owed === 0n,
      detail: `${unpaid} units of options left, ${vault.owed} owed`,
    },
    { what: "The hedge is unwound", holds: vault.inventory === 0n, detail: `${vault.inventory} wei of ether left` },
    { what: "Every LP has left", holds: vault.shares === 0n, detail: `${vault.shares} units of shares left` },
    {
      what: "Purses changed by what the timeline says",
      holds: moved.length === 0,
      detail: moved.join(", ") || "all of them",
    },
  ];
  return { tokens: [usdc, weth], vault, checks };
}

async function knownAccounts({ keel, devnet }: World): Promise<Map<string, Address>> {
  const { uniswap, aave, usdc, weth } = keel.protocols;
  const aToken = async (asset: Address): Promise<Address> => {
    const read = {
      address: aave.dataProvider,
      abi: dataProviderAbi,
      functionName: "getReserveTokensAddresses",
    } as const;
    return (await devnet.clients.public.readContract({ ...read, args: [asset] }))[0];
  };
  return new Map<string, Address>([
    ["vault", keel.vault.address],
    ["desk", keel.desk.address],
    ["venue", keel.contracts.uniswapV3Venue],
    ["lender", keel.contracts.aaveV3Lender],
    ["option market", keel.market.address],
    ...[...LPS, ...TRADERS].map(({ name, address }) => [name, address] as const),
    ["keeper", devAccount(DEV_ROLES.keeper).address],
    ["governor", devAccount(DEV_ROLES.governor).address],
    ["guardian", devAccount(DEV_ROLES.guardian).address],
    ["Uniswap pool 0.05 %", uniswap.pools["500"]],
    ["Uniswap pool 0.30 %", uniswap.pools["3000"]],
    ["Uniswap router", uniswap.router],
    ["Uniswap position manager", uniswap.positionManager],
    ["Aave USDC", await aToken(usdc)],
    ["Aave WETH", await aToken(weth)],
    ["arbitrageur", devAccount(DEV_ROLES.arbitrageur).address],
    ["protocols' deployer", devAccount(DEV_ROLES.protocols).address],
    ["ether wrapper", WRAPPER],
  ]);
}

async function balancesOf(
  { devnet }: World,
  symbol: TokenBalances["symbol"],
  token: Address,
  issued: bigint,
  accounts: ReadonlyMap<string, Address>,
): Promise<TokenBalances> {
  if (new Set([...accounts.values()].map((account) => getAddress(account))).size !== accounts.size) {
    throw new Error("An account is known under two names, so its balance would count twice.");
  }
  const read = { address: token, abi: erc20Abi, functionName: "balanceOf" } as const;
  const holders = await Promise.all(
    [...accounts].map(async ([name, account]) => ({
      name,
      balance: await devnet.clients.public.readContract({ ...read, args: [account] }),
    })),
  );
  return { symbol, issued, holders, residual: issued - total(holders.map(({ balance }) => balance)) };
}

async function mintedUsdc({ devnet, keel }: World): Promise<bigint> {
  const query = { address: keel.protocols.usdc, event: erc20Abi[1], fromBlock: 0n, strict: true } as const;
  const minted = await devnet.clients.public.getLogs({ ...query, args: { from: zeroAddress } });
  const burned = await devnet.clients.public.getLogs({ ...query, args: { to: zeroAddress } });
  return total(minted.map(({ args }) => args.value)) - total(burned.map(({ args }) => args.value));
}

async function wrappedEther({ devnet, keel }: World): Promise<bigint> {
  const query = { address: keel.protocols.weth, fromBlock: 0n, strict: true } as const;
  const wrapped = await devnet.clients.public.getLogs({ ...query, event: wethEvents[0] });
  const unwrapped = await devnet.clients.public.getLogs({ ...query, event: wethEvents[1] });
  return total(wrapped.map(({ args }) => args.wad)) - total(unwrapped.map(({ args }) => args.wad));
}

async function vaultAccounts({ devnet, keel }: World, { cash: flows }: Ledger): Promise<VaultAccounts> {
  const read = devnet.clients.public.readContract;
  const balance = read({
    address: keel.protocols.usdc,
    abi: erc20Abi,
    functionName: "balanceOf",
    args: [keel.vault.address],
  });
  const [cash, owed, insurance, [queuedDeposits], setAsideForRedemptions, shares, [inventory]] = await Promise.all([
    read({ ...keel.vault, functionName: "cash" }),
    read({ ...keel.vault, functionName: "owed" }),
    read({ ...keel.vault, functionName: "insurance" }),
    read({ ...keel.vault, functionName: "pendingTotals" }),
    read({ ...keel.vault, functionName: "reservedForRedemptions" }),
    read({ ...keel.vault, functionName: "totalSupply" }),
    read({ ...keel.desk, functionName: "holdings" }),
  ]);
  const cashByFlows = flows.premiums - flows.payoffs + flows.lpIn - flows.lpOut + flows.hedge - flows.insured;
  return {
    balance: await balance,
    ...{ cash, owed, insurance, queuedDeposits, setAsideForRedemptions, shares, inventory },
    ...{ cashByFlows, insuranceByFlows: flows.insured },
  };
}

/** Options of any series ever traded that someone still holds. */
async function unexercised({ devnet, keel }: World, { tradedSeries }: Ledger): Promise<bigint> {
  const read = { ...keel.market, functionName: "balanceOf" } as const;
  const balances = TRADERS.flatMap(({ address }) =>
    [...tradedSeries].map((id) => devnet.clients.public.readContract({ ...read, args: [address, id] })),
  );
  return total(await Promise.all(balances));
}

/** People whose USDC changed by something else than what the ledger says. */
async function unexplainedMoves({ devnet, keel }: World, { purses }: Ledger): Promise<string[]> {
  const read = { address: keel.protocols.usdc, abi: erc20Abi, functionName: "balanceOf" } as const;
  const unexplained: string[] = [];
  for (const { name, address } of [...LPS, ...TRADERS]) {
    const balance = await devnet.clients.public.readContract({ ...read, args: [address] });
    const expected = ALLOWANCE.usdc + (purses.get(name) ?? 0n);
    if (balance !== expected) unexplained.push(`${name} holds ${balance} instead of ${expected}`);
  }
  return unexplained;
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, amount) => all + amount, 0n);
}
