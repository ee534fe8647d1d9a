import { type Address, type Log, decodeEventLog, zeroAddress } from "viem";
import { optionMarketAbi } from "./abi/optionMarket.ts";
import { optionVaultAbi } from "./abi/optionVault.ts";
import { volSurfaceAbi } from "./abi/volSurface.ts";
import { createQueueReplay } from "./queueReplay.ts";

/** A log of one of these contracts, and when it was written (unix seconds). */
export interface TimedLog {
  readonly log: Log;
  readonly time: bigint;
}

interface Contracts {
  readonly vault: Address;
  readonly market: Address;
  readonly surface: Address;
}

const WAD_PER_UNIT = 10n ** 12n;
/** WAD USDC. */
const CENT = 10n ** 16n;
const BPS = 10_000n;
const SHARE_VALUE_UNIT = 10n ** 12n;
const VIRTUAL_SHARES = 10n ** 12n;

type VaultEvent = ReturnType<typeof decodeVault>;
type MarketEvent = ReturnType<typeof decodeMarket>;

const decodeVault = ({ data, topics }: Log) => decodeEventLog({ abi: optionVaultAbi, data, topics });
const decodeMarket = ({ data, topics }: Log) => decodeEventLog({ abi: optionMarketAbi, data, topics });
const decodeSurface = ({ data, topics }: Log) => decodeEventLog({ abi: volSurfaceAbi, data, topics });

/** Amounts by key; what comes to zero is forgotten. */
function createTally() {
  const amounts = new Map<string, bigint>();
  return {
    amounts,
    add(key: string, amount: bigint): void {
      const next = (amounts.get(key) ?? 0n) + amount;
      if (next === 0n) amounts.delete(key);
      else amounts.set(key, next);
    },
  };
}

