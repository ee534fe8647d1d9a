import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployKeel } from "../deployments/keel.ts";
import { DEVNET_PARAMETERS, printableParameters } from "../deployments/parameters.ts";
import { writeDeployment } from "../keeper/chain/deploymentFile.ts";
import type { HedgePolicy } from "../keeper/hedging/policy.ts";
import { type KeelContracts, contractsOf } from "../sdk/contracts.ts";
import { DEV_ROLES, devAccount } from "./chain/accounts.ts";
import { type Keel, connectKeel } from "./chain/keel.ts";
import { type Market, createMarket } from "./chain/market.ts";
import { type Devnet, startDevnet } from "./chain/node.ts";
import type { Cleanup } from "./cleanup.ts";
import { openInProcess } from "./keeper/inProcess.ts";
import { openProcess } from "./keeper/process.ts";
import type { SimulatedKeeper } from "./keeper/simulatedKeeper.ts";

/** A chain with Keel on it, the market around it, and a keeper that hedges. */
export interface World {
  readonly devnet: Devnet;
  readonly market: Market;
  readonly keel: Keel;
  readonly contracts: KeelContracts;
  readonly keeper: SimulatedKeeper;
  /** Time of the newest block, unix seconds. */
  now(): Promise<number>;
  /** Mines an empty block `seconds` later. */
  wait(seconds: number): Promise<void>;
}

/** How a world begins. */
export interface WorldOptions {
  /** Port of the chain's JSON-RPC server; 0 takes any free one. */
  readonly port?: number;
  /** Dollars per ether at first: pools' liquidity lies around it. */
  readonly price: number;
  /** Time of the first block, unix seconds. */
  readonly genesis: number;
  /** Changes of the keeper's hedging policy. */
  readonly policy?: Partial<HedgePolicy>;
  /**
   * Whether the keeper is a process of its own, as operators run it, or ticks in this one, which is faster and can be looked into.
   */
  readonly keeper: "process" | "in this process";
  /** Called with every line that a keeper's process writes. */
  readonly onKeeperLine?: (line: string) => void;
}

/** Who posts the surface and lists series. Not the keeper's own account, whose nonces belong to its process. */
export const OPERATOR = devAccount(DEV_ROLES.governor).address;

const KEEPER = devAccount(DEV_ROLES.keeper).address;

/** Starts the chain, deploys Keel and starts the keeper. All of it is undone by `cleanup`. */
export async function openWorld(options: WorldOptions, cleanup: Cleanup): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "keel-simulation-"));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const { port = 0, price, genesis, policy = {}, onKeeperLine } = options;
  const devnet = await startDevnet({ port, price, genesis: new Date(genesis * 1000) });
  cleanup.add(() => devnet.close());

  const { clients, deployment } = devnet;
  const sender = { public: clients.public, wallet: clients.wallet, account: OPERATOR };
  const deployed = await deployKeel(sender, {
    protocols: deployment.protocols,
    parameters: DEVNET_PARAMETERS,
    holders: { KEEPER: [KEEPER, OPERATOR], LISTER: [OPERATOR], POSTER: [OPERATOR] },
  });
  const parameters = printableParameters(DEVNET_PARAMETERS);
  const withKeel = { ...deployment, contracts: { ...deployed }, parameters };
  const file = join(folder, "deployment.json");
  writeDeployment(file, withKeel);

  const seat = { folder, deployment: file, rpcUrl: devnet.url, policy };
  const keeper =
    options.keeper === "process"
      ? openProcess(seat, () => clients.public.getBlockNumber(), onKeeperLine)
      : await openInProcess(seat);
  cleanup.add(() => keeper.stop());
  return {
    devnet,
    market: createMarket(clients, deployment.protocols),
    keel: connectKeel(clients, deployment.protocols, deployed),
    contracts: contractsOf(withKeel),
    keeper,
    now: async () => Number((await clients.public.getBlock()).timestamp),
    wait: async (seconds) => {
      await clients.test.increaseTime({ seconds });
      await clients.test.mine({ blocks: 1 });
    },
  };
}
