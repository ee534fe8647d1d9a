import { type Keeper, createKeeper } from "../../../keeper/app.ts";
import type { KeeperParts } from "../../../keeper/app/keeper.ts";
import type { RiskMemory } from "../../../keeper/app/riskMemory.ts";
import { spotCheck } from "../../../keeper/app/spotCheck.ts";
import { type Supervisor, createSupervisor } from "../../../keeper/app/supervisor.ts";
import type { Reader } from "../../../keeper/chain/clients.ts";
import { type KeelContracts, contractsOf } from "../../../sdk/contracts.ts";
import { type ChainConnection, directConnection } from "../../../keeper/chain/chainConnection.ts";
import { readSnapshot } from "../../../sdk/actions/snapshot.ts";
import { type KeeperConfig, loadConfig, marketsOf } from "../../../keeper/config.ts";
import type { Signer } from "../../../keeper/execution/ports.ts";
import type { HedgePolicy } from "../../../keeper/hedging/policy.ts";
import { type Alerter, createAlerter } from "../../../keeper/monitoring/alerts/alerter.ts";
import type { TickEvent } from "../../../keeper/monitoring/events.ts";
import { createMetrics } from "../../../keeper/monitoring/metrics.ts";
import { NO_RISK, type RiskState } from "../../../keeper/monitoring/riskLimits.ts";
import type { Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { type Database, openDatabase } from "../../../keeper/store/database.ts";
import { createJournal } from "../../../keeper/store/journal.ts";
import { createLeadership } from "../../../keeper/store/leases.ts";
import { readTimeline } from "../../../keeper/store/timeline.ts";
import { createRecorder } from "../../../keeper/store/records.ts";
import type { Lead, StoreSession } from "../../../keeper/store/session.ts";
import { DEV_ROLES, devAccount } from "../../../simulator/chain/accounts.ts";
import type { KeelWorld } from "../../helpers/keelWorld.ts";
import type { Fork } from "../../helpers/localFork.ts";
import { emptyStore } from "./store.ts";

export type DeployedFork = Fork & KeelWorld;

/** A keeper in the tests' own process, with what it is looked into by. */
export interface TestKeeper extends Keeper {
  readonly client: Reader;
  readonly contracts: KeelContracts;
  readonly watch: Supervisor;
  readonly alerter: Alerter;
  readonly db: () => Promise<Database>;
}

export interface TestKeeperOptions {
  readonly policy?: Partial<HedgePolicy>;
  readonly config?: Partial<KeeperConfig>;
  readonly dryRun?: boolean;
  readonly line?: ChainConnection;
  readonly signer?: Signer;
  /** In place of one over a database that all keepers of these tests share. */
  readonly session?: StoreSession;
  /** What markets ask outside the chain; nothing unless told otherwise. */
  readonly feedsOf?: KeeperParts["feedsOf"];
  /** Further markets on the same chain, by name; the first is called `fork`. */
  readonly others?: Readonly<Record<string, Pick<KeelWorld, "keel">>>;
}

const NOW = new Date("2026-12-01T08:00:00Z");
/** The chain's clock runs with the machine's, and a busy machine takes minutes for what a keeper does in a second. */
const PATIENT_SECONDS = 86_400;
const NO_DUTIES: KeeperConfig["duties"] = {
  settle: false,
  pay: false,
  surface: false,
  mark: false,
  epochs: false,
  listing: false,
};

/** The keeper, on a fork instead of a node's address; unless told otherwise it hedges and does nothing else. */
export function keeperOn(
  world: DeployedFork,
  policy: Partial<HedgePolicy> = {},
  dryRun = false,
  options: Omit<TestKeeperOptions, "policy" | "dryRun"> = {},
): TestKeeper {
  const defaults = loadConfig({}, {});
  const config: KeeperConfig = {
    ...defaults,
    duties: NO_DUTIES,
    ...options.config,
    hedging: { ...defaults.hedging, deadlineSeconds: PATIENT_SECONDS, ...policy },
  };
  const { clients, protocols } = world;
  const contracts = contractsOf({ network: "fork", contracts: { ...world.keel.contracts } });
  const line = options.line ?? directConnection("http://fork", clients.public);
  const [settings] = marketsOf({ ...config, deployment: "fork" });
  if (!settings) throw new Error("There is a market.");
  const deployment = { network: "fork", chainId: 31337, startedAtBlock: 0, protocols };
  const others = Object.entries(options.others ?? {}).map(([name, { keel }]) => ({
    settings: { ...settings, name },
    deployment,
    contracts: contractsOf({ network: name, contracts: { ...keel.contracts } }),
  }));
  const markets = [{ settings, deployment, contracts }, ...others] as const;
  const sites = { network: "fork", chainId: 31337, rpcUrl: "http://fork", line, markets };
  const signer = options.signer ?? devSigner();
  const session = memorySession(signer.address);
  const alerter = createAlerter({ channels: [], now: () => NOW.getTime(), onFailure: () => undefined });
  const watch = createSupervisor({
    config,
    metrics: createMetrics(),
    alerter,
    kill: killInMemory(),
    memoryOf: riskInMemory,
    endpoints: () => line.report(),
    now: () => NOW.getTime(),
  });
  const keeper = createKeeper({
    ...{ config, sites, signer, dryRun, watch },
    session: options.session ?? session,
    feedsOf: options.feedsOf ?? (() => ({ targets: () => Promise.resolve(undefined), spotCheck: spotCheck([]) })),
    now: () => NOW,
  });
  return { ...keeper, client: clients.public, contracts, watch, alerter, db: async () => (await session.open()).db };
}

/** Signs as the keeper. */
export function devSigner(): Signer {
  const account = devAccount(DEV_ROLES.keeper);
  return { address: account.address, signTransaction: (transaction) => account.signTransaction(transaction) };
}

/** What the keeper sees at a block, the newest unless another is named. */
export async function look(
  { client, contracts }: Pick<TestKeeper, "client" | "contracts">,
  block?: bigint,
): Promise<Snapshot> {
  return readSnapshot(client, contracts, block ?? (await client.getBlockNumber()));
}

/** One tick at the newest block. */
export async function tickNow(keeper: Pick<Keeper, "tick" | "line">): Promise<TickEvent> {
  return tickAt(keeper, await keeper.line.newestBlock());
}

/** One tick at a block. */
export async function tickAt(keeper: Pick<Keeper, "tick">, block: bigint): Promise<TickEvent> {
  const [event] = await keeper.tick(block);
  if (!event) throw new Error("A tick reports itself.");
  return event;
}

/** Starting a database takes seconds, so all keepers of a process share one, emptied for each. */
let shared: ReturnType<typeof openDatabase> | undefined;

function memorySession(account: string): StoreSession & { open(): Promise<{ readonly db: Database }> } {
  let lead: Promise<Lead> | undefined;
  const open = (): ReturnType<typeof openDatabase> => (shared ??= openDatabase({ memory: true }));
  async function begin(): Promise<Lead> {
    const { db } = await open();
    await emptyStore({ db });
    const options = { name: `31337:${account}`, holder: "test", intervalMs: 60_000 };
    const lease = await createLeadership(db, options).hold();
    if (!lease) throw new Error("Nobody else wants the lease.");
    const now = () => NOW.getTime();
    return {
      lease,
      recorder: createRecorder(db, lease, now),
      journal: createJournal(db, { chainId: 31337, lease, now }),
    };
  }
  return {
    open,
    lead: () => (lead ??= begin()),
    leads: () => lead !== undefined,
    timeline: async (query) => readTimeline((await open()).db, query),
    close: () => Promise.resolve(),
  };
}

function killInMemory() {
  let why: string | undefined;
  return {
    path: "STOP",
    reason: () => why,
    trip: (reason: string) => void (why ??= reason),
    clear: () => {
      const was = why !== undefined;
      why = undefined;
      return was;
    },
  };
}

function riskInMemory(): RiskMemory {
  let state: RiskState = NO_RISK;
  return { load: () => state, save: (next) => void (state = next) };
}
