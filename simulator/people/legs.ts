import { BOOK_SHARE, type Intent, PUT_SHARE } from "./orders.ts";
import { DAY, HOUR } from "../path/prices.ts";
import type { TradeLeg } from "../ledger/ledger.ts";

/** The strikes that are listed for one expiry, ascending. */
export interface Listing {
  readonly expiry: number;
  readonly strikes: readonly number[];
}

/** What a trader looks at before trading. */
export interface Scene {
  readonly now: number;
  readonly spot: number;
  readonly capital: number;
  readonly listings: readonly Listing[];
  /** What this trader holds, in contracts. */
  readonly holdings: readonly TradeLeg[];
  /** Contracts that all traders hold. */
  readonly calls: number;
  readonly puts: number;
}

/** Nobody trades what is about to expire: the market closes half an hour before. */
const TIME_NEEDED = 2 * HOUR;
/** Nor is something bought on its last day. */
const TIME_WANTED = 20 * HOUR;
const WEEK = 7 * DAY;
const SMALLEST = 0.01;

/** The legs that fulfil a wish in a scene, or undefined when it cannot be fulfilled. */
export function legsFor(intent: Intent, scene: Scene): TradeLeg[] | undefined {
  switch (intent.kind) {
    case "buy call":
      return buyCall(intent, scene);
    case "buy put":
      return buyPut(intent, scene) ?? buyCall(intent, scene);
    case "buy strangle": {
      const call = buyCall(intent, scene);
      const put = buyPut(intent, scene);
      return call && put ? [...call, ...put] : call;
    }
    case "sell back":
      return sellBack(intent, scene) ?? buyCall(intent, scene);
    case "roll":
      return roll(intent, scene) ?? buyCall(intent, scene);
    case "move strike":
      return moveStrike(intent, scene) ?? buyCall(intent, scene);
  }
}

/** Everything that `scene`'s trader holds beyond `time`, sold back. */
export function closeBeyond(time: number, scene: Scene): TradeLeg[] {
  return scene.holdings.filter(({ expiry }) => expiry > time).map((held) => ({ ...held, quantity: -held.quantity }));
}

function buyCall(intent: Intent, scene: Scene): TradeLeg[] | undefined {
  if (scene.calls * scene.spot > BOOK_SHARE * scene.capital) return undefined;
  const listing = expiryFor(intent.tenor, scene);
  if (!listing) return undefined;
  return [leg(listing, "call", strikeFor(intent, listing, scene), (intent.size * scene.capital) / scene.spot)];
}

/** As many puts as the calls around them allow, out of the money: the vault's hedge must stay long. */
function buyPut(intent: Intent, scene: Scene): TradeLeg[] | undefined {
  const listing = expiryFor(intent.tenor / 2, scene);
  const wanted = (intent.size * scene.capital) / scene.spot;
  const quantity = rounded(Math.min(wanted, PUT_SHARE * scene.calls - scene.puts));
  if (!listing || quantity < SMALLEST) return undefined;
  return [leg(listing, "put", scene.spot * (0.95 - Math.abs(intent.moneyness)), quantity)];
}

function sellBack(intent: Intent, scene: Scene): TradeLeg[] | undefined {
  const held = largest(tradable(scene));
  return held && [part(held, intent.part)];
}

/** Gives back what expires first and buys the same later, at the money. */
function roll(intent: Intent, scene: Scene): TradeLeg[] | undefined {
  const held = tradable(scene).find(({ type }) => type === "call");
  if (!held) return undefined;
  const later = scene.listings.filter(({ expiry }) => expiry > held.expiry);
  const listing = later[Math.floor(intent.tenor * Math.min(later.length, 2))];
  if (!listing) return undefined;
  const sold = part(held, intent.part);
  return [sold, leg(listing, "call", strikeFor(intent, listing, scene), -sold.quantity)];
}

/** Gives back a call and buys another of the same expiry, closer to where spot is now. */
function moveStrike(intent: Intent, scene: Scene): TradeLeg[] | undefined {
  const held = largest(tradable(scene).filter(({ type }) => type === "call"));
  const listing = held && scene.listings.find(({ expiry }) => expiry === held.expiry);
  if (!held || !listing) return undefined;
  const sold = part(held, intent.part);
  const bought = leg(listing, "call", strikeFor(intent, listing, scene), -sold.quantity);
  return bought.strike === held.strike ? undefined : [sold, bought];
}

/** The further away expiry is, the further away are the strikes that people choose. */
function strikeFor({ moneyness }: Intent, { expiry }: Listing, { spot, now }: Scene): number {
  return spot * (1 + moneyness * Math.sqrt((expiry - now) / WEEK));
}

/** More is traded a week or more ahead than for tomorrow. */
function expiryFor(tenor: number, { listings, now }: Scene): Listing | undefined {
  const open = listings.filter(({ expiry }) => expiry > now + TIME_WANTED);
  return open[Math.min(Math.floor(Math.sqrt(tenor) * open.length), open.length - 1)];
}

/** What can still be traded of what is held, soonest expiry first. */
function tradable({ holdings, now }: Scene): TradeLeg[] {
  return holdings
    .filter(({ expiry, quantity }) => expiry > now + TIME_NEEDED && quantity >= SMALLEST)
    .sort((a, b) => a.expiry - b.expiry || a.strike - b.strike);
}

function largest(held: readonly TradeLeg[]): TradeLeg | undefined {
  return held.reduce<TradeLeg | undefined>(
    (best, one) => (one.quantity > (best?.quantity ?? 0) ? one : best),
    undefined,
  );
}

function part(held: TradeLeg, share: number): TradeLeg {
  const quantity = Math.max(rounded(held.quantity * share), SMALLEST);
  return { ...held, quantity: -Math.min(quantity, held.quantity) };
}

function leg({ expiry, strikes }: Listing, type: "call" | "put", near: number, quantity: number): TradeLeg {
  const strike = strikes.reduce((best, one) => (Math.abs(one - near) < Math.abs(best - near) ? one : best));
  return { expiry, strike, type, quantity: rounded(quantity) };
}

function rounded(quantity: number): number {
  return Math.floor(quantity * 1000) / 1000;
}
