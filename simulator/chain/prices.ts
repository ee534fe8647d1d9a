import type { Address } from "viem";

/** Prices are dollars per ether everywhere; only this file knows how a pool writes them down. */
const WETH_UNIT = 1e18;
const USDC_UNIT = 1e6;
const TICK_BASE = 1.0001;
const PRICE_SCALE = 1e8; // as precise as the oracle
const Q192 = 1n << 192n;

/** The two tokens of a pool; which of them is token0 depends on the addresses alone. */
export interface Pair {
  readonly weth: Address;
  readonly usdc: Address;
}

/** Whether USDC is token0, as on mainnet. A pool's own price is token1 per token0, so the order turns it upside down. */
export function usdcIsToken0({ weth, usdc }: Pair): boolean {
  return BigInt(usdc) < BigInt(weth);
}

/** `[token0, token1]`. */
export function sortTokens(pair: Pair): readonly [Address, Address] {
  return usdcIsToken0(pair) ? [pair.usdc, pair.weth] : [pair.weth, pair.usdc];
}

/** The square root of `price` as a pool stores it (Q64.96), rounded down. */
export function sqrtPriceX96(pair: Pair, price: number): bigint {
  const usdc = BigInt(Math.round(price * PRICE_SCALE)) * BigInt(USDC_UNIT);
  const weth = BigInt(PRICE_SCALE) * BigInt(WETH_UNIT);
  return usdcIsToken0(pair) ? squareRoot((weth * Q192) / usdc) : squareRoot((usdc * Q192) / weth);
}

/** The inverse of {@link sqrtPriceX96}, to the precision of a number. */
export function priceOf(pair: Pair, sqrtPrice: bigint): number {
  const root = Number(sqrtPrice) / 2 ** 96;
  const raw = root * root;
  return (usdcIsToken0(pair) ? 1 / raw : raw) * (WETH_UNIT / USDC_UNIT);
}

/** The price at a tick; a TWAP's mean tick is read with it. */
export function priceAtTick(pair: Pair, tick: number): number {
  const raw = TICK_BASE ** tick;
  return (usdcIsToken0(pair) ? 1 / raw : raw) * (WETH_UNIT / USDC_UNIT);
}

/** The usable ticks (multiples of `spacing`) nearest to a range of prices, lower one first. */
export function ticksOf(pair: Pair, range: readonly [number, number], spacing: number): readonly [number, number] {
  const nearest = (price: number): number => {
    const raw = price * (USDC_UNIT / WETH_UNIT);
    const tick = Math.log(usdcIsToken0(pair) ? 1 / raw : raw) / Math.log(TICK_BASE);
    return Math.round(tick / spacing) * spacing;
  };
  const [a, b] = [nearest(range[0]), nearest(range[1])];
  return a < b ? [a, b] : [b, a];
}

/** What a position worth `value` dollars holds at `price`, spread over `range` (which contains the price). */
export function positionAmounts(
  price: number,
  range: readonly [number, number],
  value: number,
): { readonly weth: bigint; readonly usdc: bigint } {
  const [root, low, high] = [Math.sqrt(price), Math.sqrt(range[0]), Math.sqrt(range[1])];
  const liquidity = value / (2 * root - low - price / high);
  return {
    usdc: BigInt(Math.floor(liquidity * (root - low) * USDC_UNIT)),
    weth: BigInt(Math.floor(liquidity * (1 / root - 1 / high) * WETH_UNIT)),
  };
}

/** Newton's method: converges from above, so the first step that does not shrink is past the floor. */
function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
