import { expect } from "chai";
import { type Address, encodeFunctionData, maxUint256, parseAbi, parseEther, parseUnits } from "viem";
import { send } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { type Fork, describeOnForks, useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";

const poolAbi = parseAbi([
  "function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)",
  "function borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf)",
  "function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf) returns (uint256)",
  "function withdraw(address asset, uint256 amount, address to) returns (uint256)",
  "function getUserAccountData(address user) view returns (uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase, uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor)",
]);
const dataProviderAbi = parseAbi([
  "function getReserveTokensAddresses(address asset) view returns (address aToken, address stableDebt, address variableDebt)",
  "function getReserveConfigurationData(address asset) view returns (uint256 decimals, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus, uint256 reserveFactor, bool usageAsCollateralEnabled, bool borrowingEnabled, bool stableBorrowRateEnabled, bool isActive, bool isFrozen)",
]);

const BORROWER: Address = "0x00000000000000000000000000000000c0ffee02";
const VARIABLE_RATE = 2n;
const COLLATERAL = parseUnits("100000", 6);
const LOAN = parseEther("10");

describeOnForks("Aave v3", (origin) => {
  const world = useFork(async ({ clients, protocols }: Fork) => {
    await clients.test.impersonateAccount({ address: BORROWER });
    await clients.test.setBalance({ address: BORROWER, value: parseEther("1") });
    await dealUsdc(clients, protocols.usdc, BORROWER, COLLATERAL);
    await approve(clients, protocols.usdc, BORROWER, protocols.aave.pool, maxUint256);
    await approve(clients, protocols.weth, BORROWER, protocols.aave.pool, maxUint256);
    return {};
  }, origin);

  /** One call of the borrower's to the pool. */
  async function act(data: `0x${string}`): Promise<void> {
    const { clients, protocols } = world();
    await send(clients, { from: BORROWER, to: protocols.aave.pool, data });
  }
  const supply = () => {
    const args = [world().protocols.usdc, COLLATERAL, BORROWER, 0] as const;
    return act(encodeFunctionData({ abi: poolAbi, functionName: "supply", args }));
  };
  const borrow = () => {
    const args = [world().protocols.weth, LOAN, VARIABLE_RATE, 0, BORROWER] as const;
    return act(encodeFunctionData({ abi: poolAbi, functionName: "borrow", args }));
  };
  async function debt(): Promise<bigint> {
    const { clients, protocols } = world();
    const [, , token] = await clients.public.readContract({
      address: protocols.aave.dataProvider,
      abi: dataProviderAbi,
      functionName: "getReserveTokensAddresses",
      args: [protocols.weth],
    });
    return balanceOf(clients, token, BORROWER);
  }
  const account = () =>
    world().clients.public.readContract({
      address: world().protocols.aave.pool,
      abi: poolAbi,
      functionName: "getUserAccountData",
      args: [BORROWER],
    });

  it("takes USDC as collateral, lends ether, is repaid and returns the collateral with interest", async () => {
    const { clients, protocols } = world();
    await supply();
    expect(await balanceOf(clients, protocols.usdc, BORROWER)).to.equal(0n);
    await borrow();
    expect(await balanceOf(clients, protocols.weth, BORROWER)).to.equal(LOAN);

    await clients.test.increaseTime({ seconds: 30 * 86_400 });
    await clients.test.mine({ blocks: 1 });
    const owed = await debt();
    expect(owed > LOAN).to.equal(true);

    await dealWeth(clients, protocols.weth, BORROWER, parseEther("1")); // for the interest
    const repay = [protocols.weth, maxUint256, VARIABLE_RATE, BORROWER] as const;
    await act(encodeFunctionData({ abi: poolAbi, functionName: "repay", args: repay }));
    expect(await debt()).to.equal(0n);
    const withdraw = [protocols.usdc, maxUint256, BORROWER] as const;
    await act(encodeFunctionData({ abi: poolAbi, functionName: "withdraw", args: withdraw }));
    const returned = await balanceOf(clients, protocols.usdc, BORROWER);
    expect(returned > COLLATERAL).to.equal(true);
    expect(Number(returned) / Number(COLLATERAL)).to.be.within(1, 1.02); // a month of interest
  });

  it("lends no more than the collateral allows", async () => {
    const { protocols } = world();
    await supply();
    const args = [protocols.weth, parseEther("1000"), VARIABLE_RATE, 0, BORROWER] as const;
    const tooMuch = act(encodeFunctionData({ abi: poolAbi, functionName: "borrow", args }));
    const failure = await tooMuch.then(
      () => "none",
      (error: Error) => error.message,
    );
    expect(failure).to.match(/'36'|"36"|36/); // COLLATERAL_CANNOT_COVER_NEW_BORROW
  });

  it("marks the loan at the oracle's price: the health factor falls when ether rises", async () => {
    const { market } = world();
    const { oracle } = await market.prices();
    await supply();
    await borrow();
    const before = await account();
    await market.report(oracle * 1.5);
    const after = await account();
    expectClose(Number(after[1]) / Number(before[1]), 1.5, 1e-5);
    expectClose(Number(after[5]) / Number(before[5]), 1 / 1.5, 1e-5);
  });

  it("has reserves that can be borrowed, with mainnet's kind of parameters", async () => {
    const { clients, protocols } = world();
    for (const asset of [protocols.weth, protocols.usdc]) {
      const [, ltv, threshold, bonus, , collateral, borrowing, , active, frozen] = await clients.public.readContract({
        address: protocols.aave.dataProvider,
        abi: dataProviderAbi,
        functionName: "getReserveConfigurationData",
        args: [asset],
      });
      expect(Number(ltv)).to.be.within(7000, 8500);
      expect(Number(threshold)).to.be.within(Number(ltv) + 1, 8700);
      expect(Number(bonus)).to.be.within(10_400, 10_600);
      expect([collateral, borrowing, active, frozen]).to.deep.equal([true, true, true, false]);
    }
  });
});
