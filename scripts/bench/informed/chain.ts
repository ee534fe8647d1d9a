import hre from "hardhat";
import { type Hex, encodeFunctionData, maxUint256, parseAbi, parseEther } from "viem";
import type { SsviSlice } from "../../../sdk/pricing/ssvi.ts";
import { encodeRoute } from "../../../sdk/route.ts";
import { deployKeel } from "../../../deployments/keel.ts";
import { DEVNET_PARAMETERS } from "../../../deployments/parameters.ts";
import { DEV_ROLES, devAccount } from "../../../simulator/chain/accounts.ts";
import { type Call, type ChainClients, clientsOf, send } from "../../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../../simulator/chain/deal.ts";
import { currentAggregator, roundCall } from "../../../simulator/chain/feed.ts";
import { type Keel, connectKeel, slice as sliceOf } from "../../../simulator/chain/keel.ts";
import type { Leg } from "../../../sdk/actions/trading.ts";
import { seriesId } from "../../../sdk/series.ts";
import { createMarket } from "../../../simulator/chain/market.ts";
import { sqrtPriceX96 } from "../../../simulator/chain/prices.ts";
import { deployProtocols } from "../../../simulator/chain/protocols.ts";
import { POSTS, type Venue } from "./day.ts";
import type { Line, ModelMarket, Series, Terms } from "./market.ts";
import type { Reading } from "./reading.ts";

/** A market on a chain in this process, in step with a model. */
export interface ChainStage {
  readonly keel: Keel;
  readonly venueOf: (model: ModelMarket) => Venue;
  /** The oracle's range and the market's quote for lines at the newest block, dollars. */
  readonly reading: () => Promise<Reading>;
  readonly quote: (series: readonly Series[], lines: readonly Line[]) => Promise<number | undefined>;
  /** What trades came to on the chain. */
  readonly tally: { trades: number; refused: number; model: number; chain: number };
  readonly block: (time: number, price: number, reported: number | undefined) => Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  /** Unix seconds and price of the day's first block. */
  readonly start: number;
  readonly price: number;
  /** Half-way between the day's ends, where the pools' liquidity is put. */
  readonly middle: number;
  readonly series: readonly Series[];
  readonly slice: SsviSlice;
  readonly terms: Terms;
  readonly window: number;
  readonly gas: number;
  /** Dollars that LPs bring. */
  readonly nav: number;
}

/** From the first block to the first price: an epoch for the deposits, and what deploying takes. */
const PRELUDE = 30 * 3600;
/** Gas limit of transactions that share a block. */
const SHARED_GAS = 8_000_000n;
/** Seconds after a block at which a keeper's order is mined. */
const HEDGED_AFTER = 3;
/** Seconds before the next block at which a quote is asked for; trades follow second by second. */
const LEAD = 8;
const STRIKES_AT_ONCE = 16;
const WAR_CHEST = { weth: parseEther("5000000"), usdc: 20_000_000_000_000_000n } as const;
const WAD = 1e18;
/** All of an order through the pool of 0.05 %: what UniswapV3Venue reads as a route. */
const ROUTE = encodeRoute([{ shareBps: 10_000n, hops: [500] }]);
/** Sizes that are tried on the chain, as shares of what the model found best. */
const SIZES = [1, 0.8, 0.5, 1.2] as const;

const TRADER = devAccount(DEV_ROLES.traders[0]).address;
const OPERATOR = devAccount(DEV_ROLES.governor).address;
const ARBITRAGEUR = devAccount(DEV_ROLES.arbitrageur).address;

const routerAbi = parseAbi([
  "struct ExactInputSingleParams { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }",
  "function exactInputSingle(ExactInputSingleParams params) payable returns (uint256 amountOut)",
]);
const erc20Abi = parseAbi(["function approve(address, uint256) returns (bool)"]);

