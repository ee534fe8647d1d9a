import { type Address, type Hex, encodeFunctionData, maxUint256, parseAbi, parseEther, parseUnits } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { type ChainClients, send } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { sqrtPriceX96 } from "../../simulator/chain/prices.ts";
import { approve } from "./tokens.ts";

/** A pool of ether against a dollar, its liquidity spread over all prices. */
export interface PoolSpec {
  /** Hundredths of a basis point: 500, 3000 or 10,000. */
  readonly fee: number;
  /** Ether in it; as much again in dollars. */
  readonly ether: number;
  /** Dollars per ether. */
  readonly price: number;
}

const deployer = devAccount(DEV_ROLES.protocols).address;
const managerAbi = parseAbi([
  "function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96) payable returns (address pool)",
  "struct MintParams { address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline; }",
  "function mint(MintParams params) payable returns (uint256, uint128, uint256, uint256)",
]);
const factoryAbi = parseAbi(["function getPool(address, address, uint24) view returns (address)"]);

/** Divisible by the tick spacing of every fee tier. */
const LAST_TICK = 886_800;

/** Opens a pool of `dollar` (a development token) and fills it. Returns its address. */
export async function openPool(
  { clients, protocols }: { clients: ChainClients; protocols: ProtocolAddresses },
  dollar: Address,
  { fee, ether, price }: PoolSpec,
): Promise<Address> {
  const { weth, uniswap } = protocols;
  const dollars = parseUnits((ether * price).toFixed(6), 6);
  await dealWeth(clients, weth, deployer, parseEther(String(ether)));
  await dealUsdc(clients, dollar, deployer, dollars);
  const amounts = { [weth]: parseEther(String(ether)), [dollar]: dollars };
  const { token0, token1 } = await fillPool(
    { clients, protocols },
    { fee, amounts, root: sqrtPriceX96({ weth, usdc: dollar }, price) },
  );
  const args = [token0, token1, fee] as const;
  return clients.public.readContract({ address: uniswap.factory, abi: factoryAbi, functionName: "getPool", args });
}

/**
 * Opens a pool of any two tokens and spreads what the protocols' deployer holds of them over all prices.
 * @param pool Units of each token by its address, and the square root of the price, Q96.
 */
export async function fillPool(
  { clients, protocols: { uniswap } }: { clients: ChainClients; protocols: ProtocolAddresses },
  { fee, amounts, root }: { fee: number; amounts: Readonly<Record<Address, bigint>>; root: bigint },
): Promise<{ readonly token0: Address; readonly token1: Address }> {
  const [token0, token1] = (Object.keys(amounts) as Address[]).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)) as [
    Address,
    Address,
  ];
  const [amount0Desired = 0n, amount1Desired = 0n] = [amounts[token0], amounts[token1]];
  for (const token of [token0, token1]) await approve(clients, token, deployer, uniswap.positionManager, maxUint256);
  const act = (data: Hex) => send(clients, { from: deployer, to: uniswap.positionManager, data });
  const create = [token0, token1, fee, root] as const;
  await act(encodeFunctionData({ abi: managerAbi, functionName: "createAndInitializePoolIfNecessary", args: create }));
  const mint = {
    ...{ token0, token1, fee, tickLower: -LAST_TICK, tickUpper: LAST_TICK, amount0Desired, amount1Desired },
    ...{ amount0Min: 0n, amount1Min: 0n, recipient: deployer, deadline: maxUint256 },
  };
  await act(encodeFunctionData({ abi: managerAbi, functionName: "mint", args: [mint] }));
  return { token0, token1 };
}
