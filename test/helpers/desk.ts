import { type Address, type Hex, parseEventLogs } from "viem";
import { hedgeDeskAbi } from "../../sdk/abi/hedgeDesk.ts";
import { encodeRoute } from "../../sdk/route.ts";
import type { Fork } from "./localFork.ts";
import { KEEPER, type KeelWorld } from "./keelWorld.ts";

/** What a test may change about an order. */
export interface OrderChanges {
  readonly cashLimit?: bigint;
  readonly venue?: Address;
  readonly route?: Hex;
  readonly deadlineFromNow?: bigint;
  readonly from?: Address;
  readonly open?: boolean;
}

export const NO_LIMIT = 2n ** 128n;
export const ROUTE_500 = encodeRoute([{ shareBps: 10_000n, hops: [500] }]);

/** The desk of a world, as keepers, outsiders and auditors use it. */
export function deskOf(world: () => Fork & KeelWorld) {
  const read = <const T extends string>(functionName: T) => ({ ...world().keel.desk, functionName }) as const;
  const call = () => world().clients.public.readContract;

  async function deadline(fromNow = 600n): Promise<bigint> {
    return (await world().clients.public.getBlock()).timestamp + fromNow;
  }

  /** Orders `amount` from the keeper, or as anyone. Returns the receipt. */
  async function rebalance(amount: bigint, changes: OrderChanges = {}) {
    const { keel } = world();
    const order = {
      amount,
      cashLimit: changes.cashLimit ?? (amount > 0n ? NO_LIMIT : 0n),
      venue: changes.venue ?? keel.contracts.uniswapV3Venue,
      route: changes.route ?? ROUTE_500,
      deadline: await deadline(changes.deadlineFromNow),
    };
    const functionName = changes.open ? "rebalancePublic" : "rebalance";
    return keel.write(changes.from ?? KEEPER, { ...keel.desk, functionName, args: [order] });
  }

  /** Where to trade when the desk knows how much. */
  async function route(changes: Pick<OrderChanges, "venue" | "route" | "deadlineFromNow"> = {}) {
    return {
      venue: changes.venue ?? world().keel.contracts.uniswapV3Venue,
      route: changes.route ?? ROUTE_500,
      deadline: await deadline(changes.deadlineFromNow),
    };
  }

  const netDelta = () => call()(read("netDelta"));

  /** Orders what makes the net delta zero but for a millionth: it moves a little until the order is mined. */
  async function neutral() {
    return rebalance((-(await netDelta()) * 999_999n) / 1_000_000n);
  }

  return {
    rebalance,
    neutral,
    route,
    deadline,
    netDelta,
    position: () => call()(read("position")),
    rules: () => call()(read("rules")),
    holdings: async () => {
      const [inventory, debt, collateral, cost] = await call()(read("holdings"));
      return { inventory, debt, collateral, cost };
    },
    /** Worth of the hedge at `spot` (WAD), WAD USDC. */
    equity: async (spot: bigint) => {
      const [base, quote] = await call()(read("position"));
      return (base * spot) / 10n ** 18n + quote;
    },
    budgetLeft: async (lane: 0 | 1 | 2) => {
      const args = [lane] as const;
      const [turnover, loss] = await call()({ ...world().keel.desk, functionName: "budgetLeft", args });
      return { turnover, loss };
    },
    cash: () => call()({ ...world().keel.vault, functionName: "cash" }),
    nav: () => call()({ ...world().keel.vault, functionName: "nav" }),
    health: () =>
      call()({
        address: world().keel.contracts.aaveV3Lender,
        abi: [
          { type: "function", name: "health", stateMutability: "view", inputs: [], outputs: [{ type: "uint256" }] },
        ] as const,
        functionName: "health",
      }),
  };
}

/** The desk's events of one kind in a receipt. */
export function deskEvents<const N extends "Rebalanced" | "Accounted" | "Unwound" | "BountyPaid" | "Loaned">(
  receipt: { logs: Parameters<typeof parseEventLogs>[0]["logs"] },
  eventName: N,
) {
  return parseEventLogs({ abi: hedgeDeskAbi, logs: receipt.logs, eventName });
}

/** Finds and overwrites the vault's cash account: a state that no honest path reaches quickly. */
export async function setVaultCash({ clients, keel }: Fork & KeelWorld, assets: bigint): Promise<void> {
  const read = (functionName: "cash" | "owed" | "insurance") =>
    clients.public.readContract({ ...keel.vault, functionName });
  const [cash, owed, insurance] = await Promise.all([read("cash"), read("owed"), read("insurance")]);
  const accounts = (held: bigint) => (insurance << 176n) | (owed << 96n) | held; // see Treasury.Accounts
  for (let slot = 0n; slot < 64n; ++slot) {
    const index: Hex = `0x${slot.toString(16).padStart(64, "0")}`;
    const word = await clients.public.getStorageAt({ address: keel.vault.address, slot: index });
    if (BigInt(word ?? "0x0") !== accounts(cash)) continue;
    const value: Hex = `0x${accounts(assets).toString(16).padStart(64, "0")}`;
    await clients.test.setStorageAt({ address: keel.vault.address, index, value });
    return;
  }
  throw new Error("The vault's accounts are in none of its first 64 slots.");
}
