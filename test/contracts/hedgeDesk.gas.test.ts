import { expect } from "chai";
import { type Address, parseEther, parseUnits } from "viem";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { needsDeployedCode } from "../helpers/coverage.ts";
import { deskOf } from "../helpers/desk.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice, bob] = TRADERS as [Address, Address];
/**
 * What keepers are given back of what traders add, and budgets in a library of their own, are some 13,000 of it, the oracle that can be replaced and
 * its average another 8,000; that the desk is compiled for size, 8,000.
 */
const BUY_LIMIT = 290_000n;
const SHORT_LIMIT = 700_000n;
/** The first hedge of a desk, over four legs. */
const LONGEST_LIMIT = 525_000n;

/** A position in each of the twenty series: five strikes, two types, two expiries. */
describe("HedgeDesk's gas with twenty open series and a fresh mark", () => {
  before(function () {
    needsDeployedCode(this);
  });

  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    const strikes = [2400, 2700, 3000, 3300, 3600];
    const legs = built.expiries.flatMap((expiry) =>
      strikes.flatMap((strike) => [
        { id: built.call(strike, expiry), quantity: parseEther("3") },
        { id: built.put(strike, expiry), quantity: parseEther("3") },
      ]),
    );
    for (let i = 0; i < legs.length; i += 5) await built.keel.trade(alice, legs.slice(i, i + 5));
    const [, quantities] = await fork.clients.public.readContract({ ...built.keel.vault, functionName: "book" });
    expect(quantities.filter((quantity) => quantity !== 0n).length).to.equal(20);
    return built;
  });
  const desk = deskOf(world);

  it("buys through a real Uniswap v3 pool within 290k, all-in", async () => {
    const { keel, call } = world();
    await keel.trade(alice, [{ id: call(3000), quantity: parseEther("30") }]);
    const first = await desk.rebalance(parseEther("2"));
    const next = await desk.rebalance(parseEther("1"));
    console.log(`      first hedge ${first.gasUsed}, later ones ${next.gasUsed}`);
    expect(next.gasUsed <= BUY_LIMIT).to.equal(true);
    expect(first.gasUsed <= BUY_LIMIT + 110_000n).to.equal(true);
  });

  it("goes short through Aave v3 and Uniswap v3 within 700k, all-in, once its accounts exist", async () => {
    const { keel, put } = world();
    const trade = (contracts: string) => keel.trade(alice, [{ id: put(3300), quantity: parseEther(contracts) }]);
    await trade("60");
    const first = await desk.rebalance(-parseEther("5"));
    const next = await desk.rebalance(-parseEther("2"));
    await trade("-63");
    const cover = await desk.rebalance(parseEther("1"));
    const { debt } = await desk.holdings();
    await desk.rebalance(debt + parseEther("0.1"));
    expect((await desk.holdings()).debt).to.equal(0n);
    await trade("60");
    const again = await desk.rebalance(-parseEther("5"));
    console.log(
      `      first short ever ${first.gasUsed}, larger ${next.gasUsed}, smaller ${cover.gasUsed}, a new one ${again.gasUsed}`,
    );
    expect(next.gasUsed <= SHORT_LIMIT).to.equal(true);
    expect(again.gasUsed <= SHORT_LIMIT).to.equal(true);
    expect(first.gasUsed <= SHORT_LIMIT + 155_000n, "six slots of the desk's and the lender's are new").to.equal(true);
  });

  it("T43: nothing that others leave behind makes a hedge dearer", async () => {
    const { keel, call, clients, protocols, market } = world();
    await keel.trade(alice, [{ id: call(2700), quantity: parseEther("150") }]);
    await desk.rebalance(parseEther("2"));
    const snapshot = await clients.test.snapshot();
    const poke = () => keel.write(bob, { ...keel.desk, functionName: "poke" });
    const wait = async () => {
      await clients.test.increaseTime({ seconds: 1800 });
      await market.report(3000);
      await keel.write(bob, { ...keel.vault, functionName: "mark" });
    };
    await poke();
    await wait();
    const undisturbed = await desk.rebalance(parseEther("1"));
    await clients.test.revert({ id: snapshot });

    for (let i = 0; i < 10; ++i) await poke();
    await wait();
    for (let i = 0; i < 10; ++i) {
      await desk.rebalance(parseEther("0.0001"), { open: true, from: bob });
      await keel.write(bob, { ...keel.desk, functionName: "syncLoan" });
    }
    for (const to of [keel.desk.address, keel.contracts.uniswapV3Venue, keel.contracts.aaveV3Lender]) {
      await dealWeth(clients, protocols.weth, to, parseEther("1"));
      await dealUsdc(clients, protocols.usdc, to, parseUnits("1000", 6));
    }
    const disturbed = await desk.rebalance(parseEther("1"));
    console.log(`      undisturbed ${undisturbed.gasUsed}, disturbed ${disturbed.gasUsed}`);
    expect(disturbed.gasUsed <= undisturbed.gasUsed + undisturbed.gasUsed / 100n).to.equal(true);
  });

  it("T43: a route is four legs at most, so that no order costs more than so many swaps", async () => {
    const { keel, call } = world();
    await keel.trade(alice, [{ id: call(3000), quantity: parseEther("30") }]);
    const legs = (count: number) =>
      encodeRoute(Array.from({ length: count }, () => ({ shareBps: BigInt(10_000 / count), hops: [500] })));
    await expectRevert(desk.rebalance(parseEther("1"), { route: legs(5) }), "InvalidShares");
    const longest = await desk.rebalance(parseEther("2"), { route: legs(4) });
    console.log(`      four legs ${longest.gasUsed}`);
    expect(longest.gasUsed <= LONGEST_LIMIT).to.equal(true);
  });
});
