import { type Address, parseEventLogs } from "viem";
import { optionVaultAbi } from "../../sdk/abi/optionVault.ts";
import { LPS, type Person } from "./cast.ts";
import { noteGas, notePurse } from "../ledger/ledger.ts";
import { LP_DEPOSIT, type Play, dollars } from "../play.ts";
import { OPERATOR } from "../world.ts";

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
  const { keel } = play.world;
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
    const [paidIn, paidOut] = [dollars(assetsIn), dollars(assetsOut)];
    const record = { time: await play.world.now(), epoch: Number(epoch), assetsIn: paidIn, assetsOut: paidOut };
    play.spectator.onEvent({ type: "epoch", record });
  }
  for (const lp of LPS) await claim(play, lp);
  return true;
}

async function ensureEpochOpen(play: Play): Promise<void> {
  const left = await timeLeft(play);
  if (left > TIME_TO_ASK) return;
  if (left > 0) await play.world.wait(left);
  await processDueEpoch(play);
}

/** Seconds until the epoch is over. */
async function timeLeft(play: Play): Promise<number> {
  const { keel, devnet } = play.world;
  const endsAt = await devnet.clients.public.readContract({ ...keel.vault, functionName: "epochEndsAt" });
  return Number(endsAt) - (await play.world.now());
}

async function claim(play: Play, lp: Person): Promise<void> {
  const { keel } = play.world;
  if ((await read(play, "maxDeposit", lp.address)) > 0n) {
    noteGas(play.ledger, "claim shares", await keel.claimShares(lp.address));
  }
  const assets = await read(play, "maxWithdraw", lp.address);
  if ((await read(play, "maxRedeem", lp.address)) > 0n) {
    noteGas(play.ledger, "claim assets", await keel.claimAssets(lp.address));
    notePurse(play.ledger, lp.name, assets);
    const record = { time: await play.world.now(), lp: lp.name, amount: dollars(assets), direction: "out" } as const;
    play.ledger.lps.push(record);
    play.spectator.onEvent({ type: "payment", record });
  }
}

async function requestDeposit(play: Play, lp: Person, assets: bigint): Promise<void> {
  noteGas(play.ledger, "request a deposit", await play.world.keel.requestDeposit(lp.address, assets));
  notePurse(play.ledger, lp.name, -assets);
  const record = { time: await play.world.now(), lp: lp.name, amount: dollars(assets), direction: "in" } as const;
  play.ledger.lps.push(record);
  play.spectator.onEvent({ type: "deposit", record });
}

async function requestRedeem(play: Play, lp: Person, shares: bigint): Promise<void> {
  noteGas(play.ledger, "request a redemption", await play.world.keel.requestRedeem(lp.address, shares));
  play.spectator.onEvent({ type: "redemption", record: { time: await play.world.now(), lp: lp.name } });
}

function read(
  { world }: Play,
  functionName: "balanceOf" | "maxDeposit" | "maxRedeem" | "maxWithdraw",
  lp: Address,
): Promise<bigint> {
  return world.devnet.clients.public.readContract({ ...world.keel.vault, functionName, args: [lp] });
}
