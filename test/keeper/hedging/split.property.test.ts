import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { type PoolDepth, marginalCost, splitOrder } from "../../../keeper/hedging/split.ts";
import { abs, fromWad, toWad } from "../../../sdk/units.ts";

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const pool: fc.Arbitrary<PoolDepth> = fc.record({
  feeBps: fc.constantFrom(1, 5, 30),
  slopeBps: fc.oneof(fc.constant(0), number(0.01, 5)),
  depth: fc.oneof(fc.constant(0n), number(0.001, 500).map(toWad)),
});
const pools = fc.array(pool, { minLength: 1, maxLength: 5 });
const order = number(-800, 800).map(toWad);

/** The second pool is filled to the wei, although no double holds its depth. */
const DEPTH_BEYOND_A_DOUBLE: [bigint, PoolDepth[]] = [
  -29_174_682_348_108_856_189n,
  [
    { feeBps: 1, slopeBps: 0.010684269760713745, depth: 85_240_725_864_256_702_948n },
    { feeBps: 1, slopeBps: 0.01, depth: 1_930_127_556_160_936_786n },
  ],
];

/** Basis points times units that an allocation costs. */
function costOf(list: readonly PoolDepth[], amounts: readonly bigint[]): number {
  return list.reduce((sum, { feeBps, slopeBps }, i) => {
    const x = fromWad(abs(amounts[i] ?? 0n));
    return sum + feeBps * x + (slopeBps * x * x) / 2;
  }, 0);
}

describe("Split of an order over pools", () => {
  it("adds up to the whole exactly, within every pool's depth, and leaves something only when all are full", () => {
    fc.assert(
      fc.property(order, pools, (amount, list) => {
        const { amounts, unfilled } = splitOrder(amount, list);
        expect(amounts.reduce((sum, part) => sum + part, unfilled)).to.equal(amount);
        amounts.forEach((part, i) => {
          expect(abs(part) <= (list[i]?.depth ?? 0n), "within its depth").to.equal(true);
          expect(part === 0n || part < 0n === amount < 0n, "on the same side").to.equal(true);
        });
        if (unfilled !== 0n) expect(amounts.map(abs)).to.deep.equal(list.map(({ depth }) => depth));
      }),
      { numRuns: 500 },
    );
  });

  it("pays the same for the last unit in every pool that has room left", () => {
    fc.assert(
      fc.property(order, pools, (amount, list) => {
        const { amounts } = splitOrder(amount, list);
        const used = list
          .map((one, i) => ({ one, taken: abs(amounts[i] ?? 0n) }))
          .map(({ one, taken }) => ({ cost: marginalCost(one, fromWad(taken)), taken, isFull: taken === one.depth }));
        const cheapestFree = Math.min(...used.filter(({ isFull }) => !isFull).map(({ cost }) => cost));
        const dearestUsed = Math.max(0, ...used.filter(({ taken }) => taken > 0n).map(({ cost }) => cost));
        expect(dearestUsed).to.be.at.most(cheapestFree + 1e-6);
      }),
      { numRuns: 500, examples: [DEPTH_BEYOND_A_DOUBLE] },
    );
  });

  it("is never dearer than any one pool that could take the whole", () => {
    fc.assert(
      fc.property(order, pools, (amount, list) => {
        const best = costOf(list, splitOrder(amount, list).amounts);
        list.forEach((one, i) => {
          if (one.depth < abs(amount)) return;
          const alone = costOf(
            list,
            list.map((_, j) => (i === j ? amount : 0n)),
          );
          expect(best).to.be.at.most(alone * (1 + 1e-9) + 1e-9);
        });
      }),
      { numRuns: 500 },
    );
  });
});
