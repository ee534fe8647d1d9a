import { expect } from "chai";
import hre from "hardhat";

const { ethers } = await hre.network.create();
const { parseEther } = ethers;

/** The lender against a stand-in for what the real bytecode of the fork is too old for: see test/harness/AaveStandIn.sol. */
for (const isNewer of [false, true]) {
  describe(`AaveV3Lender on Aave ${isNewer ? "from v3.5 on (rounds against the user)" : "up to v3.4 (rounds half up)"}`, () => {
    const DEBT = parseEther("17.123456789");
    const COLLATERAL = 123_456_789_123n;

    async function setUp() {
      const [desk, other] = await ethers.getSigners();
      if (!desk || !other) throw new Error("no accounts");
      const base = await ethers.deployContract("AnyToken", [18, parseEther("2000000")]);
      const quote = await ethers.deployContract("AnyToken", [6, 10n ** 16n]);
      const aave = await ethers.deployContract("AaveStandIn", [base, quote, isNewer]);
      await base.getFunction("transfer")(aave, parseEther("1000000"));
      await quote.getFunction("approve")(aave, 10n ** 15n);
      await aave.getFunction("fund")(10n ** 13n);
      const lender = await ethers.deployContract("AaveV3Lender", [desk.address, aave, aave, base, quote]);
      const supply = async (assets: bigint, amount: bigint) => {
        await quote.getFunction("transfer")(lender, assets);
        await lender.getFunction("borrow")(assets, amount, desk.address);
      };
      const repay = async (amount: bigint, assets: bigint) => {
        if (amount > 0n) await base.getFunction("transfer")(lender, amount);
        await lender.getFunction("repay")(amount, assets, other.address);
      };
      const balances = async () => {
        const [debt, collateral] = (await lender.getFunction("balances")()) as [bigint, bigint];
        return { debt, collateral };
      };
      const paidOut = async () => (await quote.getFunction("balanceOf")(other.address)) as bigint;
      return { aave, base, quote, lender, supply, repay, balances, paidOut };
    }

    async function later(seconds: number): Promise<void> {
      await ethers.provider.send("evm_increaseTime", [seconds]);
      await ethers.provider.send("evm_mine", []);
    }

    it("T68: closes a loan to nothing, whenever", async () => {
      for (let i = 0; i < 25; i++) {
        const { supply, repay, balances, paidOut } = await setUp();
        await supply(COLLATERAL + BigInt(i), DEBT);
        await later(12 + 37 * i);
        const before = await balances();
        await repay(before.debt + parseEther("0.0001"), before.collateral + 1_000n);
        expect(await balances()).to.deep.equal({ debt: 0n, collateral: 0n });
        expect(Number((await paidOut()) - before.collateral)).to.be.within(0, 1_000); // interest since
      }
    });

    it("T68: pays and releases in parts to the last unit, and is never left with more than was supplied", async () => {
      const { supply, repay, balances, paidOut } = await setUp();
      await supply(COLLATERAL, DEBT);
      for (let i = 0; i < 12; i++) {
        await later(601);
        await repay(DEBT / 13n, COLLATERAL / 13n);
      }
      const { debt, collateral } = await balances();
      await repay(debt + parseEther("0.001"), collateral + 1_000n);
      expect(await balances()).to.deep.equal({ debt: 0n, collateral: 0n });
      const earned = (await paidOut()) - COLLATERAL;
      expect(Number(earned)).to.be.within(-20, 20_000_000);
    });

    it("T68: a crumb of another reserve with a loan-to-value of zero holds nothing up", async () => {
      const { aave, lender, supply, repay, balances, paidOut } = await setUp();
      await supply(COLLATERAL, DEBT);
      await aave.getFunction("dust")(lender);
      await repay(0n, 1_000_000_000n);
      expect(await paidOut()).to.equal(1_000_000_000n);
      await aave.getFunction("dust")(lender);
      await repay(DEBT / 2n, 2_000_000_000n);
      expect(await paidOut()).to.equal(3_000_000_000n);
      expect((await balances()).debt < DEBT).to.equal(true);
    });

    it("T68: a crumb of USDC from a time when it was no collateral does not keep what follows from being", async () => {
      const { aave, quote, lender, supply, balances } = await setUp();
      await quote.getFunction("approve")(aave, 10n ** 15n);
      await aave.getFunction("supply")(quote, 5n, lender, 0);
      await aave.getFunction("setCollateralFlags")(lender, 0n);
      await supply(COLLATERAL, DEBT);
      expect((await balances()).debt >= DEBT).to.equal(true);
    });

    it("T68: releases what there is when others have borrowed the rest, whatever was sent to the aToken", async () => {
      const { aave, quote, supply, repay, paidOut } = await setUp();
      await supply(COLLATERAL, DEBT);
      await aave.getFunction("drain")(10n ** 13n + COLLATERAL - 5_000_000_000n, lenderless);
      await quote.getFunction("transfer")(aave, 1_000_000_000_000n);
      await repay(0n, 20_000_000_000n);
      expect(await paidOut()).to.equal(5_000_000_000n);
    });

    it("T68: dust of a payment, and a payment that is refused, go back and revert nothing", async () => {
      const { aave, base, lender, supply, repay, balances, paidOut } = await setUp();
      await supply(COLLATERAL, DEBT);
      await repay(1n, 1_000_000n); // rounds to nothing on newer ones
      await aave.getFunction("setRefusesPayment")(true);
      const before = { ...(await balances()), paidOut: await paidOut() };
      await repay(parseEther("1"), 1_000_000n);
      const after = await balances();
      expect(after.debt >= before.debt).to.equal(true);
      expect(await paidOut(), "what was asked for on the strength of a payment stays").to.equal(before.paidOut);
      expect(await base.getFunction("balanceOf")(lender)).to.equal(0n);
    });
  });
}

const lenderless = "0x000000000000000000000000000000000000dEaD";
