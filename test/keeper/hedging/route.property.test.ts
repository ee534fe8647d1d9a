import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { depthOf, findRoute, ladder } from "../../../keeper/hedging/route.ts";
import { abs, fromUsdc, fromWad, toWad } from "../../../sdk/units.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { quotesOf, theoreticalCash, theoreticalSplit } from "../support/constantProduct.ts";

const SPOT = 3000;
const WIDE = { spot: SPOT, slippageBps: 1_000_000 };
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const pool = fc.record({
  fee: fc.constantFrom(0.0001, 0.0005, 0.003, 0.01),
  reserve: number(500, 50_000),
  price: number(2_980, 3_020),
});
const pools = fc.uniqueArray(pool, { minLength: 1, maxLength: 4, selector: ({ fee }) => fee });
const order = fc.tuple(number(0.1, 200), fc.boolean());

/** An order so large for its pools that prices bend between two quotes. */
const TWO_FIFTHS_OF_A_POOL: [{ fee: number; reserve: number; price: number }[], [number, boolean]] = [
  [
    { fee: 0.0001, reserve: 500, price: 2980 },
    { fee: 0.01, reserve: 532.6767594225983, price: 2980 },
  ],
  [199.99999869316648, true],
];

describe("Routes over pools", () => {
  it("cost what theory says the cheapest split costs, within a tenth of a basis point", () => {
    fc.assert(
      fc.property(pools, order, (list, [size, isBuy]) => {
        const amount = toWad(isBuy ? size : -size);
        const route = findRoute(amount, quotesOf(list, ladder(amount, 16), isBuy), WIDE);
        expect(route.amount).to.equal(amount);
        const paid = route.parts.reduce((sum, part) => {
          const theory = list.find(({ fee }) => Math.round(fee * 1e6) === part.feeTier)!;
          return sum + theoreticalCash(theory, Math.abs(fromWad(part.amount)), isBuy);
        }, 0);
        const best = theoreticalSplit(list, size, isBuy);
        const cheapest = list.reduce((sum, one, i) => sum + theoreticalCash(one, best[i] ?? 0, isBuy), 0);
        expectClose((paid / cheapest - 1) * 1e4, 0, 0.1);
        expectClose((fromUsdc(route.cash) / paid - 1) * 1e4, 0, 0.1); // and it knows what it will pay
      }),
      { examples: [TWO_FIFTHS_OF_A_POOL] },
    );
  });

  it("add up: amounts to the order, shares to one, and never the wrong way", () => {
    fc.assert(
      fc.property(pools, order, (list, [size, isBuy]) => {
        const amount = toWad(isBuy ? size : -size);
        const { parts, amount: filled } = findRoute(amount, quotesOf(list, ladder(amount, 8), isBuy), WIDE);
        expect(parts.reduce((sum, part) => sum + part.shareBps, 0n)).to.equal(10_000n);
        const listed = parts.reduce((sum, part) => sum + part.amount, 0n);
        expect(abs(filled - listed) <= abs(amount) / 5_000n, "a share below half a basis point is dropped").to.equal(
          true,
        );
        for (const part of parts) expect(part.amount > 0n).to.equal(isBuy);
      }),
    );
  });

  it("stop where the price passes the bound, and say how deep the pools are up to it", () => {
    fc.assert(
      fc.property(pools, fc.boolean(), number(5, 200), (list, isBuy, slippageBps) => {
        const amount = toWad(isBuy ? 300 : -300);
        const bounds = { spot: SPOT, slippageBps };
        const quotes = quotesOf(list, ladder(amount, 64), isBuy);
        const depth = depthOf(isBuy, quotes, bounds);
        const route = findRoute(amount, quotes, bounds);
        const expected = depth < abs(amount) ? depth : abs(amount);
        expectClose(fromWad(abs(route.amount)), fromWad(expected), 1e-9);
        if (route.amount !== 0n) expect(route.slippageBps).to.be.at.most(slippageBps + 1e-6);
      }),
    );
  });

  it("use four pools at most: the deepest of five", () => {
    const list = [1, 2, 3, 4, 5].map((n) => ({ fee: 0.0005 + n / 1e6, reserve: 1000 * n, price: SPOT }));
    const amount = toWad(50);
    const route = findRoute(amount, quotesOf(list, ladder(amount, 16), true), WIDE);
    expect(route.parts.map(({ feeTier }) => feeTier)).to.deep.equal([502, 503, 504, 505]);
    expect(route.amount).to.equal(amount);
  });

  it("are empty where nobody quotes", () => {
    expect(findRoute(toWad(1), [{ feeTier: 500, quotes: [] }], WIDE)).to.deep.equal({
      amount: 0n,
      parts: [],
      cash: 0n,
      slippageBps: 0,
    });
  });
});
