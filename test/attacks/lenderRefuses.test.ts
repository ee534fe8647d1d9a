import { expect } from "chai";
import { type Address, encodeFunctionData, parseAbi, parseEther, parseUnits } from "viem";
import { aaveArtifact } from "../../simulator/chain/aave.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import { deskOf, setVaultCash } from "../helpers/desk.ts";
import { KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { marketSide } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice, bob] = TRADERS as [Address, Address];
const WAD = 10n ** 18n;
const FLOOR = (13n * WAD) / 10n;

/** A lender whose caps strangers have filled, or that takes no payment, and pools that are pushed away for a moment. */
describe("A lender that refuses", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    await built.keel.trade(alice, [{ id: built.put(3300, built.expiries[1]), quantity: parseEther("300") }]);
    return built;
  });
  const desk = deskOf(world);
  const side = marketSide(world);

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

  const by = async (who: Address, functionName: "restoreHealth" | "raiseCash") =>
    world().keel.write(who, {
      ...world().keel.desk,
      functionName,
      args: [await desk.route({ deadlineFromNow: 1_000n })],
    });

  async function moveTo(price: number): Promise<void> {
    await world().market.moveTo(price, { forceRound: true });
    await side.wait(200);
    await world().market.moveTo(price, { forceRound: true });
  }

  /** Holders of puts that have expired are owed more than there is, and most of it is in the loan. */
  async function owe(): Promise<bigint> {
    const { keel, put, expiries, market, clients } = world();
    await keel.trade(bob, [{ id: put(3600), quantity: parseEther("300") }]);
    await clients.test.increaseTime({ seconds: 8 * 86_400 });
    await market.moveTo(3000, { forceRound: true });
    await keel.settle(expiries[0]);
    await setVaultCash(world(), 1_000n);
    return side.readVault<bigint>("owed");
  }

  it("T68: a supply cap that a stranger has filled does not keep health from being restored: it buys back instead", async () => {
    await desk.neutral();
    await configure("setSupplyCap", [world().protocols.usdc, 1n]);
    for (const price of [3600, 4200, 4700, 5200]) {
      await moveTo(price);
      if ((await desk.health()) < FLOOR) await by(KEEPER, "restoreHealth");
      expect(await desk.health(), `at ${price}`).to.be.above(FLOOR);
    }
  });

  it("T68: nor holders from being paid out of the short hedge's collateral", async () => {
    await desk.neutral();
    const owed = await owe();
    await configure("setSupplyCap", [world().protocols.usdc, 1n]);
    for (let i = 0; i < 6 && (await desk.cash()) < owed; ++i) {
      await by(KEEPER, "raiseCash");
      await world().market.arbitrage(3000);
    }
    expect(await desk.cash()).to.be.at.least(owed);
  });

  it("T68: nor, with the borrow cap filled, what is held from being sold", async () => {
    const { keel, put, call, expiries, market } = world();
    const trade = (id: bigint, quantity: number) => keel.trade(alice, [{ id, quantity: parseEther(String(quantity)) }]);
    await desk.neutral();
    await trade(put(3300, expiries[1]), -300);
    await desk.neutral();
    await trade(call(2400, expiries[1]), 100);
    await desk.neutral();
    await market.arbitrage(3000);
    await trade(call(2400, expiries[1]), -100);
    await trade(put(3300, expiries[1]), 100);
    await configure("setBorrowCap", [world().protocols.weth, 1n]);
    const { inventory } = await desk.holdings();
    expect(inventory).to.be.above(parseEther("10"));
    await desk.neutral();
    expect((await desk.holdings()).inventory).to.equal(0n);
    await expectRevert(desk.neutral(), "LenderClosed");
  });

  it("T69: a trade of `raiseCash` that fails takes nothing with it that was raised before", async () => {
    await desk.neutral();
    await owe();
    await world().market.arbitrage(3060); // no fill within the bound
    await by(KEEPER, "raiseCash");
    expect(await desk.cash()).to.be.above(parseUnits("100000", 6));
    await expectRevert(by(KEEPER, "raiseCash"), "NothingFilled");
  });

  it("T69: a buy-back of `restoreHealth` that fails takes no collateral with it that was added before", async () => {
    await desk.neutral();
    await moveTo(4300);
    await setVaultCash(world(), parseUnits("100000", 6));
    await world().market.arbitrage(4386);
    const before = await desk.health();
    await by(bob, "restoreHealth");
    expect(await desk.cash()).to.equal(0n);
    expect(await desk.health()).to.be.above(before);
    await expectRevert(by(KEEPER, "restoreHealth"), "NothingFilled");
  });

  it("T70: purchases do not take health below its floor while the lender takes no payment", async () => {
    const { keel, protocols, put, expiries, market } = world();
    await desk.neutral();
    await configure("setReservePause", [protocols.weth, true]);
    await keel.trade(alice, [{ id: put(3300, expiries[1]), quantity: -parseEther("280") }]);
    await setVaultCash(world(), parseUnits("1000", 6));
    await side.wait(700);
    await market.moveTo(3000, { forceRound: true });
    for (let i = 0; i < 3; i++) {
      const wanted = -(await desk.netDelta());
      if (wanted < parseEther("1")) break;
      await desk
        .rebalance(wanted > parseEther("100") ? parseEther("100") : (wanted * 999n) / 1000n)
        .catch(() => undefined);
      await market.arbitrage(3000);
      expect(await desk.health()).to.be.above(FLOOR);
    }
  });
});
