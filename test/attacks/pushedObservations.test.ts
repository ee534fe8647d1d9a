import { expect } from "chai";
import { type Address, parseEther, parseUnits } from "viem";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { marketSide } from "../helpers/marketSide.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice] = TRADERS as [Address];
const FEED = 3000;
/** The market: less away from the feed than makes it report. */
const MARKET = 3014;

/** Calls are bought at the price of a feed that is behind, after the pool was pushed back to it for some blocks. */
describe("A pool pushed over several blocks", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await dealUsdc(fork.clients, fork.protocols.usdc, alice, parseUnits("20000000", 6));
    return built;
  });
  const side = marketSide(world);
  const pusher = devAccount(DEV_ROLES.arbitrageur).address;

  const wealth = async () => {
    const { clients, protocols } = world();
    let sum = 0;
    for (const who of [pusher, alice]) {
      sum += Number(await balanceOf(clients, protocols.usdc, who)) / 1e6;
      sum += (Number(await balanceOf(clients, protocols.weth, who)) / 1e18) * MARKET;
    }
    return sum;
  };

  for (const blocks of [0, 1, 2, 3]) {
    const when = blocks === 0 ? "not at all" : `for ${blocks} block${blocks === 1 ? "" : "s"}`;
    it(`T66: pushed ${when}: calls cost what the market says, and their author loses`, async () => {
      const { keel, market, call } = world();
      await market.moveTo(FEED, { forceRound: true });
      await market.moveTo(MARKET); // fills the purses
      await market.moveTo(FEED, { forceRound: true });
      await side.wait(300);
      await market.arbitrage(MARKET);
      await side.wait(4);
      const before = await wealth();
      for (let i = 0; i < blocks; ++i) await market.arbitrage(FEED + 0.5 * i);
      const { quote } = await keel.trade(alice, [{ id: call(2400), quantity: parseEther("400") }]);
      await market.arbitrage(MARKET);
      await side.wait(300);
      await market.moveTo(MARKET, { forceRound: true });
      await side.wait(300);
      await market.report(MARKET);
      await keel.trade(alice, [{ id: call(2400), quantity: -parseEther("400") }]);
      const profit = (await wealth()) - before;
      console.log(`      priced at ${(Number(quote.spot) / 1e18).toFixed(2)}, profit ${profit.toFixed(0)}`);
      expect(Number(quote.spot) / 1e18).to.be.above(MARKET - 1);
      expect(profit).to.be.below(0);
    });
  }
});
