import { expect } from "chai";
import { type Address, type Hex, encodeFunctionData, parseAbi, parseEther, parseUnits } from "viem";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { sortTokens } from "../../simulator/chain/prices.ts";
import { type RouteLeg, encodeRoute } from "../../sdk/route.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { fillPool, openPool } from "../helpers/pools.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const trader = devAccount(DEV_ROLES.traders[0]).address;
const deployer = devAccount(DEV_ROLES.protocols).address;
const ONE = parseEther("1");

describe("UniswapV3Venue", () => {
  const world = useFork(async (fork) => {
    const { clients, protocols, market } = fork;
    const { weth, usdc, uniswap } = protocols;
    await market.moveTo(3000, { forceRound: true });
    const sender = { public: clients.public, wallet: clients.wallet, account: deployer };
    const venueCode = compiled("contracts/venues/UniswapV3Venue");
    // A second dollar, in the middle of routes over two pools.
    const middle = await deployContract(sender, compiled("contracts/devnet/DevUSDC"), [deployer]);
    const pools = [
      { tokenA: weth, tokenB: usdc, fee: 500 },
      { tokenA: usdc, tokenB: weth, fee: 3000 },
      { tokenA: middle, tokenB: weth, fee: 500 },
      { tokenA: middle, tokenB: usdc, fee: 500 },
    ];
    const venue = await deployContract(sender, venueCode, [uniswap.router, weth, usdc, pools]);
    const dollars = parseUnits("3000000", 6);
    for (const dollar of [usdc, middle]) await dealUsdc(clients, dollar, deployer, dollars);
    await fillPool(fork, { fee: 500, amounts: { [usdc]: dollars, [middle]: dollars }, root: 1n << 96n });
    await openPool(fork, middle, { fee: 500, ether: 1000, price: 3000 });
    await dealUsdc(clients, usdc, trader, parseUnits("1000000", 6));
    await dealWeth(clients, weth, trader, parseEther("1000"));
    return { venue: { address: venue, abi: venueCode.abi }, middle };
  });

  const usdcOf = (who: Address = trader) => balanceOf(world().clients, world().protocols.usdc, who);
  const wethOf = (who: Address = trader) => balanceOf(world().clients, world().protocols.weth, who);

  /** Sends the input and calls, as the desk does. Returns what moved at the trader. */
  async function trade(side: "buy" | "sell", amount: bigint, dollars: string, legs: readonly RouteLeg[] | Hex) {
    const { clients, protocols, venue } = world();
    const [token, input] = side === "buy" ? [protocols.usdc, parseUnits(dollars, 6)] : [protocols.weth, amount];
    const snapshot = await clients.test.snapshot();
    const before = { usdc: await usdcOf(), weth: await wethOf() };
    const transfer = parseAbi(["function transfer(address to, uint256 amount)"]);
    const data = encodeFunctionData({ abi: transfer, functionName: "transfer", args: [venue.address, input] });
    await send(clients, { from: trader, to: token, data });
    const route = typeof legs === "string" ? legs : encodeRoute(legs);
    const args = [amount, parseUnits(dollars, 6), route];
    const call = { ...venue, functionName: side, args, account: trader } as const;
    try {
      await clients.public.simulateContract(call);
    } catch (error) {
      await clients.test.revert({ id: snapshot });
      throw error;
    }
    await clients.wallet.writeContract({ ...call, chain: null });
    for (const held of [await usdcOf(venue.address), await wethOf(venue.address)]) expect(held).to.equal(0n);
    return { usdc: (await usdcOf()) - before.usdc, weth: (await wethOf()) - before.weth };
  }

  const single = (fee: number): RouteLeg[] => [{ shareBps: 10_000n, hops: [fee] }];

  it("buys exactly and sells exactly through one pool, and gives back what is left", async () => {
    const bought = await trade("buy", ONE, "3030", single(500));
    expect(bought.weth).to.equal(ONE);
    expectClose(Number(bought.usdc) / 1e6, -3001.5, 0.1);
    const sold = await trade("sell", ONE, "2970", single(3000));
    expect(sold.weth).to.equal(-ONE);
    expectClose(Number(sold.usdc) / 1e6, 2991, 0.1);
  });

  it("goes over two pools, whole or not at all", async () => {
    const hops = [500, world().middle, 500];
    const over = [{ shareBps: 10_000n, hops }];
    const bought = await trade("buy", ONE, "3030", over);
    expect(bought.weth).to.equal(ONE);
    expectClose(Number(bought.usdc) / 1e6, -3009, 0.3); // two fees of 0.05 %, and 0.1 % for the size
    const sold = await trade("sell", ONE, "2970", over);
    expectClose(Number(sold.usdc) / 1e6, 3003, 0.3); // the purchase had moved the price up
    await expectRevert(trade("buy", ONE, "3004", over), "NothingFilled");
    await expectRevert(trade("sell", ONE, "2999", over), "NothingFilled");
  });

  it("splits an order over pools and hops; a leg that cannot fill leaves the others to", async () => {
    const legs = [
      { shareBps: 5_000n, hops: [500] },
      { shareBps: 3_000n, hops: [3000] },
      { shareBps: 2_000n, hops: [500, world().middle, 500] },
    ];
    expect((await trade("buy", 10n * ONE, "30300", legs)).weth).to.equal(10n * ONE);
    expect((await trade("sell", 10n * ONE, "29700", legs)).weth).to.equal(-10n * ONE);
    // 3,005 dollars an ether leave room for the pool at 0.05 %, not for 0.30 %, and not for two pools.
    expect((await trade("buy", 10n * ONE, "30050", legs)).weth).to.equal(5n * ONE);
    expect((await trade("sell", 10n * ONE, "29950", legs)).weth).to.equal(-5n * ONE);
  });

  it("T34: fills a thin pool in part, up to its limit and nowhere beyond", async () => {
    const { market } = world();
    const order = 500n * ONE; // moves the price by some 0.4 %
    const before = await market.prices();
    const bought = await trade("buy", order, "1503000", single(3000)).catch(() => undefined);
    expect(bought, "the limit of 3,006 is below the price with the fee").to.equal(undefined);
    const part = await trade("buy", order, "1507500", single(500)); // 3,015 dollars an ether
    expect(part.weth).to.satisfy((weth: bigint) => weth > 0n && weth <= order);
    const { pools } = await market.prices();
    expect(pools["500"] > before.pools["500"]).to.equal(true);
    expect(pools["500"] * 1.0005 <= 3015.0001).to.equal(true);
    await market.arbitrage(3000);
    const sold = await trade("sell", order, "1498000", single(500)); // 2,996 an ether
    expect(-sold.weth).to.satisfy((weth: bigint) => weth > 0n && weth < order);
    expect((await market.prices()).pools["500"] * 0.9995 >= 2995.999).to.equal(true);
  });

  it("T40, T53: goes only through pools that were named at deployment", async () => {
    const { middle, protocols, venue, clients } = world();
    await expectRevert(trade("buy", ONE, "3030", single(10_000)), "PoolNotAllowed");
    await expectRevert(trade("buy", ONE, "3030", [{ shareBps: 10_000n, hops: [3000, middle, 500] }]), "PoolNotAllowed");
    const isAllowed = (a: Address, b: Address, fee: number) =>
      clients.public.readContract({ ...venue, functionName: "isAllowed", args: [a, b, fee] });
    expect(await isAllowed(protocols.weth, protocols.usdc, 3000)).to.equal(true);
    expect(await isAllowed(protocols.weth, protocols.usdc, 100)).to.equal(false);
  });

  it("refuses shares that do not add up, too many legs, and hops that are none", async () => {
    const leg = (shareBps: bigint) => ({ shareBps, hops: [500] });
    await expectRevert(trade("buy", ONE, "3030", []), "InvalidShares");
    await expectRevert(trade("buy", ONE, "3030", [leg(9_999n)]), "InvalidShares");
    await expectRevert(trade("buy", ONE, "3030", [leg(6_000n), leg(6_000n)]), "InvalidShares");
    await expectRevert(
      trade(
        "buy",
        ONE,
        "3030",
        [1, 2, 3, 4, 5].map(() => leg(2_000n)),
      ),
      "InvalidShares",
    );
    for (const hops of [[], [500, 500]]) {
      await expectRevert(trade("buy", ONE, "3030", [{ shareBps: 10_000n, hops }]), "InvalidHops");
    }
    const { middle } = world();
    const four = [500, middle, 500, middle, 500, middle, 500];
    await expectRevert(trade("buy", ONE, "3030", [{ shareBps: 10_000n, hops: four }]), "InvalidHops");
  });

  it("knows the tokens' order", () => {
    const { weth, usdc } = world().protocols;
    expect(sortTokens({ weth, usdc })[0]).to.equal(usdc); // the other order is fuzzed in test/solidity/SqrtPrice.t.sol
  });
});
