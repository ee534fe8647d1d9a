import { type Address, encodeFunctionData, erc20Abi, maxUint256, parseEther, parseEventLogs } from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { lensAbi } from "../../sdk/abi/lens.ts";
import { optionMarketAbi } from "../../sdk/abi/optionMarket.ts";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";
import { volSurfaceAbi } from "../../sdk/abi/volSurface.ts";
import type { ProtocolAddresses } from "../../keeper/chain/deployment.ts";
import { findSettlementRound } from "../../sdk/settlementRound.ts";
import type { KeelAddresses } from "../deploy/keel.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import { type ChainClients, minedReceipt } from "./clients.ts";

/** One line of a trade: WAD contracts, positive to buy, negative to sell back. */
export interface Leg {
  readonly id: bigint;
  readonly quantity: bigint;
}

/** An SSVI slice, WAD. */
export interface Slice {
  readonly atmVol: bigint;
  readonly skew: bigint;
  readonly curvature: bigint;
  readonly carry: bigint;
}

/** What LPs, traders and operators do with Keel on a development chain, from its unlocked accounts. */
export type Keel = ReturnType<typeof connectKeel>;

const TRADE_WINDOW = 600n; // seconds until a trade's deadline

/** Token id of a series: see contracts/libraries/SeriesId.sol. @param strike WAD. */
export function seriesId(expiry: bigint, strike: bigint, type: "call" | "put"): bigint {
  return (expiry << 104n) | (strike << 8n) | (type === "call" ? 1n : 0n);
}

/** A slice from plain numbers. */
export function slice(atmVol: number, skew = 0, curvature = 0, carry = 0): Slice {
  const wad = (value: number) => parseEther(value.toFixed(12));
  return { atmVol: wad(atmVol), skew: wad(skew), curvature: wad(curvature), carry: wad(carry) };
}

