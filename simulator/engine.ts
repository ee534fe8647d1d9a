import type { KeeperEvent } from "../keeper/monitoring/events.ts";
import type { Bar } from "./path/prices.ts";
import type { World } from "./world.ts";

/** What goes on in a world with every bar of a path, around the keeper. */
export interface Scenario {
  /** Prices move. */
  move(bar: Bar, index: number): Promise<void>;
  /** Whatever people do at these prices. */
  act(bar: Bar, index: number): Promise<void>;
  /** The keeper has nothing left to do. @param heard What it told, where it can be heard. */
  done(bar: Bar, index: number, heard: readonly KeeperEvent[]): Promise<void> | void;
}

/** Plays one bar after the other: prices move, people act, the keeper answers. */
export async function simulate(world: World, bars: readonly Bar[], scenario: Scenario): Promise<void> {
  for (const [index, bar] of bars.entries()) {
    await scenario.move(bar, index);
    await scenario.act(bar, index);
    await scenario.done(bar, index, await world.keeper.catchUp());
  }
}
