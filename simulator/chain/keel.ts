import { type Address, erc20Abi, maxUint256 } from "viem";
import { errorsAbi } from "../../sdk/abi/errors.ts";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { lensAbi } from "../../sdk/abi/lens.ts";
import { optionMarketAbi } from "../../sdk/abi/optionMarket.ts";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { priceOracleAbi } from "../../sdk/abi/priceOracle.ts";
import { volSurfaceAbi } from "../../sdk/abi/volSurface.ts";
import { claimAssets, claimShares, processEpoch, requestDeposit, requestRedeem } from "../../sdk/actions/liquidity.ts";
import { exercise, settle } from "../../sdk/actions/settlement.ts";
import { type Leg, quote, trade } from "../../sdk/actions/trading.ts";
import { type WriteRequest, write as send } from "../../sdk/actions/write.ts";
import { type KeelClient, readerOf } from "../../sdk/client.ts";
import type { ProtocolAddresses } from "../../sdk/deployment.ts";
import { type OnChainSlice, toOnChainSlice } from "../../sdk/slice.ts";
import type { KeelAddresses } from "../../deployments/keel.ts";
import { DEV_ROLES, devAccount } from "./accounts.ts";
import type { ChainClients } from "./clients.ts";

/** What LPs, traders and operators do with Keel on a development chain, from its unlocked accounts. */
export type Keel = ReturnType<typeof connectKeel>;

const TRADE_WINDOW = 600n; // seconds until a trade's deadline

/** A slice from plain numbers, as a surface stores it. */
export function slice(atmVol: number, skew = 0, curvature = 0, carry = 0): OnChainSlice {
  return toOnChainSlice({ atmVol, skew, curvature, carry });
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
  const deployment = { network: "devnet", contracts: { ...contracts }, protocols };
  const reader = readerOf(clients.public, deployment);

  /** The sdk's client of one account. */
  const as = (account: Address): KeelClient => ({ ...reader, wallet: clients.wallet, account });

  /** Simulates, so that a revert carries the contract's error, sends and waits. */
  const write = (from: Address, request: WriteRequest) => send(as(from), request);

  /** Once for good, so that a test's gas and refusals are those of the call itself. */
  async function allow(owner: Address, spender: Address): Promise<void> {
    const usdc = { address: protocols.usdc, abi: erc20Abi } as const;
    const allowance = await read({ ...usdc, functionName: "allowance", args: [owner, spender] });
    if (allowance >= maxUint256 / 2n) return;
    await write(owner, { ...usdc, functionName: "approve", args: [spender, maxUint256] });
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
    postSurface: (slices: ReadonlyMap<bigint, OnChainSlice>) =>
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

    processEpoch: () => processEpoch(as(governor)),

    /** Settles an expiry with the round that decides it. */
    settle: (expiry: bigint) => settle(as(governor), { expiry }),

    // Liquidity providers

    requestDeposit: async (lp: Address, assets: bigint) => {
      await allow(lp, vault.address);
      return requestDeposit(as(lp), { assets });
    },
    claimShares: (lp: Address) => claimShares(as(lp)),
    requestRedeem: (lp: Address, shares: bigint) => requestRedeem(as(lp), { shares }),
    claimAssets: (lp: Address) => claimAssets(as(lp)),

    // Traders

    quote: (legs: readonly Leg[]) => quote(reader, legs),

    /** Trades at the market, or up to `limit` (USDC, 6 decimals). */
    trade: async (trader: Address, legs: readonly Leg[], limit = 2n ** 200n) => {
      await allow(trader, market.address);
      return trade(as(trader), { legs, cashLimit: limit, window: TRADE_WINDOW });
    },

    exercise: (holder: Address, id: bigint) => exercise(as(holder), { id }),
  };
}
