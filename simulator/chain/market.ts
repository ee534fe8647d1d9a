import { type Address, encodeFunctionData, erc20Abi, maxUint256, parseAbi, parseEther, parseUnits } from "viem";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { UserError } from "../../sdk/userError.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import { type Call, type ChainClients, send, sendInOneBlock } from "./clients.ts";
import { dealUsdc, dealWeth } from "./deal.ts";
import { currentAggregator, latestRound, roundCall, roundDue, transmit } from "./feed.ts";
import { priceOf, sqrtPriceX96 } from "./prices.ts";

/** Dollars per ether, wherever it is quoted. */
export interface MarketPrices {
  readonly oracle: number;
  /** When the oracle's newest round was written, in seconds. */
  readonly oracleUpdatedAt: number;
  readonly pools: Readonly<Record<PoolFee, number>>;
}

/** How {@link Market.moveTo} moves. */
export interface MoveOptions {
  /** Write an oracle round even when neither deviation nor heartbeat calls for it. */
  readonly forceRound?: boolean;
  /** Skip to this time (seconds, later than the newest block) before moving. */
  readonly at?: number;
}

/** What a move did. */
export interface Move {
  readonly before: MarketPrices;
  readonly after: MarketPrices;
  /** Why the oracle wrote a round, or undefined when it did not. */
  readonly round: "deviation" | "heartbeat" | "forced" | undefined;
}

/** The outside market of a development chain. */
export interface Market {
  /** Every price there is, now. */
  prices(): Promise<MarketPrices>;
  /**
   * Trades both pools to `price` and lets the oracle report as mainnet's would, on deviation or heartbeat; all of it in
   * one block, so that nobody sees half of a move.
   */
  moveTo(price: number, options?: MoveOptions): Promise<Move>;
  /** Trades both pools to `price` and leaves the oracle behind. */
  arbitrage(price: number): Promise<void>;
  /** Writes an oracle round and leaves the pools behind. */
  report(price: number): Promise<void>;
  /** Repeats the oracle's price if its heartbeat has passed. */
  heartbeat(): Promise<void>;
}

type PoolFee = keyof ProtocolAddresses["uniswap"]["pools"];

/** The far ends of any pool's price range leave no room for an order of magnitude more than this. */
const PRICE_LIMITS = [1, 1_000_000] as const;
const POOL_FEES: readonly PoolFee[] = ["500", "3000"];
/** More than any pool takes for a move within its range; topped up when half of it is gone. */
const WAR_CHEST = { weth: parseEther("1000000"), usdc: parseUnits("10000000000", 6) } as const;

const poolAbi = parseAbi([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool)",
]);
const routerAbi = parseAbi([
  "struct ExactInputSingleParams { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }",
  "function exactInputSingle(ExactInputSingleParams params) payable returns (uint256 amountOut)",
]);

/** The market mover of a chain where the oracle's aggregator is ours: a local chain, its forks, or an adopted fork of mainnet. */
export function createMarket(clients: ChainClients, protocols: ProtocolAddresses): Market {
  const prices = (): Promise<MarketPrices> => readPrices(clients, protocols);
  const arbitrage = async (price: number): Promise<void> => {
    assertPrice(price);
    for (const call of await arbitrageCalls(clients, protocols, price)) await send(clients, call);
    await requireAtPrice(clients, protocols, price);
  };
  const report = async (price: number): Promise<void> => {
    assertPrice(price);
    await transmit(clients, await currentAggregator(clients, protocols.feed), price);
  };
  const moveTo = async (price: number, { forceRound = false, at }: MoveOptions = {}): Promise<Move> => {
    assertPrice(price);
    const before = await prices();
    const calls = await arbitrageCalls(clients, protocols, price);
    const due = roundDue(await latestRound(clients, protocols.feed), price, at ?? (await nextBlockTime(clients)));
    const round = due ?? (forceRound ? "forced" : undefined);
    if (round) calls.push(await roundCall(clients, await currentAggregator(clients, protocols.feed), price));
    await sendInOneBlock(clients, calls, at);
    await requireAtPrice(clients, protocols, price);
    return { before, after: await prices(), round };
  };
  const heartbeat = async (): Promise<void> => {
    const last = await latestRound(clients, protocols.feed);
    if (roundDue(last, last.price, await nextBlockTime(clients))) await report(last.price);
  };
  return { prices, moveTo, arbitrage, report, heartbeat };
}

