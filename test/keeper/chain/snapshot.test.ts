import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { parseEther } from "viem";
import { createReader } from "../../../keeper/chain/clients.ts";
import { readHedgeState } from "../../../keeper/chain/hedgeState.ts";
import { DEFAULT_POLICY } from "../../../keeper/hedging/policy.ts";
import { uniswapV3Venue } from "../../../keeper/venues/uniswapV3/venue.ts";
import { readSnapshot } from "../../../sdk/actions/snapshot.ts";
import { callFailure } from "../../../sdk/reverts.ts";
import { crossCheck } from "../../../sdk/portfolio/crossCheck.ts";
import { netGreeks, valuePositions } from "../../../sdk/portfolio/netGreeks.ts";
import { netDeltaOf } from "../../../sdk/portfolio/snapshot.ts";
import { fromWad } from "../../../sdk/units.ts";
import { TRADERS, keelWorld } from "../../helpers/keelWorld.ts";
import { useFork } from "../../helpers/localFork.ts";
import { keeperOn, look } from "../support/keeperWorld.ts";

const [ALICE] = TRADERS as [`0x${string}`];
const HOUR = 3600;
/** Own Greeks and the contracts' differ by their last digits only. */
const TIGHT = 1e-9;

describe("Snapshot", () => {
  const world = useFork(keelWorld);

  it("holds the state of its block, whatever has happened since", async () => {
    const { keel, market, call } = world();
    const keeper = keeperOn(world());
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const block = await keeper.client.getBlockNumber();
    const then = await look(keeper, block);

    await keel.trade(ALICE, [{ id: call(3300), quantity: parseEther("25") }]);
    await market.moveTo(3300);
    expect(await look(keeper, block)).to.deep.equal(then);

    const now = await look(keeper);
    expect(now.block.number > block).to.equal(true);
    expect(fromWad(now.oracle.spot)).to.equal(3300);
    expect(now.book.find(({ id }) => id === call(3300))?.quantity).to.equal(parseEther("-25"));
    expect(now.vault.cash > then.vault.cash).to.equal(true);
  });

  it("reads what the contracts say one by one", async () => {
    const { keel, clients, call, expiries } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const snapshot = await look(keeperOn(world()));
    const { public: client } = clients;
    expect(snapshot.vault.cash).to.equal(await client.readContract({ ...keel.vault, functionName: "cash" }));
    expect(snapshot.vault.freeCash).to.equal(await client.readContract({ ...keel.vault, functionName: "freeCash" }));
    expect(snapshot.vault.shares).to.equal(await client.readContract({ ...keel.vault, functionName: "totalSupply" }));
    expect(snapshot.block.hash).to.equal((await client.getBlock()).hash);
    expect(snapshot.slices.map(({ expiry }) => BigInt(expiry))).to.deep.equal(expiries);
    expect(snapshot.book.length).to.equal(20); // two expiries, five strikes, calls and puts
  });

  it("has the mark that the desk will compute, although the stored one is old, and stores nothing", async () => {
    const { keel, clients, call } = world();
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    await clients.test.increaseTime({ seconds: 300 }); // the vault calls a mark fresh for ten minutes
    await clients.test.mine({ blocks: 1 });
    const stored = await clients.public.readContract({ ...keel.vault, functionName: "currentMark" });
    const snapshot = await look(keeperOn(world()));
    expect(stored[1], "fresh").to.equal(true);
    expect(Number(stored[0].time)).to.be.below(snapshot.block.time);
    expect(snapshot.mark.time).to.equal(snapshot.block.time);
    expect(await clients.public.readContract({ ...keel.vault, functionName: "currentMark" })).to.deep.equal(stored);
  });

  it("agrees with our own Greeks on a mixed book, at any spot and time", async () => {
    const { keel, market, clients, call, put, expiries } = world();
    const legs = [call(2700), call(3600), put(2400), put(3000), call(3000, expiries[1]), put(3300, expiries[1])];
    await keel.trade(
      ALICE,
      legs.map((id, i) => ({ id, quantity: parseEther(String(3 + i)) })),
    );
    const keeper = keeperOn(world());
    const { timestamp } = await clients.public.getBlock();
    for (const [spot, hours] of [
      [3000, 1],
      [2500, 10],
      [3700, 72],
      [2900, 160],
    ] as const) {
      await market.moveTo(spot, { at: Number(timestamp) + hours * HOUR, forceRound: true });
      const snapshot = await look(keeper);
      expect(crossCheck(snapshot, TIGHT), `at ${spot} after ${hours} h`).to.deep.equal({ agrees: true });
      expect(netGreeks(valuePositions(snapshot)).vega).to.be.below(0);
    }
  });

  it("values what has expired at its pay-off, as the vault does", async () => {
    const { keel, market, call, put, expiries } = world();
    await keel.trade(ALICE, [
      { id: call(2700), quantity: parseEther("2") },
      { id: put(2700), quantity: parseEther("2") },
    ]);
    await market.moveTo(3000, { at: Number(expiries[0]) + 60, forceRound: true });
    const snapshot = await look(keeperOn(world()));
    expect(snapshot.slices.length).to.equal(1);
    expect(crossCheck(snapshot, TIGHT)).to.deep.equal({ agrees: true });
    expect(fromWad(netDeltaOf(snapshot))).to.equal(-2);
  });

  it("fails with the contract's own words when the oracle is stale", async () => {
    const { clients } = world();
    await clients.test.increaseTime({ seconds: 2 * HOUR });
    await clients.test.mine({ blocks: 1 });
    const error = await look(keeperOn(world())).catch((reason: unknown) => reason);
    expect(callFailure(error)).to.include("StalePrice").and.to.include("the oracle has not been updated for too long");
  });
});

