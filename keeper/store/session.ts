import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { UserError } from "../../sdk/userError.ts";
import type { Journal } from "../execution/ports.ts";
import type { Secret } from "../secret.ts";
import { type Database, type OpenDatabase, type StoreLocation, openDatabase } from "./database.ts";
import { type Lease, storeFailure } from "./fencing.ts";
import { createJournal } from "./journal.ts";
import { createLeadership } from "./leases.ts";
import { type Recorder, createRecorder } from "./records.ts";
import { type TimelineQuery, readTimeline } from "./timeline.ts";
import type { Timeline } from "../../sdk/portfolio/timeline.ts";

/** A keeper's connection to its memory. */
export interface StoreSession {
  /** Renews the lease: undefined while another host holds it, so that this one stands by. */
  lead(): Promise<Lead | undefined>;
  /** Whether the last renewal found this host to be the one that acts. */
  leads(): boolean;
  /** What a market did, whoever acted. */
  timeline(query: TimelineQuery): Promise<Timeline>;
  /** Gives the lease up, if the store can still be reached; else it runs out. */
  close(): Promise<void>;
}

/** Permission to act, and what it is written down with. The same object for as long as the lease is the same. */
export interface Lead {
  readonly lease: Lease;
  readonly recorder: Recorder;
  readonly journal: Journal;
}

/** What is competed for: one account on one chain, since its nonces are what must not be shared. */
export interface Contested {
  readonly chainId: number;
  readonly account: string;
}

/** Where a configuration wants things remembered: in a database if it names one, else in the folder. */
export interface StoreSettings {
  readonly dataFolder: string;
  readonly databaseUrl?: Secret | undefined;
  /** How long a host may be silent before another takes over. */
  readonly leaseSeconds?: number;
}

const LEASE_SECONDS = 15;
const RENEWALS_PER_LEASE = 3;
/** Leases after which a silent database counts as cut off. */
const SILENT_LEASES = 2;

/**
 * Opens the store that the settings name.
 * @throws UserError when it cannot be opened.
 */
export async function openSession(settings: StoreSettings, { chainId, account }: Contested): Promise<StoreSession> {
  const intervalMs = (settings.leaseSeconds ?? LEASE_SECONDS) * 1_000;
  const renewalMs = Math.round(intervalMs / RENEWALS_PER_LEASE);
  // A host that stands still in the middle of a write must not keep the others from taking over.
  const patience = { server: renewalMs, client: SILENT_LEASES * intervalMs };
  const store = await openDatabase({ ...locationOf(settings), patience });
  const { db } = store;
  const holder = `${hostname()}:${process.pid}:${randomUUID()}`;
  const leadership = createLeadership(db, { name: `${chainId}:${account}`, holder, intervalMs });
  // Blocks may be further apart than a lease lasts. A renewal that fails is made up for at the next tick, which says why.
  const renewal = setInterval(() => void hold().catch(() => undefined), renewalMs);
  renewal.unref();
  let lead: Lead | undefined;
  let isLeading = false;

  async function hold(): Promise<Lease | undefined> {
    try {
      const lease = await leadership.hold();
      isLeading = lease !== undefined;
      return lease;
    } catch (error) {
      isLeading = false;
      throw error;
    }
  }

  return {
    async lead() {
      const lease = await hold();
      if (!lease || lease.token !== lead?.lease.token) lead = lease && leadOf(db, chainId, lease);
      return lead;
    },
    leads: () => isLeading,
    timeline: (query) => readTimeline(db, query),
    async close() {
      clearInterval(renewal);
      try {
        await leadership.release();
      } catch (error) {
        if (storeFailure(error) === undefined) throw error;
      }
      await store.close();
    },
  };
}

function leadOf(db: Database, chainId: number, lease: Lease): Lead {
  const now = Date.now;
  return { lease, recorder: createRecorder(db, lease, now), journal: createJournal(db, { chainId, lease, now }) };
}

/**
 * The store alone, to look back.
 * @throws UserError when nothing has been recorded there, or it cannot be opened.
 */
export async function openStore(settings: StoreSettings): Promise<OpenDatabase> {
  const location = locationOf(settings);
  if ("folder" in location && !existsSync(join(location.folder, "database"))) {
    throw new UserError(
      `Nothing has been recorded in ${location.folder} yet. Name the keeper's store with dataFolder (KEEL_DATA_FOLDER) ` +
        "or databaseUrl (KEEL_DATABASE_URL).",
    );
  }
  return openDatabase(location);
}

function locationOf({ dataFolder, databaseUrl }: StoreSettings): StoreLocation {
  return databaseUrl ? { url: databaseUrl.reveal() } : { folder: dataFolder };
}
