import { expect } from "chai";
import type { Address } from "viem";
import { createRandom } from "../../simulator/path/random.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { LPS } from "../helpers/keelWorld.ts";
import { type Fork, useFork } from "../helpers/localFork.ts";
import { deploySharesHarness, lpSide, shares, usdc } from "../helpers/lpSide.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";

const [first, second, third] = LPS as [Address, Address, Address];
const WHOLE = 10n ** 18n;
const MILLION = usdc(1_000_000);

/** A vault whose pool is worth what the test says, with LPs who have USDC and have approved it. */
async function emptyPool(fork: Fork) {
  const address = await deploySharesHarness(fork);
  const { clients, protocols } = fork;
  for (const lp of LPS) {
    await dealUsdc(clients, protocols.usdc, lp, 100n * MILLION);
    await approve(clients, protocols.usdc, lp, address, 2n ** 255n);
  }
  return { address };
}

describe("LP shares on a pool that gains and loses", () => {
  const world = useFork(emptyPool);
  const vault = lpSide(world);
  const requestDeposit = (lp: Address, assets: bigint) => vault.write(lp, "requestDeposit", [assets, lp, lp]);
  const requestRedeem = (lp: Address, amount: bigint) => vault.write(lp, "requestRedeem", [amount, lp, lp]);
  const process = (part = WHOLE) => vault.write(first, "process", [part]);
  const claimAll = async (lp: Address) => {
    await vault.write(lp, "mint", [await vault.read("maxMint", [lp]), lp, lp]);
    await vault.write(lp, "redeem", [await vault.read("maxRedeem", [lp]), lp, lp]);
  };
  const sharesOf = (lp: Address) => vault.read("balanceOf", [lp]);
  const worthOf = async (amount: bigint) => vault.read("convertToAssets", [amount]);

  async function enter(lp: Address, assets: bigint): Promise<void> {
    await requestDeposit(lp, assets);
    await process();
    await claimAll(lp);
  }

  /** Makes the pool worth this, and sees to it that a gain is there in tokens as well. */
  async function worth(assets: bigint): Promise<void> {
    await dealUsdc(world().clients, world().protocols.usdc, vault.address(), assets);
    await vault.write(first, "setPool", [assets]);
  }

  describe("partial fills", () => {
    it("give every request the same part, keep the rest waiting, and fill that at the later price", async () => {
      await enter(first, MILLION);
      await enter(second, MILLION);
      await requestRedeem(first, shares(300_000));
      await requestRedeem(second, shares(100_000));
      await process(WHOLE / 4n);
      for (const [lp, asked] of [
        [first, 300_000],
        [second, 100_000],
      ] as const) {
        expect(await vault.read("claimableRedeemRequest", [0n, lp])).to.equal(shares(asked / 4));
        expect(await vault.read("pendingRedeemRequest", [0n, lp])).to.equal(shares((asked * 3) / 4));
        expect(await vault.read("maxWithdraw", [lp])).to.equal(usdc(asked / 4));
      }

      await worth((await vault.read("pool")) / 2n);
      await process();
      expect(await vault.read("maxWithdraw", [first])).to.equal(usdc(75_000 + 225_000 / 2));
      expect(await vault.read("maxWithdraw", [second])).to.equal(usdc(25_000 + 75_000 / 2));
    });

    it("leave the unfilled part free to be cancelled, and to be added to", async () => {
      await enter(first, MILLION);
      await requestRedeem(first, shares(100_000));
      await process(WHOLE / 4n);
      const held = await sharesOf(first);
      await requestRedeem(first, shares(25_000));
      expect(await vault.read("pendingRedeemRequest", [0n, first])).to.equal(shares(100_000));
      await vault.write(first, "cancelRedeemRequest", [first, first]);
      expect((await sharesOf(first)) - held).to.equal(shares(75_000));
      expect(await vault.read("maxWithdraw", [first])).to.equal(usdc(25_000));
      await process();
      expect(await vault.read("maxWithdraw", [first]), "nothing waited any more").to.equal(usdc(25_000));
    });

    it("T4: whoever asks first, and whoever comes by more often, gets no more of what there is", async () => {
      await enter(first, MILLION);
      await enter(second, MILLION);
      const random = createRandom(4);
      for (let epoch = 0; epoch < 20; epoch++) {
        const amount = shares(random.between(1, 10_000));
        const order = random.pick([
          [first, second],
          [second, first],
        ]);
        if (epoch % 4 === 0) for (const lp of order) await requestRedeem(lp, amount);
        if (random.next() < 0.5)
          await vault.write(first, "redeem", [await vault.read("maxRedeem", [first]), first, first]);
        await worth(BigInt(Math.floor(Number(await vault.read("pool")) * random.between(0.8, 1.2))));
        await process(BigInt(Math.floor(random.next() * 1e9)) * 10n ** 9n);
      }
      await process();
      const paid = (lp: Address) => balanceOf(world().clients, world().protocols.usdc, lp);
      await claimAll(first);
      await claimAll(second);
      const [a, b] = [await paid(first), await paid(second)];
      expect(Number(a - b), "twenty claims against one").to.be.within(-40, 40);
    });
  });

  describe("an empty or nearly empty pool", () => {
    it("T1: the first to come cannot make a share so dear that the next gets nothing for its money", async () => {
      const [attacker, victim] = [first, second];
      await enter(attacker, 1n);
      await requestRedeem(attacker, (await sharesOf(attacker)) - 1n); // one wei of a share stays out
      await process();
      await claimAll(attacker);
      await worth(MILLION); // all of it the attacker's, in trading losses or otherwise
      await enter(victim, MILLION - 1n);
      const victims = await worthOf(await sharesOf(victim));
      expect(MILLION - 1n - victims <= 2n, `the victim has ${victims}`).to.equal(true);
      expect((await worthOf(await sharesOf(attacker))) <= MILLION).to.equal(true);
    });

    it("T2: what is left behind when all shares are gone is nobody's gift", async () => {
      await enter(first, MILLION);
      await requestRedeem(first, await sharesOf(first));
      await process();
      await worth(usdc(1000));
      expect(await vault.read("totalSupply")).to.equal(0n);
      await enter(second, usdc(500));
      const got = await sharesOf(second);
      expect(got > 0n).to.equal(true);
      expect(Number(usdc(500) - (await worthOf(got)))).to.be.within(0, 1);
    });

    it("T2: a deposit too small to buy a wei of a share waits, and none is issued", async () => {
      await worth(10n ** 15n); // and no share out: a wei of a share costs a thousand units
      await requestDeposit(first, 1n);
      await process();
      expect(await vault.read("totalSupply")).to.equal(0n);
      expect(await vault.read("pendingDepositRequest", [0n, first])).to.equal(1n);
      await vault.write(first, "cancelDepositRequest", [first, first]);
    });
  });

  it("T3: coming and going at one price returns no more than came, at any price and amount", async () => {
    const random = createRandom(3);
    await enter(third, MILLION);
    for (let round = 0; round < 25; round++) {
      await worth(BigInt(Math.floor(10 ** random.between(3, 14))));
      const assets = BigInt(Math.floor(10 ** random.between(0, 13)));
      await requestDeposit(first, assets);
      await process();
      if ((await vault.read("maxMint", [first])) === 0n) {
        if ((await vault.read("pendingDepositRequest", [0n, first])) > 0n) {
          await vault.write(first, "cancelDepositRequest", [first, first]);
        }
        continue;
      }
      await vault.write(first, "mint", [await vault.read("maxMint", [first]), first, first]);
      await requestRedeem(first, await sharesOf(first));
      await process();
      const back = await vault.read("maxWithdraw", [first]);
      expect(back <= assets, `${back} for ${assets}`).to.equal(true);
      await vault.write(first, "redeem", [await vault.read("maxRedeem", [first]), first, first]);
    }
  });

  describe("bounds", () => {
    it("below a millionth of par deposits wait and can be taken back, and above it they are filled again", async () => {
      await enter(first, MILLION);
      for (const pool of [0n, 1n, usdc(0.999999)]) {
        await worth(pool);
        await requestDeposit(second, usdc(10));
        await process();
        expect(await vault.read("pendingDepositRequest", [0n, second]), `pool of ${pool}`).to.equal(usdc(10));
        await vault.write(second, "cancelDepositRequest", [second, second]);
      }
      await requestDeposit(second, usdc(10));
      await worth(usdc(1.01));
      await process();
      expect(await vault.read("maxDeposit", [second])).to.equal(usdc(10));
      expect(Number(await worthOf(await vault.read("maxMint", [second])))).to.be.within(9_999_999, 10_000_000);
    });

    it("no worth of the pool, from nothing to a hundred billion dollars, stops an epoch", async () => {
      await enter(first, MILLION);
      const random = createRandom(17);
      for (let epoch = 0; epoch < 60; epoch++) {
        const pool = random.pick([0n, 1n, 10n ** 17n, BigInt(Math.floor(10 ** random.between(0, 17)))]);
        await vault.write(first, "setPool", [pool]);
        await requestDeposit(random.pick([second, third]), 1n + BigInt(Math.floor(10 ** random.between(0, 12))));
        const held = await sharesOf(first);
        if (held > 0n) await requestRedeem(first, random.pick([1n, held, held / 2n + 1n]));
        await process(random.pick([0n, 1n, WHOLE / 2n, WHOLE - 1n, WHOLE]));
        for (const lp of LPS) await vault.write(lp, "mint", [await vault.read("maxMint", [lp]), first, lp]);
      }
      expect((await vault.read("totalSupply")) < 2n ** 128n).to.equal(true);
    });
  });
});
