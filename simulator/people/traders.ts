import { BaseError, ContractFunctionRevertedError, parseEther } from "viem";
import type { Person } from "./cast.ts";
import { TRADERS } from "./cast.ts";
import { watchKeeper } from "../keeper/watch.ts";
import { type TradeLeg, noteGas, notePurse } from "../ledger/ledger.ts";
import { type Scene, closeBeyond, legsFor } from "./legs.ts";
import { idOf } from "./operator.ts";
import type { Intent } from "./orders.ts";
import { CAPITAL, type Play, dollars, fromWad, holdingsOf, openContracts, toLeg } from "../play.ts";

/** Traders accept this much more than they were quoted. */
const TOLERANCE_PERCENT = 1n;

/** Errors by which the vault says that it takes no more risk. */
const REFUSALS = new Set([
  "VegaCapacityExceeded",
  "VegaWindowExceeded",
  "GammaCapacityExceeded",
  "SeriesCapExceeded",
  "ExpiryCapExceeded",
  "StressLossTooLarge",
  "DrawdownTooLarge",
  "InsufficientCash",
]);

/** Lets a trader act on a wish, and the keeper on what comes of it. */
export async function actOn(play: Play, intent: Intent): Promise<void> {
  const trader = TRADERS[intent.trader];
  if (!trader) throw new RangeError(`There is no trader ${intent.trader}.`);
  const legs = legsFor(intent, await sceneFor(play, trader));
  if (legs) await trade(play, trader, intent.kind, legs);
}

/** Every trader sells back what expires later than `time`. */
export async function closePositions(play: Play, time: number): Promise<void> {
  for (const trader of TRADERS) {
    const legs = closeBeyond(time, await sceneFor(play, trader));
    if (legs.length > 0) await trade(play, trader, "close", legs);
  }
}

/** Every holder of settled series is paid. */
export async function exerciseSettled(play: Play, expiries: readonly number[]): Promise<void> {
  for (const trader of TRADERS) {
    for (const { quantity: _, ...series } of holdingsOf(play, trader).filter(({ expiry }) =>
      expiries.includes(expiry),
    )) {
      const id = idOf(series);
      const { receipt, quantity, assets } = await play.world.keel.exercise(trader.address, id);
      noteGas(play.ledger, "exercise", receipt);
      play.holdings.get(trader.address)?.delete(id);
      play.ledger.cash.payoffs += assets;
      notePurse(play.ledger, trader.name, assets);
      const contracts = fromWad(quantity);
      const record = {
        time: await play.world.now(),
        trader: trader.name,
        series,
        quantity: contracts,
        amount: dollars(assets),
      };
      play.ledger.payoffs.push(record);
      if (assets > 0n) play.spectator.onEvent({ type: "payoff", record });
    }
  }
}

async function sceneFor(play: Play, trader: Person): Promise<Scene> {
  return {
    now: await play.world.now(),
    spot: play.price,
    capital: CAPITAL,
    listings: play.listings,
    holdings: holdingsOf(play, trader),
    calls: openContracts(play, "call"),
    puts: openContracts(play, "put"),
  };
}

async function trade(play: Play, trader: Person, kind: string, legs: readonly TradeLeg[]): Promise<void> {
  const { keel, devnet } = play.world;
  const read = { ...keel.desk, functionName: "netDelta" } as const;
  const onChain = legs.map((leg) => ({ id: idOf(leg), quantity: parseEther(String(leg.quantity)) }));
  const before = await devnet.clients.public.readContract(read);
  try {
    const { total } = await keel.quote(onChain);
    const limit = total + ((total < 0n ? -total : total) * TOLERANCE_PERCENT) / 100n;
    const { receipt, quote, insured } = await keel.trade(trader.address, onChain, limit);
    const after = await devnet.clients.public.readContract({ ...read, blockNumber: receipt.blockNumber });
    book(play, trader, onChain);
    play.ledger.cash.premiums += quote.total;
    play.ledger.cash.insured += insured;
    notePurse(play.ledger, trader.name, -quote.total);
    for (const { id } of onChain) play.ledger.tradedSeries.add(id);
    const record = {
      time: await play.world.now(),
      block: Number(receipt.blockNumber),
      tx: receipt.transactionHash,
      gas: noteGas(play.ledger, legs.length > 1 ? `trade ${legs.length} legs` : kindOf(legs), receipt),
      trader: trader.name,
      kind,
      legs: onChain.map(({ id, quantity }) => toLeg(id, quantity)),
      spot: fromWad(quote.spot),
      cash: dollars(quote.total),
      fees: fromWad(quote.fees),
      charges: fromWad(quote.inventory + quote.hedging + quote.spread + quote.lag + quote.capital),
      netDeltaBefore: fromWad(before),
      netDeltaAfter: fromWad(after),
    };
    play.ledger.trades.push(record);
    play.spectator.onEvent({ type: "trade", record });
  } catch (error) {
    const reason = refusalOf(error);
    if (!reason) throw error;
    const record = { time: await play.world.now(), trader: trader.name, reason };
    play.ledger.refusals.push(record);
    play.spectator.onEvent({ type: "refusal", record });
  }
  await watchKeeper(play);
}

function kindOf([leg]: readonly TradeLeg[]): string {
  return leg && leg.quantity < 0 ? "sell back" : "buy";
}

function book(play: Play, { address }: Person, legs: readonly { id: bigint; quantity: bigint }[]): void {
  const held = play.holdings.get(address) ?? new Map<bigint, bigint>();
  for (const { id, quantity } of legs) held.set(id, (held.get(id) ?? 0n) + quantity);
  play.holdings.set(address, held);
}

function refusalOf(error: unknown): string | undefined {
  const reverted = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  const name = reverted instanceof ContractFunctionRevertedError ? reverted.data?.errorName : undefined;
  return name !== undefined && REFUSALS.has(name) ? name : undefined;
}
