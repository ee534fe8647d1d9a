import { expect } from "chai";
import { lagAfter } from "../../scripts/bench/posts.ts";
import { DEFAULT_PARAMETERS } from "../../deployments/parameters.ts";

describe("What a jump of posted vol costs", () => {
  const lag = (held: number, hours: number) => lagAfter(DEFAULT_PARAMETERS, held, 15, hours);

  it("holders of a quarter of the vega capacity: no more than two points 48 hours after fifteen", () => {
    expect(lag(0.25, 0).holders).to.equal(15);
    expect(lag(0.25, 48).holders).to.be.within(0, 2);
  });

  it("falls with time, and grows with what is held", () => {
    for (const held of [0.1, 0.25, 0.5, 1]) {
      for (const hours of [1, 6, 24, 48]) {
        expect(lag(held, hours).holders).to.be.at.most(lag(held, hours - 1).holders);
        expect(lag(held, hours).holders).to.be.at.most(lag(Math.min(1, 2 * held), hours).holders);
        expect(lag(held, hours).after).to.be.at.most(lag(held, hours - 1).after);
      }
    }
  });
});