/** Sets the stage: real Uniswap pools, a feed of ours, Keel with these terms, three LPs' deposits, a surface and all series. */
export async function openChain(options: StageOptions): Promise<ChainStage> {
  const { start, price, series, terms, window, gas } = options;
  if (!process.argv.includes("--no-compile")) await hre.tasks.getTask("build").run({ quiet: true });
  const connection = await hre.network.create({
    network: "devnet",
    override: { initialDate: new Date((start - PRELUDE) * 1000), loggingEnabled: false },
  });
  const clients = clientsOf(connection.provider);
  const protocols = await deployProtocols(clients, { price: options.middle });
  const contracts = await deployKeel(
    { public: clients.public, wallet: clients.wallet, account: OPERATOR },
    {
      protocols,
      parameters: {
        ...DEVNET_PARAMETERS,
        ...terms,
        oracle: { ...DEVNET_PARAMETERS.oracle, twapWindow: window },
      },
      holders: { KEEPER: [OPERATOR], LISTER: [OPERATOR], POSTER: [OPERATOR] },
    },
  );
  const keel = connectKeel(clients, protocols, contracts);
  const market = createMarket(clients, protocols);
  for (const index of DEV_ROLES.liquidityProviders) {
    const deposit = BigInt(Math.round((options.nav * 1e6) / DEV_ROLES.liquidityProviders.length));
    await dealUsdc(clients, protocols.usdc, devAccount(index).address, deposit);
    await keel.requestDeposit(devAccount(index).address, deposit);
  }
  await dealUsdc(clients, protocols.usdc, TRADER, WAR_CHEST.usdc);
  await approve(clients, protocols.usdc, TRADER, contracts.optionMarket);
  await market.moveTo(price, { at: start - 2 * 3600, forceRound: true });
  await keel.processEpoch();
  const expiries = [...new Set(series.map(({ expiry }) => expiry))];
  const { atmVol, skew, curvature, carry } = options.slice;
  const posted = sliceOf(atmVol, skew, curvature, carry);
  const post = () =>
    keel.write(OPERATOR, {
      ...keel.surface,
      functionName: "post",
      args: [expiries.map(BigInt), expiries.map(() => posted)],
    });
  await post();
  for (const expiry of expiries) {
    const strikes = [...new Set(series.filter((one) => one.expiry === expiry).map(({ strike }) => strike))];
    for (let i = 0; i < strikes.length; i += STRIKES_AT_ONCE)
      await keel.listSeries(
        BigInt(expiry),
        strikes.slice(i, i + STRIKES_AT_ONCE).map((strike) => parseEther(String(strike))),
      );
  }

  await dealWeth(clients, protocols.weth, ARBITRAGEUR, WAR_CHEST.weth);
  await dealUsdc(clients, protocols.usdc, ARBITRAGEUR, WAR_CHEST.usdc);
  for (const token of [protocols.weth, protocols.usdc])
    await approve(clients, token, ARBITRAGEUR, protocols.uniswap.router);
  const aggregator = await currentAggregator(clients, protocols.feed);
  let root = sqrtPriceX96(protocols, price);
  await clients.test.setNextBlockTimestamp({ timestamp: BigInt(start - 1) });
  await send(clients, await roundCall(clients, aggregator, price));
  let postedAt = start - 2 * 3600;

  const mineAt = (time: number) => clients.test.setNextBlockTimestamp({ timestamp: BigInt(time) });
  /** The swap that takes the pool to `target`; USDC is token0, so a higher root is a lower price. */
  const swap = (target: number, sellEther: boolean): Call => {
    const [tokenIn, tokenOut] = sellEther ? [protocols.weth, protocols.usdc] : [protocols.usdc, protocols.weth];
    const args = {
      ...{ tokenIn, tokenOut, fee: 500, recipient: ARBITRAGEUR, deadline: maxUint256 },
      ...{ amountIn: 2n ** 127n, amountOutMinimum: 0n, sqrtPriceLimitX96: sqrtPriceX96(protocols, target) },
    };
    const data = encodeFunctionData({ abi: routerAbi, functionName: "exactInputSingle", args: [args] });
    return { from: ARBITRAGEUR, to: protocols.uniswap.router, data };
  };
  const arbitrage = async (target: number, time: number): Promise<void> => {
    const limit = sqrtPriceX96(protocols, target);
    if (limit === root) return;
    await mineAt(time);
    await send(clients, swap(target, limit > root));
    root = limit;
  };
  const baseOf = async (): Promise<number> => {
    const [base] = await clients.public.readContract({ ...keel.desk, functionName: "position" });
    return Number(base) / WAD;
  };

  const tally = { trades: 0, refused: 0, model: 0, chain: 0 };
  const legsOf = (all: readonly Series[], lines: readonly Line[], share = 1): Leg[] =>
    lines.map(({ series: index, quantity }) => {
      const { expiry, strike, isCall } = all[index]!;
      const id = seriesId(BigInt(expiry), parseEther(String(strike)), isCall ? "call" : "put");
      return { id, quantity: BigInt(Math.trunc(quantity * share * 1e6)) * 10n ** 12n };
    });
  const ask = async (legs: readonly Leg[]): Promise<bigint | undefined> => {
    try {
      return (await keel.quote(legs)).total;
    } catch {
      return undefined;
    }
  };
  const block = async (time: number, at: number, reported: number | undefined): Promise<void> => {
    await arbitrage(at, time);
    if (reported !== undefined) {
      await mineAt(time + 1);
      await send(clients, await roundCall(clients, aggregator, reported));
    }
    if (time - postedAt < POSTS) return;
    postedAt = time;
    await mineAt(time + 2);
    await post();
  };

  const venueOf = (model: ModelMarket): Venue => {
    let asked = 0;
    let second = 0;
    return {
      block,
      async hedge(time, price) {
        const before = await baseOf();
        const amount = BigInt(Math.round((model.base - before) * 1e9)) * 10n ** 9n;
        if (amount !== 0n) {
          const order = {
            ...{ amount, cashLimit: amount > 0n ? maxUint256 / 2n : 0n, venue: contracts.uniswapV3Venue, route: ROUTE },
            deadline: maxUint256,
          };
          const data = encodeFunctionData({ abi: keel.desk.abi, functionName: "rebalance", args: [order] });
          const calls = [{ from: OPERATOR, to: contracts.hedgeDesk, data }, swap(price, amount > 0n)];
          // One block for both: nobody sees the pool in between.
          await inOneBlock(clients, calls, time + HEDGED_AFTER);
        }
        const base = await baseOf();
        model.cash += (model.base - base) * model.spot;
        model.base = base;
      },
      async take({ lines, gain }, fair, time) {
        if (asked !== time) {
          [asked, second] = [time, time - LEAD];
          await mineAt(second);
          await clients.test.mine({ blocks: 1 });
        }
        let best:
          { readonly lines: Line[]; readonly legs: Leg[]; readonly gain: number; readonly total: bigint } | undefined;
        for (const share of SIZES) {
          const scaled = lines.map((line) => ({ ...line, quantity: Math.trunc(line.quantity * share * 1e6) / 1e6 }));
          if (scaled.some(({ series: index, quantity }) => model.held[index]! + quantity < 0)) continue;
          const legs = legsOf(series, scaled);
          const total = await ask(legs);
          if (total === undefined) continue;
          const worth = scaled.reduce((sum, line) => sum + line.quantity * fair(line.series), 0);
          const net = worth - Number(total) / 1e6 - gas;
          if (share === 1) [tally.model, tally.chain] = [tally.model + gain, tally.chain + net];
          if (net > 0 && net > (best?.gain ?? 0)) best = { lines: scaled, legs, gain: net, total };
          if (best && share === 1) break;
        }
        if (!best) {
          tally.refused++;
          return undefined;
        }
        await mineAt(++second);
        await send(clients, {
          from: TRADER,
          to: contracts.optionMarket,
          data: encodeFunctionData({
            abi: keel.market.abi,
            functionName: "trade",
            args: [best.legs, 2n ** 200n, TRADER, maxUint256],
          }),
        });
        tally.trades++;
        return { lines: best.lines, gain: best.gain };
      },
    };
  };
  return {
    ...{ keel, venueOf, tally, block },
    async reading() {
      const { spot, low, high } = await clients.public.readContract({ ...keel.oracle, functionName: "read" });
      return { spot: Number(spot) / WAD, low: Number(low) / WAD, high: Number(high) / WAD };
    },
    async quote(all, lines) {
      const total = await ask(legsOf(all, lines));
      return total === undefined ? undefined : Number(total) / 1e6;
    },
    close: () => connection.close(),
  };
}

/** Transactions of one block; one that reverts does not stop the others. */
async function inOneBlock(clients: ChainClients, calls: readonly Call[], time: number): Promise<void> {
  await clients.test.setAutomine(false);
  try {
    for (const { from, ...rest } of calls) {
      await clients.wallet.sendTransaction({ ...rest, account: from, chain: null, gas: SHARED_GAS });
    }
    await clients.test.setNextBlockTimestamp({ timestamp: BigInt(time) });
    await clients.test.mine({ blocks: 1 });
  } finally {
    await clients.test.setAutomine(true);
  }
}

async function approve(clients: ChainClients, token: Hex, owner: Hex, spender: Hex): Promise<void> {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] });
  await send(clients, { from: owner, to: token, data });
}
