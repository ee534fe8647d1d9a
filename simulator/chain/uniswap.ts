import { type Address, encodeFunctionData, erc20Abi, maxUint256, parseAbi, stringToHex } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { link } from "../../deployments/link.ts";
import { type Artifact, deploy, npmArtifact } from "./artifacts.ts";
import { type ChainClients, send } from "./clients.ts";
import { type Pair, positionAmounts, sortTokens, sqrtPriceX96, ticksOf } from "./prices.ts";

type Uniswap = ProtocolAddresses["uniswap"];

/** Value in dollars spread evenly (in Uniswap's sense) between two prices given as multiples of the current one. */
interface Layer {
  readonly dollars: number;
  readonly range: "wide" | readonly [number, number];
}

const WIDE_RANGE = [50, 20_000] as const;
const OBSERVATIONS = 200; // enough for a half-hour TWAP at one swap every nine seconds
const TICK_SPACING = { "500": 10, "3000": 60 } as const;

/** The shape of mainnet's pools: most of the depth close to the price, some of it for any weather. */
const LAYERS: Readonly<Record<keyof Uniswap["pools"], readonly Layer[]>> = {
  "500": [
    { dollars: 80_000_000, range: [0.9, 1.1] },
    { dollars: 40_000_000, range: [0.5, 2] },
    { dollars: 30_000_000, range: "wide" },
  ],
  "3000": [
    { dollars: 20_000_000, range: [0.85, 1.15] },
    { dollars: 15_000_000, range: "wide" },
  ],
};

const positionManagerAbi = parseAbi([
  "function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96) payable returns (address pool)",
  "struct MintParams { address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline; }",
  "function mint(MintParams params) payable returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)",
]);
const poolAbi = parseAbi(["function increaseObservationCardinalityNext(uint16 observationCardinalityNext)"]);
const factoryAbi = parseAbi(["function getPool(address, address, uint24) view returns (address)"]);

/** A compiled contract of Uniswap v3's periphery, by its path below `contracts/`. */
export function peripheryArtifact(path: string): Artifact {
  return npmArtifact(`@uniswap/v3-periphery/artifacts/contracts/${path}.json`);
}

/** A compiled contract of Uniswap v3's core. */
export function coreArtifact(name: string): Artifact {
  return npmArtifact(`@uniswap/v3-core/artifacts/contracts/${name}.sol/${name}.json`);
}

/** What the pools' liquidity at `price` takes: fund the deployer with it before {@link deployUniswap}. */
export function liquidityNeeded(price: number): { readonly weth: bigint; readonly usdc: bigint } {
  const amounts = Object.values(LAYERS)
    .flat()
    .map((layer) => positionAmounts(price, rangeOf(layer, price), layer.dollars));
  return {
    weth: amounts.reduce((sum, { weth }) => sum + weth, 0n),
    usdc: amounts.reduce((sum, { usdc }) => sum + usdc, 0n),
  };
}

/** Deploys Uniswap v3 from `deployer`, with WETH/USDC pools at `price` that the deployer provides the liquidity of. */
export async function deployUniswap(
  clients: ChainClients,
  deployer: Address,
  pair: Pair,
  price: number,
): Promise<Uniswap> {
  const factory = await deploy(clients, deployer, coreArtifact("UniswapV3Factory"));
  const positionManager = await deployPositionManager(clients, deployer, factory, pair.weth);
  const router = await deploy(clients, deployer, peripheryArtifact("SwapRouter.sol/SwapRouter"), [factory, pair.weth]);
  const quoter = await deploy(clients, deployer, peripheryArtifact("lens/QuoterV2.sol/QuoterV2"), [factory, pair.weth]);

  const approve = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [positionManager, maxUint256] });
  for (const token of sortTokens(pair)) await send(clients, { from: deployer, to: token, data: approve });

  const world = { clients, deployer, pair, price, factory, positionManager };
  const pools = { "500": await createPool(world, "500"), "3000": await createPool(world, "3000") };
  return { factory, positionManager, router, quoter, pools };
}

interface PoolWorld {
  readonly clients: ChainClients;
  readonly deployer: Address;
  readonly pair: Pair;
  readonly price: number;
  readonly factory: Address;
  readonly positionManager: Address;
}

async function deployPositionManager(
  clients: ChainClients,
  deployer: Address,
  factory: Address,
  weth: Address,
): Promise<Address> {
  const drawing = await deploy(clients, deployer, peripheryArtifact("libraries/NFTDescriptor.sol/NFTDescriptor"));
  const descriptor = await deploy(
    clients,
    deployer,
    link(peripheryArtifact("NonfungibleTokenPositionDescriptor.sol/NonfungibleTokenPositionDescriptor"), {
      NFTDescriptor: drawing,
    }),
    [weth, stringToHex("ETH", { size: 32 })],
  );
  return deploy(clients, deployer, peripheryArtifact("NonfungiblePositionManager.sol/NonfungiblePositionManager"), [
    factory,
    weth,
    descriptor,
  ]);
}

async function createPool(world: PoolWorld, fee: keyof Uniswap["pools"]): Promise<Address> {
  const { clients, deployer, pair, price, factory, positionManager } = world;
  const [token0, token1] = sortTokens(pair);
  const create = encodeFunctionData({
    abi: positionManagerAbi,
    functionName: "createAndInitializePoolIfNecessary",
    args: [token0, token1, Number(fee), sqrtPriceX96(pair, price)],
  });
  await send(clients, { from: deployer, to: positionManager, data: create });
  const pool = await clients.public.readContract({
    address: factory,
    abi: factoryAbi,
    functionName: "getPool",
    args: [token0, token1, Number(fee)],
  });
  const remember = encodeFunctionData({
    abi: poolAbi,
    functionName: "increaseObservationCardinalityNext",
    args: [OBSERVATIONS],
  });
  await send(clients, { from: deployer, to: pool, data: remember });
  for (const layer of LAYERS[fee]) await mintLayer(world, fee, layer);
  return pool;
}

async function mintLayer(world: PoolWorld, fee: keyof Uniswap["pools"], layer: Layer): Promise<void> {
  const { clients, deployer, pair, price, positionManager } = world;
  const [token0, token1] = sortTokens(pair);
  const range = rangeOf(layer, price);
  const [tickLower, tickUpper] = ticksOf(pair, range, TICK_SPACING[fee]);
  const amounts = positionAmounts(price, range, layer.dollars);
  const [amount0Desired, amount1Desired] =
    token0 === pair.usdc ? [amounts.usdc, amounts.weth] : [amounts.weth, amounts.usdc];
  const mint = encodeFunctionData({
    abi: positionManagerAbi,
    functionName: "mint",
    args: [
      {
        token0,
        token1,
        fee: Number(fee),
        tickLower,
        tickUpper,
        amount0Desired,
        amount1Desired,
        amount0Min: 0n,
        amount1Min: 0n,
        recipient: deployer,
        deadline: maxUint256,
      },
    ],
  });
  await send(clients, { from: deployer, to: positionManager, data: mint });
}

function rangeOf(layer: Layer, price: number): readonly [number, number] {
  if (layer.range === "wide") return [Math.min(WIDE_RANGE[0], price / 4), Math.max(WIDE_RANGE[1], price * 4)];
  return [price * layer.range[0], price * layer.range[1]];
}
