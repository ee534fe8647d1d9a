import { expect } from "chai";
import { type Address, type Hex, encodeFunctionData, erc20Abi, maxUint256, parseAbi } from "viem";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { send } from "../../simulator/chain/clients.ts";
import { ROUTE_500 } from "../helpers/desk.ts";
import { useFork } from "../helpers/localFork.ts";
import { approve, balanceOf } from "../helpers/tokens.ts";
import { seededRandom } from "../support/random.ts";

const owner = devAccount(DEV_ROLES.protocols).address;
const DECIMALS = [6, 8, 18] as const;
const FEE = 500;
const LAST_TICK = 887_270;
const SUPPLY = 10n ** 33n;
const TRADES = 6;
const managerAbi = parseAbi([
  "function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96) payable returns (address pool)",
  "struct MintParams { address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline; }",
  "function mint(MintParams params) payable returns (uint256, uint128, uint256, uint256)",
]);

/** Tokens of every pair of decimals, in both orders, in pools of Uniswap's own. */
describe("UniswapV3Venue with other tokens", () => {
  const world = useFork();

  const random = seededRandom(38);
  for (const baseDecimals of DECIMALS) {
    for (const quoteDecimals of DECIMALS) {
      for (const baseFirst of [true, false]) {
        const order = baseFirst ? "first" : "second";
        it(`T38: keeps to its limits with ${baseDecimals} decimals against ${quoteDecimals}, the underlying ${order}`, async () => {
          const units = { base: 10n ** BigInt(baseDecimals), quote: 10n ** BigInt(quoteDecimals) };
          const price = random.logUniform(0.05, 50_000);
          const pair = await openPair(baseDecimals, quoteDecimals, baseFirst, price);
          for (let i = 0; i < TRADES; ++i) {
            const isBuy = random.uniform(0, 1) < 0.5;
            // Of a pool of 10,000 units: from a ten-thousandth to a third, at up to 30 % from the price.
            const size = 10_000 * random.logUniform(1e-4, 0.3);
            const room = random.uniform(0.002, 0.3);
            const amount = BigInt(Math.round(size * 1e6)) * (units.base / 10n ** 6n);
            const perUnit = price * (isBuy ? 1 + room : 1 - room);
            const limit = (amount * BigInt(Math.round(perUnit * 1e9)) * units.quote) / (units.base * 10n ** 9n);
            const moved = await pair.trade(isBuy, amount, limit);
            const { base, quote } = moved;
            expect(base > 0n && base <= amount, "something, and no more than was ordered").to.equal(true);
            const impact = isBuy ? (1 - size / 10_000) ** -2 - 1 : 1 - (1 + size / 10_000) ** -2;
            if (impact < room - 0.001) expect(base, "all of it, where the pool is deep enough").to.equal(amount);
            const fits = isBuy ? quote * amount <= limit * base + amount : (quote + 1n) * amount >= limit * base;
            expect(fits, `${quote} for ${base} of ${amount} at ${limit}`).to.equal(true);
          }
        });
      }
    }
  }

  /** Two new tokens with a pool at `price` and a venue; the deployer trades. */
  async function openPair(baseDecimals: number, quoteDecimals: number, baseFirst: boolean, price: number) {
    const { clients, protocols } = world();
    const { router, positionManager } = protocols.uniswap;
    const sender = { public: clients.public, wallet: clients.wallet, account: owner };
    const token = (decimals: number) => deployContract(sender, compiled("test/harness/AnyToken"), [decimals, SUPPLY]);
    const base = await token(baseDecimals);
    let quote = await token(quoteDecimals);
    while (BigInt(base) < BigInt(quote) !== baseFirst) quote = await token(quoteDecimals);

    const act = (to: Address, data: Hex) => send(clients, { from: owner, to, data });
    const amounts = {
      base: 10_000n * 10n ** BigInt(baseDecimals),
      quote: BigInt(Math.round(10_000 * price * 1e6)) * 10n ** BigInt(quoteDecimals - 6),
    };
    const [token0, token1] = baseFirst ? [base, quote] : [quote, base];
    const [amount0Desired, amount1Desired] = baseFirst ? [amounts.base, amounts.quote] : [amounts.quote, amounts.base];
    for (const one of [base, quote]) await approve(clients, one, owner, positionManager, maxUint256);
    const create = [token0, token1, FEE, root((amount1Desired << 192n) / amount0Desired)] as const;
    await act(
      positionManager,
      encodeFunctionData({ abi: managerAbi, functionName: "createAndInitializePoolIfNecessary", args: create }),
    );
    const mint = {
      ...{ token0, token1, fee: FEE, tickLower: -LAST_TICK, tickUpper: LAST_TICK, amount0Desired, amount1Desired },
      ...{ amount0Min: 0n, amount1Min: 0n, recipient: owner, deadline: maxUint256 },
    };
    await act(positionManager, encodeFunctionData({ abi: managerAbi, functionName: "mint", args: [mint] }));
    const { abi, ...code } = compiled("contracts/venues/UniswapV3Venue");
    const pools = [{ tokenA: base, tokenB: quote, fee: FEE }];
    const venue = await deployContract(sender, { abi, ...code }, [router, base, quote, pools]);

    /** Trades, and takes it back: every trade finds the pool as it was. Returns what moved. */
    async function trade(isBuy: boolean, amount: bigint, limit: bigint) {
      const held = async () => ({
        base: await balanceOf(clients, base, owner),
        quote: await balanceOf(clients, quote, owner),
      });
      const before = await held();
      const input = isBuy ? ([quote, limit] as const) : ([base, amount] as const);
      const snapshot = await clients.test.snapshot();
      const transfer = [venue, input[1]] as const;
      await act(input[0], encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: transfer }));
      const data = encodeFunctionData({
        abi: abi,
        functionName: isBuy ? "buy" : "sell",
        args: [amount, limit, ROUTE_500],
      });
      await act(venue, data);
      const after = await held();
      await clients.test.revert({ id: snapshot });
      const size = (x: bigint) => (x < 0n ? -x : x);
      return { base: size(after.base - before.base), quote: size(after.quote - before.quote) };
    }
    return { trade };
  }
});

function root(value: bigint): bigint {
  let x = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const y = (x + value / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}
