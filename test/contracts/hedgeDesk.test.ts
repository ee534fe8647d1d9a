import { expect } from "chai";
import { type Address, encodeAbiParameters, erc20Abi, parseEther, parseUnits } from "viem";
import { dealUsdc, dealWeth } from "../../scripts/devnet/deal.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice] = TRADERS as [Address];
const ROUTE_500 = encodeAbiParameters([{ type: "uint24" }], [500]);
const NO_LIMIT = 2n ** 128n;

describe("HedgeDesk", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await built.keel.trade(alice, [{ id: built.call(3000), quantity: parseEther("20") }]);
    return built;
  });

  const netDelta = () => world().clients.public.readContract({ ...world().keel.desk, functionName: "netDelta" });
  const inventory = () => world().clients.public.readContract({ ...world().keel.desk, functionName: "inventory" });

  const cash = () => world().clients.public.readContract({ ...world().keel.vault, functionName: "cash" });
  const equity = () =>
    world().clients.public.readContract({ ...world().keel.desk, functionName: "equity", args: [parseEther("3000")] });

  interface OrderChanges {
    readonly cashLimit?: bigint;
    readonly venue?: Address;
    readonly deadlineFromNow?: bigint;
    readonly from?: Address;
  }

  async function rebalance(amount: bigint, changes: OrderChanges = {}) {
    const { keel, clients } = world();
    const { timestamp } = await clients.public.getBlock();
    const order = {
      amount,
      cashLimit: changes.cashLimit ?? (amount > 0n ? NO_LIMIT : 0n),
      venue: changes.venue ?? keel.contracts.uniswapV3Venue,
      route: ROUTE_500,
      deadline: timestamp + (changes.deadlineFromNow ?? 60n),
    };
    return keel.write(changes.from ?? KEEPER, { ...keel.desk, functionName: "rebalance", args: [order] });
  }

  it("T32: accepts only what brings net delta nearer to zero, and not past it", async () => {
    const short = -(await netDelta());
    await expectRevert(rebalance(-parseEther("1")), "NotTowardsNeutral");
    await expectRevert(rebalance(short + parseEther("0.1")), "NotTowardsNeutral");
    await expectRevert(rebalance(0n), "ZeroAmount");
    await rebalance(short / 2n);
    await rebalance(short / 4n);
    const left = await netDelta();
    expect(left < 0n && left > -short / 2n).to.equal(true);
  });

  it("T31: the same order twice is refused the second time", async () => {
    const short = -(await netDelta());
    const order = short - parseEther("0.01");
    await rebalance(order);
    await expectRevert(rebalance(order), "NotTowardsNeutral");
  });

  it("T33: sells the whole hedge once no options are open", async () => {
    const { keel, call } = world();
    await rebalance(-(await netDelta()) - parseEther("0.01"));
    await keel.trade(alice, [{ id: call(3000), quantity: -parseEther("20") }]);
    await keel.write(KEEPER, { ...keel.vault, functionName: "mark" });
    expect(await netDelta()).to.equal(await inventory());
    await rebalance(-(await inventory()));
    expect(await netDelta()).to.equal(0n);
    expect(await balanceOf(world().clients, world().protocols.weth, keel.desk.address)).to.equal(0n);
  });

  it("T34: refuses a fill too far from the oracle, whatever the keeper's own limit", async () => {
    const { market } = world();
    await market.arbitrage(3050); // 1.7 % above the oracle, maxSlippage is 1 %
    await expectRevert(rebalance(parseEther("1")), "Error"); // the router's own revert: Too much requested
    await market.arbitrage(3000);
    await rebalance(parseEther("1"));
    await market.arbitrage(2950);
    const { keel, call } = world();
    await keel.trade(alice, [{ id: call(3000), quantity: -parseEther("20") }]);
    await expectRevert(rebalance(-parseEther("1")), "Error"); // Too little received
  });

  it("T35: keeps to the keeper's limit and deadline", async () => {
    await expectRevert(rebalance(parseEther("1"), { cashLimit: parseUnits("2999", 6) }), "Error");
    await rebalance(parseEther("1"), { cashLimit: parseUnits("3010", 6) });
    await expectRevert(rebalance(parseEther("1"), { deadlineFromNow: -1n }), "DeadlinePassed");
  });

  it("T40, T53: trades for a keeper alone, and on allow-listed venues alone", async () => {
    const { keel, clients } = world();
    await expectRevert(rebalance(parseEther("1"), { from: alice }), "AccessManagedUnauthorized");
    await expectRevert(rebalance(parseEther("1"), { venue: alice }), "VenueNotAllowed");
    const ban = { ...keel.desk, functionName: "setVenue", args: [keel.contracts.uniswapV3Venue, false] } as const;
    await expectRevert(keel.write(KEEPER, ban), "AccessManagedUnauthorized");
    await keel.write(GOVERNOR, ban);
    await expectRevert(rebalance(parseEther("1")), "VenueNotAllowed");
    const slippage = (bps: bigint) =>
      keel.write(GOVERNOR, { ...keel.desk, functionName: "setMaxSlippage", args: [bps] });
    await expectRevert(slippage(501n), "InvalidSlippage");
    await expectRevert(slippage(0n), "InvalidSlippage");
    await slippage(50n);
    expect(await clients.public.readContract({ ...keel.desk, functionName: "maxSlippageBps" })).to.equal(50n);
  });

  it("never sells more than it holds: a long book waits for the short hedge", async () => {
    const { keel, call, put } = world();
    await keel.trade(alice, [{ id: call(3000), quantity: -parseEther("20") }]);
    await keel.trade(alice, [{ id: put(3000), quantity: parseEther("10") }]);
    expect((await netDelta()) > 0n).to.equal(true);
    await expectRevert(rebalance(-parseEther("1")), "InventoryExceeded");
  });

  it("T1, T30: tokens sent to the desk by anyone change no account, and go with no swap", async () => {
    const { keel, clients, protocols } = world();
    const before = { net: await netDelta(), equity: await equity(), cash: await cash() };
    await dealWeth(clients, protocols.weth, keel.desk.address, parseEther("5"));
    await dealUsdc(clients, protocols.usdc, keel.desk.address, parseUnits("5000", 6));
    expect(await netDelta()).to.equal(before.net);
    expect(await equity()).to.equal(before.equity);
    expect(await cash()).to.equal(before.cash);
    await rebalance(parseEther("1"));
    await rebalance(parseEther("1"));
    expect(await inventory()).to.equal(parseEther("2"));
    expect(await balanceOf(clients, protocols.weth, keel.desk.address)).to.equal(parseEther("7"));
    expect(await balanceOf(clients, protocols.usdc, keel.desk.address)).to.equal(parseUnits("5000", 6));
  });

  it("leaves no allowance with the venue, which moves nobody's tokens but its caller's", async () => {
    const { keel, clients, protocols } = world();
    await rebalance(parseEther("1"));
    for (const token of [protocols.weth, protocols.usdc]) {
      const args = [keel.desk.address, keel.contracts.uniswapV3Venue] as const;
      const left = await clients.public.readContract({
        address: token,
        abi: erc20Abi,
        functionName: "allowance",
        args,
      });
      expect(left).to.equal(0n);
    }
  });
});
