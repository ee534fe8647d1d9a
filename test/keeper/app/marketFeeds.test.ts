import { expect } from "chai";
import { spotCheck } from "../../../keeper/app/spotCheck.ts";
import { marketFeeds } from "../../../keeper/app/marketFeeds.ts";
import type { SpotSource } from "../../../keeper/feeds/spot/source.ts";
import type { Snapshot } from "../../../sdk/portfolio/snapshot.ts";
import { toWad } from "../../../sdk/units.ts";

const NOW = 1_800_000_000;

/** What the check reads of a snapshot of a market whose oracle and pool are at `price`. */
function snapshotAt(price: number): Snapshot {
  const spot = toWad(price);
  return {
    block: { number: 1n, hash: "0x", time: NOW },
    oracle: { spot, updatedAt: NOW, range: { low: spot, high: spot } },
  } as unknown as Snapshot;
}

function exchangeAt(price: number) {
  let asked = 0;
  const source: SpotSource = {
    name: "exchange",
    maxAgeSeconds: 60,
    read: () => {
      asked += 1;
      return Promise.resolve({ price, at: NOW });
    },
  };
  return { source, asked: () => asked };
}

describe("Feeds of a market", () => {
  it("are asked for each market in its own time, and about its own price", async () => {
    let now = NOW * 1000;
    const [ether, bitcoin] = [exchangeAt(3_000), exchangeAt(90_000)];
    const [eth, btc] = [ether, bitcoin].map(({ source }) => spotCheck([source], () => now));
    if (!eth || !btc) throw new Error("There are two.");
    expect(await eth(snapshotAt(3_000))).to.include({ usable: true, spot: 3_000 });
    expect(await btc(snapshotAt(90_000)), "not kept waiting by the other").to.include({ usable: true, spot: 90_000 });
    expect(await eth(snapshotAt(3_000)), "too soon").to.equal(undefined);
    now += 15_000;
    expect(await btc(snapshotAt(90_010))).to.include({ spot: 90_010, usable: true });
    expect([ether.asked(), bitcoin.asked()]).to.deep.equal([1, 2]);
  });

  it("are none unless they are named", async () => {
    const { targets, spotCheck: check } = marketFeeds({ name: "eth", feeds: {} }, () => undefined);
    expect([await targets(snapshotAt(3_000)), await check(snapshotAt(3_000))]).to.deep.equal([undefined, undefined]);
  });

  it("say whose quotes cannot be read", async () => {
    const told: string[] = [];
    const feeds = { quotesFile: "/nowhere/quotes.csv" };
    const { targets } = marketFeeds({ name: "btc", feeds }, (what) => void told.push(what));
    expect(await targets(snapshotAt(90_000))).to.equal(undefined);
    expect(told).to.deep.equal(["option quotes of btc"]);
  });
});
