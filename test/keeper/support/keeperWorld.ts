import { type Keeper, createKeeper } from "../../../keeper/app.ts";
import { contractsOf } from "../../../keeper/chain/contracts.ts";
import { readSnapshot } from "../../../keeper/chain/snapshot.ts";
import { type KeeperConfig, loadConfig } from "../../../keeper/config.ts";
import type { HedgePolicy } from "../../../keeper/hedging/policy.ts";
import type { Snapshot } from "../../../keeper/portfolio/snapshot.ts";
import type { Fork } from "../../helpers/localFork.ts";
import { KEEPER, type KeelWorld } from "../../helpers/keelWorld.ts";

export type DeployedFork = Fork & KeelWorld;

const NOW = new Date("2026-12-01T08:00:00Z");

/** The keeper, on a fork instead of a node's address, from the account that the fork has unlocked. */
export function keeperOn(world: DeployedFork, policy: Partial<HedgePolicy> = {}, dryRun = false): Keeper {
  const defaults = loadConfig({}, {});
  const config: KeeperConfig = { ...defaults, hedging: { ...defaults.hedging, ...policy } };
  const contracts = contractsOf({ network: "fork", contracts: { ...world.keel.contracts } });
  const { clients } = world;
  const observer = {
    config,
    network: "fork",
    chainId: 31337,
    rpcUrl: "http://fork",
    client: clients.public,
    contracts,
  };
  return createKeeper(observer, { wallet: clients.wallet, account: KEEPER }, { dryRun, now: () => NOW });
}

/** What the keeper sees at a block, the newest unless another is named. */
export async function look({ client, contracts }: Keeper, block?: bigint): Promise<Snapshot> {
  return readSnapshot(client, contracts, block ?? (await client.getBlockNumber()));
}

/** One tick at the newest block. */
export async function tickNow(keeper: Keeper): ReturnType<Keeper["tick"]> {
  return keeper.tick(await keeper.client.getBlockNumber());
}
