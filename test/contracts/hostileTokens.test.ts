import { expect } from "chai";
import {
  type Abi,
  type Address,
  type Hex,
  encodeFunctionData,
  erc20Abi,
  maxUint256,
  parseEther,
  parseUnits,
  toFunctionSelector,
} from "viem";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import { GOVERNOR, LPS, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { NO_LIMIT, buy, deployHarness, deployVault, marketSide, sell } from "../helpers/marketSide.ts";
import { expectClose } from "../helpers/numbers.ts";
import { expectRevert } from "../helpers/reverts.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice] = TRADERS as [Address];
const [first] = LPS as [Address];
const HABITS = { None: 0, Calls: 1, SaysNothing: 2, SaysNo: 3 } as const;
const REENTERED = toFunctionSelector("ReentrancyGuardReentrantCall()");
const FOREVER = 2n ** 40n;

const encoded = (abi: Abi, functionName: string, args: readonly unknown[]) =>
  encodeFunctionData({ abi, functionName, args });

describe("Keel on a USDC with other habits", () => {
  const world = useFork(async (fork) => {
    const built = await keelWorld(fork);
    const { clients, protocols } = fork;
    const sender = { public: clients.public, wallet: clients.wallet, account: GOVERNOR };
    const model = await deployContract(sender, compiled("test/harness/HostileUSDC"), []);
    const bytecode = (await clients.public.getCode({ address: model })) as Hex;
    await clients.test.setCode({ address: protocols.usdc, bytecode });
    return { ...built, reenterer: await deployHarness(fork, "Reenterer", [built.keel.vault.address]) };
  });
  const side = marketSide(world);

  const adopt = (habit: keyof typeof HABITS, told: Address = GOVERNOR) =>
    world().keel.write(GOVERNOR, {
      address: world().protocols.usdc,
      abi: compiled("test/harness/HostileUSDC").abi,
      functionName: "adopt",
      args: [HABITS[habit], told],
    });

  const marketCall = (functionName: string, args: readonly unknown[]) => ({
    target: world().keel.market.address,
    call: encoded(world().keel.market.abi, functionName, args),
  });
  const vaultCall = (functionName: string, args: readonly unknown[] = []) => ({
    target: world().keel.vault.address,
    call: encoded(world().keel.vault.abi, functionName, args),
  });

  describe("T50, tokens that call", () => {
    /** Everything that anyone may call and that changes something, as the reenterer would. */
    async function doors() {
      const { keel, call, expiries, reenterer, protocols, clients } = world();
      const me = reenterer.address;
      const round = await findSettlementRound(clients.public, protocols.feed, expiries[0]).catch(() => 1n);
      return {
        market: [
          marketCall("trade", [[buy(call(3300), 1)], NO_LIMIT, me, FOREVER]),
          marketCall("exercise", [call(3000), 1n, me]),
          marketCall("exerciseFor", [call(3000), [me]]),
          marketCall("settle", [expiries[0], round]),
        ],
        vault: [
          vaultCall("requestDeposit", [1n, me, me]),
          vaultCall("requestRedeem", [1n, me, me]),
          vaultCall("cancelDepositRequest", [me, me]),
          vaultCall("cancelRedeemRequest", [me, me]),
          vaultCall("mark"),
          vaultCall("processEpoch"),
          vaultCall("redeem", [1n, me, me]),
          vaultCall("withdraw", [1n, me, me]),
          vaultCall("mint", [1n, me, me]),
          {
            target: keel.vault.address,
            call: encodeFunctionData({ abi: keel.vault.abi, functionName: "deposit", args: [1n, me, me] }),
          },
        ],
      };
    }

    async function act(what: { target: Address; call: Hex }) {
      const { keel, reenterer } = world();
      return keel.write(alice, { ...reenterer, functionName: "act", args: [what.target, what.call] });
    }

    /** Does something with the doors tried at every move of tokens; returns what they answered, and the NAV seen then. */
    async function during(what: { target: Address; call: Hex }, tried: readonly { target: Address; call: Hex }[]) {
      const { keel, reenterer, clients } = world();
      await keel.write(alice, { ...reenterer, functionName: "plan", args: [tried] });
      await adopt("Calls", reenterer.address);
      await act(what);
      await adopt("None");
      const seen = await clients.public.readContract({ ...reenterer, functionName: "seen" });
      const [nav, answers] = seen as readonly [bigint, readonly Hex[]];
      expect(answers.length > 0 || tried.length === 0, "tokens moved").to.equal(true);
      return { nav, answers };
    }

    async function expectShut(what: { target: Address; call: Hex }, tried: readonly { target: Address; call: Hex }[]) {
      const { answers } = await during(what, tried);
      answers.forEach((answer, i) => expect(answer, `door ${i} of ${what.call.slice(0, 10)}`).to.equal(REENTERED));
    }

    beforeEach(async () => {
      const { keel, call, reenterer, protocols } = world();
      const approve = (spender: Address) =>
        act({
          target: protocols.usdc,
          call: encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] }),
        });
      await approve(keel.market.address);
      await approve(keel.vault.address);
      await act(marketCall("trade", [[buy(call(3000), 10)], NO_LIMIT, reenterer.address, FOREVER]));
      await act(vaultCall("requestDeposit", [parseUnits("1000", 6), reenterer.address, reenterer.address]));
    });

    it("T50: no door of the market opens while a trade or an exercise moves tokens", async () => {
      const { call, reenterer, market, keel, expiries } = world();
      const me = reenterer.address;
      const tried = (await doors()).market;
      await expectShut(marketCall("trade", [[buy(call(3000), 1)], NO_LIMIT, me, FOREVER]), tried);
      await expectShut(marketCall("trade", [[sell(call(3000), 1)], NO_LIMIT, me, FOREVER]), tried);
      await act(marketCall("setAutoExercise", [true]));
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      await expectShut(marketCall("exercise", [call(3000), parseEther("1"), me]), tried);
      await expectShut(marketCall("exerciseFor", [call(3000), [me]]), tried);
    });

    it("T50: no door of the vault opens while it pays a trader, a holder or an LP, or takes a deposit", async () => {
      const { call, reenterer, market, keel, expiries } = world();
      const me = reenterer.address;
      const tried = (await doors()).vault;
      await expectShut(marketCall("trade", [[sell(call(3000), 1)], NO_LIMIT, me, FOREVER]), tried);
      await expectShut(vaultCall("requestDeposit", [1n, me, me]), tried);
      await expectShut(vaultCall("cancelDepositRequest", [me, me]), tried);
      await keel.requestRedeem(first, parseEther("1000"));
      await side.nextEpoch();
      await side.callVault(first, "setOperator", [me, true]);
      await expectShut(vaultCall("redeem", [parseEther("10"), me, first]), tried);
      await expectShut(vaultCall("withdraw", [1_000_000n, me, first]), tried);
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      await expectShut(marketCall("exercise", [call(3000), parseEther("1"), me]), tried);
    });

    it("T50: who looks at the vault in the middle of a move sees what is there after it", async () => {
      const { call, reenterer, market, keel, expiries } = world();
      const me = reenterer.address;
      const compare = async (what: { target: Address; call: Hex }) => {
        const { nav } = await during(what, []);
        const after = await side.readVault("nav");
        // Two seconds pass until it is asked again, in which options lose some time value.
        expectClose(Number(nav) / 1e18, Number(after) / 1e18, 0.05);
      };
      await compare(marketCall("trade", [[buy(call(3000), 50)], NO_LIMIT, me, FOREVER]));
      await compare(marketCall("trade", [[sell(call(3000), 40)], NO_LIMIT, me, FOREVER]));
      await keel.requestRedeem(first, parseEther("100000"));
      await side.nextEpoch();
      await side.callVault(first, "setOperator", [me, true]);
      await compare(vaultCall("redeem", [parseEther("100000"), me, first]));
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      await compare(marketCall("exercise", [call(3000), parseEther("20"), me]));
    });

    it("T50: what may be called in the middle of a purchase takes nothing that is not the caller's", async () => {
      const { call, reenterer, keel, clients, protocols } = world();
      const me = reenterer.address;
      const before = Number(await side.readVault("nav")) / 1e18;
      const tried = (await doors()).vault;
      const had = await balanceOf(clients, protocols.usdc, me);
      await during(marketCall("trade", [[buy(call(3000), 1)], NO_LIMIT, me, FOREVER]), tried);
      const accounts = await Promise.all(
        ["cash", "insurance", "reservedForRedemptions"].map((name) => side.readVault(name)),
      );
      const [pending] = await side.readVault<readonly [bigint, bigint]>("pendingTotals");
      const sum = accounts.reduce((total, amount) => total + amount, pending);
      expect(await balanceOf(clients, protocols.usdc, keel.vault.address)).to.equal(sum);
      expect(Number(await side.readVault("nav")) / 1e18 >= before, "the pool lost nothing").to.equal(true);
      const left = await balanceOf(clients, protocols.usdc, me);
      expect(left <= had + parseUnits("1000", 6), "no more than its own request came back").to.equal(true);
    });
  });

  describe("T54, tokens with other answers", () => {
    it("T54: one that returns nothing serves: trades, payouts, deposits and claims go through", async () => {
      const { keel, call, market, expiries, clients, protocols } = world();
      await adopt("SaysNothing");
      await keel.trade(alice, [buy(call(3000), 2)]);
      await keel.trade(alice, [sell(call(3000), 1)]);
      await keel.requestDeposit(first, 5_000_000n);
      await keel.requestRedeem(first, parseEther("10"));
      await side.nextEpoch();
      await keel.claimAssets(first);
      await keel.claimShares(first);
      await market.moveTo(3300, { at: Number(expiries[0]) + 30, forceRound: true });
      await keel.settle(expiries[0]);
      const before = await balanceOf(clients, protocols.usdc, alice);
      await keel.exercise(alice, call(3000));
      expect((await balanceOf(clients, protocols.usdc, alice)) - before).to.equal(parseUnits("300", 6));
    });

    it("T54: one that says no instead of reverting gets nobody options, shares or a burned claim", async () => {
      const { keel, call, market, expiries, clients } = world();
      await keel.trade(alice, [buy(call(3000), 2)]);
      await keel.requestDeposit(first, 5_000_000n);
      await adopt("SaysNo");
      await expectRevert(keel.trade(alice, [buy(call(3000), 1)]), "SafeERC20FailedOperation");
      await expectRevert(keel.trade(alice, [sell(call(3000), 1)]), "SafeERC20FailedOperation");
      await expectRevert(keel.requestDeposit(first, 5_000_000n), "SafeERC20FailedOperation");
      await expectRevert(side.callVault(first, "cancelDepositRequest", [first, first]), "SafeERC20FailedOperation");
      await side.callMarket(alice, "setAutoExercise", [true]);
      await clients.test.setNextBlockTimestamp({ timestamp: expiries[0] + 30n });
      await market.report(3300);
      await keel.settle(expiries[0]);
      await expectRevert(keel.exercise(alice, call(3000)), "SafeERC20FailedOperation");
      await side.callMarket(alice, "exerciseFor", [call(3000), [alice]]);
      expect(await side.held(alice, call(3000))).to.equal(parseEther("2"));
      await adopt("None");
      expect((await keel.exercise(alice, call(3000))).assets).to.equal(parseUnits("600", 6));
    });

    it("T54: a vault is refused on a token of other decimals than USDC's", async () => {
      const { weth } = world().protocols;
      const refusal = await expectRevert(deployVault(world(), weth), "UnsuitableAsset");
      expect(refusal).to.deep.equal([weth, 18]);
    });

    it("T54: quantities beyond what an account can hold are refused, never cut", async () => {
      const { keel, call } = world();
      await keel.trade(alice, [buy(call(3000), 1)]);
      for (const bits of [96n, 128n, 200n, 254n]) {
        for (const quantity of [2n ** bits, -(2n ** bits), 2n ** bits + parseEther("1")]) {
          const trade = keel.trade(alice, [{ id: call(3000), quantity }]);
          expect(
            await trade.then(
              () => "went through",
              () => "refused",
            ),
          ).to.equal("refused");
        }
      }
      expect(await side.readVault("positionOf", [call(3000)])).to.equal(-parseEther("1"));
      expect(await side.held(alice, call(3000))).to.equal(parseEther("1"));
    });
  });
});
