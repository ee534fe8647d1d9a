import { expect } from "chai";
import {
  type Address,
  type Hex,
  encodeFunctionData,
  maxUint256,
  parseAbi,
  parseEther,
  parseEventLogs,
  parseUnits,
} from "viem";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { aaveArtifact } from "../../simulator/chain/aave.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { deskEvents, deskOf, setVaultCash } from "../helpers/desk.ts";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";

const [alice, bob, carol] = TRADERS as [Address, Address, Address];
const WAD = 10n ** 18n;
const USDC_UNIT = 10n ** 12n;
const DAY = 86_400;
const aaveAbi = parseAbi([
  "function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf) returns (uint256)",
  "function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral)",
  "function liquidationCall(address collateral, address debt, address user, uint256 amount, bool receiveAToken)",
  "function getUserAccountData(address user) view returns (uint256, uint256, uint256, uint256, uint256, uint256 health)",
]);

interface Terms {
  readonly canSupply: boolean;
  readonly canBorrow: boolean;
  readonly canRepay: boolean;
  readonly withdrawable: bigint;
}

describe("HedgeDesk's short hedge on Aave v3", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await built.keel.trade(alice, [{ id: built.put(3300, built.expiries[1]), quantity: parseEther("60") }]);
    return built;
  });
  const desk = deskOf(world);
  const { rebalance, netDelta } = desk;

  const as = async (who: Address, functionName: "restoreHealth" | "raiseCash") =>
    world().keel.write(who, { ...world().keel.desk, functionName, args: [await desk.route()] });
  async function pass(price: number, seconds = 600): Promise<void> {
    await world().clients.test.increaseTime({ seconds });
    await world().market.moveTo(price, { forceRound: true });
  }
  /** Has what is forced seen, and waits until others than keepers may act on it. */
  async function seen(price: number): Promise<void> {
    const { keel } = world();
    await keel.write(bob, { ...keel.desk, functionName: "poke" });
    await pass(price, 1800);
  }
  const syncLoan = () => world().keel.write(bob, { ...world().keel.desk, functionName: "syncLoan" });

  /** What Aave's governance does: the devnet's deployer holds its roles. */
  async function configure(functionName: string, args: readonly unknown[]): Promise<void> {
    const { clients, protocols } = world();
    const configurator = await clients.public.readContract({
      address: protocols.aave.addressesProvider,
      abi: parseAbi(["function getPoolConfigurator() view returns (address)"]),
      functionName: "getPoolConfigurator",
    });
    const { abi } = aaveArtifact("protocol/pool/PoolConfigurator");
    const data = encodeFunctionData({ abi, functionName, args });
    await send(clients, { from: devAccount(DEV_ROLES.protocols).address, to: configurator, data });
  }

  const aaveHealth = async () => {
    const { clients, protocols, keel } = world();
    const args = [keel.contracts.aaveV3Lender] as const;
    const read = { address: protocols.aave.pool, abi: aaveAbi, functionName: "getUserAccountData", args } as const;
    return (await clients.public.readContract(read))[5];
  };

  it("sells what it borrowed, from a target of health, and the vault's USDC is all it takes", async () => {
    const { keel, clients, protocols } = world();
    const before = await desk.cash();
    const [event] = deskEvents(await desk.neutral(), "Rebalanced");
    const amount = -(event?.args.amount ?? 0n);
    const { inventory, debt, collateral } = await desk.holdings();
    expect(inventory).to.equal(0n);
    expect(debt - amount).to.satisfy((wei: bigint) => wei >= 0n && wei <= 1n, "Aave rounds debt up");
    expect(before - (await desk.cash())).to.equal(collateral - (event?.args.cash ?? 0n));
    expectClose(Number(await desk.health()) / 1e18, 1.7, 1e-6);
    expectClose(Number(await desk.health()) / Number(await aaveHealth()), 1, 1e-8);
    expect(await balanceOf(clients, protocols.weth, keel.desk.address)).to.equal(0n);
    expect(await balanceOf(clients, protocols.usdc, keel.contracts.aaveV3Lender)).to.equal(0n);
  });

  it("T37: counts interest in NAV, second by second and to the unit, as Aave does", async () => {
    const { clients, market } = world();
    await desk.neutral();
    const before = await desk.holdings();
    await clients.test.increaseTime({ seconds: 30 * DAY });
    await market.report(3000);
    const after = await desk.holdings();
    expect(after.debt > before.debt).to.equal(true);
    expect(after.collateral > before.collateral).to.equal(true);
    const receipt = await syncLoan();
    const [accounted] = deskEvents(receipt, "Accounted");
    const end = await desk.holdings();
    const owed = (end.debt - before.debt) * 3000n;
    const released = -(accounted?.args.funded ?? 0n) / USDC_UNIT;
    expect(accounted?.args.interest).to.equal((end.collateral + released - before.collateral) * USDC_UNIT - owed);
  });

  it("T53: the lender serves its desk alone", async () => {
    const { clients, keel } = world();
    const lender = { address: keel.contracts.aaveV3Lender, abi: compiled("contracts/venues/AaveV3Lender").abi };
    const call = (functionName: string, args: readonly unknown[]) =>
      clients.public.simulateContract({ ...lender, functionName, args, account: bob });
    expect(await expectRevert(call("borrow", [0n, 1n, bob]), "OnlyDesk")).to.deep.equal([bob]);
    expect(await expectRevert(call("repay", [0n, 1n, bob]), "OnlyDesk")).to.deep.equal([bob]);
  });

  it("covers before it builds inventory, and takes back collateral that is not needed", async () => {
    const { keel, put, expiries, call } = world();
    await desk.neutral();
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("60") }]);
    await keel.trade(alice, [{ id: call(3000), quantity: parseEther("30") }]);
    const before = await desk.holdings();
    await rebalance(before.debt / 2n);
    const half = await desk.holdings();
    expect(half.inventory).to.equal(0n);
    expectClose(Number(half.debt) / Number(before.debt), 0.5, 1e-6);
    expectClose(Number(await desk.health()) / 1e18, 1.7, 1e-6);
    await desk.neutral();
    const end = await desk.holdings();
    expect([end.debt, end.collateral]).to.deep.equal([0n, 0n]);
    expect(end.inventory > 0n).to.equal(true);
  });

  it("T37: below the health floor anyone brings it back to the target, out of the vault's free cash", async () => {
    const { market } = world();
    await desk.neutral();
    await expectRevert(as(bob, "restoreHealth"), "HealthyEnough");
    await market.moveTo(4200);
    expect((await desk.health()) < parseEther("1.3")).to.equal(true);
    const { debt } = await desk.holdings();
    await as(bob, "restoreHealth");
    expectClose(Number(await desk.health()) / 1e18, 1.7, 1e-6);
    expect((await desk.holdings()).debt >= debt, "nothing was bought back").to.equal(true);
  });

  it("T37: while no collateral can be added, it buys back a part instead", async () => {
    const { market, protocols } = world();
    await desk.neutral();
    await market.moveTo(4200);
    await configure("setReserveFreeze", [protocols.usdc, true]);
    await pass(4200); // until the average has come along
    const snapshot = await world().clients.test.snapshot();
    const { debt } = await desk.holdings();
    await as(bob, "restoreHealth"); // as far as the pool goes within 10 bp
    expect((await desk.holdings()).debt < debt && (await desk.health()) > parseEther("1.3")).to.equal(true);
    await world().clients.test.revert({ id: snapshot });
    const before = await desk.holdings();
    const receipt = await as(KEEPER, "restoreHealth");
    const after = await desk.holdings();
    expect(after.debt < before.debt && after.debt > 0n).to.equal(true);
    expect((await desk.health()) >= parseEther("1.7")).to.equal(true);
    const [unwound] = deskEvents(receipt, "Unwound");
    const funded = parseEventLogs({ abi: optionVaultAbi, logs: receipt.logs, eventName: "HedgeFunded" });
    const { aaveV3Lender, uniswapV3Venue } = world().keel.contracts;
    const paid = funded.map(({ args }) => args.to);
    expect(paid, "the purchase is paid for").to.include(uniswapV3Venue);
    expect(paid, "no cash goes to a lender that takes none").not.to.include(aaveV3Lender);
    expectClose(Number(before.debt - after.debt - (unwound?.args.amount ?? 0n)) / 1e18, 0, 1e-6); // interest
  });

  it("T62: before anything was seen, a stranger who restores health may trade within the first step alone", async () => {
    const { market, protocols } = world();
    await desk.neutral();
    await market.moveTo(4200);
    await configure("setReserveFreeze", [protocols.usdc, true]);
    await pass(4200, 4200); // until the average has come along
    await market.arbitrage(4212); // 0.29 %, beyond one step of 0.1 % and within a keeper's 1 %
    await expectRevert(as(bob, "restoreHealth"), "NothingFilled");
    const { debt } = await desk.holdings();
    await as(KEEPER, "restoreHealth");
    expect((await desk.holdings()).debt < debt).to.equal(true);
  });

  it("T37: what Aave freezes, pauses or closes is what the lender says that it does not do", async () => {
    const { clients, keel, protocols } = world();
    const { weth, usdc } = protocols;
    const terms = async () => {
      const { abi } = compiled("contracts/venues/AaveV3Lender");
      const read = { address: keel.contracts.aaveV3Lender, abi, functionName: "terms" };
      const { canSupply, canBorrow, canRepay, withdrawable } = (await clients.public.readContract(read)) as Terms;
      return { supply: canSupply, borrow: canBorrow, repay: canRepay, withdraw: withdrawable > 0n };
    };
    const all = { supply: true, borrow: true, repay: true, withdraw: true };
    expect(await terms()).to.deep.equal(all);
    for (const [functionName, token, closed, closes] of [
      ["setReservePause", weth, true, { borrow: false, repay: false }],
      ["setReservePause", usdc, true, { supply: false, borrow: false, withdraw: false }],
      ["setReserveFreeze", weth, true, { borrow: false }],
      ["setReserveFreeze", usdc, true, { supply: false, borrow: false }],
      ["setReserveBorrowing", weth, false, { borrow: false }],
    ] as const) {
      await configure(functionName, [token, closed]);
      expect(await terms(), `${functionName} of ${token}`).to.deep.equal({ ...all, ...closes });
      await configure(functionName, [token, !closed]);
    }
    expect(await terms()).to.deep.equal(all);
  });

  it("T37: a liquidation threshold that is cut is met by more collateral", async () => {
    const { protocols } = world();
    await desk.neutral();
    await configure("configureReserveAsCollateral", [protocols.usdc, 50_00n, 55_00n, 104_50n]);
    expect((await desk.health()) < parseEther("1.3")).to.equal(true);
    await as(bob, "restoreHealth");
    expectClose(Number(await desk.health()) / 1e18, 1.7, 1e-6);
  });

  it("T37: frozen or capped reserves take no new loan and let the old one go", async () => {
    const { keel, put, expiries, protocols } = world();
    await rebalance(-(await netDelta()) / 2n);
    const before = await desk.holdings();
    for (const [functionName, closed, open, error] of [
      ["setReserveFreeze", true, false, "LenderClosed"],
      ["setReserveBorrowing", false, true, "LenderClosed"],
      ["setBorrowCap", 6_000n, 0n, "LenderClosed"],
    ] as const) {
      await configure(functionName, [protocols.weth, closed]);
      await expectRevert(rebalance(-(await netDelta()) / 2n), error);
      await configure(functionName, [protocols.weth, open]);
    }
    await configure("setReserveFreeze", [protocols.weth, true]);
    await configure("setReserveFreeze", [protocols.usdc, true]);
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("60") }]);
    await desk.neutral();
    const { debt, collateral } = await desk.holdings();
    expect([debt < before.debt / 50n, collateral < before.collateral / 50n]).to.deep.equal([true, true]);
  });

  it("T37: while Aave is paused purchases wait as inventory, and pay the debt afterwards", async () => {
    const { keel, put, expiries, protocols } = world();
    await desk.neutral();
    const { debt } = await desk.holdings();
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("60") }]);
    await configure("setReservePause", [protocols.weth, true]);
    await configure("setReservePause", [protocols.usdc, true]);
    await desk.neutral();
    expectClose(Number((await desk.holdings()).inventory) / Number(debt), 1, 1e-3);
    await configure("setReservePause", [protocols.weth, false]);
    await configure("setReservePause", [protocols.usdc, false]);
    await syncLoan();
    const end = await desk.holdings();
    expect(end.inventory < parseEther("0.01")).to.equal(true);
    expect(end.debt < parseEther("0.01")).to.equal(true);
  });

  it("T37: what a liquidator took is missing at once, and the rest can be wound down", async () => {
    const { market, clients, protocols, keel } = world();
    await desk.neutral();
    const before = await desk.holdings();
    await market.moveTo(5400); // nobody has restored health
    expect((await desk.health()) < WAD).to.equal(true);
    await dealWeth(clients, protocols.weth, carol, parseEther("10"));
    await approve(clients, protocols.weth, carol, protocols.aave.pool, maxUint256);
    const args = [protocols.usdc, protocols.weth, keel.contracts.aaveV3Lender, parseEther("5"), false] as const;
    await act(carol, encodeFunctionData({ abi: aaveAbi, functionName: "liquidationCall", args }));
    const after = await desk.holdings();
    expectClose(Number(before.debt - after.debt) / 1e18, 5, 1e-6);
    expectClose(Number(before.collateral - after.collateral) / 1e6, 5 * 5400 * 1.045, 20);
    await as(bob, "restoreHealth");
    expectClose(Number(await desk.health()) / 1e18, 1.7, 1e-6);
  });

  it("T1: aTokens that are sent count for nothing, and repaying for the desk is a present", async () => {
    const { clients, protocols, keel } = world();
    await desk.neutral();
    const before = await desk.holdings();
    await dealUsdc(clients, protocols.usdc, carol, parseUnits("50000", 6));
    await dealWeth(clients, protocols.weth, carol, parseEther("500"));
    for (const token of [protocols.usdc, protocols.weth]) {
      await approve(clients, token, carol, protocols.aave.pool, maxUint256);
    }
    const lender = keel.contracts.aaveV3Lender;
    const supply = [protocols.usdc, parseUnits("50000", 6), lender, 0] as const;
    await act(carol, encodeFunctionData({ abi: aaveAbi, functionName: "supply", args: supply }));
    expectClose(Number((await desk.holdings()).collateral - before.collateral), 0, 1000);
    const repay = [protocols.weth, maxUint256, 2n, lender] as const;
    const everything = parseEther("499");
    await act(
      carol,
      encodeFunctionData({ abi: aaveAbi, functionName: "repay", args: [repay[0], everything, repay[2], repay[3]] }),
    );
    expect((await desk.holdings()).debt).to.equal(0n);
    const held = await desk.cash();
    await syncLoan();
    expectClose(Number((await desk.cash()) - held - before.collateral), 0, 1000);
    expect(await desk.position()).to.deep.equal([0n, 0n]);
  });

  it("cuts an order down to what collateral and cash can pay, and a cover to what the loan can spare", async () => {
    const { keel, put, expiries } = world();
    await desk.neutral();
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("60") }]);
    await setVaultCash(world(), 0n);
    expect(await freeCash()).to.equal(0n);
    const before = await desk.holdings();
    const [event] = deskEvents(await desk.neutral(), "Rebalanced");
    const after = await desk.holdings();
    expect(event?.args.amount).to.satisfy((amount: bigint) => amount > 0n && amount < before.debt);
    expect(after.debt < before.debt).to.equal(true);
    expect((await desk.health()) >= parseEther("1.3")).to.equal(true);
  });

  it("T68: an order for what was owed a while ago closes the loan, interest since included", async () => {
    const { keel, put, expiries, clients, market } = world();
    await desk.neutral();
    const order = (await desk.holdings()).debt;
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("60") }]);
    await clients.test.increaseTime({ seconds: 3600 });
    await market.report(3000);
    expect((await desk.holdings()).debt > order).to.equal(true);
    await rebalance(order);
    expect(await desk.holdings()).to.include({ inventory: 0n, debt: 0n, collateral: 0n });
  });

  it("T68: a crumb of the hedge that pools round against is traded all the same", async () => {
    const { keel, put, expiries } = world();
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("60") }]);
    await keel.trade(alice, [{ id: world().call(3000), quantity: parseEther("10") }]);
    await rebalance(parseEther("0.00000002"));
    await keel.trade(alice, [{ id: world().call(3000), quantity: -parseEther("10") }]);
    await keel.write(KEEPER, { ...keel.desk, functionName: "unwind", args: [2n ** 255n, await desk.route()] });
    expect(await desk.position()).to.deep.equal([0n, 0n]);
  });

  it("T68: one wei of an asset with a loan-to-value of zero, supplied for the desk, holds nothing up", async () => {
    const { keel, clients, protocols, put, expiries } = world();
    await desk.neutral();
    await dealWeth(clients, protocols.weth, carol, parseEther("1"));
    await approve(clients, protocols.weth, carol, protocols.aave.pool, maxUint256);
    const crumb = [protocols.weth, 1n, keel.contracts.aaveV3Lender, 0] as const;
    await act(carol, encodeFunctionData({ abi: aaveAbi, functionName: "supply", args: crumb }));
    await configure("configureReserveAsCollateral", [protocols.weth, 0n, 82_50n, 105_00n]);
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("40") }]);
    const before = await desk.holdings();
    await rebalance(-(await netDelta()) / 2n);
    const half = await desk.holdings();
    expect(half.debt < before.debt && half.collateral < before.collateral).to.equal(true);
    await act(carol, encodeFunctionData({ abi: aaveAbi, functionName: "supply", args: crumb }));
    await desk.neutral();
    expect((await desk.holdings()).collateral < half.collateral).to.equal(true);
    expectClose(Number(await desk.health()) / 1e18, 1.7, 1e-6);
  });

  it("T69: what one source of cash refuses takes nothing from the other", async () => {
    const { keel, put, expiries, protocols, clients, market } = world();
    await desk.neutral();
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("30") }]);
    for (const token of [protocols.weth, protocols.usdc]) await configure("setReservePause", [token, true]);
    await desk.neutral();
    expect((await desk.holdings()).inventory > 0n, "bought back, and waiting").to.equal(true);
    await keel.trade(bob, [{ id: put(3600), quantity: parseEther("300") }]);
    await clients.test.increaseTime({ seconds: 8 * DAY });
    await market.moveTo(3000, { forceRound: true });
    await keel.settle(expiries[0]);
    await setVaultCash(world(), parseUnits("20000", 6));
    const before = { cash: await desk.cash(), ...(await desk.holdings()) };
    await as(KEEPER, "raiseCash");
    const sold = Number(before.inventory - (await desk.holdings()).inventory) / 1e18;
    expect(sold, "as much as the budget of what is left of NAV lets through").to.be.greaterThan(5);
    expect(Number((await desk.cash()) - before.cash) / 1e6).to.be.greaterThan(sold * 2970);
  });

  it("T70: what is released to holders leaves the loan well above where strangers may buy it back", async () => {
    const { keel, put, expiries, clients, market } = world();
    await desk.neutral();
    await keel.trade(bob, [{ id: put(3600), quantity: parseEther("300") }]);
    await clients.test.increaseTime({ seconds: 8 * DAY });
    await market.moveTo(3000, { forceRound: true });
    await keel.settle(expiries[0]);
    for (const cash of ["168000", "119000"]) {
      const snapshot = await clients.test.snapshot();
      await setVaultCash(world(), parseUnits(cash, 6));
      await seen(3000);
      await as(bob, "raiseCash");
      expect(Number(await desk.health()) / 1e18).to.be.within(1.49, 1.7);
      const { debt } = await desk.holdings();
      await clients.test.increaseTime({ seconds: 12 });
      await market.moveTo(3006, { forceRound: true });
      await expectRevert(as(bob, "restoreHealth"), "HealthyEnough");
      expect((await desk.holdings()).debt >= debt).to.equal(true);
      await clients.test.revert({ id: snapshot });
    }
  });

  it("T37: borrows nothing where the lender's own prices would leave too little health", async () => {
    const { keel, clients, protocols } = world();
    const sender = { public: clients.public, wallet: clients.wallet, account: carol };
    const { weth, usdc } = protocols;
    const code = compiled("test/harness/AaveStandIn");
    const aave = await deployContract(sender, code, [weth, usdc, true]);
    const lenderArgs = [keel.desk.address, aave, aave, weth, usdc];
    const lender = await deployContract(sender, compiled("contracts/venues/AaveV3Lender"), lenderArgs);
    await dealWeth(clients, weth, aave, parseEther("1000"));
    const lending = { lender, minHealth: 13_000, targetHealth: 17_000 };
    await keel.write(GOVERNOR, { ...keel.desk, functionName: "setLending", args: [lending] });
    const value = (dollars: bigint) =>
      keel.write(carol, { address: aave, abi: code.abi, functionName: "setBasePrice", args: [dollars * 10n ** 8n] });
    await value(4000n);
    await expectRevert(rebalance(-parseEther("10")), "HealthTooLow");
    await value(3000n);
    await rebalance(-parseEther("10"));
    expectClose(Number((await desk.holdings()).debt) / 1e18, 10, 1e-6);
  });

  async function act(from: Address, data: Hex): Promise<void> {
    await send(world().clients, { from, to: world().protocols.aave.pool, data });
  }
  const freeCash = () => world().clients.public.readContract({ ...world().keel.vault, functionName: "freeCash" });
});