describe("Snapshot of a market of 128 series", () => {
  const moneyness = Array.from({ length: 16 }, (_, i) => 0.65 + 0.05 * i);
  const world = useFork((fork) => keelWorld(fork, { days: [7, 14, 21, 28], moneyness }));

  /** Serves the fork over HTTP while `use` runs; returns the JSON-RPC methods of each request that came. */
  async function requestsOf(use: (url: string) => Promise<unknown>): Promise<string[][]> {
    const requests: string[][] = [];
    const answer = async (body: string): Promise<string> => {
      const batch = [JSON.parse(body)].flat() as { id: number; method: string; params: unknown[] }[];
      requests.push(batch.map(({ method }) => method));
      const answers = batch.map(async ({ id, method, params }) => {
        const result = await world().clients.public.request({ method, params } as never);
        return { jsonrpc: "2.0", id, result: result };
      });
      return JSON.stringify(await Promise.all(answers));
    };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => void answer(Buffer.concat(chunks).toString()).then((text) => response.end(text)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.close();
    server.closeAllConnections();
    return requests;
  }

  it("takes one round trip", async () => {
    const keeper = keeperOn(world());
    const block = await keeper.client.getBlockNumber();
    let snapshot: unknown;
    const requests = await requestsOf(async (url) => {
      snapshot = await readSnapshot(createReader(url, 31337, 20), keeper.contracts, block);
    });
    expect(requests).to.deep.equal([["eth_getBlockByNumber", "eth_call", "eth_call"]]);
    expect(snapshot).to.deep.equal(await look(keeper, block));
    expect((await look(keeper, block)).book).to.have.length(128);
  });

  it("takes two round trips with all that a hedge is decided from, quotes of every pool included", async () => {
    const { keel, call, expiries, protocols } = world();
    await keel.trade(ALICE, [{ id: call(3000, expiries[0]), quantity: parseEther("10") }]);
    const keeper = keeperOn(world());
    const { contracts } = keeper;
    const block = await keeper.client.getBlockNumber();
    const venues = [uniswapV3Venue({ protocols }, contracts, 500)];
    let quotes = 0;
    const requests = await requestsOf(async (url) => {
      const reader = createReader(url, 31337, 20);
      const state = await readHedgeState(reader, { contracts, protocols, venues }, block, DEFAULT_POLICY);
      quotes = state.venues.flatMap(({ pools }) => pools.flatMap((pool) => pool.quotes)).length;
    });
    const first = ["eth_getBlockByNumber", "eth_call", "eth_call", "eth_call"];
    expect(requests.map((methods) => methods.toSorted().toReversed())).to.deep.equal([first, ["eth_call", "eth_call"]]);
    expect(quotes).to.equal(2 * 17);
  });
});