/** All state of a vault and its market that one can know from their events alone. */
export function createReplay(contracts: Contracts) {
  const shares = createTally();
  const options = createTally();
  const cash = { cash: 0n, owed: 0n, insurance: 0n, setAside: 0n };
  const epoch = { id: 0n, endsAt: 0n, vegaCapacity: 0n, peak: SHARE_VALUE_UNIT, paused: false };
  const deposits = createQueueReplay(1n);
  const redemptions = createQueueReplay(WAD_PER_UNIT);
  const series = new Map<bigint, { readonly expiry: bigint; open: bigint }>();
  const expiries = new Map<bigint, { contracts: bigint; owed: bigint; settlementPrice: bigint; listed: number }>();
  const operators = new Map<string, boolean>();
  const autoExercise = new Map<string, boolean>();
  const slices = new Map<bigint, { readonly slice: object; readonly postedAt: bigint }>();
  const parameters: Record<string, unknown> = {};
  let supply = 0n;
  let limits: { epochLength: number; vegaCapacityBps: number } | undefined;

  const key = (address: Address, id?: bigint) => `${address.toLowerCase()}${id === undefined ? "" : `:${id}`}`;
  const seriesOf = (id: bigint) => found(series.get(id), `series ${id}`);
  const expiryOf = (expiry: bigint) => found(expiries.get(expiry), `expiry ${expiry}`);

  function onVault({ eventName, args }: VaultEvent, time: bigint): void {
    switch (eventName) {
      case "Transfer":
        if (args.from === zeroAddress) supply += args.value;
        else shares.add(key(args.from), -args.value);
        if (args.to === zeroAddress) supply -= args.value;
        else shares.add(key(args.to), args.value);
        return;
      case "SeriesListed":
        series.set(args.id, { expiry: args.expiry, open: 0n });
        if (!expiries.has(args.expiry)) {
          expiries.set(args.expiry, { contracts: 0n, owed: 0n, settlementPrice: 0n, listed: 0 });
        }
        ++expiryOf(args.expiry).listed;
        return;
      case "ExpirySettled":
        expiryOf(args.expiry).settlementPrice = args.price;
        expiryOf(args.expiry).owed = args.payouts;
        cash.owed += args.payouts;
        return;
      case "HolderPaid": {
        const one = seriesOf(args.id);
        one.open -= args.quantity;
        expiryOf(one.expiry).contracts -= args.quantity;
        expiryOf(one.expiry).owed -= args.released;
        cash.cash -= args.assets;
        cash.owed -= args.released;
        return;
      }
      case "HedgeFunded":
        cash.cash -= args.assets;
        return;
      case "HedgeReturned":
        cash.cash += args.assets;
        return;
      case "InsuranceUsed":
        cash.cash += args.assets;
        cash.insurance = args.left;
        return;
      case "EpochProcessed":
        return onEpoch(args, time);
      case "DepositRequest":
        return deposits.request(key(args.controller), args.assets);
      case "RedeemRequest":
        return redemptions.request(key(args.controller), args.shares);
      case "DepositRequestCancelled":
        return deposits.cancel(key(args.controller), args.assets);
      case "RedeemRequestCancelled":
        return redemptions.cancel(key(args.controller), args.shares);
      case "Deposit":
        return deposits.take(key(args.sender), args.assets, args.shares);
      case "Withdraw":
        cash.setAside -= args.assets;
        return redemptions.take(key(args.owner), args.shares, args.assets);
      case "OperatorSet":
        operators.set(`${key(args.controller)}>${key(args.operator)}`, args.approved);
        return;
      case "LimitsSet":
        parameters.limits = args.limits;
        limits = args.limits;
        if (epoch.endsAt === 0n) epoch.endsAt = time + BigInt(limits.epochLength); // the constructor's
        return;
      case "ModulesSet":
        Object.assign(parameters, args);
        return;
      case "Paused":
      case "Unpaused":
        epoch.paused = eventName === "Paused";
        return;
      case "Marked": // can be computed by anyone, from positions, slices and a price
      case "Approval":
      case "VaultUpdate":
      case "AuthorityUpdated":
    }
  }

  function onEpoch(args: Extract<VaultEvent, { eventName: "EpochProcessed" }>["args"], time: bigint): void {
    const { epochLength, vegaCapacityBps } = found(limits, "limits");
    deposits.fill(args.assetsIn, args.sharesOut);
    redemptions.fill(args.sharesIn, args.assetsOut);
    cash.cash += args.assetsIn - args.assetsOut;
    cash.setAside += args.assetsOut;
    const nav = (args.navBid + args.navAsk) / 2n + (args.assetsIn - args.assetsOut) * WAD_PER_UNIT;
    const value = nav <= 0n ? 0n : ((nav + WAD_PER_UNIT) * SHARE_VALUE_UNIT) / (supply + VIRTUAL_SHARES);
    epoch.peak = value >= epoch.peak ? value : (value + epoch.peak) / 2n;
    epoch.vegaCapacity = nav <= 0n ? 0n : ((nav * BigInt(vegaCapacityBps)) / (BPS * CENT)) * CENT;
    epoch.id = args.epoch + 1n;
    epoch.endsAt = time + BigInt(epochLength);
  }

  function onMarket({ eventName, args }: MarketEvent): void {
    switch (eventName) {
      case "Transfer":
        if (args.sender !== zeroAddress) options.add(key(args.sender, args.id), -args.amount);
        if (args.receiver !== zeroAddress) options.add(key(args.receiver, args.id), args.amount);
        return;
      case "AutoExerciseSet":
        autoExercise.set(key(args.holder), args.allowed);
        return;
      case "PricingSet":
        parameters.pricing = args.pricing;
        return;
      case "ListingSet":
        parameters.listing = args.listing;
        return;
      case "Traded":
        for (const { id, quantity } of args.legs) {
          seriesOf(id).open += quantity;
          expiryOf(seriesOf(id).expiry).contracts += quantity;
        }
        cash.cash += args.quote.total - args.insured;
        cash.insurance += args.insured;
        return;
      case "Settled":
      case "SettledWithoutFeed":
      case "Exercised":
      case "ExerciseFailed":
      case "Approval":
      case "OperatorSet":
      case "AuthorityUpdated":
    }
  }

  function onSurface(log: Log, time: bigint): void {
    const { eventName, args } = decodeSurface(log);
    if (eventName !== "SlicePosted") return;
    const { expiry, ...slice } = args;
    slices.set(expiry, { slice, postedAt: time });
  }

  return {
    ...{ shares: shares.amounts, options: options.amounts, cash, epoch, deposits, redemptions, series, expiries },
    ...{ operators, autoExercise, slices, parameters },
    supply: () => supply,
    key,
    apply({ log, time }: TimedLog): void {
      if (key(log.address) === key(contracts.vault)) onVault(decodeVault(log), time);
      else if (key(log.address) === key(contracts.market)) onMarket(decodeMarket(log));
      else onSurface(log, time);
    },
  };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`No event has told of ${what}.`);
  return value;
}

export type Replay = ReturnType<typeof createReplay>;
