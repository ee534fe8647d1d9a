import hre from "hardhat";
import {
  type Abi,
  type Address,
  type Hex,
  encodeFunctionData,
  erc20Abi,
  maxUint256,
  numberToHex,
  parseAbi,
  parseEther,
} from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { encodeRoute } from "../../sdk/route.ts";
import { ROLES } from "../../deployments/roles.ts";
import { compiled, deployContract } from "../../deployments/transact.ts";
import { DEV_ROLES, devAccount } from "../../simulator/chain/accounts.ts";
import { type ChainClients, clientsOf } from "../../simulator/chain/clients.ts";
import { dealUsdc, dealWeth } from "../../simulator/chain/deal.ts";
import { currentAggregator, roundCall } from "../../simulator/chain/feed.ts";
import { seriesId } from "../../sdk/series.ts";
import { slice } from "../../simulator/chain/keel.ts";
import { createMarket } from "../../simulator/chain/market.ts";
import { type Listing, openMarket } from "../../simulator/chain/openMarket.ts";
import { sqrtPriceX96, usdcIsToken0 } from "../../simulator/chain/prices.ts";
import { deployProtocols } from "../../simulator/chain/protocols.ts";
import { type HonestSlice, type Series, honestWorth } from "./worth.ts";

/** What ether costs when an attack begins. */
export const SPOT = 3000;
/** What honest people post: TYPICAL_SLICE. */
export const HONEST: HonestSlice = { atmVol: 0.7, skew: -0.1, curvature: 1, carry: 0 };

/** Where somebody who acts calls. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
}

/** A chain on which attacks are tried, one after the other from the same state. */
export type Chain = Awaited<ReturnType<typeof openChain>>;

const GENESIS = new Date("2026-01-01T00:00:00Z");
const GAS = numberToHex(16_000_000);
const USDC_UNIT = 10n ** 6n;
const POOLS = ["500", "3000"] as const;
const MANY = 10n ** 30n;
/** Ether that the keeper swaps before the pools are put right. */
const CLIP = 60;
const MOST_CLIPS = 8;

const actorAbi = parseAbi([
  "struct Call { address to; bytes data; }",
  "function each(Call[] calls) returns (uint256)",
  "function first(Call[] calls) returns (uint256)",
  "function all(Call[] calls) returns (bool)",
  "function fill(address market, uint256 id, int256 quantity, int256 least) returns (int256)",
]);
const managerAbi = parseAbi(["function grantRole(uint64 role, address account, uint32 delay)"]);
export const poolAbi = parseAbi([
  "function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool)",
  "function tickSpacing() view returns (int24)",
  "function swap(address recipient, bool zeroForOne, int256 amount, uint160 limit, bytes data) returns (int256, int256)",
  "function mint(address recipient, int24 lower, int24 upper, uint128 liquidity, bytes data) returns (uint256, uint256)",
  "function burn(int24 lower, int24 upper, uint128 liquidity) returns (uint256, uint256)",
  "function collect(address recipient, int24 lower, int24 upper, uint128 amount0, uint128 amount1) returns (uint128, uint128)",
]);

