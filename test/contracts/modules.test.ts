import { expect } from "chai";
import { type Abi, type Address, parseEther } from "viem";
import { GOVERNOR, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { buy, marketSide } from "../helpers/marketSide.ts";
import { expectRevert } from "../helpers/reverts.ts";

const [alice, bob] = TRADERS as [Address, Address];

/** The market burns before it asks, the desk asks for no more than there is: the vault relies on neither. */
describe("The vault, asked by its own modules for what they should not", () => {
  const world = useFork(keelWorld);
  const side = marketSide(world);
  const ask = (account: Address, functionName: string, args: readonly unknown[]) => {
    const { keel, clients } = world();
    const target = { address: keel.vault.address, abi: keel.vault.abi as Abi };
    return clients.public.simulateContract({ ...target, functionName, args, account });
  };

  it("T7, T25: pays holders for no more contracts than are open, and settles no expiry twice or unlisted", async () => {
    const { keel, call, expiries, market } = world();
    await keel.trade(alice, [buy(call(2700), 2)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await expectRevert(ask(keel.market.address, "payHolder", [call(2700), 1n, alice]), "NotSettled");
    await keel.settle(expiries[0]);
    const more = parseEther("2") + 1n;
    await expectRevert(ask(keel.market.address, "payHolder", [call(2700), more, alice]), "MoreThanOpen");
    await ask(keel.market.address, "payHolder", [call(2700), more - 1n, alice]);
    for (const expiry of [expiries[0], expiries[0] + 1n]) {
      await expectRevert(ask(keel.market.address, "settle", [expiry, parseEther("2900")]), "ExpiryNotListed");
    }
  });

  it("T25: what has settled is not taken off the list, where holders find it", async () => {
    const { keel, call, put, expiries, market } = world();
    await keel.trade(alice, [buy(call(2700), 2)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    for (const id of [put(2700), call(2700)]) {
      await expectRevert(side.callMarket(GOVERNOR, "delistSeries", [[id]]), "ExpiryNotListed");
    }
  });

  it("T25, T40: the desk gets no cash that is owed to holders", async () => {
    const { keel, call, expiries, market } = world();
    await keel.trade(alice, [buy(call(2700), 10)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    const free = await side.readVault("freeCash");
    expect((await side.readVault("cash")) - free).to.equal(3_000_000_000n);
    await ask(keel.desk.address, "payForHedge", [bob, free]);
    await expectRevert(ask(keel.desk.address, "payForHedge", [bob, free + 1n]), "InsufficientCash");
  });
});
