import { expect } from "chai";
import { coinbaseSource, krakenSource } from "../../../../keeper/feeds/spot/exchanges.ts";
import type { SpotSource } from "../../../../keeper/feeds/spot/source.ts";
import { DEFAULT_SPOT_POLICY, readSpot } from "../../../../keeper/feeds/spot/spotFeed.ts";
import { type LocalServer, type Reply, startHttpServer } from "../../../support/httpServer.ts";
import { expectClose } from "../../../helpers/numbers.ts";

const NOW = Date.UTC(2026, 11, 1, 8) / 1000;
const now = () => NOW;

const source = (name: string, price: number | Error, age = 5, maxAgeSeconds = 60): SpotSource => ({
  name,
  maxAgeSeconds,
  read: () => (price instanceof Error ? Promise.reject(price) : Promise.resolve({ price, at: NOW - age })),
});

describe("Spot of several sources", () => {
  it("is the median, with every source's age and distance", async () => {
    const spot = await readSpot([source("a", 3000), source("b", 3003, 10), source("c", 2997)], now);
    expect(spot).to.deep.equal({
      spot: 3000,
      sources: [
        { name: "a", status: "used", price: 3000, ageSeconds: 5, distanceBps: 0 },
        { name: "b", status: "used", price: 3003, ageSeconds: 10, distanceBps: 10 },
        { name: "c", status: "used", price: 2997, ageSeconds: 5, distanceBps: 10 },
      ],
      dispersion: 10,
      usable: true,
      reasons: [],
    });
  });

  it("leaves out one that is far off, and still says how far it was", async () => {
    const spot = await readSpot([source("a", 3000), source("b", 3002), source("c", 3001), source("d", 3300)], now);
    expect(spot).to.include({ spot: 3001.5, usable: true });
    expect(spot.sources[3]).to.include({ status: "outlier" });
    expectClose(spot.dispersion, (298.5 / 3001.5) * 1e4, 1e-9);
  });

  it("cannot be used when no majority agrees", async () => {
    const spot = await readSpot(
      [
        source("a", 3000),
        source("b", 3001),
        source("c", 3002),
        source("d", 3300),
        source("e", 3301),
        source("f", 3302),
      ],
      now,
    );
    expect(spot.usable).to.equal(false);
    expect(spot.reasons.map(({ code }) => code)).to.include("no-majority");
  });

  it("does not count what is old, from the future, not a price, or missing", async () => {
    const spot = await readSpot(
      [
        source("good", 3000),
        source("old", 2000, 61),
        source("future", 2000, -61),
        source("zero", 0),
        source("nan", NaN),
        source("dead", new Error("no line")),
        source("slow oracle", 3000, 3000, 3600),
      ],
      now,
    );
    expect(spot.spot).to.equal(3000);
    expect(spot.sources.map(({ name, status }) => `${name}: ${status}`)).to.deep.equal([
      "good: used",
      "old: stale",
      "future: stale",
      "zero: failed",
      "nan: failed",
      "dead: failed",
      "slow oracle: used",
    ]);
    expect(spot.sources[5]?.error).to.equal("no line");
    expect(spot.reasons).to.deep.equal([{ code: "too-few-sources", used: 2, needed: DEFAULT_SPOT_POLICY.minSources }]);
  });

  it("without any source is nothing", async () => {
    const spot = await readSpot([source("dead", new Error("x"))], now);
    expect(spot).to.include({ spot: undefined, usable: false, dispersion: 0 });
  });
});

describe("Spot from exchanges", () => {
  let server: LocalServer;
  let reply: Reply;
  beforeEach(async () => {
    server = await startHttpServer(() => reply);
  });
  afterEach(() => server.close());

  const failure = (one: SpotSource) =>
    one.read().then(
      () => "",
      (error: unknown) => String(error),
    );

  it("reads Coinbase: the middle of bid and ask, at the time that it states", async () => {
    reply = { json: { price: "9", bid: "2999.5", ask: "3000.5", time: "2026-12-01T07:59:58.5Z", volume: "1" } };
    const reading = await coinbaseSource({ baseUrl: server.url, pair: "ETH-USD" }).read();
    expect(reading).to.deep.equal({ price: 3000, at: NOW - 1.5 });
    expect(server.received[0]?.path).to.equal("/products/ETH-USD/ticker");
  });

  it("reads Kraken, whatever it calls the pair, at the time it was asked", async () => {
    const ticker = { a: ["3001.00", "1", "1.0"], b: ["2999.00", "2", "2.0"], c: ["9", "1"] };
    reply = { json: { error: [], result: { XETHZUSD: ticker } } };
    expect(await krakenSource({ baseUrl: server.url, pair: "ETHUSD", now }).read()).to.deep.equal({
      price: 3000,
      at: NOW,
    });
    expect(server.received[0]?.path).to.equal("/0/public/Ticker?pair=ETHUSD");
  });

  it("fails with a reason on what is no price", async () => {
    const coinbase = coinbaseSource({ baseUrl: server.url, pair: "ETH-USD" });
    const kraken = krakenSource({ baseUrl: server.url, pair: "ETHUSD", now });
    const time = "2026-12-01T08:00:00Z";
    const cases: readonly (readonly [SpotSource, Reply, string])[] = [
      [coinbase, { json: { bid: "3001", ask: "2999", time } }, "crossed or empty book"],
      [coinbase, { json: { bid: "", ask: "2999", time } }, "without bid, ask and time"],
      [coinbase, { status: 429 }, "answered with status 429"],
      [coinbase, { text: "<html>" }, "not JSON"],
      [coinbase, undefined, "cannot be reached"],
      [kraken, { json: { error: ["EQuery:Unknown asset pair"] } }, "Unknown asset pair"],
      [kraken, { json: { error: [], result: {} } }, "0 pairs instead of one"],
      [kraken, { json: { error: [], result: { X: { a: [], b: [] } } } }, "without bid and ask"],
    ];
    for (const [one, answer, words] of cases) {
      reply = answer;
      expect(await failure(one)).to.include(words);
    }
  });

  it("does not swallow an answer without end", async () => {
    reply = { text: "x".repeat(2_000) };
    const coinbase = coinbaseSource({ baseUrl: server.url, pair: "ETH-USD", maxLength: 1_000 });
    expect(await failure(coinbase)).to.include("more than 1000 characters");
  });

  it("goes on with the others when one exchange is down", async () => {
    reply = { status: 503 };
    const sources = [
      source("chainlink", 3000, 1200, 3600),
      source("pool", 3001),
      source("kraken", 3002),
      coinbaseSource({ baseUrl: server.url, pair: "ETH-USD" }),
    ];
    expect(await readSpot(sources, now)).to.include({ spot: 3001, usable: true });
  });
});
