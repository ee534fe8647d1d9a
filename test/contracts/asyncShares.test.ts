import { needsDeployedCode } from "../helpers/coverage.ts";
import { expect } from "chai";
import { type Address, parseEther } from "viem";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { createRandom } from "../../simulator/path/random.ts";
import { dealUsdc } from "../../simulator/chain/deal.ts";
import { LPS, LP_DEPOSIT, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { shares, usdc, vaultSide } from "../helpers/lpSide.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const crowdContract = compiled("test/harness/Crowd");

const [first, second, third] = LPS as [Address, Address, Address];
const [alice, bob] = TRADERS as [Address, Address];

describe("The LPs' side of the vault", () => {
  const world = useFork(keelWorld);
  const vault = vaultSide(world);
  const usdcOf = (account: Address) => balanceOf(world().clients, world().protocols.usdc, account);
  const sharesOf = (account: Address) => vault.read("balanceOf", [account]);
  const requestDeposit = (lp: Address, assets: bigint) => vault.write(lp, "requestDeposit", [assets, lp, lp]);
  const requestRedeem = (lp: Address, amount: bigint) => vault.write(lp, "requestRedeem", [amount, lp, lp]);
  const sell = async (contracts: number) =>
    world().keel.trade(alice, [{ id: world().call(3000), quantity: parseEther(String(contracts)) }]);

  describe("prices", () => {
    it("T1: a donation to the vault buys its giver nothing and costs a later depositor nothing", async () => {
      await requestDeposit(first, usdc(1));
      await dealUsdc(world().clients, world().protocols.usdc, vault.address(), usdc(2_000_000));
      await requestDeposit(second, usdc(1000));
      await vault.nextEpoch();
      expect(await vault.read("maxMint", [first])).to.equal(shares(1));
      expect(await vault.read("maxMint", [second])).to.equal(shares(1000));
      expect(await vault.read("totalAssets")).to.equal(3n * LP_DEPOSIT + usdc(1001));
    });

    it("T2: no share is claimed for nothing: what a claim uses up is rounded up", async () => {
      await sell(10);
      await requestDeposit(first, usdc(1000));
      await requestRedeem(second, shares(1000));
      await vault.nextEpoch();
      expect(await vault.simulate(first, "mint", [1n, first, first]), "assets for a wei of a share").to.equal(1n);
      const [asked, worth] = await Promise.all([
        vault.read("maxRedeem", [second]),
        vault.read("maxWithdraw", [second]),
      ]);
      const paid = await vault.simulate(second, "withdraw", [1n, second, second]);
      expect(paid * worth >= asked, `${paid} shares for a unit`).to.equal(true);
      expect(await vault.simulate(second, "redeem", [1n, second, second]), "assets for a wei of a share").to.equal(0n);
    });

    it("T3: once an epoch is over, and its price can be foreseen, nobody joins it", async () => {
      await sell(50);
      await vault.endEpoch(2900); // the sold calls have lost value: this epoch will be a good one
      await expectRevert(requestDeposit(second, usdc(1_000_000)), "EpochOver");
      await expectRevert(requestRedeem(second, shares(1)), "EpochOver");
      await world().clients.test.increaseTime({ seconds: 30 * 3600 }); // and be it long overdue
      await world().clients.test.mine({ blocks: 1 });
      await expectRevert(requestDeposit(second, usdc(1_000_000)), "EpochOver");
    });

    it("T3: deposit, redemption and claims within one block give nothing back: each waits for its epoch", async () => {
      await requestDeposit(second, usdc(1000));
      await expectRevert(vault.write(second, "deposit", [1n, second, second]), "ExceedsClaimable");
      await vault.nextEpoch();
      await vault.write(second, "deposit", [usdc(1000), second, second]);
      await requestRedeem(second, shares(1000));
      await expectRevert(vault.write(second, "redeem", [1n, second, second]), "ExceedsClaimable");
      await vault.nextEpoch();
      expect((await vault.read("maxWithdraw", [second])) <= usdc(1000)).to.equal(true);
    });

    it("T4: nobody steps back from an epoch that is over because its price turns out badly", async () => {
      await sell(50);
      await requestRedeem(first, shares(100_000));
      await requestDeposit(second, usdc(1000));
      await vault.endEpoch(3400);
      await expectRevert(vault.write(first, "cancelRedeemRequest", [first, first]), "EpochOver");
      await expectRevert(vault.write(second, "cancelDepositRequest", [second, second]), "EpochOver");
      await world().keel.renewSurface();
      await world().keel.processEpoch();
      await expectRevert(vault.write(first, "cancelRedeemRequest", [first, first]), "NothingPending");
    });

    it("T4: a loss is shared by those who leave in its epoch, whoever asked first", async () => {
      await sell(50);
      await requestRedeem(first, shares(200_000));
      await requestRedeem(second, shares(100_000));
      await requestRedeem(first, shares(100_000));
      await vault.nextEpoch(3400);
      const [three, one] = await Promise.all([first, second].map((lp) => vault.read("maxWithdraw", [lp])));
      expect(one! < usdc(100_000), "a loss").to.equal(true);
      expect(Number(three! - 3n * one!)).to.be.within(0, 3);
    });

    it("T5: a deposit just before the epoch ends has no part in what the epoch earned", async () => {
      await sell(200); // charges are earned at once
      const worthBefore = await vault.read("convertToAssets", [shares(1)]);
      expect(worthBefore > usdc(1), "the pool has earned").to.equal(true);
      await requestDeposit(third, usdc(900_000));
      await vault.nextEpoch();
      const got = await vault.read("maxMint", [third]);
      expect((await vault.read("convertToAssets", [got])) <= usdc(900_000)).to.equal(true);
    });
  });

  describe("accounts", () => {
    it("T7: a claim pays once, however it is cut up", async () => {
      await requestDeposit(first, usdc(1000));
      await requestRedeem(second, shares(1000));
      await vault.nextEpoch();
      for (const [lp, inputs, outputs, byInput, byOutput, balance] of [
        [first, "maxDeposit", "maxMint", "deposit", "mint", sharesOf],
        [second, "maxRedeem", "maxWithdraw", "redeem", "withdraw", usdcOf],
      ] as const) {
        const [input, output] = [await vault.read(inputs, [lp]), await vault.read(outputs, [lp])];
        const before = await balance(lp);
        await vault.write(lp, byInput, [input / 3n, lp, lp]);
        await vault.write(lp, byOutput, [output / 3n, lp, lp]);
        await vault.write(lp, byInput, [await vault.read(inputs, [lp]), lp, lp]);
        expect((await balance(lp)) - before).to.equal(output);
        for (const again of [byInput, byOutput]) {
          await expectRevert(vault.write(lp, again, [1n, lp, lp]), "ExceedsClaimable");
        }
      }
    });

    it("T9: a wei of USDC or of shares sent to the vault makes no call revert", async () => {
      await dealUsdc(world().clients, world().protocols.usdc, vault.address(), 1n);
      await vault.write(first, "transfer", [vault.address(), 1n]);
      await requestDeposit(first, usdc(10));
      await requestDeposit(second, usdc(10));
      await requestRedeem(first, shares(10));
      await requestRedeem(second, shares(10));
      await vault.write(second, "cancelDepositRequest", [second, second]);
      await vault.write(second, "cancelRedeemRequest", [second, second]);
      await vault.nextEpoch();
      await vault.write(first, "deposit", [usdc(10), first, first]);
      await vault.write(first, "redeem", [shares(10), first, first]);
      await vault.nextEpoch();
    });

    it("T30: every move of tokens moves an account by as much, over a hundred random steps", async () => {
      const random = createRandom(30);
      const part = (of: bigint) => (of * BigInt(Math.floor(random.next() * 1000))) / 1000n;
      let epochs = 0;
      for (let step = 0; step < 100; step++) {
        const lp = random.pick(LPS);
        const before = await balances();
        await act(lp, random.pick(["in", "in", "out", "out", "cancelIn", "cancelOut", "claim", "claim", "epoch"]));
        const after = await balances();
        expect(after.usdc - before.usdc, `USDC, step ${step}`).to.equal(after.usdcAccounts - before.usdcAccounts);
        // A batch's shares are divided rounding down: up to a wei for each LP and batch belongs to nobody.
        expect(Number(after.shares - after.shareAccounts), `shares, step ${step}`).to.be.within(0, 3 * step);
      }

      async function act(lp: Address, what: string): Promise<void> {
        if (what === "in") await requestDeposit(lp, 1n + part(usdc(1000)));
        else if (what === "out") await requestRedeem(lp, 1n + part(await sharesOf(lp)) / 100n);
        else if (what === "epoch" && epochs++ < 6)
          await vault.nextEpoch(); // the next has an expiry in it
        else if (what === "claim" || what === "epoch") {
          await vault.write(lp, "deposit", [part(await vault.read("maxDeposit", [lp])), lp, lp]);
          await vault.write(lp, "withdraw", [part(await vault.read("maxWithdraw", [lp])), lp, lp]);
        } else {
          const [pending, cancel] =
            what === "cancelIn"
              ? ["pendingDepositRequest", "cancelDepositRequest"]
              : ["pendingRedeemRequest", "cancelRedeemRequest"];
          if ((await vault.read(pending, [0n, lp])) > 0n) await vault.write(lp, cancel, [lp, lp]);
        }
      }

      async function balances() {
        const [assetsIn, sharesIn] = await vault.read<readonly [bigint, bigint]>("pendingTotals");
        const claimable = await Promise.all(LPS.map((lp) => vault.read("maxMint", [lp])));
        return {
          usdc: await usdcOf(vault.address()),
          usdcAccounts: (await vault.read("cash")) + assetsIn + (await vault.read("reservedForRedemptions")),
          shares: await sharesOf(vault.address()),
          shareAccounts: claimable.reduce((sum, amount) => sum + amount, sharesIn),
        };
      }
    });
  });

  describe("cost", () => {
    it("T55: a thousand dust requests, of whatever controllers, neither block an epoch nor make it dearer", async () => {
      await requestDeposit(first, usdc(10));
      await requestRedeem(first, shares(7)); // other than the deposit: a balance that ends as it began costs less
      const { snapshot, revert } = world().clients.test;
      const clean = await snapshot();
      const alone = (await vault.nextEpoch()).gasUsed;
      await revert({ id: clean });

      const { keel, clients } = world();
      const sender = { public: clients.public, wallet: clients.wallet, account: second };
      const crowd = await deployContract(sender, crowdContract, []);
      await dealUsdc(clients, world().protocols.usdc, crowd, 1000n);
      await vault.write(second, "transfer", [crowd, 1000n]);
      for (let controller = 1; controller <= 1000; controller += 50) {
        const args = [vault.address(), controller, 50];
        await keel.write(second, { address: crowd, abi: crowdContract.abi, functionName: "request", args });
      }
      const crowded = (await vault.nextEpoch()).gasUsed;
      expect(Math.abs(Number(crowded - alone)) / Number(alone)).to.be.below(0.01);
      await vault.write(first, "redeem", [shares(7), first, first]);
      await vault.write(first, "deposit", [usdc(10), first, first]);
    });

    it("a request takes at most 110,000 gas and a claim 90,000", async function () {
      needsDeployedCode(this);
      const gas = async (name: string, args: readonly unknown[]) =>
        Number((await vault.write(first, name, args)).gasUsed);
      const most = { request: 0, claim: 0 };
      for (let epoch = 0; epoch < 3; epoch++) {
        const requests = [
          await gas("requestDeposit", [usdc(10), first, first]),
          await gas("requestRedeem", [shares(10), first, first]),
        ];
        await vault.nextEpoch();
        const claims = [
          await gas("deposit", [usdc(4 + epoch), bob, first]),
          await gas("mint", [shares(4), bob, first]),
          await gas("redeem", [shares(4 + epoch), bob, first]),
          await gas("withdraw", [usdc(4), bob, first]),
        ];
        most.request = Math.max(most.request, ...requests);
        most.claim = Math.max(most.claim, ...claims);
      }
      expect(most.request, "request").to.be.at.most(110_000);
      expect(most.claim, "claim").to.be.at.most(90_000);
    });
  });
});
