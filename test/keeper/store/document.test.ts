import { expect } from "chai";
import fc from "../../support/fastCheck.ts";
import { decodeDocument, encodeDocument } from "../../../keeper/store/document.ts";
import { snapshotOf } from "../support/snapshots.ts";

describe("Stored documents", () => {
  it("read back exactly what was written", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.double(),
        fc.bigInt(),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ minLength: 1 }).map((key) => `k${key}`),
          tie("any"),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).any;
    fc.assert(
      fc.property(value, (any) => {
        const again = decodeDocument(encodeDocument({ any }));
        expect(again).to.deep.equal({ any });
      }),
      { numRuns: 1000, seed: 6 },
    );
  });

  it("hold a snapshot, integers of the chain included", () => {
    const snapshot = snapshotOf({ book: [{ kind: "call", strike: 3000, days: 7, quantity: -10 }] });
    expect(decodeDocument(encodeDocument(snapshot))).to.deep.equal(snapshot);
  });
});
