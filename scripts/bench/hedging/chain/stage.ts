import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { activate } from "../../../../keeper/activation.ts";
import { type Keeper, openKeeper } from "../../../../keeper/app.ts";
import { type KeelContracts, contractsOf } from "../../../../sdk/contracts.ts";
import { writeDeployment } from "../../../../keeper/chain/deploymentFile.ts";
import { loadConfig } from "../../../../keeper/config.ts";
import type { HedgePolicy } from "../../../../keeper/hedging/policy.ts";
import { deployKeel } from "../../../deploy/keel.ts";
import { DEVNET_PARAMETERS, printableParameters } from "../../../deploy/parameters.ts";
import { DEV_ROLES, devAccount, devPrivateKey } from "../../../devnet/accounts.ts";
import { type Keel, connectKeel } from "../../../devnet/keel.ts";
import { type Market, createMarket } from "../../../devnet/market.ts";
import { startDevnet } from "../../../devnet/node.ts";
import { LP_DEPOSIT } from "../../../devnet/openMarket.ts";
import type { Path } from "../book.ts";

/** A chain with a funded vault on it and the keeper that hedges it, at the first price of a path. */
export interface ChainStage {
  readonly market: Market;
  readonly keel: Keel;
  readonly contracts: KeelContracts;
  /** As `keel run` opens it, in this process. */
  readonly keeper: Keeper;
  close(): Promise<void>;
}

const HOUR = 3600;
/** From the first block to the first price: an epoch for the first deposits, and what deploying takes. */
const PRELUDE = 27 * HOUR;
/** This chain never takes a block back, so that nothing mined needs to be looked at again. */
const FINALITY = 1;
const KEEPER = devAccount(DEV_ROLES.keeper).address;
/** Lists series and posts the surface. Not the keeper's account, whose nonces belong to its journal. */
export const OPERATOR = devAccount(DEV_ROLES.governor).address;

/** Sets the stage for a path. @param policy What differs from the keeper's defaults. */
export async function openStage(path: Path, policy: Partial<HedgePolicy>): Promise<ChainStage> {
  const [start = 0] = path.times;
  const [price = 0] = path.closes;
  const folder = mkdtempSync(join(tmpdir(), "keel-hedging-"));
  const genesis = new Date((start - PRELUDE) * 1000);
  const devnet = await startDevnet({ port: 0, price: middleOf(path.closes), genesis });
  let keeper: Keeper | undefined;
  const close = async (): Promise<void> => {
    await keeper?.close();
    await devnet.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { clients, deployment } = devnet;
    const { protocols } = deployment;
    const deployed = await deployKeel(
      { public: clients.public, wallet: clients.wallet, account: OPERATOR },
      {
        protocols,
        parameters: DEVNET_PARAMETERS,
        holders: { KEEPER: [KEEPER], LISTER: [OPERATOR], POSTER: [OPERATOR] },
      },
    );
    const withKeel = { ...deployment, contracts: { ...deployed }, parameters: printableParameters(DEVNET_PARAMETERS) };
    writeDeployment(join(folder, "deployment.json"), withKeel);
    const market = createMarket(clients, protocols);
    const keel = connectKeel(clients, protocols, deployed);
    await fillPool(keel, market, price, start - HOUR);
    keeper = await startKeeper(folder, policy);
    return { market, keel, contracts: contractsOf(withKeel), keeper, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where liquidity that stays put serves the whole path best: half-way between its ends, as logarithms go. */
function middleOf(closes: readonly number[]): number {
  return Math.sqrt(Math.min(...closes) * Math.max(...closes));
}

/** Three LPs' deposits enter the pool at `time`, with the market at `price`. */
async function fillPool(keel: Keel, market: Market, price: number, time: number): Promise<void> {
  const lps = DEV_ROLES.liquidityProviders.map((index) => devAccount(index).address);
  for (const lp of lps) await keel.requestDeposit(lp, LP_DEPOSIT);
  await market.moveTo(price, { at: time, forceRound: true });
  await keel.processEpoch();
  for (const lp of lps) await keel.claimShares(lp);
}

/** The keeper out of a configuration that a person has activated, with its journal in `folder`. */
async function startKeeper(folder: string, policy: Partial<HedgePolicy>): Promise<Keeper> {
  const file = join(folder, "keel.config.json");
  writeFileSync(file, JSON.stringify({ hedging: policy, finality: FINALITY }));
  const config = loadConfig(
    { config: file },
    {
      KEEL_DEPLOYMENT: join(folder, "deployment.json"),
      KEEL_PRIVATE_KEY: devPrivateKey(DEV_ROLES.keeper),
      KEEL_DATA_FOLDER: join(folder, "keel-data"),
    },
  );
  activate(config, KEEPER, new Date().toISOString());
  const { keeper } = await openKeeper(config, { dryRun: false });
  return keeper;
}
