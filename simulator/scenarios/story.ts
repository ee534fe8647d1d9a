import { decodeSeries } from "../../sdk/series.ts";
import type { Cleanup } from "../cleanup.ts";
import { simulate } from "../engine.ts";
import type { Spectator } from "../events.ts";
import { noteHedges, watchKeeper } from "../keeper/watch.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { takeSample } from "../ledger/sample.ts";
import { type Bar, DAY, HOUR, type PricePath } from "../path/prices.ts";
import { maintainMarket, moveMarket, settleExpired } from "../people/operator.ts";
import { planOrders } from "../people/orders.ts";
import { changeMinds, leave, processDueEpoch, queueFirstDeposits } from "../people/providers.ts";
import { actOn, closePositions, exerciseSettled } from "../people/traders.ts";
import { type Play, createPlay } from "../play.ts";
import { type World, openWorld } from "../world.ts";

/** What to play. */
export interface StoryOptions {
  readonly path: PricePath;
  readonly seed: number;
  readonly port: number;
  readonly onKeeperLine?: (line: string) => void;
}

/** A story that is over, on a chain that still stands. */
export interface PlayedStory {
  readonly world: World;
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
/** How much of the whole the path's own bars are, for those who wait. */
const BARS_SHARE = 0.9;

/** Plays the whole story: opening, every bar of the path, and the run-off until nobody is owed anything. */
export async function playStory(options: StoryOptions, spectator: Spectator, cleanup: Cleanup): Promise<PlayedStory> {
  const { path, port, onKeeperLine } = options;
  const [first, last] = [path.bars[0], path.bars.at(-1)];
  if (!first || !last) throw new RangeError("A story has bars.");
  spectator.onProgress({ share: 0, phase: "deploying" });
  const price = path.history.at(-1)?.close ?? first.close;
  const begin = { port, price, genesis: first.time - PRELUDE, keeper: "process" } as const;
  const world = await openWorld({ ...begin, ...(onKeeperLine && { onKeeperLine }) }, cleanup);
  const play = createPlay(world, path, spectator);
  await open(play, first);
  await playBars(play, path.bars, options.seed);
  await runOff(play, last);
  return { world, play, ledger: play.ledger };
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

/** Traders follow wishes that the seed gives them; half-way through LPs change their minds. */
async function playBars(play: Play, bars: readonly Bar[], seed: number): Promise<void> {
  const intents = planOrders(seed, bars.length);
  const start = bars[0]?.time ?? 0;
  const middle = Math.floor(bars.length / 2);
  await simulate(play.world, bars, {
    move: async ({ time, close }, index) => {
      const share = (BARS_SHARE * index) / bars.length;
      play.spectator.onProgress({ share, phase: "playing", time, price: close });
      if (index === middle) await changeMinds(play);
      await moveMarket(play, close, time);
    },
    act: async (bar, index) => {
      play.volatility.observe(bar);
      await settleAndPay(play);
      await maintainMarket(play, start);
      await watchKeeper(play);
      const now = intents.filter((intent) => intent.bar === index);
      if (now.length > 0) await play.world.wait(TWAP_SETTLES);
      for (const intent of now) await actOn(play, intent);
    },
    done: async () => {
      await noteHedges(play);
      await takeSample(play, "story");
    },
  });
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
  const { world, spectator } = play;
  spectator.onEvent({ type: "over", time: last.time });
  await world.wait(TWAP_SETTLES);
  await closePositions(play, last.time + RUN_OFF);
  const end = Math.max(last.time, ...heldExpiries(play));
  for (let time = nextExpiryHour(await world.now()); time < end + DAY; time += DAY) {
    const share = BARS_SHARE + ((1 - BARS_SHARE) * (time - last.time)) / (end + 2 * DAY - last.time);
    spectator.onProgress({ share, phase: "running off", time });
    await standStill(play, last, time);
  }
  await leave(play);
  await standStill(play, last, (await world.now()) + DAY + HOUR);
  spectator.onProgress({ share: 1, phase: "adding up" });
}

async function standStill(play: Play, { close }: Bar, time: number): Promise<void> {
  await moveMarket(play, close, time);
  await settleAndPay(play);
  await watchKeeper(play);
  await takeSample(play, "run-off");
}

function heldExpiries({ holdings }: Play): number[] {
  return [...holdings.values()].flatMap((held) =>
    [...held].filter(([, quantity]) => quantity > 0n).map(([id]) => decodeSeries(id).expiry),
  );
}

function nextExpiryHour(time: number): number {
  return Math.ceil((time - EXPIRY_HOUR + 1) / DAY) * DAY + EXPIRY_HOUR;
}
