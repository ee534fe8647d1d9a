import type { Database } from "../../../../keeper/store/database.ts";
import { createLeadership } from "../../../../keeper/store/leases.ts";
import { type BareChain, CLIP, depositOf } from "./bareChain.ts";
import { type Host, type Sent, createHost } from "./host.ts";
import type { Mortal } from "./mortal.ts";
import type { Scenario } from "./scenarios.ts";

export const LEASE_MS = 1_000;
const LONGEST_LIFE = 60;

/** A chain, a database and a scenario that goes on whoever is alive. */
export interface Stage {
  readonly chain: BareChain;
  readonly db: Database;
  readonly scenario: Scenario;
  readonly sent: Sent;
  /** Milliseconds, for leases. */
  time: number;
  blocks: number;
  orders: number;
}

export function createStage(chain: BareChain, db: Database, scenario: Scenario): Stage {
  return { chain, db, scenario, sent: [], time: 0, blocks: 0, orders: 0 };
}

/** Lets a block pass, and its time. */
export async function passBlock(stage: Stage): Promise<void> {
  await stage.scenario.pass(stage.chain, stage.blocks++);
  stage.time += LEASE_MS / 2;
}

/** A host that holds the lease; when another one holds it, waits until that has run out. */
export async function takeLead(stage: Stage, holder: string, mortal?: Mortal): Promise<Host> {
  const { chain, db, scenario, sent } = stage;
  const now = () => Promise.resolve(stage.time);
  const leadership = createLeadership(db, { name: "keeper", holder, intervalMs: LEASE_MS, now });
  let lease = await leadership.hold();
  while (!lease) {
    await passBlock(stage);
    lease = await leadership.hold();
  }
  const options = { chain, db, lease, sent, ...scenario.endpoints?.(chain, sent) };
  return createHost({ ...options, ...(mortal && { mortal }) });
}

/**
 * A keeper's life: at every block it moves what is under way, looks at the chain, and orders what is missing to one clip,
 * with no memory of its own. Ends when the hedge is final and nothing is open.
 */
export async function live(stage: Stage, { driver, journal }: Host): Promise<void> {
  const { chain, scenario } = stage;
  await driver.step();
  for (let i = 0; i < LONGEST_LIFE; i++) {
    await driver.step();
    const head = await chain.view.head();
    if ((await chain.held()) < CLIP) {
      const limit = scenario.secondsToLive;
      const order = depositOf(chain, `order-${stage.orders++}`, limit ? { expiresAt: head.time + limit } : {});
      await driver.submit(order, head);
    } else if ((await journal.open()).length === 0) {
      return;
    }
    await passBlock(stage);
  }
  throw new Error(`${scenario.name} did not come to an end in ${LONGEST_LIFE} blocks.`);
}
