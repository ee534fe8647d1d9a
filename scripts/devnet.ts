import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import pc from "picocolors";
import type { Deployment } from "../sdk/deployment.ts";
import { deploymentPath, writeDeployment } from "../keeper/chain/deploymentFile.ts";
import { messageOf } from "../sdk/userError.ts";
import { parsePort, parsePositive, runCommand } from "./command.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "../simulator/chain/accounts.ts";
import { createMarket } from "../simulator/chain/market.ts";
import { DEVNET_FILES, compileFiles } from "./compile/files.ts";
import { ALLOWANCE, DEFAULT_PORT, type Devnet, startDevnet } from "../simulator/chain/node.ts";
import { openMarket } from "../simulator/chain/openMarket.ts";
import { DEFAULT_PRICE } from "../simulator/chain/protocols.ts";
import { DEVNET_PARAMETERS, printableParameters } from "../deployments/parameters.ts";

interface Flags {
  readonly port: number;
  readonly price: number;
  readonly json: boolean;
  readonly deployment: string;
  readonly bare: boolean;
}

const FIRST_TIME = " The contracts are compiled first, once: that takes a minute or two.";
const BLOCK_INTERVAL_MS = 60_000;

const command = new Command("devnet")
  .description(
    "Starts a local chain with Uniswap v3, Aave v3, a price feed, funded accounts and an open Keel market, until Ctrl-C",
  )
  .option("--port <number>", "port of the JSON-RPC server", parsePort, DEFAULT_PORT)
  .option("--price <dollars>", "price of ether at the start", parsePositive, DEFAULT_PRICE)
  .option("--bare", "leave Keel out, to deploy it yourself with `npm run deploy`", false)
  .option("--json", "print the deployment as JSON instead of tables", false)
  .option("--deployment <file>", "where to write the addresses", deploymentPath("devnet"))
  .action(serve);

await runCommand(command);

async function serve(flags: Flags): Promise<void> {
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());
  if (!flags.json) console.log(pc.dim(`Starting the local chain …${existsSync("artifacts") ? "" : FIRST_TIME}`));
  await compileFiles(DEVNET_FILES);
  const devnet = await startDevnet({ port: flags.port, price: flags.price });
  try {
    const deployment = flags.bare ? devnet.deployment : await withKeel(devnet, flags.price);
    writeDeployment(flags.deployment, deployment);
    console.log(flags.json ? JSON.stringify(deployment, null, 2) : describe(devnet.url, deployment, flags));
    await keepAlive(devnet, stopped.signal);
  } finally {
    await devnet.close();
  }
  if (!flags.json) console.log("\nStopped.");
}

/**
 * While the chain is up, blocks come although nobody sends anything, so that its clock and the DEX average go on, and the
 * oracle repeats its price every heartbeat, as the real ones do. Returns once stopped.
 */
async function keepAlive({ clients, deployment }: Devnet, stopped: AbortSignal): Promise<void> {
  const market = createMarket(clients, deployment.protocols);
  while (!stopped.aborted) {
    await sleep(BLOCK_INTERVAL_MS, undefined, { signal: stopped }).catch(() => undefined);
    if (stopped.aborted) return;
    await clients.test
      .mine({ blocks: 1 })
      .then(() => market.heartbeat())
      .catch((error: unknown) => console.error(`devnet: no heartbeat: ${messageOf(error)}`));
  }
}

/** Opens a Keel market and adds it to the deployment. */
async function withKeel({ clients, deployment }: Devnet, price: number): Promise<Deployment> {
  const { protocols } = deployment;
  const { keel } = await openMarket({ clients, protocols, market: createMarket(clients, protocols) }, price);
  return { ...deployment, contracts: { ...keel.contracts }, parameters: printableParameters(DEVNET_PARAMETERS) };
}

function describe(url: string, deployment: Deployment, flags: Flags): string {
  return [
    "",
    `${pc.bold("Local chain")} at ${pc.green(url)}, chain id ${deployment.chainId}, ether at $${flags.price}`,
    "",
    pc.bold("Contracts"),
    ...table([...addressRows(deployment.protocols), ...addressRows(deployment.contracts ?? {}, ["keel"])]),
    "",
    pc.bold("Accounts") +
      ` with 10,000 ETH, ${(ALLOWANCE.weth / 10n ** 18n).toLocaleString("en")} WETH and ` +
      `${(ALLOWANCE.usdc / 10n ** 6n).toLocaleString("en")} USDC each; ` +
      pc.yellow("the keys are public, never send real money to them"),
    ...table(accountRows()),
    "",
    `Addresses are in ${flags.deployment}`,
    `Move the market with ${pc.green("npm run devnet:move -- --price 2500")}. Ctrl-C stops the chain.`,
  ].join("\n");
}

/** `["uniswap pools 500", "0x…"]` for every address, however deep. */
function addressRows(value: Deployment["protocols"] | object, path: readonly string[] = []): string[][] {
  return Object.entries(value as Record<string, string | object>).flatMap(([key, inner]) =>
    typeof inner === "string" ? [[[...path, key].join(" "), inner]] : addressRows(inner, [...path, key]),
  );
}

function accountRows(): string[][] {
  const { governor, keeper, guardian, liquidityProviders, traders } = DEV_ROLES;
  const roles: [string, readonly number[]][] = [
    ["governor", [governor]],
    ["keeper", [keeper]],
    ["guardian", [guardian]],
    ["liquidity provider", liquidityProviders],
    ["trader", traders],
  ];
  return roles.flatMap(([role, indices]) =>
    indices.map((index) => [role, devAccount(index).address, devPrivateKey(index)]),
  );
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((max, row) => row.map((cell, i) => Math.max(max[i] ?? 0, cell.length)), []);
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
}
