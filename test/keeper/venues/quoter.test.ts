import { expect } from "chai";
import { type Address, type Hex, encodeFunctionData, erc20Abi, parseAbi, parseEther, parseUnits } from "viem";
import { encodeRoute } from "../../../sdk/route.ts";
import { findRoute, ladder } from "../../../keeper/hedging/route.ts";
import { readQuotes } from "../../../keeper/venues/uniswapV3/quoter.ts";
import { legsOf } from "../../../keeper/venues/uniswapV3/venue.ts";
import { abs, fromUsdc, fromWad } from "../../../sdk/units.ts";
import { compiled, deployContract } from "../../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../../simulator/chain/accounts.ts";
import { send } from "../../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../../simulator/chain/deal.ts";
import { useFork } from "../../helpers/localFork.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { type PoolSpec, openPool } from "../../helpers/pools.ts";
import { balanceOf } from "../../helpers/tokens.ts";
import { type TheoreticalPool, theoreticalCash, theoreticalSplit } from "../support/constantProduct.ts";

const trader = devAccount(DEV_ROLES.traders[0]).address;
const deployer = devAccount(DEV_ROLES.protocols).address;
const poolAbi = parseAbi([
  "function liquidity() view returns (uint128)",
  "function slot0() view returns (uint160 sqrtPriceX96, int24, uint16, uint16, uint16, uint8, bool)",
]);

/** Pools of a new dollar against ether: fee tier, ether that the pool is deep, and its price. */
const PROFILES: readonly { name: string; size: number; pools: readonly PoolSpec[] }[] = [
  {
    name: "one deep cheap pool and a shallow dear one",
    size: 60,
    pools: [
      { fee: 500, ether: 4000, price: 3000 },
      { fee: 3000, ether: 600, price: 3000 },
    ],
  },
  {
    name: "three pools alike in depth, each dearer than the last",
    size: 150,
    pools: [
      { fee: 500, ether: 1500, price: 3000 },
      { fee: 3000, ether: 1500, price: 3000 },
      { fee: 10_000, ether: 1500, price: 3000 },
    ],
  },
  {
    name: "pools that arbitrage has left apart, the dear one being the deep one",
    size: 40,
    pools: [
      { fee: 500, ether: 500, price: 3004 },
      { fee: 3000, ether: 6000, price: 2998 },
    ],
  },
];

describe("Routes from QuoterV2, filled by Uniswap v3's own pools", () => {
  for (const { name, size, pools } of PROFILES) {
    describe(name, () => {
      const world = useFork(async ({ clients, protocols }) => {
        const { weth, uniswap } = protocols;
        const sender = { public: clients.public, wallet: clients.wallet, account: deployer };
        // A dollar of its own, so that the pools are nobody else's.
        const dollar = await deployContract(sender, compiled("contracts/devnet/DevUSDC"), [deployer]);
        const addresses = new Map<number, Address>();
        for (const pool of pools) addresses.set(pool.fee, await openPool({ clients, protocols }, dollar, pool));
        const venueCode = compiled("contracts/venues/UniswapV3Venue");
        const allowed = pools.map(({ fee }) => ({ tokenA: weth, tokenB: dollar, fee }));
        const venue = await deployContract(sender, venueCode, [uniswap.router, weth, dollar, allowed]);
        await dealWeth(clients, weth, trader, parseEther("1000"));
        await dealUsdc(clients, dollar, trader, parseUnits("3000000", 6));
        return { dollar, addresses, venue: { address: venue, abi: venueCode.abi } };
      });

      /** The pools as theory sees them, from what the chain says of their price and liquidity. */
      async function theory(): Promise<TheoreticalPool[]> {
        const { addresses, clients, protocols, dollar } = world();
        const etherIsToken0 = BigInt(protocols.weth) < BigInt(dollar);
        return Promise.all(
          [...addresses].map(async ([fee, address]) => {
            const read = { address, abi: poolAbi } as const;
            const [[root], liquidity] = await Promise.all([
              clients.public.readContract({ ...read, functionName: "slot0" }),
              clients.public.readContract({ ...read, functionName: "liquidity" }),
            ]);
            const sqrt = Number(root) / 2 ** 96;
            const price = (etherIsToken0 ? sqrt ** 2 : 1 / sqrt ** 2) * 1e12;
            const reserve = (etherIsToken0 ? Number(liquidity) / sqrt : Number(liquidity) * sqrt) / 1e18;
            return { fee: fee / 1e6, reserve, price };
          }),
        );
      }

      /** Trades through the venue and takes it back. Returns the dollars that moved. */
      async function fill(amount: bigint, parts: Parameters<typeof legsOf>[0]): Promise<number> {
        const { clients, protocols, dollar, venue } = world();
        const snapshot = await clients.test.snapshot();
        const isBuy = amount > 0n;
        const [token, input] = isBuy ? [dollar, parseUnits("2000000", 6)] : [protocols.weth, -amount];
        const before = await balanceOf(clients, dollar, trader);
        const act = (to: Address, data: Hex) => send(clients, { from: trader, to, data });
        const transfer = [venue.address, input] as const;
        await act(token, encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: transfer }));
        const args = [abs(amount), isBuy ? input : 1n, encodeRoute(legsOf(parts))];
        await act(venue.address, encodeFunctionData({ abi: venue.abi, functionName: isBuy ? "buy" : "sell", args }));
        const moved = (await balanceOf(clients, dollar, trader)) - before;
        await clients.test.revert({ id: snapshot });
        return fromUsdc(abs(moved));
      }

      for (const isBuy of [true, false]) {
        it(`${isBuy ? "buy" : "sell"} better than the best single pool by what theory says, within 1 bp`, async () => {
          const { clients, protocols, dollar } = world();
          const amount = parseEther(String(isBuy ? size : -size));
          const quotes = await readQuotes(
            clients.public,
            { quoter: protocols.uniswap.quoter, weth: protocols.weth, usdc: dollar },
            {
              isBuy,
              sizes: ladder(amount, 16),
              feeTiers: pools.map(({ fee }) => fee),
              blockNumber: await clients.public.getBlockNumber(),
            },
          );
          const route = findRoute(amount, quotes, { spot: 3000, slippageBps: 10_000 });
          expect(route.amount).to.equal(amount);
          expect(route.parts.length).to.equal(pools.length);

          const split = await fill(amount, route.parts);
          const alone: number[] = [];
          for (const { fee } of pools) alone.push(await fill(amount, [{ feeTier: fee, shareBps: 10_000n }]));
          const better = (cash: readonly number[]) => (isBuy ? Math.min(...cash) : Math.max(...cash));
          const bps = (from: number, to: number) => (isBuy ? from / to - 1 : to / from - 1) * 1e4;

          const known = await theory();
          const best = theoreticalSplit(known, size, isBuy);
          const bestCash = known.reduce((sum, pool, i) => sum + theoreticalCash(pool, best[i] ?? 0, isBuy), 0);
          const bestAlone = better(known.map((pool) => theoreticalCash(pool, size, isBuy)));
          const gain = bps(better(alone), split);
          console.log(
            `        ${gain.toFixed(3)} bp better, ${bps(bestAlone, bestCash).toFixed(3)} by theory; ` +
              `expected to be filled at ${(fromUsdc(route.cash) / fromWad(abs(amount))).toFixed(4)}, was at ${(split / size).toFixed(4)}`,
          );
          expect(gain > 0.5, "splitting is worth something").to.equal(true);
          expectClose(gain, bps(bestAlone, bestCash), 1);
          expectClose((fromUsdc(route.cash) / split - 1) * 1e4, 0, 1);
        });
      }
    });
  }
});
