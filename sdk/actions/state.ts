import { type Address, type ContractFunctionReturnType, maxUint256 } from "viem";
import type { lensAbi } from "../abi/lens.ts";
import type { KeelReader } from "../client.ts";

/** `ILens.MarketState`: all of a market at one block. */
export type MarketState = ContractFunctionReturnType<typeof lensAbi, "view", "marketState">[0];
/** `ILens.SeriesState`: prices, Greeks and room of one series. */
export type SeriesState = ContractFunctionReturnType<typeof lensAbi, "view", "marketState">[1][number];
/** `ILens.AccountState`: options, requests and claims of one account. */
export type AccountState = ContractFunctionReturnType<typeof lensAbi, "view", "accountState">;

export interface StateOptions {
  /** The newest by default. */
  readonly blockNumber?: bigint;
  /** Contracts (WAD) for which series are priced, and which of them: all by default; none without it. */
  readonly prices?: { readonly size: bigint; readonly from?: bigint; readonly count?: bigint };
}

/** The market's state, and a page of its series with prices where they are asked for. Never reverts for want of a price. */
export async function marketState(
  { public: reader, contracts }: KeelReader,
  { blockNumber, prices }: StateOptions = {},
): Promise<{ readonly state: MarketState; readonly series: readonly SeriesState[] }> {
  const page = prices
    ? ([prices.size, prices.from ?? 0n, prices.count ?? maxUint256] as const)
    : ([0n, 0n, 0n] as const);
  const at = blockNumber === undefined ? {} : { blockNumber };
  const [state, series] = await reader.readContract({
    ...contracts.lens,
    functionName: "marketState",
    args: page,
    ...at,
  });
  return { state, series };
}

/**
 * What an account has in the market.
 * @param options.ids The series to look for; all listed ones of open expiries by default. Others are in the market's `Transfer` events.
 */
export async function positions(
  client: KeelReader,
  {
    account,
    ids,
    blockNumber,
  }: { readonly account: Address; readonly ids?: readonly bigint[]; readonly blockNumber?: bigint },
): Promise<AccountState> {
  const at = blockNumber === undefined ? {} : { blockNumber };
  const wanted = ids ?? (await marketState(client, at)).state.ids;
  const { lens } = client.contracts;
  return client.public.readContract({ ...lens, functionName: "accountState", args: [account, wanted], ...at });
}
