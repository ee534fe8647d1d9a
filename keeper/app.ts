import type { Address } from "viem";
import { assertKeeper } from "./chain/access.ts";
import { type Reader, type Signer, addressOf, createReader, createSigner } from "./chain/clients.ts";
import { assertChain } from "./chain/connection.ts";
import { type KeelContracts, assertDeployed, contractsOf, uniswapRouting } from "./chain/contracts.ts";
import { readDeployment } from "./chain/deployment.ts";
import { isChainError, callFailure } from "./chain/reverts.ts";
import { readSnapshot } from "./chain/snapshot.ts";
import { DEFAULT_RPC_URL, type KeeperConfig, deploymentFile } from "./config.ts";
import { UserError } from "./errors.ts";
import { type Executor, createExecutor } from "./execution/executor.ts";
import { planHedge } from "./hedging/planner.ts";
import type { TickEvent } from "./monitoring/events.ts";
import { type TickResult, tickEvent } from "./monitoring/tickEvent.ts";
import type { Snapshot } from "./portfolio/snapshot.ts";
import { toWad } from "./units.ts";

/** A connection to Keel on one chain, to look at it. */
export interface Observer {
  readonly config: KeeperConfig;
  readonly network: string;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly client: Reader;
  readonly contracts: KeelContracts;
}

/** An observer that can also hedge. */
export interface Keeper extends Observer {
  /** Undefined for a dry run without a key. */
  readonly account: Address | undefined;
  /** One decision at one block, carried out unless this is a dry run. */
  tick(block: bigint): Promise<TickEvent>;
}

/**
 * Connects to the chain and the contracts that the configuration names.
 * @throws UserError when one of them is missing or wrong.
 */
export async function openObserver(config: KeeperConfig): Promise<Observer> {
  const deployment = readDeployment(deploymentFile(config));
  const { network, chainId } = deployment;
  const rpcUrl = config.rpcUrl ?? deployment.rpcUrl ?? DEFAULT_RPC_URL;
  const client = createReader(rpcUrl, chainId, config.pollingIntervalMs);
  await assertChain(client, rpcUrl, deployment);
  const contracts = contractsOf(deployment);
  await assertDeployed(client, rpcUrl, network, contracts);
  return { config, network, chainId, rpcUrl, client, contracts };
}

/**
 * Connects as the keeper.
 * @throws UserError also when its key is missing or wrong, its account is empty, or it has no KEEPER role.
 */
export async function openKeeper(config: KeeperConfig, { dryRun }: { readonly dryRun: boolean }): Promise<Keeper> {
  const key = config.privateKey;
  if (!key && !dryRun) {
    throw new UserError(
      "The keeper has no private key. Set KEEL_PRIVATE_KEY to the key of an account with the KEEPER role.",
    );
  }
  const observer = await openObserver(config);
  if (!key) return createKeeper(observer, undefined, { dryRun });
  const signer = createSigner(observer.rpcUrl, observer.chainId, key);
  await assertKeeper(observer.client, observer.contracts, addressOf(signer), observer.network);
  return createKeeper(observer, signer, { dryRun });
}

/** A keeper on a connection that is there already. @param now The machine's time, for the reports. */
export function createKeeper(
  observer: Observer,
  signer: Signer | undefined,
  { dryRun, now = () => new Date() }: { readonly dryRun: boolean; readonly now?: () => Date },
): Keeper {
  const { client, contracts, config } = observer;
  const routing = uniswapRouting(contracts, config.feeTier);
  const executor =
    signer &&
    createExecutor({
      client,
      signer,
      contracts,
      confirmations: config.confirmations,
      minAmount: toWad(config.hedging.minClip),
    });

  async function tick(block: bigint): Promise<TickEvent> {
    const snapshot = await readSnapshot(client, contracts, block);
    const plan = planHedge(snapshot, config.hedging, routing);
    const result = plan.decision === "hedge" ? await carryOut(plan.order, executor, dryRun) : undefined;
    return tickEvent(snapshot, plan, result, now().toISOString());
  }
  return { ...observer, account: signer && addressOf(signer), tick };
}

async function carryOut(
  order: Parameters<Executor["execute"]>[0],
  executor: Executor | undefined,
  dryRun: boolean,
): Promise<TickResult> {
  if (executor && !dryRun) return executor.execute(order);
  if (!executor) return { outcome: "dry-run" };
  const simulation = await executor.simulate(order);
  return simulation.passes ? { outcome: "dry-run" } : { outcome: "refused", revert: simulation.revert };
}

/** The snapshot of the newest block. @throws UserError saying what the chain refused. */
export async function newestSnapshot({ client, contracts, rpcUrl }: Observer): Promise<Snapshot> {
  return explain(rpcUrl, async () => readSnapshot(client, contracts, await client.getBlockNumber()));
}

/** Runs `read`; what the chain or the line refuses becomes a sentence for a person. */
export async function explain<T>(rpcUrl: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isChainError(error)) throw error;
    throw new UserError(`The chain at ${rpcUrl} refused: ${callFailure(error)}.`, { cause: error });
  }
}
