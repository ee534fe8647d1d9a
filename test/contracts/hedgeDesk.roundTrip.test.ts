import { expect } from "chai";
import { type Address, type TransactionReceipt, parseAbi, parseEther } from "viem";
import { DEVNET_PARAMETERS } from "../../deployments/parameters.ts";
import { deskEvents, deskOf } from "../helpers/desk.ts";
import { KEEPER, TRADERS, keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";
import { expectClose } from "../helpers/numbers.ts";
import { balanceOf } from "../helpers/tokens.ts";

const [alice, bob] = TRADERS as [Address, Address];
const WAD = 10n ** 18n;
const USDC_UNIT = 10n ** 12n;
const DAY = 86_400;
/** In a mark, in place of the hedge: MarkedBook.UNKNOWN. */
const UNKNOWN = 2n ** 88n - 1n;
const TWAP_WINDOW = DEVNET_PARAMETERS.oracle.twapWindow;
const accountAbi = parseAbi([
  "function getUserAccountData(address user) view returns (uint256, uint256, uint256, uint256, uint256, uint256 health)",
]);

/** Running totals of the desk's own events, WAD USDC. */
interface Totals {
  funded: bigint;
  realised: bigint;
  slippage: bigint;
  interest: bigint;
  unrealised: bigint;
  equity: bigint;
  actions: bigint;
}

describe("HedgeDesk's round trips through Uniswap v3 and Aave v3", () => {
  const world = useFork(keelWorld);
  const desk = deskOf(world);

  const nothing = (): Totals => ({
    funded: 0n,
    realised: 0n,
    slippage: 0n,
    interest: 0n,
    unrealised: 0n,
    equity: 0n,
    actions: 0n,
  });

  function add(totals: Totals, receipt: TransactionReceipt): void {
    for (const { args } of deskEvents(receipt, "Accounted")) {
      for (const flow of ["funded", "realised", "slippage", "interest"] as const) totals[flow] += args[flow];
      [totals.unrealised, totals.equity] = [args.unrealised, args.equity];
      totals.actions += 1n;
    }
  }

  /** What the events say must be what the tokens, Aave and the vault's accounts say. */
  async function check(totals: Totals, spot: number): Promise<void> {
    const { clients, protocols, keel } = world();
    const { inventory, debt, collateral } = await desk.holdings();
    const [base, quote] = await desk.position();
    expect(base).to.equal(inventory - debt);
    expect(quote).to.equal(collateral * USDC_UNIT);
    const known = await clients.public.readContract({ ...keel.vault, functionName: "exposure" });
    expect([known.base, known.quote], "what the vault knows of it").to.deep.equal([base, quote]);
    expect(known.mark.inventory, "without asking").to.equal(debt + collateral > 0n ? UNKNOWN : inventory);
    expect(await balanceOf(clients, protocols.weth, keel.desk.address), "ether at the desk").to.equal(inventory);
    expect(await balanceOf(clients, protocols.usdc, keel.desk.address), "USDC at the desk").to.equal(0n);
    for (const contract of [keel.contracts.uniswapV3Venue, keel.contracts.aaveV3Lender]) {
      for (const token of [protocols.weth, protocols.usdc]) {
        expect(await balanceOf(clients, token, contract), "held on the way").to.equal(0n);
      }
    }
    const args = [keel.contracts.aaveV3Lender] as const;
    const read = { address: protocols.aave.pool, abi: accountAbi, functionName: "getUserAccountData", args } as const;
    const [collateralBase, debtBase, , , , health] = await clients.public.readContract(read);
    expectClose(Number(collateralBase) / 1e8, Number(collateral) / 1e6, 0.01);
    expectClose(Number(debtBase) / 1e8, (Number(debt) / 1e18) * spot, 0.01);
    if (debt > 0n) expect(health >= parseEther("1.3"), `health ${health}`).to.equal(true);

    expectSame(totals.equity, (base * parseEther(String(spot))) / WAD + quote, 1n);
    expectSame(
      totals.equity,
      totals.funded + totals.realised + totals.interest - totals.slippage + totals.unrealised,
      4n * totals.actions, // divisions by 1e18: 1e-18 dollars each
    );
  }

  function expectSame(actual: bigint, expected: bigint, wei: bigint): void {
    const distance = actual > expected ? actual - expected : expected - actual;
    expect(distance <= wei, `${actual} is ${distance} from ${expected}`).to.equal(true);
  }

  for (const move of [1.5, 0.5]) {
    it(`goes long, short and flat through a move to ${move * 100} % and back, and every wei is explained`, async () => {
      const { keel, call, put, expiries, market, clients } = world();
      const far = expiries[1];
      const totals = nothing();
      const account = async (functionName: "cash" | "insurance") =>
        clients.public.readContract({ ...keel.vault, functionName });
      const cash = async () => (await account("cash")) + (await account("insurance")); // a share of fees goes there
      let paidByTraders = 0n;
      const trade = async (id: bigint, quantity: string) => {
        const { quote } = await keel.trade(alice, [{ id, quantity: parseEther(quantity) }]);
        paidByTraders += quote.total;
      };
      const neutral = async (spot: number) => {
        add(totals, await desk.neutral());
        await check(totals, spot);
        expectClose(Number(await desk.netDelta()) / 1e18, 0, 1e-3);
      };
      // New risk is taken on only where feed and pool agree: the average has to forget the move first.
      const moveTo = async (price: number) => {
        await market.moveTo(price, { forceRound: true });
        await clients.test.increaseTime({ seconds: 2 * TWAP_WINDOW });
        await clients.test.mine({ blocks: 1 });
      };
      const start = await cash();

      await trade(call(3000, far), "40"); // long
      await neutral(3000);
      expect((await desk.holdings()).debt).to.equal(0n);
      await moveTo(3000 * move);
      await neutral(3000 * move);
      await clients.test.increaseTime({ seconds: DAY / 8 });
      await moveTo(3000);
      await trade(call(3000, far), "-40"); // short, over zero in one order
      await trade(put(3000, far), "40");
      await neutral(3000);
      expect((await desk.holdings()).inventory).to.equal(0n);
      const restore = async (spot: number) => {
        if ((await desk.health()) >= parseEther("1.3")) return;
        const args = [await desk.route()] as const;
        add(totals, await keel.write(bob, { ...keel.desk, functionName: "restoreHealth", args }));
        await check(totals, spot);
      };
      await moveTo(3000 * move);
      await restore(3000 * move);
      await neutral(3000 * move);
      await clients.test.increaseTime({ seconds: DAY / 8 });
      await moveTo(3000);
      await restore(3000);
      await neutral(3000);
      await trade(put(3000, far), "-40"); // flat
      const args = [2n ** 255n, await desk.route()] as const;
      add(totals, await keel.write(KEEPER, { ...keel.desk, functionName: "unwind", args }));
      await check(totals, 3000);

      expect(await desk.position()).to.deep.equal([0n, 0n]);
      expect(totals.unrealised).to.equal(0n);
      // What the vault put in and did not get back is exactly what the events lost, and nothing else left its cash.
      expectSame(-totals.funded, totals.realised + totals.interest - totals.slippage, 4n * totals.actions);
      expect((await cash()) - start).to.equal(paidByTraders - totals.funded / USDC_UNIT);
      expect(totals.slippage > 0n && totals.interest !== 0n).to.equal(true);
    });
  }
});
