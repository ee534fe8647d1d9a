import { expect } from "chai";
import { UserError } from "../../../sdk/userError.ts";
import { parseDeribitChain, readDeribitChain } from "../../../keeper/feeds/deribitChain.ts";
import { parseDeribitInstrument } from "../../../keeper/feeds/deribitInstrument.ts";

const HEADER =
  "instrument_name,bid_price,ask_price,mark_price,underlying_price,estimated_delivery_price,creation_timestamp";
const ROW = "ETH-26JAN24-2200-C,0.05,0.052,0.051,2241.65,2222.19,1704712781414";

describe("Deribit instrument names", () => {
  it("hold expiry at 08:00 UTC, strike and kind", () => {
    expect(parseDeribitInstrument("ETH-26JAN24-2200-C")).to.deep.equal({
      underlying: "ETH",
      unit: "coin",
      expiry: Date.UTC(2024, 0, 26, 8) / 1000,
      strike: 2200,
      kind: "call",
    });
    expect(parseDeribitInstrument("BTC-5JAN24-45000-P")).to.include({ underlying: "BTC", kind: "put", strike: 45000 });
  });

  it("tell linear options, and strikes with decimals", () => {
    expect(parseDeribitInstrument("XRP_USDC-30JUN24-0d625-C")).to.include({ unit: "usd", strike: 0.625 });
  });

  it("are refused when they are not a dated option's", () => {
    for (const name of ["ETH-PERPETUAL", "ETH-26JAN24", "ETH-26XXX24-2200-C", "ETH-31FEB24-2200-C", ""]) {
      expect(parseDeribitInstrument(name), name).to.equal(undefined);
    }
  });
});

describe("Deribit chains", () => {
  it("are read from CSV, blanks left out and other fields ignored", () => {
    const text = `${HEADER},extra\n${ROW},x\nETH-26JAN24-2200-P,,0.04,0.03,2241.65,2222.19,1704712781999,\n`;
    const chain = parseDeribitChain(text, "chain.csv");
    expect(chain).to.include({ underlying: "ETH", at: 1704712781, spot: 2222.19 });
    expect(chain.quotes[0]).to.include({ bid: 0.05, ask: 0.052, mark: 0.051, underlying: 2241.65, unit: "coin" });
    expect(chain.quotes[1]).to.not.have.property("bid");
  });

  it("are read from the exchange's JSON, with or without its envelope", () => {
    const row = {
      instrument_name: "ETH-26JAN24-2200-C",
      bid_price: null,
      ask_price: 0.052,
      mark_price: 0.051,
      underlying_price: 2241.65,
      underlying_index: "SYN.ETH-26JAN24",
      estimated_delivery_price: 2222.19,
      creation_timestamp: 1704712781414,
    };
    for (const text of [JSON.stringify([row]), JSON.stringify({ jsonrpc: "2.0", result: [row], usIn: 1 })]) {
      const chain = parseDeribitChain(text, "chain.json");
      expect(chain.at).to.equal(1704712781);
      expect(chain.quotes[0]).to.include({ ask: 0.052, mark: 0.051, underlying: 2241.65 });
      expect(chain.quotes[0]).to.not.have.property("bid");
    }
  });

  it("mark numbers that cannot be read as NaN, and names that are not options'", () => {
    const chain = parseDeribitChain(
      `${HEADER}\n${ROW.replace("0.05,", "n/a,")}\nETH-PERPETUAL,1,2,1,,2222.19,\n`,
      "chain.csv",
    );
    expect(chain.quotes[0]!.bid).to.be.NaN;
    expect(chain.unreadable).to.deep.equal(["ETH-PERPETUAL"]);
  });

  it("take time and index price from the caller where they are given", () => {
    const chain = parseDeribitChain(`${HEADER}\n${ROW}\n`, "chain.csv", { at: 1704700000, spot: 2000 });
    expect(chain).to.include({ at: 1704700000, spot: 2000 });
  });

  const refusals: [name: string, text: string, sentence: RegExp][] = [
    ["a line with too few fields", `${HEADER}\nETH-26JAN24-2200-C,0.05\n`, /not well-formed CSV: .*line 2/],
    ["an open quotation mark", `${HEADER}\n"ETH-26JAN24\n`, /not well-formed CSV: .*line 2/],
    ["other columns", "time,open,close\n1,2,3\n", /has no column instrument_name, bid_price, ask_price, mark_price\./],
    ["no rows", `${HEADER}\n`, /lists no options/],
    ["no options", `${HEADER}\nETH-PERPETUAL,1,2,1,,,\n`, /no instrument named like a Deribit option/],
    ["two underlyings", `${HEADER}\n${ROW}\n${ROW.replace("ETH", "BTC")}\n`, /mixes options on ETH and BTC/],
    ["no time", `${HEADER}\n${ROW.replace("1704712781414", "")}\n`, /pass --at/],
    ["no index price", `${HEADER}\n${ROW.replace("2222.19", "")}\n`, /pass --spot/],
    ["broken JSON", `[{"instrument_name": `, /not well-formed JSON/],
    ["other JSON", `{"error": {"message": "too_many_requests"}}`, /not an answer of Deribit's/],
    ["nothing", "", /has no column/],
  ];
  for (const [name, text, sentence] of refusals) {
    it(`with ${name} are refused in a sentence`, () => {
      expect(() => parseDeribitChain(text, "chain.csv")).to.throw(UserError, sentence);
    });
  }

  it("that are missing, or folders, are refused in a sentence", async () => {
    expect(await failure(readDeribitChain("no-such-file.csv"))).to.equal(
      "Cannot read the option chain no-such-file.csv: there is no such file.",
    );
    expect(await failure(readDeribitChain("."))).to.match(/it is a folder/);
  });
});

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}
