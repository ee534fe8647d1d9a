import { assertKeeper } from "./chain/access.ts";
import { isActivated } from "./activation.ts";
import { readSnapshot } from "../sdk/actions/snapshot.ts";
import { withReadableErrors } from "./chain/reverts.ts";
import type { KeelContracts } from "../sdk/contracts.ts";
import type { Reader } from "./chain/clients.ts";
import type { ChainConnection } from "./chain/chainConnection.ts";
import { type KeeperConfig, type MarketConfig, marketsOf } from "./config.ts";
import { UserError, messageOf } from "../sdk/userError.ts";
import { type Alerter, createAlerter } from "./monitoring/alerts/alerter.ts";
import { telegramChannel, webhookChannel } from "./monitoring/alerts/channels.ts";
import { createKillSwitch } from "./monitoring/killSwitch.ts";
import { type Metrics, createMetrics } from "./monitoring/metrics.ts";
import type { Snapshot } from "../sdk/portfolio/snapshot.ts";
import { openSigner } from "./signing/openSigner.ts";
import { openSession } from "./store/session.ts";
import { type Keeper, createKeeper } from "./app/keeper.ts";
import { riskMemory } from "./app/riskMemory.ts";
import { type Connections, openConnections } from "./app/connections.ts";
import { given, marketFeeds } from "./app/marketFeeds.ts";
import { type Supervisor, createSupervisor } from "./app/supervisor.ts";

export { type Keeper, createKeeper } from "./app/keeper.ts";

/** What a command says that needs to sign and cannot. */
export const NO_KEY =
  "The keeper has no private key. Set KEEL_PRIVATE_KEY to the key of an account with the KEEPER role, or name a " +
  "keystore or remote signer in the configuration.";

/** A connection to one market, to look at it. */
export interface Observer {
  /** With the market's own settings. */
  readonly config: KeeperConfig;
  readonly network: string;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly line: ChainConnection;
  readonly client: Reader;
  readonly contracts: KeelContracts;
}

/** A keeper with what watches over it. */
export interface WatchedKeeper {
  readonly keeper: Keeper;
  readonly watch: Supervisor;
  readonly metrics: Metrics;
  readonly alerter: Alerter;
}

/**
 * Connects to the chain and to the one market that the configuration names.
 * @throws UserError when one of them is missing or wrong, or there are several markets.
 */
export async function openObserver(settings: KeeperConfig): Promise<Observer> {
  const { markets: _, ...rest } = settings;
  const [market, ...others] = marketsOf(settings);
  if (!market || others.length > 0) {
    const names = marketsOf(settings).map(({ deployment }) => deployment);
    throw new UserError(
      `The configuration lists several markets, and this works on one. Name it with --deployment: ${names.join(" or ")}.`,
    );
  }
  return observerOf({ ...rest, ...market }, await openConnections({ ...settings, markets: [market] }));
}

/** The first market of a connection. */
export function observerOf(config: KeeperConfig, { network, chainId, rpcUrl, line, markets }: Connections): Observer {
  const [{ contracts }] = markets;
  return { config, network, chainId, rpcUrl, line, client: line.client, contracts };
}

/**
 * Connects as the keeper of all configured markets. Until a person has activated exactly this configuration it is a dry run,
 * asked for or not.
 * @throws UserError also when its key is missing or wrong, its account is empty, or it has no KEEPER role.
 */
export async function openKeeper(
  config: KeeperConfig,
  { dryRun }: { readonly dryRun: boolean },
): Promise<WatchedKeeper> {
  const signer = await openSigner(config);
  if (!signer && !dryRun) throw new UserError(NO_KEY);
  const sites = await openConnections(config);
  if (signer) {
    for (const { contracts, deployment } of sites.markets) {
      await assertKeeper(sites.line.client, contracts, signer.address, deployment.network);
    }
  }
  const isDry = dryRun || !signer || !isActivated(config, signer.address);
  const session = isDry ? undefined : await openSession(config, { chainId: sites.chainId, account: signer.address });
  const metrics = createMetrics();
  const alerter = createAlerter({ channels: channelsOf(config), now: Date.now, onFailure: complain });
  const { dataFolder } = config;
  const watch = createSupervisor({
    config,
    metrics,
    alerter,
    kill: createKillSwitch(dataFolder),
    memoryOf: (market) => riskMemory(dataFolder, market),
    endpoints: () => sites.line.report(),
    now: Date.now,
  });
  const parts = { config, sites, signer, dryRun: isDry, session, watch, feedsOf: ownFeeds };
  const keeper = createKeeper(parts);
  for (const { name } of keeper.tickers) metrics.start(name);
  return { keeper, watch, metrics, alerter };
}

/** Why nothing is sent although it was not asked for, as a sentence; undefined when that is not so. */
export function unasked({ dryRun }: Pick<Keeper, "dryRun">, asked: boolean): string | undefined {
  if (!dryRun || asked) return undefined;
  return (
    "This configuration has not been activated, so nothing will be sent. " +
    'Look at what would be with "keel doctor" and "keel run --dry-run", then run "keel activate".'
  );
}

/** The snapshot of the newest block. @throws UserError saying what the chain refused. */
export async function newestSnapshot({ line, contracts, rpcUrl }: Observer): Promise<Snapshot> {
  return withReadableErrors(rpcUrl, async () => {
    const block = await line.newestBlock();
    return line.read(block, (reader) => readSnapshot(reader, contracts, block));
  });
}

function channelsOf({ alerts: { webhook, telegram } }: KeeperConfig) {
  return [
    ...(webhook ? [webhookChannel(webhook)] : []),
    ...(telegram ? [telegramChannel({ ...telegram, ...given({ baseUrl: telegram.baseUrl }) } as never)] : []),
  ];
}

function ownFeeds(market: MarketConfig) {
  return marketFeeds(market, complain);
}

function complain(what: string, error: unknown): void {
  console.error(`keel: ${what}: ${messageOf(error)}`);
}
