import { type Address, parseEventLogs } from "viem";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { LPS, type Person } from "./cast.ts";
import { noteGas, notePurse } from "./ledger.ts";
import { describeEpoch, describeLp } from "./lines.ts";
import { LP_DEPOSIT, type Play, dollars, now, wait } from "./play.ts";
import { OPERATOR } from "./stage.ts";

/** Half-way through, one LP adds this and another asks for half of its shares. */
const SECOND_DEPOSIT = LP_DEPOSIT / 2n;

/** Requests are refused once an epoch is over and until it is processed; with less time left than this, the next is opened. */
const TIME_TO_ASK = 600;

/** Every LP puts its first deposit into the queue. */
export async function queueFirstDeposits(play: Play): Promise<void> {
  for (const lp of LPS) await requestDeposit(play, lp, LP_DEPOSIT);
}

/** In the middle of the story one LP deposits more and another redeems half. */
export async function changeMinds(play: Play): Promise<void> {
  await ensureEpochOpen(play);
  const [, adding, leaving] = LPS as [Person, Person, Person];
  await requestDeposit(play, adding, SECOND_DEPOSIT);
  const shares = await read(play, "balanceOf", leaving.address);
  if (shares > 1n) await requestRedeem(play, leaving, shares / 2n);
}

/** Every LP asks for all of its shares. */
export async function leave(play: Play): Promise<void> {
  await ensureEpochOpen(play);
  for (const lp of LPS) {
    const shares = await read(play, "balanceOf", lp.address);
    if (shares > 0n) await requestRedeem(play, lp, shares);
  }
}

/** Seconds after which the poster renews a slice before an epoch. */
const STALE = 11n * 3600n;

/** Prices the open epoch, if it is over, and hands everyone what is theirs. */
export async function processDueEpoch(play: Play): Promise<boolean> {
  const { keel } = play.stage;
  if ((await timeLeft(play)) > 0) return false;
  await keel.renewSurface(STALE, OPERATOR); // an epoch is not priced on an old surface
  const receipt = await keel.processEpoch();
  noteGas(play.ledger, "process an epoch", receipt);
  const [event] = parseEventLogs({ abi: optionVaultAbi, logs: receipt.logs, eventName: "EpochProcessed" });
  if (!event) throw new Error("An epoch emits EpochProcessed.");
  const { epoch, assetsIn, assetsOut } = event.args;
  play.ledger.cash.lpIn += assetsIn;
  play.ledger.cash.lpOut += assetsOut;
  const [rescue] = parseEventLogs({ abi: optionVaultAbi, logs: receipt.logs, eventName: "InsuranceUsed" });
  if (rescue) play.ledger.cash.insured -= rescue.args.assets;
  if (assetsIn > 0n || assetsOut > 0n) {
    play.narrator.line(describeEpoch(await now(play), Number(epoch), dollars(assetsIn), dollars(assetsOut)));
  }
  for (const lp of LPS) await claim(play, lp);
  return true;
}

async function ensureEpochOpen(play: Play): Promise<void> {
  const left = await timeLeft(play);
  if (left > TIME_TO_ASK) return;
  if (left > 0) await wait(play, left);
  await processDueEpoch(play);
}

/** Seconds until the epoch is over. */
async function timeLeft(play: Play): Promise<number> {
  const { keel, devnet } = play.stage;
  const endsAt = await devnet.clients.public.readContract({ ...keel.vault, functionName: "epochEndsAt" });
  return Number(endsAt) - (await now(play));
}

async function claim(play: Play, lp: Person): Promise<void> {
  const { keel } = play.stage;
  if ((await read(play, "maxDeposit", lp.address)) > 0n) {
    noteGas(play.ledger, "claim shares", await keel.claimShares(lp.address));
  }
  const assets = await read(play, "maxWithdraw", lp.address);
  if ((await read(play, "maxRedeem", lp.address)) > 0n) {
    noteGas(play.ledger, "claim assets", await keel.claimAssets(lp.address));
    notePurse(play.ledger, lp.name, assets);
    play.ledger.lps.push({ time: await now(play), lp: lp.name, amount: dollars(assets), direction: "out" });
    play.narrator.line(describeLp(await now(play), lp.name, `is paid`, dollars(assets)));
  }
}

async function requestDeposit(play: Play, lp: Person, assets: bigint): Promise<void> {
  noteGas(play.ledger, "request a deposit", await play.stage.keel.requestDeposit(lp.address, assets));
  notePurse(play.ledger, lp.name, -assets);
  play.ledger.lps.push({ time: await now(play), lp: lp.name, amount: dollars(assets), direction: "in" });
  play.narrator.line(describeLp(await now(play), lp.name, "queues a deposit of", dollars(assets)));
}

async function requestRedeem(play: Play, lp: Person, shares: bigint): Promise<void> {
  noteGas(play.ledger, "request a redemption", await play.stage.keel.requestRedeem(lp.address, shares));
  play.narrator.line(describeLp(await now(play), lp.name, "queues a redemption"));
}

function read(
  { stage }: Play,
  functionName: "balanceOf" | "maxDeposit" | "maxRedeem" | "maxWithdraw",
  lp: Address,
): Promise<bigint> {
  return stage.devnet.clients.public.readContract({ ...stage.keel.vault, functionName, args: [lp] });
}
