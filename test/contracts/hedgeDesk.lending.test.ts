import { expect } from "chai";
import { type Address, type Hex, encodeFunctionData, maxUint256, parseAbi, parseEther, parseUnits } from "viem";
import { aaveArtifact } from "../../scripts/devnet/aave.ts";
import { compiled } from "../../scripts/deploy/transact.ts";
import { DEV_ROLES, devAccount } from "../../scripts/devnet/accounts.ts";
import { send } from "../../scripts/devnet/clients.ts";
import { dealUsdc, dealWeth } from "../../scripts/devnet/deal.ts";
import { deskEvents, deskOf, setVaultCash } from "../helpers/desk.ts";
import { TRADERS, keelWorld } from "../helpers/keelWorld.ts";
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
  const tidy = () => world().keel.write(bob, { ...world().keel.desk, functionName: "tidy" });

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
    const receipt = await tidy();
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
    const before = await desk.holdings();
    const receipt = await as(bob, "restoreHealth");
    const after = await desk.holdings();
    expect(after.debt < before.debt && after.debt > 0n).to.equal(true);
    expect((await desk.health()) >= parseEther("1.7")).to.equal(true);
    const [unwound] = deskEvents(receipt, "Unwound");
    expectClose(Number(before.debt - after.debt - (unwound?.args.amount ?? 0n)) / 1e18, 0, 1e-6); // interest
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
      ["setBorrowCap", 6_000n, 0n, "Error"], // Aave's own 50
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
    await tidy();
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
    await tidy();
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

  async function act(from: Address, data: Hex): Promise<void> {
    await send(world().clients, { from, to: world().protocols.aave.pool, data });
  }
  const freeCash = () => world().clients.public.readContract({ ...world().keel.vault, functionName: "freeCash" });
});
