/** What a controller has in a queue. */
export interface QueuePart {
  readonly pending: bigint;
  /** Filled and not taken, in the unit of the request and in the one it is paid in. */
  readonly input: bigint;
  readonly output: bigint;
}

interface Request {
  readonly amount: bigint;
  readonly fills: number;
  readonly era: number;
}

interface Point {
  readonly product: bigint;
  readonly sum: bigint;
  eraEnd: number;
}

const ONE = 10n ** 24n;
const MIN_PRODUCT = 10n ** 18n;
const NOTHING: QueuePart = { pending: 0n, input: 0n, output: 0n };

/**
 * contracts/libraries/EpochQueue.sol as an indexer would keep it: to the unit, given every request, cancellation, fill and claim
 * in their order. @param precision 1 for deposits, 1e12 for redemptions.
 */
export function createQueueReplay(precision: bigint) {
  const requests = new Map<string, Request>();
  const claims = new Map<string, { input: bigint; output: bigint }>();
  const points = new Map<number, Point>();
  let [pending, fills, era] = [0n, 0, 0];

  const at = (made: number, eraOf: number): Point =>
    made === eraOf ? { product: ONE, sum: 0n, eraEnd: 0 } : pointAt(made);

  function pointAt(fill: number): Point {
    const point = points.get(fill);
    if (!point) throw new RangeError(`There was no fill ${fill}.`);
    return point;
  }

  function roll(request: Request): { remaining: bigint; output: bigint } {
    let [remaining, output, made, eraOf] = [request.amount, 0n, request.fills, request.era];
    while (remaining > 0n && made < fills) {
      const start = at(made, eraOf);
      made = points.get(eraOf + 1)?.eraEnd || fills;
      const end = pointAt(made);
      output += (remaining * (end.sum - start.sum)) / (start.product * precision);
      remaining = (remaining * end.product) / start.product;
      eraOf = made;
    }
    return { remaining, output };
  }

  function partOf(controller: string): QueuePart {
    const claim = claims.get(controller) ?? { input: 0n, output: 0n };
    const request = requests.get(controller);
    if (!request) return { ...NOTHING, ...claim };
    const { remaining, output } = roll(request);
    return {
      pending: remaining,
      input: claim.input + request.amount - remaining,
      output: claim.output + output,
    };
  }

  function store(controller: string, part: QueuePart): void {
    claims.set(controller, { input: part.input, output: part.output });
    if (part.pending === 0n) requests.delete(controller);
    else requests.set(controller, { amount: part.pending, fills, era });
  }

  return {
    partOf,
    pending: () => pending,

    request(controller: string, amount: bigint): void {
      const part = partOf(controller);
      store(controller, { ...part, pending: part.pending + amount });
      pending += amount;
    },

    cancel(controller: string, amount: bigint): void {
      store(controller, { ...partOf(controller), pending: 0n });
      pending -= amount;
    },

    fill(input: bigint, output: bigint): void {
      if (input === 0n) return;
      const last = at(fills, era);
      const sum = last.sum + (last.product * precision * output) / pending;
      const product = (last.product * (pending - input)) / pending;
      fills += 1;
      points.set(fills, { product, sum, eraEnd: 0 });
      if (product < MIN_PRODUCT) {
        pointAt(era + 1).eraEnd = fills;
        era = fills;
      }
      pending -= input;
    },

    take(controller: string, input: bigint, output: bigint): void {
      const part = partOf(controller);
      store(controller, { ...part, input: part.input - input, output: part.output - output });
    },
  };
}
