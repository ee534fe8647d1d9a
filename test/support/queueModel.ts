/** What one controller has, as fractions of one growing denominator: exact, however many fills it has seen. */
interface Holding {
  remaining: bigint;
  earned: bigint;
  denominator: bigint;
  /** The most it may fall short on chain, by the bounds that contracts/libraries/EpochQueue.sol states. */
  remainingShort: bigint;
  earnedShort: bigint;
  /** The largest amount since it was last empty. */
  peak: bigint;
}

/** Least product at which a request starts on chain: its rounding is this fine. */
const MIN_PRODUCT = 10n ** 18n;

/** Amounts on chain, to be compared with the exact ones. */
export interface OnChain {
  readonly remaining: bigint;
  readonly earned: bigint;
}

/** The queue in rational numbers, with no rounding anywhere. */
export interface QueueModel {
  request(controller: number, amount: bigint): void;
  cancel(controller: number): void;
  /** A claim moves nothing here; on chain it rounds what waits down once. */
  touch(controller: number): void;
  /** Fills `input` out of `pending` for `output`; `pending` is the chain's, rounding dust included. */
  fill(input: bigint, output: bigint, pending: bigint): void;
  /** How the chain's amounts differ from the exact ones: undefined if they are rounded down, and no further than stated. */
  fault(controller: number, chain: OnChain): string | undefined;
  /** The most that the chain's remaining amounts may fall short of its pending total. */
  dust(): bigint;
}

export function createQueueModel(controllers: number): QueueModel {
  const holdings = Array.from({ length: controllers }, (): Holding => emptyHolding());
  let dust = 0n;
  const at = (controller: number): Holding => {
    const holding = holdings[controller];
    if (!holding) throw new RangeError(`There is no controller ${controller}.`);
    return holding;
  };
  const empty = (holding: Holding) => {
    dust += holding.remainingShort;
    holding.remaining = 0n;
    holding.remainingShort = 0n;
    holding.peak = 0n;
  };

  return {
    request(controller, amount) {
      const holding = at(controller);
      holding.remaining += amount * holding.denominator;
      holding.peak += amount;
      holding.remainingShort += 1n;
      holding.earnedShort += 1n;
    },

    cancel: (controller) => empty(at(controller)),

    touch(controller) {
      at(controller).remainingShort += 1n;
      at(controller).earnedShort += 1n;
    },

    fill(input, output, pending) {
      if (input === 0n) return;
      if (input === pending) dust = 0n;
      for (const holding of holdings) {
        if (holding.remaining === 0n) continue;
        holding.earned = holding.earned * pending + holding.remaining * output;
        holding.remaining *= pending - input;
        holding.denominator *= pending;
        // What was short before earns its part less; product and sum are rounded down once more.
        holding.earnedShort += ceilDiv(holding.remainingShort * output, pending) + holding.peak / MIN_PRODUCT + 2n;
        holding.remainingShort += holding.peak / MIN_PRODUCT + 2n;
        if (input === pending) empty(holding);
      }
      if (input === pending) dust = 0n;
    },

    fault(controller, chain) {
      const { denominator, ...exact } = at(controller);
      for (const what of ["remaining", "earned"] as const) {
        const short = exact[what] - chain[what] * denominator;
        if (short < 0n) return `${what} ${chain[what]} is more than it should be`;
        const allowed = exact[`${what}Short`];
        if (short > (allowed + 1n) * denominator) return `${what} ${chain[what]} is short by over ${allowed}`;
      }
      return undefined;
    },

    dust: () => holdings.reduce((sum, { remainingShort }) => sum + remainingShort + 1n, dust),
  };
}

function emptyHolding(): Holding {
  return { remaining: 0n, earned: 0n, denominator: 1n, remainingShort: 0n, earnedShort: 0n, peak: 0n };
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
