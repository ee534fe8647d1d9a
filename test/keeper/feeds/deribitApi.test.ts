import { expect } from "chai";
import { readDeribitApi } from "../../../keeper/feeds/deribitApi.ts";
import { planSurface, DEFAULT_SURFACE_POLICY } from "../../../keeper/hedging/duties/surfacePosts.ts";
import { surfaceTargets } from "../../../keeper/hedging/duties/surfaceTargets.ts";
import { calibrate } from "../../../sdk/pricing/calibration/index.ts";
import { type LocalServer, type Reply, startHttpServer } from "../../support/httpServer.ts";
import { CHAIN_SPOT, CHAIN_TIME, TRUE_SLICES, syntheticChain } from "../../support/syntheticChain.ts";
import { expectClose } from "../../helpers/numbers.ts";
import { SURFACE_LIMITS } from "../support/surfaceLimits.ts";

const DAY = 86_400;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** The synthetic chain as Deribit's API would give it. */
function answer(): unknown {
  const rows = syntheticChain().quotes.map(({ strike, kind, expiry, bid, ask, mark, underlying }) => {
    const date = new Date(expiry * 1000);
    const day = `${date.getUTCDate()}${MONTHS[date.getUTCMonth()] ?? ""}${date.getUTCFullYear() % 100}`;
    return {
      instrument_name: `ETH-${day}-${strike}-${kind === "call" ? "C" : "P"}`,
      bid_price: bid,
      ask_price: ask,
      mark_price: mark,
      underlying_price: underlying,
      estimated_delivery_price: CHAIN_SPOT,
      creation_timestamp: CHAIN_TIME * 1000,
      open_interest: 1,
    };
  });
  return { jsonrpc: "2.0", result: rows, usIn: 1, usOut: 2, testnet: false };
}

describe("Option quotes from Deribit's API", () => {
  let server: LocalServer;
  let reply: Reply;
  beforeEach(async () => {
    reply = { json: answer() };
    server = await startHttpServer(() => reply);
  });
  afterEach(() => server.close());

  const read = (time = CHAIN_TIME + 10) => readDeribitApi({ baseUrl: server.url, currency: "ETH", now: () => time });
  const failure = (reading: Promise<unknown>) =>
    reading.then(
      () => "",
      (error: unknown) => String(error),
    );

  it("become slices to post, from the request to the planned post", async () => {
    const chain = await read();
    expect(server.received[0]?.path).to.equal("/public/get_book_summary_by_currency?currency=ETH&kind=option");
    expect(chain).to.include({ underlying: "ETH", at: CHAIN_TIME, spot: CHAIN_SPOT });

    const wanted = TRUE_SLICES.map(([days]) => CHAIN_TIME + days * DAY);
    const { targets, left } = surfaceTargets(calibrate(chain), CHAIN_SPOT, wanted);
    expect(left).to.deep.equal([]);
    const duty = planSurface({ now: CHAIN_TIME, posted: [], targets, limits: SURFACE_LIMITS }, DEFAULT_SURFACE_POLICY);
    expect(duty?.slices.map(({ expiry }) => expiry)).to.deep.equal(wanted);
    duty?.slices.forEach(({ slice }, i) => expectClose(slice.atmVol, TRUE_SLICES[i]?.[1].atmVol ?? 0, 0.003));
  });

  it("are not used when they are old", async () => {
    expect(await failure(read(CHAIN_TIME + 301))).to.include("is 301 s old; 300 s are allowed");
  });

  it("say what is wrong when there are none", async () => {
    reply = { status: 503 };
    expect(await failure(read())).to.include("answered with status 503");
    reply = { json: { jsonrpc: "2.0", error: { code: 10_000, message: "x" } } };
    expect(await failure(read())).to.include("is not an answer of Deribit's");
  });
});

describe("Slices to post", () => {
  const calibration = calibrate(syntheticChain());
  const wanted = calibration.fits.map(({ expiry }) => expiry);
  const codes = (targets: ReturnType<typeof surfaceTargets>) => targets.left.map(({ doubt }) => doubt.code);

  it("are none when the quotes were made at another price than is believed", () => {
    const { targets, left } = surfaceTargets(calibration, CHAIN_SPOT * 1.02, wanted);
    expect(targets).to.deep.equal([]);
    expect(left[0]?.doubt).to.include({ code: "spot-gap", allowed: 100 });
  });

  it("are those that are wanted, not about to expire, with enough quotes and a fit that is good", () => {
    const all = surfaceTargets(calibration, CHAIN_SPOT, wanted.slice(1));
    expect(codes(all)).to.deep.equal(["not-wanted"]);
    expect(all.targets.map(({ expiry }) => expiry)).to.deep.equal(wanted.slice(1));
    const policy = { maxRmse: 0.03, minQuotes: 5, minTenor: 3 * DAY, maxSpotGapBps: 100 };
    expect(codes(surfaceTargets(calibration, CHAIN_SPOT, wanted, policy))).to.deep.equal(["expires-soon"]);
    const picky = surfaceTargets(calibration, CHAIN_SPOT, wanted, { ...policy, minTenor: 0, minQuotes: 1_000 });
    expect(new Set(codes(picky))).to.deep.equal(new Set(["few-quotes"]));
    const exact = surfaceTargets(calibration, CHAIN_SPOT, wanted, { ...policy, minTenor: 0, maxRmse: 0 });
    expect(new Set(codes(exact))).to.deep.equal(new Set(["poor-fit"]));
  });
});