/** Opens a chain in this process with a Keel market on it, an attacker with money, and an honest keeper. */
export async function openChain(listing: Listing) {
  const override = { initialDate: GENESIS, loggingEnabled: false };
  const connection = await hre.network.create({ network: "devnet", override });
  const provider = connection.provider as unknown as {
    request(call: { method: string; params: readonly unknown[] }): Promise<unknown>;
  };
  const clients: ChainClients = clientsOf(provider);
  const protocols: ProtocolAddresses = await deployProtocols(clients, { price: SPOT });
  const { liquidityProviders } = DEV_ROLES;
  const lps = liquidityProviders.map((index) => devAccount(index).address);
  for (const lp of lps) await dealUsdc(clients, protocols.usdc, lp, 10_000_000n * USDC_UNIT);
  const market = createMarket(clients, protocols);
  const { keel, expiries, strikes } = await openMarket({ clients, protocols, market }, SPOT, listing);
  const governor = devAccount(DEV_ROLES.governor).address;
  const sender = devAccount(DEV_ROLES.traders[3]).address;

  const request = (method: string, ...params: unknown[]) => provider.request({ method, params });
  // Each block comes a second after the last, or as much later as time was let pass: never by this machine's clock.
  let clock: { last: number; wait: number } | undefined;
  const send = async (from: Address, { to, data }: Call): Promise<boolean> => {
    if (clock) {
      clock = { last: clock.last + clock.wait, wait: 1 };
      await request("evm_setNextBlockTimestamp", clock.last);
    }
    try {
      await request("eth_sendTransaction", { from, to, data, gas: GAS });
      return true;
    } catch {
      return false;
    }
  };
  const deploy = async (dollars: bigint, ether: bigint): Promise<Address> => {
    const who = { public: clients.public, wallet: clients.wallet, account: governor };
    const address = await deployContract(who, compiled("contracts/devnet/Actor"), []);
    await dealUsdc(clients, protocols.usdc, address, dollars * USDC_UNIT);
    await dealWeth(clients, protocols.weth, address, ether * 10n ** 18n);
    const approve = encodeFunctionData({
      abi: erc20Abi,
      functionName: "approve",
      args: [keel.market.address, maxUint256],
    });
    await send(sender, { to: address, data: actors("each", [{ to: protocols.usdc, data: approve }]) });
    return address;
  };
  const actors = (functionName: "each" | "first" | "all", calls: readonly Call[]) =>
    encodeFunctionData({ abi: actorAbi, functionName, args: [calls] });
  const act = (who: Address, how: "each" | "first" | "all", calls: readonly Call[]) =>
    send(sender, { to: who, data: actors(how, calls) });
  const grant = (role: bigint, account: Address) =>
    send(governor, {
      to: keel.contracts.accessManager,
      data: encodeFunctionData({ abi: managerAbi, functionName: "grantRole", args: [role, account, 0] }),
    });

  const thief = await deploy(300_000_000n, 100_000n);
  const keeper = await deploy(100_000_000_000n, 10_000_000n);
  await grant(ROLES.KEEPER, keeper);
  await grant(ROLES.POSTER, keeper);

  const aggregator = await currentAggregator(clients, protocols.feed);
  const rounds = new Map<number, { from: Address; call: Call }>();
  const report = async (price: number): Promise<void> => {
    if (!rounds.has(price)) {
      const { from, to, data = "0x" } = await roundCall(clients, aggregator, price);
      rounds.set(price, { from, call: { to, data } });
    }
    const { from, call } = rounds.get(price)!;
    await send(from, call);
  };
  const read = <T>(of: { address: Address; abi: unknown }, functionName: string, args: readonly unknown[] = []) =>
    clients.public.readContract({ address: of.address, abi: of.abi as Abi, functionName, args }) as Promise<T>;
  const encode = (
    of: { address: Address; abi: unknown },
    functionName: string,
    args: readonly unknown[] = [],
  ): Call => ({
    to: of.address,
    data: encodeFunctionData({ abi: [...(of.abi as Abi), ...errorsAbi], functionName, args }),
  });
  /** The newest block's time. */
  const now = async () => clock?.last ?? Number((await clients.public.getBlock()).timestamp);
  const balance = async (token: Address, who: Address) =>
    clients.public.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [who] });

  /** The swap that takes a pool to a price, in whichever direction: one of the two is refused. */
  const swaps = (who: Address, price: number, pools: readonly (typeof POOLS)[number][] = POOLS): Call[] => {
    const limit = sqrtPriceX96(protocols, price);
    return pools.flatMap((fee) =>
      [true, false].map((down) =>
        encode({ address: protocols.uniswap.pools[fee], abi: poolAbi }, "swap", [who, down, MANY, limit, "0x"]),
      ),
    );
  };
  const route = (fee = 500) => ({
    venue: keel.contracts.uniswapV3Venue,
    route: encodeRoute([{ shareBps: 10_000n, hops: [fee] }]),
    deadline: 2n ** 40n,
  });
  const order = (amount: bigint, fee = 500) => ({
    amount,
    cashLimit: amount > 0n ? 2n ** 128n : 0n,
    ...route(fee),
  });

  let clean: { id: Hex; time: number } | undefined;
  let price = SPOT;

  const chain = {
    clients,
    protocols,
    keel: keel,
    expiries,
    strikes: strikes.map((strike) => Number(strike) / 1e18),
    lps,
    /** The attacker's and the honest keeper's {@link Actor}. */
    ...{ thief, keeper, sender },
    ...{ read, encode, act, send, grant, now, swaps, order, route, request },
    /** Dollars per ether outside. */
    price: () => price,

    idOf: ({ expiry, strike, type }: Series) => seriesId(expiry, parseEther(strike.toFixed(6)), type),

    /** Makes the present state the one that attacks begin with: at the next full hour, or later. */
    async begin(at = 0): Promise<void> {
      const next = clock ? clock.last + clock.wait : await now();
      const time = Math.max(at, Math.ceil((next + 60) / 3600) * 3600);
      clock = { last: time, wait: 0 };
      await chain.moveTo(price);
      clean = { id: (await request("evm_snapshot")) as Hex, time: clock.last };
    },

    /** Back to the state that attacks begin with. */
    async restore(): Promise<void> {
      if (!clean) throw new Error("An attack begins with a state.");
      await request("evm_revert", clean.id);
      clean = { ...clean, id: (await request("evm_snapshot")) as Hex }; // reverting uses a snapshot up
      clock = { last: clean.time, wait: 1 };
      price = SPOT;
    },

    /** The next transaction comes so many seconds after the last. */
    pass(seconds: number): void {
      if (clock) clock.wait = Math.max(1, Math.round(seconds));
    },
    /** The next transaction comes at this time, if that is not past. */
    passTo(time: number): void {
      if (clock) clock.wait = Math.max(1, Math.ceil(time) - clock.last);
    },

    /** Takes pools, and the feed unless told otherwise, to a price. */
    async moveTo(next: number, feed = true): Promise<void> {
      price = next;
      await act(keeper, "each", swaps(keeper, next));
      if (feed) await report(next);
    },
    report,

    /** Dollars that the attacker has, ether at the outside price. */
    async purse(): Promise<number> {
      const [dollars, ether] = await Promise.all([balance(protocols.usdc, thief), balance(protocols.weth, thief)]);
      return Number(dollars) / 1e6 + (Number(ether) / 1e18) * price;
    },

    /** Contracts of a series that the attacker has. */
    async held(series: Series): Promise<number> {
      return Number(await read<bigint>(keel.market, "balanceOf", [thief, chain.idOf(series)])) / 1e18;
    },

    /** The attacker trades as much of `quantity` as he gets. @returns What he traded. */
    async fill(series: Series, quantity: number, least = 0.5): Promise<number> {
      const before = await chain.held(series);
      const args = [keel.market.address, chain.idOf(series), toWad(quantity), toWad(least)] as const;
      await send(sender, { to: thief, data: encodeFunctionData({ abi: actorAbi, functionName: "fill", args }) });
      return (await chain.held(series)) - before;
    },

    trade: (series: Series, quantity: number): Call =>
      encode(keel.market, "trade", [
        [{ id: chain.idOf(series), quantity: toWad(quantity) }],
        2n ** 200n,
        thief,
        2n ** 40n,
      ]),

    /** The call with which slices are posted, the honest ones unless told otherwise. */
    honestPost: (of: readonly bigint[], honest: HonestSlice = HONEST): Call => {
      const { atmVol, skew, curvature, carry } = honest;
      return encode(keel.surface, "post", [of, of.map(() => slice(atmVol, skew, curvature, carry))]);
    },

    /** What one contract is worth by the honest surface. */
    worthAt: (series: Series, spot: number, at: number, slice: HonestSlice = HONEST) =>
      honestWorth(series, spot, at, slice),

    /** The oracle's address, for whoever settles. */
    oracle: () => keel.contracts.priceOracle,

    /** The swap that takes one pool to a price, up or down. */
    swapTo: (who: Address, to: number, fee: (typeof POOLS)[number], up: boolean): Call =>
      encode({ address: protocols.uniswap.pools[fee], abi: poolAbi }, "swap", [
        ...[who, up === usdcIsToken0(protocols), MANY, sqrtPriceX96(protocols, to), "0x"],
      ]),

    netDelta: async () => Number(await read<bigint>(keel.desk, "netDelta")) / 1e18,

    /** The keeper hedges to neutral in clips, between which the market puts the pools right; then two minutes pass. */
    async hedge(seconds = 130): Promise<void> {
      const back = swaps(keeper, price);
      for (let round = 0; round < 3; ++round) {
        const net = await chain.netDelta();
        if (Math.abs(net) < 0.5) break;
        const clips = Math.min(MOST_CLIPS, Math.ceil(Math.abs(net) / CLIP));
        const size = (-net / clips) * (1 - 1e-6);
        const one = encode(keel.desk, "rebalance", [order(toWad(size))]);
        await act(keeper, "each", Array.from({ length: clips }, () => [one, ...back]).flat());
      }
      if (seconds <= 0) return;
      chain.pass(seconds);
      await report(price);
    },

    /** NAV in dollars, as the vault reads it now. */
    nav: async () => Number(await read<bigint>(keel.vault, "nav")) / 1e18,

    /** What contracts are worth by the honest surface. */
    worth: (held: readonly (readonly [Series, number])[], at: number, slice: HonestSlice = HONEST) =>
      held.reduce((sum, [series, contracts]) => sum + contracts * honestWorth(series, price, at, slice), 0),

    usdcIsToken0: usdcIsToken0(protocols),
    close: () => connection.close(),
  };
  return chain;
}

export const toWad = (value: number): bigint => parseEther(value.toFixed(9));
