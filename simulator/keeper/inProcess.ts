import { openKeeper } from "../../keeper/app.ts";
import type { KeeperEvent } from "../../keeper/monitoring/events.ts";
import { type Seat, type SimulatedKeeper, configureKeeper } from "./simulatedKeeper.ts";

/** More ticks at one price than this are no hedging any more. */
const MOST_TICKS = 50;

/** The keeper as `keel run` opens it, ticking in this process, a tick for every block as long as it has something to do. */
export async function openInProcess(seat: Seat): Promise<SimulatedKeeper> {
  const { keeper } = await openKeeper(configureKeeper(seat).config, { dryRun: false });
  return {
    catchUp: async () => {
      const heard: KeeperEvent[] = [];
      for (let ticks = 0; ticks < MOST_TICKS; ticks++) {
        const [tick] = await keeper.tick(await keeper.line.newestBlock(), (event) => void heard.push(event));
        if (tick?.settled !== false) return heard;
      }
      throw new Error(`The keeper is not done after ${MOST_TICKS} ticks at one price.`);
    },
    stop: () => keeper.close(),
  };
}
