import { expect } from "chai";
import fc from "../support/fastCheck.ts";
import { parseEther } from "viem";
import { decodeSeries, findSeries, seriesId, seriesName } from "../../sdk/series.ts";

const NOV_27 = Date.UTC(2026, 10, 27, 8) / 1000;
const CALL = { expiry: NOV_27, strike: parseEther("3000"), kind: "call" } as const;

describe("Series ids and names", () => {
  it("gives back expiry, strike and kind of any id", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 40 - 1 }),
        fc.bigInt({ min: 1n, max: 2n ** 96n - 1n }),
        fc.constantFrom("call" as const, "put" as const),
        (expiry, strike, kind) => {
          const id = seriesId(expiry, strike, kind);
          expect(id).to.equal((BigInt(expiry) << 104n) | (strike << 8n) | (kind === "call" ? 1n : 0n));
          expect(decodeSeries(id)).to.deep.equal({ id, expiry, strike, kind });
        },
      ),
    );
  });

  it("names a series as traders do", () => {
    expect(seriesName(CALL)).to.equal("WETH-27NOV26-3000-C");
    expect(seriesName({ ...CALL, kind: "put", strike: parseEther("2412.5") })).to.equal("WETH-27NOV26-2412.5-P");
    expect(seriesName({ ...CALL, expiry: Date.UTC(2027, 0, 1, 8) / 1000 })).to.equal("WETH-01JAN27-3000-C");
  });

  it("has the time in the name unless it is 08:00 UTC, so that two expiries of a day have two names", () => {
    expect(seriesName({ ...CALL, expiry: NOV_27 + 6.5 * 3600 })).to.equal("WETH-27NOV26T1430-3000-C");
    expect(seriesName({ ...CALL, expiry: NOV_27 + 1 })).to.equal("WETH-27NOV26T080001-3000-C");
  });

  it("finds a listed series by name in any case, or by id in decimal or hexadecimal", () => {
    const id = seriesId(CALL.expiry, CALL.strike, "call");
    const listed = [seriesId(CALL.expiry, CALL.strike, "put"), id];
    for (const text of ["WETH-27NOV26-3000-C", "weth-27nov26-3000-c", String(id), `0x${id.toString(16)}`]) {
      expect(findSeries(text, listed)?.id, text).to.equal(id);
    }
    const newYear = seriesId(Date.UTC(2027, 0, 1, 8) / 1000, CALL.strike, "call");
    expect(findSeries("WETH-1JAN27-3000-C", [newYear])?.id).to.equal(newYear);
    expect(findSeries("WETH-27NOV26-3100-C", listed)).to.equal(undefined);
    expect(findSeries("3000", listed)).to.equal(undefined);
  });
});
