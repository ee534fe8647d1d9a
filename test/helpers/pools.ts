import { type Address, type Hex, encodeFunctionData, maxUint256, parseAbi, parseEther, parseUnits } from "viem";
import type { ProtocolAddresses } from "../../keeper/chain/deployment.ts";
import { DEV_ROLES, devAccount } from "../../scripts/devnet/accounts.ts";
import { type ChainClients, send } from "../../scripts/devnet/clients.ts";
import { dealUsdc, dealWeth } from "../../scripts/devnet/deal.ts";
import { sqrtPriceX96 } from "../../scripts/devnet/prices.ts";
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
  for (const token of [weth, dollar]) await approve(clients, token, deployer, uniswap.positionManager, maxUint256);
  const etherFirst = BigInt(weth) < BigInt(dollar);
  const [token0, token1] = etherFirst ? [weth, dollar] : [dollar, weth];
  const amounts = [parseEther(String(ether)), dollars] as const;
  const [amount0Desired, amount1Desired] = etherFirst ? amounts : [amounts[1], amounts[0]];
  const act = (data: Hex) => send(clients, { from: deployer, to: uniswap.positionManager, data });
  const create = [token0, token1, fee, sqrtPriceX96({ weth, usdc: dollar }, price)] as const;
  await act(encodeFunctionData({ abi: managerAbi, functionName: "createAndInitializePoolIfNecessary", args: create }));
  const mint = {
    ...{ token0, token1, fee, tickLower: -LAST_TICK, tickUpper: LAST_TICK, amount0Desired, amount1Desired },
    ...{ amount0Min: 0n, amount1Min: 0n, recipient: deployer, deadline: maxUint256 },
  };
  await act(encodeFunctionData({ abi: managerAbi, functionName: "mint", args: [mint] }));
  const args = [token0, token1, fee] as const;
  return clients.public.readContract({ address: uniswap.factory, abi: factoryAbi, functionName: "getPool", args });
}
