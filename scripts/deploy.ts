import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { type Address, type Hex, createPublicClient, createWalletClient, http, isAddress, isHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { assertChain } from "../keeper/chain/connection.ts";
import type { Deployment } from "../sdk/deployment.ts";
import { deploymentPath, readDeployment, writeDeployment } from "../keeper/chain/deploymentFile.ts";
import { UserError } from "../sdk/userError.ts";
import { KEEL_FILES, compileFiles } from "./compile/files.ts";
import { runCommand } from "./command.ts";
import { type DeployOptions, deployKeel } from "../deployments/keel.ts";
import { DEFAULT_PARAMETERS, DEVNET_PARAMETERS, printableParameters } from "../deployments/parameters.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "../simulator/chain/accounts.ts";

interface Flags {
  readonly network: string;
  readonly rpc?: string;
  readonly json: boolean;
  readonly governor?: Address;
  readonly guardian?: Address;
  readonly keeper?: Address;
  readonly poster?: Address;
  readonly lister?: Address;
  readonly sequencerFeed?: Address;
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
    .option("--governor <address>", "who changes parameters, after a delay (default: the deployer)", parseAddress)
    .option("--guardian <address>", "who pauses, and cancels what the governor has scheduled", parseAddress)
    .option("--keeper <address>", "who hedges (default: the deployer)", parseAddress)
    .option("--poster <address>", "who posts volatility (default: the keeper)", parseAddress)
    .option("--lister <address>", "who lists series (default: the keeper)", parseAddress)
    .option(
      "--sequencer-feed <address>",
      "Chainlink's uptime feed of an L2's sequencer; kept in the file",
      parseAddress,
    )
    .option("--json", "print the finished deployment as JSON", false)
    .addHelpText(
      "after",
      "\nEnvironment: KEEL_DEPLOYER_KEY, the private key that deploys and is admin until everything is in place.",
    )
    .action(deploy),
);

async function deploy(flags: Flags): Promise<void> {
  const { network, rpc, json } = flags;
  const path = deploymentPath(network);
  const before = withSequencerFeed(readDeployment(path), flags.sequencerFeed);
  const url = rpc ?? before.rpcUrl;
  if (!url) throw new UserError(`${path} names no RPC endpoint. Give one with --rpc <url>.`);
  const transport = http(url);
  const reader = createPublicClient({ transport });
  await assertChain(reader, url, before);

  const account = deployerAccount(network);
  if ((await reader.getBalance({ address: account.address })) === 0n) {
    throw new UserError(`The deployer ${account.address} has no ether on ${network}. Fund it and run this again.`);
  }
  await compileFiles(KEEL_FILES);
  const sender = { public: reader, wallet: createWalletClient({ transport }), account };
  const parameters = network === DEVNET ? DEVNET_PARAMETERS : DEFAULT_PARAMETERS;
  const contracts = await deployKeel(sender, {
    protocols: before.protocols,
    parameters,
    holders: holdersOf(flags, account.address),
    ...(before.contracts && { existing: before.contracts }),
    onStep: (step, done) => {
      if (!json) console.log(pc.dim(`  ${step}`));
      writeDeployment(path, { ...before, contracts: { ...before.contracts, ...done } });
    },
  });
  const after = { ...before, contracts: { ...contracts }, parameters: printableParameters(parameters) };
  writeDeployment(path, after);
  if (parameters.governance.delay === 0 && !json) {
    console.log(pc.yellow("The governor acts without delay, for a development chain."));
  }
  console.log(json ? JSON.stringify(after, null, 2) : `${pc.bold("Keel")} is on ${network}; addresses are in ${path}`);
}

function withSequencerFeed(deployment: Deployment, sequencerFeed: Address | undefined): Deployment {
  if (!sequencerFeed) return deployment;
  return { ...deployment, protocols: { ...deployment.protocols, sequencerFeed } };
}

/** Who gets which role: on the local chain its own people, elsewhere whoever is named, else the deployer. */
function holdersOf(flags: Flags, deployer: Address): DeployOptions["holders"] {
  const isDevnet = flags.network === DEVNET;
  const keeper = flags.keeper ?? (isDevnet ? devAccount(DEV_ROLES.keeper).address : deployer);
  const guardian = flags.guardian ?? (isDevnet ? devAccount(DEV_ROLES.guardian).address : undefined);
  return {
    GOVERNOR: [flags.governor ?? deployer],
    ...(guardian && { GUARDIAN: [guardian] }),
    KEEPER: [keeper],
    POSTER: [flags.poster ?? keeper],
    LISTER: [...new Set([flags.lister ?? keeper, ...(isDevnet ? [deployer] : [])])],
  };
}

function parseAddress(text: string): Address {
  if (isAddress(text)) return text;
  throw new InvalidArgumentError("An address is 0x and 40 hexadecimal digits with a correct checksum.");
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
