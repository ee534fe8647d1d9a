import { decodeSeries } from "../../sdk/series.ts";
import type { Cleanup } from "./cleanup.ts";
import { watchKeeper } from "./keeperWatch.ts";
import type { Ledger } from "./ledger.ts";
import { moment } from "./lines.ts";
import { maintainMarket, moveMarket, settleExpired } from "./market.ts";
import type { Narrator } from "./narrator.ts";
import { type Intent, planOrders } from "./orders.ts";
import { type Play, createPlay, now, wait } from "./play.ts";
import { type Bar, DAY, HOUR, type PricePath } from "./prices.ts";
import { changeMinds, leave, processDueEpoch, queueFirstDeposits } from "./providers.ts";
import { takeSample } from "./sample.ts";
import { type Stage, setStage } from "./stage.ts";
import { actOn, closePositions, exerciseSettled } from "./traders.ts";

/** What to play. */
export interface StoryOptions {
  readonly path: PricePath;
  readonly seed: number;
  readonly port: number;
  readonly onKeeperLine?: (line: string) => void;
}

/** A story that is over, on a chain that still stands. */
export interface PlayedStory {
  readonly stage: Stage;
  readonly play: Play;
  readonly ledger: Ledger;
}

/** From the first block to the first bar: an epoch for the first deposits, and what deploying takes. */
const PRELUDE = DAY + 3 * HOUR;
/** The vault opens for traders this long before the first bar. */
const OPENING = HOUR;
/** The pool's average has to catch up with a move before a quote is fair on both ends. */
const TWAP_SETTLES = 150;
/** When the story ends, traders close what expires later than this; the rest runs to expiry. */
const RUN_OFF = 7 * DAY;
const EXPIRY_HOUR = 8 * HOUR;

/** Plays the whole story: opening, every bar of the path, and the run-off until nobody is owed anything. */
export async function playStory(options: StoryOptions, narrator: Narrator, cleanup: Cleanup): Promise<PlayedStory> {
  const { path, port, onKeeperLine } = options;
  const [first, last] = [path.bars[0], path.bars.at(-1)];
  if (!first || !last) throw new RangeError("A story has bars.");
  narrator.progress(0, "starting the chain and deploying Keel");
  const price = path.history.at(-1)?.close ?? first.close;
  const stage = await setStage(
    { port, price, genesis: first.time - PRELUDE, ...(onKeeperLine && { onKeeperLine }) },
    cleanup,
  );
  const play = createPlay(stage, path, narrator);
  await open(play, first);

  const intents = planOrders(options.seed, path.bars.length);
  const middle = Math.floor(path.bars.length / 2);
  for (const [index, bar] of path.bars.entries()) {
    narrator.progress((0.9 * index) / path.bars.length, `${moment(bar.time)}  ETH at ${bar.close.toFixed(2)}`);
    if (index === middle) await changeMinds(play);
    await playBar(
      play,
      bar,
      first.time,
      intents.filter((intent) => intent.bar === index),
    );
  }
  await runOff(play, last);
  return { stage, play, ledger: play.ledger };
}

/** The LPs' first epoch, the first surface and the first series. */
async function open(play: Play, first: Bar): Promise<void> {
  await queueFirstDeposits(play);
  await moveMarket(play, play.price, first.time - OPENING);
  if (!(await processDueEpoch(play))) throw new Error("The first epoch is over before the story begins.");
  await maintainMarket(play, first.time);
  await watchKeeper(play);
  await takeSample(play, "story");
}

async function playBar(play: Play, bar: Bar, start: number, intents: readonly Intent[]): Promise<void> {
  await moveMarket(play, bar.close, bar.time);
  play.volatility.observe(bar);
  await settleAndPay(play);
  await maintainMarket(play, start);
  await watchKeeper(play);
  if (intents.length > 0) await wait(play, TWAP_SETTLES);
  for (const intent of intents) await actOn(play, intent);
  await takeSample(play, "story");
}

/** Settles what has expired; the keeper sells what hedged it; the holders are paid; LPs come and go. */
async function settleAndPay(play: Play): Promise<void> {
  const settled = await settleExpired(play);
  if (settled.length > 0) {
    await watchKeeper(play);
    await exerciseSettled(play, settled);
  }
  await processDueEpoch(play);
}

/** The price stands still; day by day everything comes to its end. */
async function runOff(play: Play, last: Bar): Promise<void> {
  play.narrator.line(
    `${moment(last.time)}  the story is over: from here on the price stands still until all is settled`,
  );
  await wait(play, TWAP_SETTLES);
  await closePositions(play, last.time + RUN_OFF);
  const end = Math.max(last.time, ...heldExpiries(play));
  for (let time = nextExpiryHour(await now(play)); time < end + DAY; time += DAY) {
    play.narrator.progress(
      0.9 + (0.1 * (time - last.time)) / (end + 2 * DAY - last.time),
      `${moment(time)}  running off`,
    );
    await moveMarket(play, last.close, time);
    await settleAndPay(play);
    await watchKeeper(play);
    await takeSample(play, "run-off");
  }
  await leave(play);
  await moveMarket(play, last.close, (await now(play)) + DAY + HOUR);
  await settleAndPay(play);
  await watchKeeper(play);
  await takeSample(play, "run-off");
  play.narrator.progress(1, "adding up");
}

function heldExpiries({ holdings }: Play): number[] {
  return [...holdings.values()].flatMap((held) =>
    [...held].filter(([, quantity]) => quantity > 0n).map(([id]) => decodeSeries(id).expiry),
  );
}

function nextExpiryHour(time: number): number {
  return Math.ceil((time - EXPIRY_HOUR + 1) / DAY) * DAY + EXPIRY_HOUR;
}
