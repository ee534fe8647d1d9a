import { Command } from "commander";
import pc from "picocolors";
import { type Hex, createPublicClient, createWalletClient, http, isHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { assertChain } from "../keeper/chain/connection.ts";
import { deploymentPath, readDeployment, writeDeployment } from "../keeper/chain/deployment.ts";
import { UserError } from "../keeper/errors.ts";
import { runCommand } from "./command.ts";
import { deployKeel } from "./deploy/keel.ts";
import { DEFAULT_PARAMETERS, printableParameters } from "./deploy/parameters.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "./devnet/accounts.ts";

interface Flags {
  readonly network: string;
  readonly rpc?: string;
  readonly json: boolean;
}

const DEVNET = "devnet";

await runCommand(
  new Command("deploy")
    .description(
      "Deploys Keel beside the protocols named in deployments/<network>.json and adds its addresses to that file. " +
        "Run it again after an interruption: it goes on where it stopped.",
    )
    .option("--network <name>", "which deployments/<name>.json to read and write", DEVNET)
    .option("--rpc <url>", "JSON-RPC endpoint (default: the one in the deployment file)")
    .option("--json", "print the finished deployment as JSON", false)
    .addHelpText("after", "\nEnvironment: KEEL_DEPLOYER_KEY, the private key that deploys and becomes admin.")
    .action(deploy),
);

async function deploy({ network, rpc, json }: Flags): Promise<void> {
  const path = deploymentPath(network);
  const before = readDeployment(path);
  const url = rpc ?? before.rpcUrl;
  if (!url) throw new UserError(`${path} names no RPC endpoint. Give one with --rpc <url>.`);
  const transport = http(url);
  const reader = createPublicClient({ transport });
  await assertChain(reader, url, before);

  const account = deployerAccount(network);
  if ((await reader.getBalance({ address: account.address })) === 0n) {
    throw new UserError(`The deployer ${account.address} has no ether on ${network}. Fund it and run this again.`);
  }
  const sender = { public: reader, wallet: createWalletClient({ transport }), account };
  const parameters = DEFAULT_PARAMETERS;
  const keeper = network === DEVNET ? devAccount(DEV_ROLES.keeper).address : account.address;
  const contracts = await deployKeel(sender, {
    protocols: before.protocols,
    parameters,
    holders: { KEEPER: [keeper], LISTER: [account.address, keeper] },
    ...(before.contracts && { existing: before.contracts }),
    onStep: (step, done) => {
      if (!json) console.log(pc.dim(`  ${step}`));
      writeDeployment(path, { ...before, contracts: { ...before.contracts, ...done } });
    },
  });
  const after = { ...before, contracts: { ...contracts }, parameters: printableParameters(parameters) };
  writeDeployment(path, after);
  console.log(json ? JSON.stringify(after, null, 2) : `${pc.bold("Keel")} is on ${network}; addresses are in ${path}`);
}

function deployerAccount(network: string): PrivateKeyAccount {
  try {
    return privateKeyToAccount(deployerKey(network));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("KEEL_DEPLOYER_KEY is not a private key: it is outside the range of valid keys.");
  }
}

function deployerKey(network: string): Hex {
  const key = process.env.KEEL_DEPLOYER_KEY ?? (network === DEVNET ? devPrivateKey(DEV_ROLES.governor) : undefined);
  if (key === undefined) throw new UserError("Set KEEL_DEPLOYER_KEY to the private key that deploys.");
  if (!isHex(key) || key.length !== 66) {
    throw new UserError("KEEL_DEPLOYER_KEY is not a private key: 0x and 64 hexadecimal digits were expected.");
  }
  return key;
}