async function readPrices(clients: ChainClients, protocols: ProtocolAddresses): Promise<MarketPrices> {
  const [round, low, high] = await Promise.all([
    latestRound(clients, protocols.feed),
    sqrtPriceOf(clients, protocols.uniswap.pools["500"]),
    sqrtPriceOf(clients, protocols.uniswap.pools["3000"]),
  ]);
  return {
    oracle: round.price,
    oracleUpdatedAt: round.updatedAt,
    pools: { "500": priceOf(protocols, low), "3000": priceOf(protocols, high) },
  };
}

/** The swaps that take the pools to `price`; none for a pool that is there. */
async function arbitrageCalls(clients: ChainClients, protocols: ProtocolAddresses, price: number): Promise<Call[]> {
  const calls: Call[] = [];
  for (const fee of POOL_FEES) {
    const call = await arbitrageCall(clients, protocols, fee, price);
    if (call) calls.push(call);
  }
  return calls;
}

/** One swap with a price limit: the router takes only as much as it needs to reach the limit. */
async function arbitrageCall(
  clients: ChainClients,
  protocols: ProtocolAddresses,
  fee: PoolFee,
  price: number,
): Promise<Call | undefined> {
  const { weth, usdc } = protocols;
  const target = sqrtPriceX96(protocols, price);
  const current = await sqrtPriceOf(clients, protocols.uniswap.pools[fee]);
  if (current === target) return undefined;
  const buyEther = priceOf(protocols, current) < price;
  const [tokenIn, tokenOut] = buyEther ? [usdc, weth] : [weth, usdc];
  const arbitrageur = devAccount(DEV_ROLES.arbitrageur).address;
  const amountIn = await prepareToSell(clients, protocols, arbitrageur, tokenIn);
  const swap = encodeFunctionData({
    abi: routerAbi,
    functionName: "exactInputSingle",
    args: [
      {
        tokenIn,
        tokenOut,
        fee: Number(fee),
        recipient: arbitrageur,
        deadline: maxUint256,
        amountIn,
        amountOutMinimum: 0n, // the price limit is the bound
        sqrtPriceLimitX96: target,
      },
    ],
  });
  return { from: arbitrageur, to: protocols.uniswap.router, data: swap };
}

async function requireAtPrice(clients: ChainClients, protocols: ProtocolAddresses, price: number): Promise<void> {
  const target = sqrtPriceX96(protocols, price);
  const roots = await Promise.all(POOL_FEES.map((fee) => sqrtPriceOf(clients, protocols.uniswap.pools[fee])));
  if (roots.every((root) => root === target)) return;
  throw new Error(`The arbitrageur ran out of money on the way to $${price}.`);
}

/** Fills the arbitrageur's purse and opens it to the router, where needed. Returns what there is to sell. */
async function prepareToSell(
  clients: ChainClients,
  { weth, usdc, uniswap }: ProtocolAddresses,
  arbitrageur: Address,
  token: Address,
): Promise<bigint> {
  const read = { address: token, abi: erc20Abi } as const;
  const [balance, allowance] = await Promise.all([
    clients.public.readContract({ ...read, functionName: "balanceOf", args: [arbitrageur] }),
    clients.public.readContract({ ...read, functionName: "allowance", args: [arbitrageur, uniswap.router] }),
  ]);
  const full = token === weth ? WAR_CHEST.weth : WAR_CHEST.usdc;
  if (allowance < full) {
    const approve = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [uniswap.router, maxUint256] });
    await send(clients, { from: arbitrageur, to: token, data: approve });
  }
  if (balance >= full / 2n) return balance;
  if (token === weth) await dealWeth(clients, weth, arbitrageur, full);
  else await dealUsdc(clients, usdc, arbitrageur, full);
  return balance + full;
}

async function sqrtPriceOf(clients: ChainClients, pool: Address): Promise<bigint> {
  const [sqrtPrice] = await clients.public.readContract({ address: pool, abi: poolAbi, functionName: "slot0" });
  return sqrtPrice;
}

async function nextBlockTime(clients: ChainClients): Promise<number> {
  const { timestamp } = await clients.public.getBlock({ blockTag: "pending" });
  return Number(timestamp);
}

function assertPrice(price: number): void {
  if (price >= PRICE_LIMITS[0] && price <= PRICE_LIMITS[1]) return;
  throw new UserError(
    `The price must be between ${PRICE_LIMITS[0]} and ${PRICE_LIMITS[1]} dollars per ether, not ${price}.`,
  );
}
