import { expect } from "chai";
import { type Address, parseEther, parseEventLogs, parseUnits } from "viem";
import { ROUTE_500 } from "../helpers/desk.ts";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { KEEPER, LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { describeOnForks, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice] = TRADERS as [Address];
const [lp] = LPS as [Address];

describeOnForks("The life of an option, through the deployed contracts and the real pool", (origin) => {
  const world = useFork(keelWorld, origin);

  const usdcOf = (account: Address) => balanceOf(world().clients, world().protocols.usdc, account);
  const wethOf = (account: Address) => balanceOf(world().clients, world().protocols.weth, account);

  async function netDelta(): Promise<bigint> {
    const { keel, clients } = world();
    return clients.public.readContract({ ...keel.desk, functionName: "netDelta" });
  }

  /** Buys or sells the underlying through the 0.05 % pool, as the keeper. */
  async function rebalance(amount: bigint) {
    const { keel, clients } = world();
    const { timestamp } = await clients.public.getBlock();
    const order = {
      amount,
      cashLimit: amount > 0n ? 2n ** 128n : 0n,
      venue: keel.contracts.uniswapV3Venue,
      route: ROUTE_500,
      deadline: timestamp + 60n,
    };
    const receipt = await keel.write(KEEPER, { ...keel.desk, functionName: "rebalance", args: [order] });
    const [event] = parseEventLogs({ abi: hedgeDeskAbi, logs: receipt.logs, eventName: "Rebalanced" });
    return event!.args;
  }

  /** Goes to an hour past `expiry` with the market at `price`, and settles. */
  async function settleAt(expiry: bigint, price: number): Promise<void> {
    const { market, keel } = world();
    await market.moveTo(price, { at: Number(expiry) + 30, forceRound: true });
    await keel.settle(expiry);
  }

  it("a trade moves USDC from the trader to the vault and options to the trader, as quoted", async () => {
    const { keel, call, clients } = world();
    const before = { trader: await usdcOf(alice), vault: await usdcOf(keel.vault.address) };
    const quantity = parseEther("10");

    const { quote } = await keel.trade(alice, [{ id: call(3000), quantity }]);

    expect(before.trader - (await usdcOf(alice))).to.equal(quote.total);
    expect((await usdcOf(keel.vault.address)) - before.vault).to.equal(quote.total);
    const held = await clients.public.readContract({
      ...keel.market,
      functionName: "balanceOf",
      args: [alice, call(3000)],
    });
    expect(held).to.equal(quantity);
    const position = await clients.public.readContract({
      ...keel.vault,
      functionName: "positionOf",
      args: [call(3000)],
    });
    expect(position).to.equal(-quantity);
    // An at-the-money week at 70 % vol is worth about 0.4 · 3000 · 0.7 · √(7/365) = 116.
    expectClose(Number(quote.mid) / 1e18, 1160, 30);
    expect(quote.total * 10n ** 12n > quote.mid, "the vault charges more than mid").to.equal(true);
  });

  it("a hedge buys on the real Uniswap v3 pool what makes the vault neutral", async () => {
    const { keel, call, protocols, clients } = world();
    await keel.trade(alice, [{ id: call(3000), quantity: parseEther("20") }]);
    const pool = protocols.uniswap.pools["500"];
    const before = { usdc: await usdcOf(pool), weth: await wethOf(pool), vault: await usdcOf(keel.vault.address) };
    const short = -(await netDelta());
    expectClose(Number(short) / 1e18, 10.4, 0.1);

    const { amount, cash, netDeltaAfter } = await rebalance(short - parseEther("0.01"));

    expect(before.weth - (await wethOf(pool))).to.equal(amount);
    expect((await usdcOf(pool)) - before.usdc).to.equal(cash);
    expect(before.vault - (await usdcOf(keel.vault.address))).to.equal(cash);
    expect(await wethOf(keel.desk.address)).to.equal(amount);
    expect(await usdcOf(keel.desk.address), "the desk keeps no cash").to.equal(0n);
    expect(await usdcOf(keel.contracts.uniswapV3Venue), "the venue keeps no cash").to.equal(0n);
    expectClose(Number(cash) / 1e6 / (Number(amount) / 1e18), 3001.5, 1); // the price, the fee of 0.05 %, and a little for the size
    expect(Number(netDeltaAfter)).to.be.within(-0.02e18, 0);
    const [inventory] = await clients.public.readContract({ ...keel.desk, functionName: "position" });
    expect(inventory).to.equal(amount);
  });

  it("settles from the proven round, pays the holder the pay-off, and lets the LPs leave with the rest", async () => {
    const { keel, call, put, expiries, clients, market } = world();
    const [expiry] = expiries;
    const quantity = parseEther("10");
    const { quote } = await keel.trade(alice, [
      { id: call(3000), quantity },
      { id: put(2700), quantity: quantity / 10n },
    ]);
    await rebalance(-(await netDelta()) - parseEther("0.01"));

    await settleAt(expiry, 3200);
    const paid = await keel.exercise(alice, call(3000));
    expect(paid.assets).to.equal(parseUnits("2000", 6)); // 10 · (3200 − 3000)
    expect((await keel.exercise(alice, put(2700))).assets).to.equal(0n);

    // No options are left: the hedge must go to zero, and only then is all of NAV cash.
    await rebalance(-(await netDelta()));
    expect(await netDelta()).to.equal(0n);
    const owed = await clients.public.readContract({ ...keel.vault, functionName: "owed" });
    expect(owed, "nothing is owed once all holders are paid").to.equal(0n);

    await keel.processEpoch(); // a week has passed: the epoch is over, and requests join the next one
    for (const account of LPS) {
      const shares = await clients.public.readContract({
        ...keel.vault,
        functionName: "balanceOf",
        args: [account],
      });
      await keel.requestRedeem(account, shares);
    }
    await market.moveTo(3200, { at: Number(expiry) + 2 * 86_400, forceRound: true });
    await keel.processEpoch();
    const before = await Promise.all(LPS.map(usdcOf));
    for (const account of LPS) await keel.claimAssets(account);
    const after = await Promise.all(LPS.map(usdcOf));
    const received = after.map((balance, i) => balance - (before[i] ?? 0n));

    const supply = await clients.public.readContract({ ...keel.vault, functionName: "totalSupply" });
    expect(supply).to.equal(0n);
    expect(new Set(received).size, "equal deposits leave with equal amounts").to.equal(1);
    const cash = await clients.public.readContract({ ...keel.vault, functionName: "cash" });
    const reserved = await clients.public.readContract({ ...keel.vault, functionName: "reservedForRedemptions" });
    const insurance = await clients.public.readContract({ ...keel.vault, functionName: "insurance" });
    expect(await usdcOf(keel.vault.address)).to.equal(cash + reserved + insurance);
    expect(cash <= 3n, "only rounding dust stays").to.equal(true);
    // What the LPs made is what the trader lost and the hedge made; the hedge was long about 5 ether for 200 dollars.
    const gained = received.reduce((sum, amount) => sum + amount, 0n) - LP_DEPOSIT * BigInt(LPS.length);
    const traderLost = quote.total - paid.assets;
    expect(Number(gained - traderLost) / 1e6).to.be.within(0.4 * 10 * 200, 0.6 * 10 * 200);
  });

  it("sells back what was bought, for less than it cost", async () => {
    const { keel, call, clients } = world();
    const quantity = parseEther("5");
    const before = await usdcOf(alice);
    const bought = await keel.trade(alice, [{ id: call(3300), quantity }]);
    const sold = await keel.trade(alice, [{ id: call(3300), quantity: -quantity }]);
    expect(sold.quote.total < 0n, "the trader is paid").to.equal(true);
    expect(before - (await usdcOf(alice))).to.equal(bought.quote.total + sold.quote.total);
    expect(bought.quote.total + sold.quote.total > 0n, "a round trip costs").to.equal(true);
    const held = await clients.public.readContract({
      ...keel.market,
      functionName: "balanceOf",
      args: [alice, call(3300)],
    });
    expect(held).to.equal(0n);
  });

  it("a deposit waits for its epoch and may be cancelled until then", async () => {
    const { keel, clients } = world();
    const before = await usdcOf(lp);
    await keel.requestDeposit(lp, 5_000_000n);
    expect(before - (await usdcOf(lp))).to.equal(5_000_000n);
    await keel.write(lp, { ...keel.vault, functionName: "cancelDepositRequest", args: [lp, lp] });
    expect(await usdcOf(lp)).to.equal(before);
    const claimable = await clients.public.readContract({
      ...keel.vault,
      functionName: "maxDeposit",
      args: [lp],
    });
    expect(claimable).to.equal(0n);
  });
});
