import { expect } from "chai";
import { type Address, encodeFunctionData, maxUint256, parseAbi, parseEther, parseUnits } from "viem";
import { send } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { priceAtTick } from "../../simulator/chain/prices.ts";
import { type Fork, describeOnForks, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";

const quoterAbi = parseAbi([
  "struct QuoteParams { address tokenIn; address tokenOut; uint256 amountIn; uint24 fee; uint160 sqrtPriceLimitX96; }",
  "function quoteExactInputSingle(QuoteParams params) returns (uint256 amountOut, uint160 sqrtPriceX96After, uint32 ticksCrossed, uint256 gasEstimate)",
]);
const routerAbi = parseAbi([
  "struct ExactInputSingleParams { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }",
  "function exactInputSingle(ExactInputSingleParams params) payable returns (uint256 amountOut)",
]);
const poolAbi = parseAbi(["function observe(uint32[] secondsAgos) view returns (int56[] tickCumulatives, uint160[])"]);

/** Nobody in particular: no role of the devnet, no balance on mainnet. */
const TRADER: Address = "0x00000000000000000000000000000000c0ffee01";
const FEES = ["500", "3000"] as const;

describeOnForks("Uniswap v3", (origin) => {
  const world = useFork(undefined, origin);

  for (const fee of FEES) {
    it(`sells ether in the pool with fee ${fee} for what QuoterV2 said, and the pool's balances move`, async () => {
      const { clients, protocols } = world();
      const { weth, usdc } = protocols;
      const pool = protocols.uniswap.pools[fee];
      const sold = parseEther("10");
      await dealWeth(clients, weth, TRADER, sold);
      const before = { weth: await balanceOf(clients, weth, pool), usdc: await balanceOf(clients, usdc, pool) };
      const quoted = await quote(world(), fee, weth, usdc, sold);
      await swap(world(), fee, weth, usdc, sold);
      expect(await balanceOf(clients, usdc, TRADER)).to.equal(quoted);
      expect(await balanceOf(clients, weth, TRADER)).to.equal(0n);
      expect(await balanceOf(clients, weth, pool)).to.equal(before.weth + sold);
      expect(await balanceOf(clients, usdc, pool)).to.equal(before.usdc - quoted);
    });

    it(`trades near the market price in the pool with fee ${fee}: the fee, and a little for the size`, async () => {
      const { protocols, market } = world();
      const { pools } = await market.prices();
      const dollars = parseUnits("100000", 6);
      const ether = await quote(world(), fee, protocols.usdc, protocols.weth, dollars);
      const price = 100_000 / (Number(ether) / 1e18);
      const cost = price / pools[fee] - 1;
      expect(cost).to.be.within(Number(fee) / 1e6, Number(fee) / 1e6 + 0.004);
    });
  }

  it("buys ether through the router with dollars", async () => {
    const { clients, protocols, market } = world();
    const { weth, usdc } = protocols;
    const price = (await market.prices()).pools["500"];
    await dealUsdc(clients, usdc, TRADER, parseUnits("30000", 6));
    await swap(world(), "500", usdc, weth, parseUnits("30000", 6));
    expect(await balanceOf(clients, usdc, TRADER)).to.equal(0n);
    const bought = Number(await balanceOf(clients, weth, TRADER)) / 1e18;
    expectClose(bought, 30_000 / price, (0.002 * 30_000) / price);
  });

  it("has a half-hour TWAP at the price that was traded", async () => {
    const { clients, protocols, market } = world();
    const { pools } = await market.prices();
    const [ticks] = await clients.public.readContract({
      address: protocols.uniswap.pools["500"],
      abi: poolAbi,
      functionName: "observe",
      args: [[1800, 0]],
    });
    const meanTick = Number((ticks[1] ?? 0n) - (ticks[0] ?? 0n)) / 1800;
    // On mainnet the price has moved within the half hour; here it has not.
    const tolerance = origin === "mainnet" ? 0.1 : 0.0002;
    expectClose(priceAtTick(protocols, meanTick) / pools["500"], 1, tolerance);
  });

  it("moves its TWAP by as much of a jump as has lasted", async () => {
    const { clients, protocols, market } = world();
    await clients.test.increaseTime({ seconds: 3600 }); // so that the window is flat before the jump
    const { pools } = await market.prices();
    await market.moveTo(pools["500"] * 1.2);
    await clients.test.increaseTime({ seconds: 900 });
    await clients.test.mine({ blocks: 1 });
    const [ticks] = await clients.public.readContract({
      address: protocols.uniswap.pools["500"],
      abi: poolAbi,
      functionName: "observe",
      args: [[1800, 0]],
    });
    const meanTick = Number((ticks[1] ?? 0n) - (ticks[0] ?? 0n)) / 1800;
    // A mean of ticks is a geometric mean of prices; half of the window is at the new price.
    expectClose(priceAtTick(protocols, meanTick) / pools["500"], Math.sqrt(1.2), 0.002);
  });
});

async function quote(
  { clients, protocols }: Fork,
  fee: (typeof FEES)[number],
  tokenIn: Address,
  tokenOut: Address,
  amountIn: bigint,
): Promise<bigint> {
  const { result } = await clients.public.simulateContract({
    address: protocols.uniswap.quoter,
    abi: quoterAbi,
    functionName: "quoteExactInputSingle",
    args: [{ tokenIn, tokenOut, amountIn, fee: Number(fee), sqrtPriceLimitX96: 0n }],
  });
  return result[0];
}

async function swap(
  { clients, protocols }: Fork,
  fee: (typeof FEES)[number],
  tokenIn: Address,
  tokenOut: Address,
  amountIn: bigint,
): Promise<void> {
  const { router } = protocols.uniswap;
  await clients.test.impersonateAccount({ address: TRADER });
  await clients.test.setBalance({ address: TRADER, value: parseEther("1") });
  await approve(clients, tokenIn, TRADER, router, amountIn);
  const params = {
    tokenIn,
    tokenOut,
    fee: Number(fee),
    recipient: TRADER,
    deadline: maxUint256,
    amountIn,
    amountOutMinimum: 0n,
    sqrtPriceLimitX96: 0n,
  };
  const data = encodeFunctionData({ abi: routerAbi, functionName: "exactInputSingle", args: [params] });
  await send(clients, { from: TRADER, to: router, data });
}
