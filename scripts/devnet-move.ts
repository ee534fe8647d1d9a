import { Command } from "commander";
import { deploymentPath, readDeployment } from "../keeper/chain/deploymentFile.ts";
import { assertChain } from "../keeper/chain/connection.ts";
import { parsePositive, runCommand } from "./command.ts";
import { clientsAt } from "../simulator/chain/clients.ts";
import { type Market, type MarketPrices, type Move, createMarket } from "../simulator/chain/market.ts";

interface Flags {
  readonly price: number;
  readonly force: boolean;
  readonly json: boolean;
  readonly deployment: string;
  readonly rpc?: string;
}

const command = new Command("devnet:move")
  .description("Moves the market of a running local chain: trades the pools to a price, and lets the oracle report it")
  .requiredOption("--price <dollars>", "price of ether to move to", parsePositive)
  .option("--force", "write an oracle round even if neither deviation nor heartbeat calls for it", false)
  .option("--rpc <url>", "JSON-RPC of the chain (default: the one in the deployment file)")
  .option("--json", "print the prices as JSON", false)
  .option("--deployment <file>", "addresses of the chain", deploymentPath("devnet"))
  .action(move);

await runCommand(command);

async function move(flags: Flags): Promise<void> {
  const deployment = readDeployment(flags.deployment);
  const url = flags.rpc ?? deployment.rpcUrl ?? "http://127.0.0.1:8545";
  const clients = clientsAt(url);
  await assertChain(clients.public, url, deployment);
  const market: Market = createMarket(clients, deployment.protocols);
  const result = await market.moveTo(flags.price, { forceRound: flags.force });
  console.log(flags.json ? JSON.stringify(result, null, 2) : describe(result));
}

function describe({ before, after, round }: Move): string {
  const rows: [string, (prices: MarketPrices) => number][] = [
    ["pool 0.05 %", (prices) => prices.pools["500"]],
    ["pool 0.30 %", (prices) => prices.pools["3000"]],
    ["oracle", (prices) => prices.oracle],
  ];
  const dollars = (price: number): string => `$${price.toFixed(2)}`.padStart(12);
  return [
    `${" ".repeat(12)}${"before".padStart(12)}${"after".padStart(12)}`,
    ...rows.map(([name, read]) => `${name.padEnd(12)}${dollars(read(before))}${dollars(read(after))}`),
    round ? `The oracle wrote a round (${round}).` : "The move is too small and too early for an oracle round.",
  ].join("\n");
}
