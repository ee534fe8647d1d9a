import { Command } from "commander";
import { assertChain } from "../keeper/chain/connection.ts";
import { withReadableErrors } from "../keeper/chain/reverts.ts";
import { parseWad } from "../keeper/commands/options.ts";
import { deploymentPath, readDeployment } from "../keeper/chain/deploymentFile.ts";
import { UserError } from "../sdk/userError.ts";
import { findSeries, seriesName } from "../sdk/series.ts";
import { fromUsdc, fromWad } from "../sdk/units.ts";
import { runCommand } from "./command.ts";
import { DEV_ROLES, devAccount } from "../simulator/chain/accounts.ts";
import { clientsAt } from "../simulator/chain/clients.ts";
import { connectKeel } from "../simulator/chain/keel.ts";
import type { KeelAddresses } from "../deployments/keel.ts";

interface Flags {
  readonly sell: boolean;
  readonly json: boolean;
  readonly deployment: string;
  readonly rpc?: string;
}

const command = new Command("devnet:trade")
  .description(
    "Trades options on a running local chain as the first of its traders, so that there is something to hedge",
  )
  .argument("<series>", "name such as WETH-09JAN26-3000-C, or id; keel status lists them")
  .argument("<quantity>", "contracts", parseWad)
  .option("--sell", "sell back to the vault instead of buying from it", false)
  .option("--rpc <url>", "JSON-RPC of the chain (default: the one in the deployment file)")
  .option("--json", "print the trade as JSON", false)
  .option("--deployment <file>", "addresses of the chain", deploymentPath("devnet"))
  .action(trade);

await runCommand(command);

async function trade(name: string, wad: bigint, flags: Flags): Promise<void> {
  const deployment = readDeployment(flags.deployment);
  const url = flags.rpc ?? deployment.rpcUrl ?? "http://127.0.0.1:8545";
  const clients = clientsAt(url);
  await assertChain(clients.public, url, deployment);
  const { contracts, protocols } = deployment;
  if (!contracts) throw new UserError(`There is no Keel on this chain. Start it with "npm run devnet".`);
  const keel = connectKeel(clients, protocols, contracts as unknown as KeelAddresses);
  const [ids] = await clients.public.readContract({ ...keel.vault, functionName: "book" });
  const series = findSeries(name, ids);
  if (!series) throw new UserError(`${name} is not listed. "npx keel status" shows what is.`);
  const quantity = fromWad(wad);
  const trader = devAccount(DEV_ROLES.traders[0]).address;
  // The chain's clock stands between blocks, and with it the DEX average that prices are checked against.
  await clients.test.mine({ blocks: 1 });
  const leg = { id: series.id, quantity: flags.sell ? -wad : wad };
  const { quote } = await withReadableErrors(url, () => keel.trade(trader, [leg]));
  const report = { trader, series: seriesName(series), quantity: flags.sell ? -quantity : quantity };
  const cash = fromUsdc(quote.total);
  if (flags.json) console.log(JSON.stringify({ ...report, cash }, null, 2));
  else
    console.log(
      `${flags.sell ? "Sold" : "Bought"} ${quantity} ${report.series} for ${Math.abs(cash).toFixed(2)} USDC.`,
    );
}
