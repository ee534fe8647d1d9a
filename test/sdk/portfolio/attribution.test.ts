import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { type Exposure, type Interval, attribute, exposureOf } from "../../../sdk/portfolio/attribution.ts";
import type { Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { toWad } from "../../../sdk/units.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { type World, afterFill, snapshotOf } from "../../keeper/support/snapshots.ts";

const NOTHING = { hedges: [], trades: [], funding: 0, capital: 0, gas: 0 } as const;
const BOOK = [
  { kind: "call", strike: 3000, days: 7, quantity: -10 },
  { kind: "put", strike: 2800, days: 30, quantity: -20 },
] as const;

const number = (size: number) => fc.double({ min: -size, max: size, noNaN: true });
const exposure: fc.Arbitrary<Exposure> = fc.record({
  nav: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
  spot: fc.double({ min: 1, max: 1e5, noNaN: true }),
  time: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
  delta: number(1e4),
  gamma: number(10),
  theta: number(1e7),
  series: fc.array(
    fc.record({
      id: fc.bigInt({ min: 0n, max: 5n }),
      vega: number(1e6),
      vol: fc.option(fc.double({ min: 0.01, max: 5, noNaN: true }), { nil: undefined }),
    }),
    { maxLength: 6 },
  ),
});
const interval: fc.Arbitrary<Interval> = fc.record({
  from: exposure,
  to: exposure,
  hedges: fc.array(fc.record({ amount: number(1e3), cash: number(1e6), spot: number(1e5), fee: number(1e3) })),
  trades: fc.array(fc.record({ cash: number(1e6), value: number(1e6), delta: number(1e3), spot: number(1e5) })),
  funding: number(1e4),
  capital: number(1e7),
  gas: number(1e3),
});

describe("P&L attribution", () => {
  it("adds up to the change of NAV to the last unit of USDC, whatever happened", () => {
    fc.assert(
      fc.property(interval, (any) => {
        const { change, parts } = attribute(any);
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0n)).to.equal(change);
        expect(change).to.equal(any.to.nav - any.from.nav);
      }),
      { numRuns: 1000, seed: 6 },
    );
  });

  it("explains an hour of a quiet market almost wholly", () => {
    const from = snapshotOf({ book: BOOK, hedge: 12 });
    const to = later({ book: BOOK, hedge: 12, spot: 3015, vol: 0.705 }, 3600);
    const { change, parts } = attribute({ ...NOTHING, from: exposureOf(from), to: exposureOf(to) });
    const greeks = [parts.delta, parts.gamma, parts.vega, parts.theta].map(Number);
    expect(parts.gamma < 0n && parts.vega < 0n && parts.theta > 0n, "short options").to.equal(true);
    const gross = greeks.reduce((sum, part) => sum + Math.abs(part), 0);
    expect(Math.abs(Number(parts.residual)) / gross).to.be.below(0.02);
    expect(change).to.equal(parts.delta + parts.gamma + parts.vega + parts.theta + parts.residual);
  });

  it("counts a hedge from its own price on, and its cost as fee and slippage", () => {
    const from = snapshotOf({ book: BOOK, hedge: 0 });
    const bought = 5;
    const cash = bought * 3000 * 1.001;
    const fee = bought * 3000 * 0.0005;
    const moved = afterFill(later({ book: BOOK, spot: 3006 }, 60), 0n);
    const vault = { ...moved.vault, nav: moved.vault.nav + toWad(bought * 3006 - cash) };
    const to: Snapshot = { ...moved, vault, hedge: { ...moved.hedge, delta: toWad(bought) } };
    const hedges = [{ amount: bought, cash, spot: 3000, fee }];
    const { parts } = attribute({ ...NOTHING, from: exposureOf(from), to: exposureOf(to), hedges, gas: 2.5 });
    expectClose(Number(parts.hedgeFee), -7.5e6, 1);
    expectClose(Number(parts.hedgeSlippage), -7.5e6, 1);
    const withoutHedge = attribute({
      ...NOTHING,
      from: exposureOf(from),
      to: exposureOf(later({ book: BOOK, spot: 3006 }, 60)),
    });
    expectClose(Number(parts.delta - withoutHedge.parts.delta), 30e6, 1);
    expectClose(Number(parts.residual - withoutHedge.parts.residual), 0, 2);
  });

  it("counts what a sale of options earns over mid as premium, and deposits as nobody's profit", () => {
    const from = exposureOf(snapshotOf({ book: BOOK }));
    const to = { ...from, nav: from.nav + 1_000_000_000n + 12_000_000n };
    const trades = [{ cash: 512, value: -500, delta: -3, spot: from.spot }];
    const { parts } = attribute({ ...NOTHING, from, to, trades, capital: 1000 });
    expect(parts).to.deep.include({ premium: 12_000_000n, capital: 1_000_000_000n, residual: 0n });
  });

  it("names gas apart from the vault's own profit", () => {
    const still = exposureOf(snapshotOf({ book: BOOK }));
    const { gas, parts } = attribute({ ...NOTHING, from: still, to: still, gas: 3.25 });
    expect(gas).to.equal(3_250_000n);
    expect(Object.values(parts).every((part) => part === 0n)).to.equal(true);
  });
});

/** A world some seconds after the others: the same expiries are nearer. */
function later(world: World, seconds: number): Snapshot {
  const days = seconds / 86_400;
  const nearer = snapshotOf({ ...world, book: world.book?.map((line) => ({ ...line, days: line.days - days })) ?? [] });
  const ids = snapshotOf(world).book;
  const shift = <T extends { readonly expiry: number }>(slice: T) => ({ ...slice, expiry: slice.expiry + seconds });
  return {
    ...nearer,
    block: { ...nearer.block, time: nearer.block.time + seconds },
    mark: { ...nearer.mark, time: nearer.mark.time + seconds },
    book: nearer.book.map((position, i) => ({ ...position, id: ids[i]?.id ?? position.id })),
    slices: nearer.slices.map(shift),
  };
}
