import { expect } from "chai";

/** Asserts that `actual` is within `tolerance` of `expected`, and says how far apart they are when it is not. */
export function expectClose(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected), `distance of ${actual} from ${expected}`).to.be.at.most(tolerance);
}
