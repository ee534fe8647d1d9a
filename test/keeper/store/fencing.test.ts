import { expect } from "chai";
import { DrizzleQueryError } from "drizzle-orm";
import { FencedOut, storeFailure } from "../../../keeper/store/fencing.ts";

const coded = (code: string) => Object.assign(new Error("gone"), { code });

describe("Failures of the store", () => {
  it("tells a line that is down, which is tried again, from what a person has to see", () => {
    for (const code of ["ECONNRESET", "ECONNREFUSED", "57P01", "25P03", "53300", "08006"]) {
      expect(storeFailure(new DrizzleQueryError("select", [], coded(code))), code).to.include(code);
      expect(storeFailure(coded(code)), code).to.match(/^the database does not answer/);
    }
    const lost = new Error("Connection terminated unexpectedly");
    expect(storeFailure(new DrizzleQueryError("select", [], lost))).to.equal(
      "the database does not answer (Connection terminated unexpectedly)",
    );
    for (const error of [coded("23505"), coded("42P01"), new Error("ECONNREFUSED"), "gone"]) {
      expect(storeFailure(error)).to.equal(undefined);
    }
    expect(storeFailure(new FencedOut({ name: "a", holder: "b", token: 1 }))).to.equal(undefined);
  });
});
