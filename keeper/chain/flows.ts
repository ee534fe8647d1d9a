import { type Log, parseEventLogs } from "viem";
import type { HedgeFlow, Interval, TradeFlow } from "../../sdk/portfolio/attribution.ts";
import { valueContract } from "../../sdk/portfolio/netGreeks.ts";
import { decodeSeries } from "../../sdk/series.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
import type { Reader } from "./clients.ts";
import type { KeelContracts } from "../../sdk/contracts.ts";

/** What moved NAV between two blocks besides the market. */
export type Flows = Pick<Interval, "hedges" | "trades" | "funding" | "capital">;

/**
 * Reads the flows out of the events after block `from` up to the block of `snapshot`.
 * @param feeTier Of the pool that hedges go through, hundredths of a basis point: it tells the fee from the slippage.
 */
export async function readFlows(
  client: Reader,
  contracts: KeelContracts,
  from: bigint,
  snapshot: Snapshot,
  feeTier: number,
): Promise<Flows> {
  const { vault, market, desk } = contracts;
  const address = [vault.address, market.address, desk.address];
  const logs = await client.getLogs({ address, fromBlock: from + 1n, toBlock: snapshot.block.number });
  const { funding, hedges } = hedgeFlows(logs, contracts, feeTier);
  return { hedges, funding, trades: tradeFlows(logs, contracts, snapshot), capital: capitalOf(logs, contracts) };
}

function hedgeFlows(logs: Log[], { desk }: KeelContracts, feeTier: number) {
  const swaps = parseEventLogs({ abi: desk.abi, logs, eventName: ["Rebalanced", "Unwound"] });
  const accounts = parseEventLogs({ abi: desk.abi, logs, eventName: "Accounted" });
  const hedges = swaps.map(({ args }): HedgeFlow => {
    const cash = fromUsdc(args.cash);
    return { amount: fromWad(args.amount), cash, spot: fromWad(args.spot), fee: (cash * feeTier) / 1e6 };
  });
  return { hedges, funding: -accounts.reduce((sum, { args }) => sum + fromWad(args.interest), 0) };
}

/** Trades, and what the insurance reserve took of them or gave: it is not part of NAV. */
function tradeFlows(logs: Log[], { market, vault }: KeelContracts, snapshot: Snapshot): TradeFlow[] {
  const events = parseEventLogs({ abi: market.abi, logs, eventName: "Traded" });
  const trades = events.map(({ args }): TradeFlow => {
    const spot = fromWad(args.quote.spot);
    const delta = args.legs.reduce((sum, leg) => sum - fromWad(leg.quantity) * deltaOf(leg.id, spot, snapshot), 0);
    return { cash: fromUsdc(args.quote.total), value: -fromWad(args.quote.mid), delta, spot };
  });
  const used = parseEventLogs({ abi: vault.abi, logs, eventName: "InsuranceUsed" });
  const reserve =
    used.reduce((sum, { args }) => sum + args.assets, 0n) - events.reduce((sum, { args }) => sum + args.insured, 0n);
  if (reserve === 0n) return trades;
  return [...trades, { cash: fromUsdc(reserve), value: 0, delta: 0, spot: fromWad(snapshot.mark.spot) }];
}

function deltaOf(id: bigint, spot: number, { slices, block }: Snapshot): number {
  const series = decodeSeries(id);
  const slice = slices.find(({ expiry }) => expiry === series.expiry);
  // An expiry that was settled meanwhile has no slice; what it did is in the residual.
  return slice || series.expiry <= block.time ? valueContract(series, slice, spot, block.time).delta : 0;
}

function capitalOf(logs: Log[], { vault }: KeelContracts): number {
  const epochs = parseEventLogs({ abi: vault.abi, logs, eventName: "EpochProcessed" });
  return fromUsdc(epochs.reduce((sum, { args }) => sum + args.assetsIn - args.assetsOut, 0n));
}
