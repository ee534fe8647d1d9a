import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { DEFAULT_FEE_POLICY, type Fees, firstFees, replacementFees } from "../../../keeper/execution/fees.ts";

const GWEI = 10n ** 9n;
const { routine, emergency } = DEFAULT_FEE_POLICY;
const fee = fc.bigInt({ min: 0n, max: 2_000n * GWEI });
const market = fc.record({ baseFee: fee, suggestedTip: fee });

describe("Fees", () => {
  it("of a first attempt are within the caps, and enough for the next block", () => {
    fc.assert(
      fc.property(market, fc.constantFrom(routine, emergency), (now, lane) => {
        const fees = firstFees(now, lane);
        if (!fees) return void expect(now.baseFee + lane.minTip > lane.maxFeeCap - lane.tipCap).to.equal(true);
        expect(fees.maxFeePerGas <= lane.maxFeeCap && fees.maxPriorityFeePerGas <= lane.tipCap).to.equal(true);
        expect(fees.maxFeePerGas >= now.baseFee + fees.maxPriorityFeePerGas).to.equal(true);
      }),
      { numRuns: 2000, seed: 6 },
    );
  });

  it("of a replacement are an eighth higher, both of them, and within the caps", () => {
    fc.assert(
      fc.property(market, market, fc.constantFrom(routine, emergency), (then, now, lane) => {
        const previous = firstFees(then, lane);
        const next = previous && replacementFees(previous, now, lane);
        if (!previous || !next) return;
        for (const field of ["maxFeePerGas", "maxPriorityFeePerGas"] as const) {
          expect(next[field] * 1000n >= previous[field] * 1125n, field).to.equal(true);
        }
        expect(next.maxFeePerGas <= lane.maxFeeCap && next.maxPriorityFeePerGas <= lane.tipCap).to.equal(true);
        expect(next.maxFeePerGas >= next.maxPriorityFeePerGas && next.maxFeePerGas > now.baseFee).to.equal(true);
      }),
      { numRuns: 5000, seed: 6 },
    );
  });

  it("wait out what the lane does not pay, and follow a spike that it does", () => {
    const calm = { baseFee: GWEI, suggestedTip: GWEI / 10n };
    const spike = { ...calm, baseFee: 20n * GWEI };
    const first = firstFees(calm, routine) as Fees;
    expect(first.maxFeePerGas < spike.baseFee).to.equal(true);
    const next = replacementFees(first, spike, routine);
    expect((next?.maxFeePerGas ?? 0n) > spike.baseFee).to.equal(true);
    expect(replacementFees(first, { ...calm, baseFee: 500n * GWEI }, routine)).to.equal(undefined);
    expect(firstFees({ ...calm, baseFee: 500n * GWEI }, routine)).to.equal(undefined);
    expect(firstFees({ ...calm, baseFee: 300n * GWEI }, emergency)).not.to.equal(undefined);
  });
});
