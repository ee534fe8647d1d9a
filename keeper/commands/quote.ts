import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { type Observer, newestSnapshot, openObserver } from "../app.ts";
import { withReadableErrors } from "../chain/reverts.ts";
import { loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { type ContractValue, valueContract } from "../../sdk/portfolio/netGreeks.ts";
import { type Series, decodeSeries, findSeries, seriesName } from "../../sdk/series.ts";
import type { Snapshot } from "../../sdk/portfolio/snapshot.ts";
import { textTable } from "../reports/textTable.ts";
import { fromUsdc, fromWad } from "../../sdk/units.ts";
import { type ChainOptions, configFlags, parseWad, withChainOptions } from "./options.ts";

interface QuoteOptions extends ChainOptions {
  readonly sell?: true;
}

/** What `keel quote --json` prints, in dollars for the whole quantity; `contract` is for one, by our own pricing. */
export interface QuoteReport {
  readonly series: string;
  readonly id: string;
  readonly side: "buy" | "sell";
  readonly quantity: number;
  readonly block: number;
  /** What the trader pays; negative: gets. */
  readonly total: number;
  readonly perContract: number;
  readonly components: {
    readonly mid: number;
    readonly inventory: number;
    readonly hedging: number;
    readonly spread: number;
    readonly lag: number;
    readonly capital: number;
    readonly fees: number;
  };
  /** Where in the oracle's range the trade was dearest for the trader. */
  readonly spot: number;
  readonly contract: ContractValue;
}

/** Adds `keel quote`. */
export function registerQuote(program: Command): void {
  const command = program
    .command("quote")
    .description("ask the market what a trade would cost now, component by component; needs no key")
    .argument("<series>", "name such as WETH-27NOV26-3000-C, or id")
    .argument("<quantity>", "contracts, such as 2.5", parseQuantity)
    .option("--sell", "sell back to the vault instead of buying from it")
    .option("--json", "print the quote as JSON");
  withChainOptions(command).action(quote);
}

async function quote(name: string, quantity: bigint, options: QuoteOptions): Promise<void> {
  const { sell, ...flags } = options;
  const observer = await openObserver(loadConfig(configFlags(flags)));
  const snapshot = await newestSnapshot(observer);
  const series = listedSeries(name, snapshot);
  const report = await ask(observer, snapshot, series, sell ? -quantity : quantity);
  console.log(options.json ? JSON.stringify(report, null, 2) : quoteText(report));
}

async function ask(
  { client, contracts, rpcUrl }: Observer,
  snapshot: Snapshot,
  series: Series,
  quantity: bigint,
): Promise<QuoteReport> {
  const blockNumber = snapshot.block.number;
  const args = [[{ id: series.id, quantity }]] as const;
  const [answer] = await withReadableErrors(rpcUrl, () =>
    client.readContract({ ...contracts.market, functionName: "quote", args, blockNumber }),
  );
  const slice = snapshot.slices.find(({ expiry }) => expiry === series.expiry);
  const total = fromUsdc(answer.total);
  return {
    series: seriesName(series),
    id: String(series.id),
    side: quantity > 0n ? "buy" : "sell",
    quantity: Math.abs(fromWad(quantity)),
    block: Number(blockNumber),
    total,
    perContract: total / fromWad(quantity),
    components: {
      mid: fromWad(answer.mid),
      inventory: fromWad(answer.inventory),
      hedging: fromWad(answer.hedging),
      spread: fromWad(answer.spread),
      lag: fromWad(answer.lag),
      capital: fromWad(answer.capital),
      fees: fromWad(answer.fees),
    },
    spot: fromWad(answer.spot),
    contract: valueContract(series, slice, fromWad(answer.spot), snapshot.block.time),
  };
}

function listedSeries(name: string, { book, block }: Snapshot): Series {
  const ids = book.map(({ id }) => id).filter((id) => decodeSeries(id).expiry > block.time);
  const series = findSeries(name, ids);
  if (series) return series;
  if (ids.length === 0) throw new UserError(`There is no series ${name}: none is listed.`);
  const names = [...ids].sort((a, b) => (a < b ? -1 : 1)).map((id) => seriesName(decodeSeries(id)));
  throw new UserError(`There is no series ${name}. These are listed: ${names.join(", ")}.`);
}

function quoteText(report: QuoteReport): string {
  const { components, contract, total } = report;
  const verb = total >= 0 ? "pay" : "get";
  const rows = Object.entries(components).map(([name, value]) => [name, value.toFixed(2)]);
  return [
    `${pc.bold(`${report.side} ${report.quantity} ${report.series}`)} at block ${report.block}, spot ${report.spot.toFixed(2)}`,
    "",
    textTable([{ heading: "component", align: "left" }, { heading: "USDC" }], [...rows, ["total", total.toFixed(2)]]),
    "",
    `You ${verb} ${Math.abs(total).toFixed(6)} USDC, ${report.perContract.toFixed(4)} per contract.`,
    `One contract: mid ${contract.value.toFixed(4)}  vol ${((contract.vol ?? 0) * 100).toFixed(2)} %  ` +
      `delta ${contract.delta.toFixed(4)}  gamma ${contract.gamma.toFixed(6)}  vega ${(contract.vega / 100).toFixed(4)}/pt  ` +
      `theta ${(contract.theta / 365).toFixed(4)}/day`,
  ].join("\n");
}

function parseQuantity(text: string): bigint {
  if (text.startsWith("-")) throw new InvalidArgumentError("It must be positive; add --sell to sell.");
  return parseWad(text);
}
