import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { formatEther } from "viem";
import { isActivated } from "../activation.ts";
import { type Observer, openObserver } from "../app.ts";
import { exchangesOf, given } from "../app/marketFeeds.ts";
import { assertKeeper } from "../chain/access.ts";
import { readDeployment } from "../chain/deploymentFile.ts";
import { assertPoolMemory } from "../chain/poolMemory.ts";
import { createRpcPool } from "../chain/rpcPool/pool.ts";
import { readSnapshot } from "../../sdk/actions/snapshot.ts";
import { DEFAULT_RPC_URL, type KeeperConfig, type MarketConfig, deploymentFile, marketsOf } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { readDeribitApi } from "../feeds/deribitApi.ts";
import { createKillSwitch } from "../monitoring/killSwitch.ts";
import { crossCheck } from "../../sdk/portfolio/crossCheck.ts";
import { openSigner } from "../signing/openSigner.ts";
import { fromWad } from "../../sdk/units.ts";
import { type Check, NotYet } from "./check.ts";

/** Ether below which an account is said to run low: a few dozen hedges at a high fee. */
const LOW_BALANCE = 50_000_000_000_000_000n;
const MAX_CLOCK_GAP_SECONDS = 120;

/** Everything that has to be right before the keeper can work, in the order in which one needs the other. */
export function doctorChecks(config: KeeperConfig, env: NodeJS.ProcessEnv, now: () => number): Check[] {
  let account: `0x${string}` | undefined;
  const signer: Check = {
    name: "signer",
    look: async () => {
      const opened = await openSigner(config, env);
      if (!opened) throw new UserError('There is no key. Make one with "keel keys new" and name it as signer.');
      account = opened.address;
      return `signs as ${account}`;
    },
  };
  return [
    { name: "data folder", look: () => dataFolder(config.dataFolder) },
    { name: "kill switch", look: () => killSwitch(config.dataFolder) },
    { name: "rpc", look: () => rpc(config) },
    signer,
    ...marketsOf(config).flatMap((market) => [
      ...marketChecks(config, market, () => account, now),
      ...feedChecks(market, now),
    ]),
    {
      name: "activation",
      isOptional: true,
      look: () => {
        if (!account) throw new NotYet("needs a signer");
        if (isActivated(config, account)) return "exactly this configuration is activated";
        throw new UserError('This configuration is not activated: nothing is sent until "keel activate".');
      },
    },
  ];
}

/** Looks, and makes nothing: whoever only asks leaves no folder behind. */
function dataFolder(path: string): string {
  const isThere = existsSync(path);
  try {
    const folder = isThere ? path : nearestAbove(resolve(path));
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = isThere ? "written to" : "made";
    throw new UserError(`${path} cannot be ${what} (${code ?? "unknown"}). Choose another one as dataFolder.`);
  }
  return isThere ? `${path} can be written to` : `${path} can be made`;
}

/** The first folder above `path` that is there. */
function nearestAbove(path: string): string {
  const above = dirname(path);
  return existsSync(above) || above === path ? above : nearestAbove(above);
}

function killSwitch(folder: string): string {
  const kill = createKillSwitch(folder);
  const why = kill.reason();
  if (why === undefined) return "off";
  throw new UserError(`It is thrown: ${why}. Look into it, then remove ${kill.path}.`);
}

async function rpc(config: KeeperConfig): Promise<string> {
  const [market] = marketsOf(config);
  if (!market) throw new UserError("There is no market.");
  const urls = config.rpcUrls ?? [config.rpcUrl ?? readDeployment(deploymentFile(market)).rpcUrl ?? DEFAULT_RPC_URL];
  const { number, agreeing } = await createRpcPool({ urls, quorum: config.quorum }).head();
  const all = `${agreeing.length} of ${urls.length} endpoints agree on block ${number}`;
  if (agreeing.length === urls.length) return all;
  throw new UserError(
    `${all}; take out the other${urls.length - agreeing.length === 1 ? "" : "s"} or have them mended.`,
  );
}

function marketChecks(
  config: KeeperConfig,
  market: MarketConfig,
  account: () => `0x${string}` | undefined,
  now: () => number,
): Check[] {
  let observer: Observer | undefined;
  const connected = (): Observer => {
    if (observer) return observer;
    throw new NotYet("needs the contracts");
  };
  const name = (check: string) => `${market.name}: ${check}`;
  return [
    {
      name: name("contracts"),
      look: async () => {
        observer = await openObserver({ ...config, markets: [market] });
        return `Keel is on chain ${observer.chainId}`;
      },
    },
    {
      name: name("keeper role"),
      look: async () => {
        const { client, contracts, network } = connected();
        const address = account();
        if (!address) throw new NotYet("needs a signer");
        await assertKeeper(client, contracts, address, network);
        return `${address} may hedge`;
      },
    },
    {
      name: name("balance"),
      isOptional: true,
      look: async () => {
        const address = account();
        if (!address) throw new NotYet("needs a signer");
        const balance = await connected().client.getBalance({ address });
        if (balance >= LOW_BALANCE) return `${formatEther(balance)} ether for gas`;
        throw new UserError(`${address} has ${formatEther(balance)} ether left for gas. Send it some.`);
      },
    },
    { name: name("clock"), isOptional: true, look: () => clock(connected(), now()) },
    { name: name("mark"), look: () => mark(connected(), market) },
    { name: name("oracle's pool"), look: () => poolMemory(connected()) },
  ];
}

async function clock({ client }: Observer, now: number): Promise<string> {
  const { timestamp } = await client.getBlock();
  const gap = Math.round(now - Number(timestamp));
  if (Math.abs(gap) <= MAX_CLOCK_GAP_SECONDS) return `the newest block is ${gap} s old by this machine's clock`;
  throw new UserError(`The newest block is ${gap} s old: the chain stands still, or this machine's clock is wrong.`);
}

async function mark({ client, contracts }: Observer, { hedging }: MarketConfig): Promise<string> {
  const snapshot = await readSnapshot(client, contracts, await client.getBlockNumber());
  const check = crossCheck(snapshot, hedging.markTolerance);
  if (check.agrees) return `the vault's Greeks and ours agree at a spot of ${fromWad(snapshot.mark.spot).toFixed(2)}`;
  throw new UserError(
    `The vault's ${check.figure} is ${check.onChain}, ours is ${check.own}. Is this version too old?`,
  );
}

async function poolMemory({ client, contracts: { vault } }: Observer): Promise<string> {
  return assertPoolMemory(client, await client.readContract({ ...vault, functionName: "oracle" }));
}

function feedChecks({ name, feeds }: MarketConfig, now: () => number): Check[] {
  const { deribit } = feeds;
  const prices = exchangesOf(feeds).map((source) => ({
    name: `${name}: ${source.name}`,
    isOptional: true,
    look: async () => (await source.read()).price.toFixed(2),
  }));
  if (!deribit) return prices;
  const look = async () => `${(await readDeribitApi({ ...given(deribit), now })).quotes.length} option quotes`;
  return [...prices, { name: `${name}: deribit`, isOptional: true, look }];
}
