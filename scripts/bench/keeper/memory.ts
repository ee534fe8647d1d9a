import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeeper } from "../../../keeper/app.ts";
import { riskMemory } from "../../../keeper/app/riskMemory.ts";
import { spotCheck } from "../../../keeper/app/spotCheck.ts";
import { createSupervisor } from "../../../keeper/app/supervisor.ts";
import { contractsOf } from "../../../sdk/contracts.ts";
import { readHedgeState } from "../../../keeper/chain/hedgeState.ts";
import { venuesOf } from "../../../keeper/venues/all.ts";
import { loadConfig, marketsOf } from "../../../keeper/config.ts";
import { createAlerter } from "../../../keeper/monitoring/alerts/alerter.ts";
import { createKillSwitch } from "../../../keeper/monitoring/killSwitch.ts";
import { createLogger } from "../../../keeper/monitoring/logger.ts";
import { createMetrics } from "../../../keeper/monitoring/metrics.ts";
import { openSession } from "../../../keeper/store/session.ts";
import { DEV_ROLES, devAccount } from "../../../simulator/chain/accounts.ts";
import { createMarket } from "../../../simulator/chain/market.ts";
import { DEVNET_FILES, compileFiles } from "../../compile/files.ts";
import { startDevnet } from "../../../simulator/chain/node.ts";
import { openMarket } from "../../../simulator/chain/openMarket.ts";
import { replayLine } from "./replayLine.ts";

export interface TickFigures {
  readonly series: number;
  /** Calls to the node for all that one decision is made from. */
  readonly stateCalls: number;
  readonly ticks: number;
  /** Milliseconds for one tick without the node: reading, deciding, storing, reporting. */
  readonly tickMs: number;
  /** Megabytes of resident memory at the end of each tenth of the ticks. */
  readonly residentMb: readonly number[];
}

/** Sixteen strikes for four expiries: 128 series. */
const LISTING = { days: [7, 14, 21, 28], moneyness: Array.from({ length: 16 }, (_, i) => 0.6 + 0.05 * i) };
const PRICE = 3_000;

/** Runs whole ticks against remembered answers of a real node: everything but the node itself is as when it keeps a vault. */
export async function measureTicks(
  ticks: number,
  onProgress: (done: number, residentMb: number) => void,
): Promise<TickFigures> {
  const folder = mkdtempSync(join(tmpdir(), "keel-bench-"));
  await compileFiles(DEVNET_FILES);
  const devnet = await startDevnet({ port: 0, price: PRICE });
  const { clients, deployment, url } = devnet;
  const { protocols, chainId } = deployment;
  const opened = await openMarket({ clients, protocols, market: createMarket(clients, protocols) }, PRICE, LISTING);
  const contracts = contractsOf({ network: "bench", contracts: { ...opened.keel.contracts } });
  const first = await clients.public.getBlock();
  const line = replayLine(url, chainId, first);
  const account = devAccount(DEV_ROLES.keeper);
  const session = await openSession({ dataFolder: folder }, { chainId, account: account.address });
  try {
    const duties = { settle: false, pay: false, surface: false, mark: false, epochs: false, listing: false };
    const config = { ...loadConfig({}, {}), duties };
    const [settings] = marketsOf(config);
    if (!settings) throw new Error("There is a market.");
    const tripsBefore = line.trips();
    const sources = { contracts, protocols, venues: venuesOf(deployment, contracts, settings.feeTier) };
    const { snapshot } = await line.read(first.number, (reader) =>
      readHedgeState(reader, sources, first.number, settings.hedging),
    );
    const stateCalls = line.trips() - tripsBefore;
    const alerter = createAlerter({ channels: [], now: Date.now, onFailure: () => undefined });
    const watch = createSupervisor({
      ...{ config, metrics: createMetrics(), alerter, kill: createKillSwitch(folder), now: Date.now },
      memoryOf: (market) => riskMemory(folder, market),
      endpoints: () => line.report(),
    });
    const keeper = createKeeper({
      ...{ config, dryRun: false, session, watch },
      sites: { network: "bench", chainId, rpcUrl: url, line, markets: [{ settings, deployment, contracts }] },
      signer: { address: account.address, signTransaction: (transaction) => account.signTransaction(transaction) },
      feedsOf: () => ({ targets: () => Promise.resolve(undefined), spotCheck: spotCheck([]) }),
    });
    const log = createLogger({ format: "json", level: "info", write: () => undefined });
    const residentMb: number[] = [];
    const start = performance.now();
    for (let i = 1; i <= ticks; i++) {
      await keeper.tick(line.advance(), log);
      if (i % Math.ceil(ticks / 10) !== 0) continue;
      collectGarbage();
      const resident = Math.round(process.memoryUsage().rss / 2 ** 20);
      residentMb.push(resident);
      onProgress(i, resident);
    }
    return { series: snapshot.book.length, stateCalls, ticks, tickMs: (performance.now() - start) / ticks, residentMb };
  } finally {
    await session.close();
    await devnet.close();
    rmSync(folder, { recursive: true });
  }
}

/** With --expose-gc, so that what is measured is what is kept. */
function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
