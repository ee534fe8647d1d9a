import { expect } from "chai";
import { type Abi, type Address, encodeAbiParameters, keccak256, numberToHex, parseEther } from "viem";
import { GOVERNOR, KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
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

  it("T74: a market that was replaced pays no more than it owed then", async () => {
    const { keel, call, expiries, market } = world();
    await keel.trade(alice, [buy(call(2700), 1)]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 5, forceRound: true });
    await keel.settle(expiries[0]);
    await side.callVault(GOVERNOR, "setModules", [KEEPER, keel.desk.address]);
    await setOwedBy(keel.market.address, 300_000_000n, 299_999_999n);
    await expectRevert(ask(keel.market.address, "payHolder", [call(2700), parseEther("1"), alice]), "Unauthorized");
    await ask(keel.market.address, "payHolder", [call(2700), parseEther("0.9"), alice]);
  });

  /** Changes what a market owes its holders, as if another one's holders were among those that are paid. */
  async function setOwedBy(market: Address, before: bigint, after: bigint): Promise<void> {
    const { clients, keel } = world();
    for (let slot = 0n; slot < 64n; ++slot) {
      const key = encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [market, slot]);
      const at = { address: keel.vault.address, slot: keccak256(key) };
      const word = BigInt((await clients.public.getStorageAt(at)) ?? "0x0"); // see Treasury.Tenure
      if (word >> 40n !== before) continue;
      const value = numberToHex((after << 40n) | (word & (2n ** 40n - 1n)), { size: 32 });
      return clients.test.setStorageAt({ address: at.address, index: at.slot, value });
    }
    throw new Error("The market's tenure is in no mapping of the first 64 slots.");
  }

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
