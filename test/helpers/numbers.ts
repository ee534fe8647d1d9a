import { expect } from "chai";

/**
 * Asserts that `actual` is within `tolerance` of `expected`. In place of chai's `closeTo`, which Hardhat's matchers
 * replace with one that takes whole numbers only.
 */
export function expectClose(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected), `distance of ${actual} from ${expected}`).to.be.at.most(tolerance);
}