/** Connects to a deployed Keel. */
export function connectKeel(clients: ChainClients, protocols: ProtocolAddresses, contracts: KeelAddresses) {
  const vault = { address: contracts.optionVault, abi: [...optionVaultAbi, ...errorsAbi] } as const;
  const market = { address: contracts.optionMarket, abi: [...optionMarketAbi, ...errorsAbi] } as const;
  const desk = { address: contracts.hedgeDesk, abi: [...hedgeDeskAbi, ...errorsAbi] } as const;
  const surface = { address: contracts.volSurface, abi: [...volSurfaceAbi, ...errorsAbi] } as const;
  const oracle = { address: contracts.priceOracle, abi: [...priceOracleAbi, ...errorsAbi] } as const;
  const lens = { address: contracts.lens, abi: [...lensAbi, ...errorsAbi] } as const;
  const governor = devAccount(DEV_ROLES.governor).address;
  const keeper = devAccount(DEV_ROLES.keeper).address;
  const read = clients.public.readContract;

  /** Simulates (so that a revert carries the contract's error), sends and waits. */
  async function write(from: Address, request: Parameters<typeof clients.public.simulateContract>[0]) {
    await clients.public.simulateContract({ ...request, account: from } as never);
    const data = encodeFunctionData(request as never);
    const hash = await clients.wallet.sendTransaction({ account: from, to: request.address, data, chain: null });
    return minedReceipt(clients, hash);
  }

  async function allow(owner: Address, token: Address, spender: Address): Promise<void> {
    const allowance = await read({ address: token, abi: erc20Abi, functionName: "allowance", args: [owner, spender] });
    if (allowance >= maxUint256 / 2n) return;
    await write(owner, { address: token, abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] });
  }

  return {
    clients,
    protocols,
    contracts,
    vault,
    market,
    desk,
    surface,
    oracle,
    lens,
    write,

    // Operators

    /** Posts slices, in ascending order of expiry. */
    postSurface: (slices: ReadonlyMap<bigint, Slice>) =>
      write(keeper, { ...surface, functionName: "post", args: [[...slices.keys()], [...slices.values()]] }),

    /** Posts live slices older than `age` seconds as they stand; those that were posted too short a time ago never. */
    renewSurface: async (age = 0n, poster: Address = keeper) => {
      const [expiries, { minInterval }, { timestamp }] = await Promise.all([
        read({ ...surface, functionName: "expiries" }),
        read({ ...surface, functionName: "limits" }),
        clients.public.getBlock(),
      ]);
      const known = await Promise.all(
        expiries.map(async (expiry) => ({
          expiry,
          slice: await read({ ...surface, functionName: "sliceOf", args: [expiry] }),
        })),
      );
      const due = known.filter(
        ({ slice: [, updatedAt] }) => timestamp > updatedAt + (age > minInterval ? age : BigInt(minInterval)),
      );
      if (due.length === 0) return;
      const args = [due.map(({ expiry }) => expiry), due.map(({ slice: [one] }) => one)] as const;
      await write(poster, { ...surface, functionName: "post", args });
    },

    /** Lists a call and a put at each strike (WAD). */
    listSeries: (expiry: bigint, strikes: readonly bigint[]) =>
      write(governor, { ...market, functionName: "listSeries", args: [expiry, strikes] }),

    processEpoch: () => write(governor, { ...vault, functionName: "processEpoch" }),

    /** Settles an expiry with the round that decides it. */
    settle: async (expiry: bigint) => {
      const oracle = await read({ ...vault, functionName: "oracleOf", args: [expiry] });
      const round = await findSettlementRound(clients.public, protocols.feed, expiry, oracle);
      return write(governor, { ...market, functionName: "settle", args: [expiry, round] });
    },

    // Liquidity providers

    requestDeposit: async (lp: Address, assets: bigint) => {
      await allow(lp, protocols.usdc, vault.address);
      return write(lp, { ...vault, functionName: "requestDeposit", args: [assets, lp, lp] });
    },

    claimShares: async (lp: Address) => {
      const assets = await read({ ...vault, functionName: "maxDeposit", args: [lp] });
      return write(lp, { ...vault, functionName: "deposit", args: [assets, lp, lp] });
    },

    requestRedeem: (lp: Address, shares: bigint) =>
      write(lp, { ...vault, functionName: "requestRedeem", args: [shares, lp, lp] }),

    claimAssets: async (lp: Address) => {
      const shares = await read({ ...vault, functionName: "maxRedeem", args: [lp] });
      return write(lp, { ...vault, functionName: "redeem", args: [shares, lp, lp] });
    },

    // Traders

    quote: async (legs: readonly Leg[]) => (await read({ ...market, functionName: "quote", args: [legs] }))[0],

    /** Trades at the market, or up to `limit` (USDC, 6 decimals). Returns the cash paid (negative: received). */
    trade: async (trader: Address, legs: readonly Leg[], limit = 2n ** 200n) => {
      await allow(trader, protocols.usdc, market.address);
      const { timestamp } = await clients.public.getBlock();
      const args = [legs, limit, trader, timestamp + TRADE_WINDOW] as const;
      const receipt = await write(trader, { ...market, functionName: "trade", args });
      const [event] = parseEventLogs({ abi: optionMarketAbi, logs: receipt.logs, eventName: "Traded" });
      if (!event) throw new Error("A trade emits Traded.");
      return { receipt, quote: event.args.quote, insured: event.args.insured };
    },

    exercise: async (holder: Address, id: bigint) => {
      const quantity = await read({ ...market, functionName: "balanceOf", args: [holder, id] });
      const receipt = await write(holder, { ...market, functionName: "exercise", args: [id, quantity, holder] });
      const [event] = parseEventLogs({ abi: optionMarketAbi, logs: receipt.logs, eventName: "Exercised" });
      if (!event) throw new Error("An exercise emits Exercised.");
      return { receipt, quantity, assets: event.args.assets };
    },
  };
}
