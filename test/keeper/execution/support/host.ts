import type { Logger } from "drizzle-orm";
import type { Hash, Hex } from "viem";
import { keccak256 } from "viem";
import { type Endpoint, createBroadcaster } from "../../../../keeper/execution/broadcaster.ts";
import { type DriverOptions, type TransactionDriver, createDriver } from "../../../../keeper/execution/driver.ts";
import { DEFAULT_FEE_POLICY, type FeePolicy } from "../../../../keeper/execution/fees.ts";
import type { Journal } from "../../../../keeper/execution/ports.ts";
import type { Depths } from "../../../../keeper/execution/transition.ts";
import type { Database } from "../../../../keeper/store/database.ts";
import type { Lease } from "../../../../keeper/store/fencing.ts";
import { createJournal } from "../../../../keeper/store/journal.ts";
import { type BareChain, verifyDeposit } from "./bareChain.ts";
import type { Mortal } from "./mortal.ts";

export const DEPTHS: Depths = { confirmations: 1n, finality: 7n, patience: 2n };
export const FEES: FeePolicy = {
  ...DEFAULT_FEE_POLICY,
  routine: { ...DEFAULT_FEE_POLICY.routine, replaceAfterBlocks: 2n },
};
const MAX_GAS = 1_000_000n;

/** A host that carries intents out, with everything that it sends written down. */
export interface Host {
  readonly driver: TransactionDriver;
  readonly journal: Journal;
}

/** Hashes of everything that any host has handed over, in order, repetitions included. */
export type Sent = Hash[];

/** A public node that is the chain itself. */
export function nodeOf(chain: BareChain, sent: Sent = [], name = "node"): Endpoint {
  return {
    name,
    send: (raw: Hex) => {
      sent.push(keccak256(raw));
      return chain.clients.public.sendRawTransaction({ serializedTransaction: raw });
    },
  };
}

export interface HostOptions {
  readonly chain: BareChain;
  readonly db: Database;
  readonly lease: Lease;
  readonly sent?: Sent;
  /** Dies, or pauses, at one of the points where it waits for the world. */
  readonly mortal?: Mortal;
  readonly relays?: readonly Endpoint[];
  readonly nodes?: readonly Endpoint[];
  readonly driver?: Partial<DriverOptions>;
}

/** The machine on real parts: the chain's node, the journal in SQL, the real broadcaster. */
export function createHost(options: HostOptions): Host {
  const { chain, db, lease, sent = [], mortal, relays = [], nodes = [nodeOf(chain, sent)] } = options;
  const watch = <T extends object>(target: T, label: string): T => mortal?.watch(target, label) ?? target;
  const inner = createJournal(db, { chainId: 31337, lease, now: () => 0 });
  const record: Journal["record"] = async (next) => {
    await inner.record(next);
    mortal?.enter(next.state.tag);
  };
  const journal = watch({ ...inner, record }, "journal");
  const never = new Promise<void>(() => undefined);
  const broadcaster = createBroadcaster({
    relays: relays.map((relay) => watch(relay, relay.name)),
    nodes: nodes.map((node) => watch(node, node.name)),
    publicAfterBlocks: 2,
    timeoutMs: 1_000,
    clock: { sleep: () => never },
  });
  const driver = createDriver({
    chain: watch(chain.view, "chain"),
    signer: watch(chain.keeper, "signer"),
    broadcaster: watch(broadcaster, "broadcaster"),
    journal,
    verify: verifyDeposit,
    fees: FEES,
    depths: DEPTHS,
    maxGas: MAX_GAS,
    ...options.driver,
  });
  return { driver, journal };
}

/** Makes every SQL statement a point, those inside transactions included. */
export function statementPoints(mortal: () => Mortal | undefined): Logger {
  return {
    logQuery(query) {
      const [verb = ""] = query.split(" ");
      const table = /"keel"\."(\w+)"/.exec(query)?.[1] ?? "";
      mortal()?.checkpointNow(`sql ${verb} ${table}`.trim());
    },
  };
}
