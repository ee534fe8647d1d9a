import { expect } from "chai";
import { type Address, encodeFunctionData, maxUint256, parseAbi, parseEther } from "viem";
import { send } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { sqrtPriceX96 } from "../../simulator/chain/prices.ts";
import { deskEvents, deskOf } from "../helpers/desk.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide, sell } from "../helpers/marketSide.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";

const [alice, pusher] = TRADERS as [Address, Address];
const FEED = 3000;
/** 0.47 % above the feed, which reports at 0.5 %. */
const MARKET = 3014;
const TWAP_WINDOW = 120;

const routerAbi = parseAbi([
  "struct P { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }",
  "function exactInputSingle(P params) payable returns (uint256 amountOut)",
]);

/** A keeper's key sells ether to itself while the feed is behind the market, and strangers try to use its budget up. */
describe("Losses of hedges, as they are counted", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    // Long: what hedged a trader's calls is still there when they are sold back.
    for (let i = 0; i < 2; ++i) {
      await built.keel.trade(alice, [buy(built.call(2400), 100)]);
      const { neutral } = deskOf(() => ({ ...fork, ...built }));
      await neutral();
      await fork.market.arbitrage(FEED);
      await fork.clients.test.increaseTime({ seconds: 600 });
      await fork.market.report(FEED);
    }
    await built.keel.trade(alice, [sell(built.call(2400), 200)]);
    await fork.clients.test.increaseTime({ seconds: 600 });
    await fork.market.moveTo(FEED, { forceRound: true });
    for (const token of [fork.protocols.usdc, fork.protocols.weth])
      await approve(fork.clients, token, pusher, fork.protocols.uniswap.router, maxUint256);
    await dealUsdc(fork.clients, fork.protocols.usdc, pusher, 10n ** 15n);
    await dealWeth(fork.clients, fork.protocols.weth, pusher, parseEther("300000"));
    return built;
  });
  const side = marketSide(world);
  const desk = deskOf(world);

  /** Dollars of loss that keepers have used up. */
  async function used(): Promise<number> {
    const [{ loss }, nav] = await Promise.all([desk.budgetLeft(0), desk.nav()]);
    return (-Number(loss) / 1e18) * (Number(nav) / 1e18);
  }

  /** What the desk has, at a price, in dollars. */
  async function worth(price: number): Promise<number> {
    const [[base], cash] = await Promise.all([desk.position(), desk.cash()]);
    return Number(cash) / 1e6 + (Number(base) / 1e18) * price;
  }

  /** Swaps in the pool that the oracle reads, and in no other, to a price. */
  async function push(price: number): Promise<void> {
    const { clients, protocols, market } = world();
    const up = price > (await market.prices()).pools["500"];
    const { weth, usdc, uniswap } = protocols;
    const params = {
      tokenIn: up ? usdc : weth,
      tokenOut: up ? weth : usdc,
      fee: 500,
      recipient: pusher,
      deadline: maxUint256,
      amountIn: up ? 10n ** 14n : parseEther("100000"),
      amountOutMinimum: 0n,
      sqrtPriceLimitX96: sqrtPriceX96(protocols, price),
    };
    const data = encodeFunctionData({ abi: routerAbi, functionName: "exactInputSingle", args: [params] });
    await send(clients, { from: pusher, to: uniswap.router, data });
  }

  const wealth = async (price: number) => {
    const { clients, protocols } = world();
    const [usdc, weth] = await Promise.all([
      balanceOf(clients, protocols.usdc, pusher),
      balanceOf(clients, protocols.weth, pusher),
    ]);
    return Number(usdc) / 1e6 + (Number(weth) / 1e18) * price;
  };

  it("T63: what is sold at the price of a feed that lags is charged at what the market pays", async () => {
    const { market } = world();
    await market.arbitrage(MARKET);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(FEED);
    const before = { used: await used(), worth: await worth(MARKET) };
    let atTheFeed = 0;
    for (let i = 0; i < 2; ++i) {
      await push(3003.9); // the desk's fill then equals the feed
      const receipt = await desk.rebalance(-parseEther("90"));
      atTheFeed += Number(deskEvents(receipt, "Accounted")[0]?.args.slippage ?? 0n) / 1e18;
      await market.arbitrage(MARKET);
    }
    const lost = before.worth - (await worth(MARKET));
    const counted = (await used()) - before.used;
    console.log(
      `      lost ${lost.toFixed(0)}, counted ${counted.toFixed(0)}, against the feed ${atTheFeed.toFixed(0)}`,
    );
    expect(lost, "a real loss").to.be.above(1500);
    expect(atTheFeed, "that the feed does not show").to.be.below(lost / 3);
    expect(counted).to.be.above(0.9 * lost);
    expect(counted).to.be.below(1.1 * lost);
  });

  it("T63: purchases, too: below the feed by as much, a buyer pays the feed's price", async () => {
    const { market, keel, call } = world();
    await keel.trade(alice, [buy(call(2400), 300)]); // short now
    await market.arbitrage(2986);
    await side.wait(2 * TWAP_WINDOW);
    await market.report(FEED);
    const before = { used: await used(), worth: await worth(2986) };
    await push(2996);
    await desk.rebalance(parseEther("60"));
    await market.arbitrage(2986);
    const lost = before.worth - (await worth(2986));
    const counted = (await used()) - before.used;
    expect(lost).to.be.above(500);
    expect(counted).to.be.within(0.9 * lost, 1.1 * lost);
  });

  it("T63: a price of the moment is not charged", async () => {
    const { market } = world();
    const before = await used();
    await push(3030); // just before the keeper's order
    await desk.rebalance(-parseEther("50"));
    expect((await used()) - before, "sold dear").to.be.below(20);
    await market.arbitrage(FEED);
  });

  it("T63: a keeper's budget costs more to use up, by pushing the average, than it is worth", async function () {
    this.timeout(600_000);
    const { clients, market } = world();
    const order = parseEther("110"); // a third of a million dollars
    const charge = async (share: number) => {
      const snapshot = await clients.test.snapshot();
      const [had, rich] = [await used(), await wealth(FEED)];
      if (share > 0) await push(FEED * (1 + share));
      await side.wait(TWAP_WINDOW + 10);
      await market.report(FEED);
      if (share > 0) await push(FEED);
      await desk.rebalance(-order);
      const result = { charged: (await used()) - had, cost: rich - (await wealth(FEED)) };
      await clients.test.revert({ id: snapshot });
      return result;
    };
    const honest = await charge(0);
    for (const share of [0.001, 0.003, 0.01, 0.05]) {
      const { charged, cost } = await charge(share);
      const burnt = charged - honest.charged;
      console.log(`      pushed by ${share * 100} %: burns ${burnt.toFixed(0)}, costs ${cost.toFixed(0)}`);
      expect(burnt, "the average counts").to.be.above(100);
      expect(burnt, "no more than the average may be away").to.be.below(0.00505 * 110 * FEED);
      expect(cost).to.be.above(burnt);
    }
  });
});
