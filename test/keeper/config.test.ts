import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import { deploymentPath } from "../../keeper/chain/deploymentFile.ts";
import { deploymentFile, loadConfig, marketsOf } from "../../keeper/config.ts";
import { UserError } from "../../sdk/userError.ts";
import { DEFAULT_POLICY } from "../../keeper/hedging/policy.ts";

const KEY = `0x${"1f".repeat(32)}`;

describe("Keeper configuration", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "keel-config-"))));
  after(() => rmSync(folder, { recursive: true }));

  const file = (content: unknown): string => {
    const path = join(folder, "keel.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const sentence = (content: unknown, env: NodeJS.ProcessEnv = {}): string => {
    try {
      loadConfig({ config: file(content) }, env);
    } catch (error) {
      if (error instanceof UserError) return error.message;
      throw error;
    }
    throw new Error("The configuration was accepted.");
  };

  it("fits the local chain without being told anything", () => {
    const config = loadConfig({}, {});
    expect(config).to.deep.include({ deployment: "devnet", feeTier: 500, hedging: DEFAULT_POLICY, confirmations: 1 });
    expect(config.privateKey).to.equal(undefined);
    expect(deploymentFile(config)).to.equal(deploymentPath("devnet"));
  });

  it("is overlaid by the file, then the environment, then the flags", () => {
    const config = file({ rpcUrl: "http://file:1", pollingIntervalMs: 500, hedging: { bandFloor: 0.5, minClip: 0.1 } });
    const env = { KEEL_RPC_URL: "http://env:2", KEEL_BAND_FLOOR: "0.25", KEEL_DEPLOYMENT: "sepolia" };
    const loaded = loadConfig({ config, rpcUrl: "http://flag:3", logFormat: "json" }, env);
    expect(loaded).to.deep.include({ rpcUrl: "http://flag:3", deployment: "sepolia", pollingIntervalMs: 500 });
    expect(loaded.hedging).to.deep.equal({ ...DEFAULT_POLICY, bandFloor: 0.25, minClip: 0.1 });
    expect(loaded.log).to.deep.equal({ format: "json", level: "info" });
  });

  it("takes how far from the pools' answer an order may fill, and from which gap on it waits", () => {
    const config = file({ hedging: { fillMarginBps: 8, maxGapBps: 40 } });
    expect(loadConfig({ config }, {}).hedging).to.include({ fillMarginBps: 8, maxGapBps: 40 });
    const env = { KEEL_FILL_MARGIN_BPS: "9", KEEL_MAX_GAP_BPS: "30" };
    expect(loadConfig({ config }, env).hedging).to.include({ fillMarginBps: 9, maxGapBps: 30 });
  });

  it("takes a deployment by network name or by path", () => {
    expect(deploymentFile({ deployment: "mainnet" })).to.equal(deploymentPath("mainnet"));
    expect(deploymentFile({ deployment: "/elsewhere/mine.json" })).to.equal("/elsewhere/mine.json");
    expect(deploymentFile({ deployment: "mine.json" })).to.equal(join(process.cwd(), "mine.json"));
  });

  it("never shows the private key, however it is printed", () => {
    const config = loadConfig({}, { KEEL_PRIVATE_KEY: KEY });
    expect(config.privateKey?.reveal()).to.equal(KEY);
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.privateKey)]) {
      expect(text).to.include("[redacted]").and.not.include(KEY.slice(2, 12));
    }
  });

  it("answers a wrong field with one sentence: its name, what was found, what was expected", () => {
    expect(sentence({ rpcUrl: "localhost" })).to.equal(
      'rpcUrl (KEEL_RPC_URL) is "localhost", but a URL such as http://127.0.0.1:8545 was expected.',
    );
    expect(sentence({ hedging: { maxClip: -1 } })).to.include("hedging.maxClip (KEEL_MAX_CLIP) is -1, but a positive");
    expect(sentence({ hedging: { fillMarginBps: 0 } })).to.equal(
      "hedging.fillMarginBps (KEEL_FILL_MARGIN_BPS) is 0, but a whole number from 1 to 500 was expected.",
    );
    expect(sentence({ hedging: { maxGapBps: 2.5 } })).to.equal(
      "hedging.maxGapBps (KEEL_MAX_GAP_BPS) is 2.5, but a whole number from 1 to 500 was expected.",
    );
    expect(sentence({ hedging: { target: "middle" } })).to.include(
      'is "middle", but "edge" or "neutral" was expected.',
    );
    expect(sentence({ feeTier: 100 })).to.include("feeTier (KEEL_FEE_TIER) is 100, but 500 or 3000 was expected.");
    expect(sentence({ hedging: 3 })).to.equal("hedging is 3, but an object was expected.");
    expect(sentence({}, { KEEL_CONFIRMATIONS: "many" })).to.include(
      'confirmations (KEEL_CONFIRMATIONS) is "many", but',
    );
    expect(sentence({ hedging: { minClip: 2, maxClip: 1 } })).to.include("but at least hedging.minClip was expected.");
  });

  it("names every wrong field, and fields that it does not know", () => {
    expect(sentence({ feeTier: 1, confirmations: 0 })).to.match(/feeTier .*\. confirmations .*\.$/);
    expect(sentence({ hedging: { bandflor: 1 } })).to.include("a field hedging.bandflor that the keeper does not know");
  });

  it("refuses a wrong key without repeating it", () => {
    const message = sentence({}, { KEEL_PRIVATE_KEY: "0x1234secret" });
    expect(message).to.equal(
      "privateKey (KEEL_PRIVATE_KEY) is not a private key, but one (0x and 64 hexadecimal digits) was expected.",
    );
  });

  it("takes several endpoints, markets, a signer and alerts, and one endpoint named by hand wins over several", () => {
    const market = { name: "eth", deployment: "mainnet", hedging: { minClip: 0.2 } };
    const config = file({
      rpcUrls: ["https://a.example", "https://b.example"],
      webSocketUrls: ["wss://a.example"],
      signer: { kind: "remote", url: "http://127.0.0.1:9000", address: `0x${"00".repeat(19)}aa` },
      markets: [market, { ...market, name: "btc", deployment: "mainnet-btc" }],
      alerts: { webhook: { url: "https://hooks.example/secret", leastSeverity: "critical" } },
      monitoring: { port: 9464 },
    });
    const loaded = loadConfig({ config }, {});
    expect(loaded.rpcUrls?.length).to.equal(2);
    const [eth, btc] = marketsOf(loaded);
    const { duties, risk } = loaded;
    const own = { feeTier: 500, hedging: { ...DEFAULT_POLICY, minClip: 0.2 }, duties, feeds: {}, risk };
    expect(eth).to.deep.equal({ ...market, ...own });
    expect(btc?.name).to.equal("btc");
    expect(loaded.monitoring).to.deep.equal({ host: "127.0.0.1", port: 9464, maxTickAgeSeconds: 120 });
    const byHand = loadConfig({ config, rpcUrl: "http://127.0.0.1:1" }, {});
    expect([byHand.rpcUrl, byHand.rpcUrls]).to.deep.equal(["http://127.0.0.1:1", undefined]);
  });

  it("is of one market, named as its deployment, unless it lists several", () => {
    const loaded = loadConfig({}, { KEEL_MIN_CLIP: "0.1", KEEL_FEE_TIER: "3000" });
    const [market, ...others] = marketsOf(loaded);
    expect(others).to.deep.equal([]);
    const hedging = { ...DEFAULT_POLICY, minClip: 0.1 };
    const { duties, feeds, risk } = loaded;
    expect(market).to.deep.equal({ name: "devnet", deployment: "devnet", feeTier: 3000, hedging, duties, feeds, risk });
    expect(sentence({ markets: [{ name: "a" }, { name: "a" }] })).to.include("a name of its own for each market");
    expect(sentence({ markets: [] })).to.include("at least one market");
    const twice = [{ name: "a" }, { name: "b" }];
    expect(sentence({ markets: twice })).to.include("but a deployment of its own for each market was expected.");
  });

  it("gives each market what stands at the top, what the market says winning, and feeds of its own", () => {
    const config = file({
      hedging: { bandFloor: 0.5, minClip: 0.7 },
      risk: { maxDailyLoss: 100 },
      duties: { epochs: false },
      feeTier: 3000,
      markets: [
        { name: "eth", deployment: "a", feeds: { coinbase: { pair: "ETH-USD" } } },
        {
          name: "btc",
          deployment: "b",
          feeTier: 500,
          hedging: { bandFloor: 0.01, minClip: 0.02 },
          risk: { maxDrawdownBps: 7 },
          duties: { listing: true },
          feeds: { kraken: { pair: "XBTUSD" }, deribit: { currency: "BTC" } },
        },
      ],
    });
    const [eth, btc] = marketsOf(loadConfig({ config }, { KEEL_MAX_CLIP: "9" }));
    expect(eth?.hedging).to.include({ bandFloor: 0.5, minClip: 0.7, maxClip: 9 });
    expect(btc?.hedging).to.include({ bandFloor: 0.01, minClip: 0.02, maxClip: 9 });
    expect([eth?.feeTier, btc?.feeTier]).to.deep.equal([3000, 500]);
    expect(eth?.risk).to.include({ maxDailyLoss: 100, maxDrawdownBps: 1_000 });
    expect(btc?.risk).to.include({ maxDailyLoss: 100, maxDrawdownBps: 7 });
    expect(eth?.duties).to.include({ epochs: false, listing: false });
    expect(btc?.duties).to.include({ epochs: false, listing: true });
    expect(eth?.feeds).to.deep.equal({ coinbase: { pair: "ETH-USD" } });
    expect(btc?.feeds).to.deep.equal({ kraken: { pair: "XBTUSD" }, deribit: { currency: "BTC" } });
  });

  it("tells of what is wrong at the top once, of what is wrong in a market there, and of feeds that are nobody's", () => {
    const markets = [
      { name: "eth", deployment: "a" },
      { name: "btc", deployment: "b" },
    ];
    expect(sentence({ hedging: { costBps: -1 }, feeTier: 1, markets })).to.equal(
      "feeTier (KEEL_FEE_TIER) is 1, but 500 or 3000 was expected. " +
        "hedging.costBps (KEEL_COST_BPS) is -1, but a positive number of basis points was expected.",
    );
    expect(sentence({ markets: [{ ...markets[0], hedging: { bandFloor: -1 } }] })).to.equal(
      "markets.0.hedging.bandFloor is -1, but a positive number of units of underlying was expected.",
    );
    expect(sentence({ markets: [{ ...markets[0], feeds: { binance: {} } }] })).to.include("a field markets.0.feeds.b");
    expect(sentence({ feeds: { coinbase: { pair: "ETH-USD" } }, markets })).to.equal(
      'feeds is {"coinbase":{"pair":"ETH-USD"}}, but nothing beside markets, each of which names feeds of its own ' +
        "underlying, was expected.",
    );
  });

  it("never shows a secret, right or wrong", () => {
    const env = {
      KEEL_DATABASE_URL: "postgres://keel:very-secret@db/keel",
      KEEL_ALERT_WEBHOOK_URL: "https://hooks.example/very-secret",
      KEEL_TELEGRAM_TOKEN: "1:very-secret",
      KEEL_TELEGRAM_CHAT_ID: "7",
      KEEL_DEAD_MAN_URL: "https://ping.example/very-secret",
    };
    const loaded = loadConfig({}, env);
    expect(JSON.stringify(loaded) + inspect(loaded, { depth: 9 })).not.to.include("very-secret");
    expect(loaded.databaseUrl?.reveal()).to.equal(env.KEEL_DATABASE_URL);
    for (const name of ["KEEL_DATABASE_URL", "KEEL_ALERT_WEBHOOK_URL", "KEEL_DEAD_MAN_URL"]) {
      const message = sentence({}, { ...env, [name]: "very-secret" });
      expect(message).to.include(name).and.include("not shown").and.not.include("very-secret");
    }
  });

  it("says what is wrong with the file itself", () => {
    expect(sentence("{ rpcUrl: ")).to.include("is not valid JSON");
    expect(sentence("[]")).to.include("must hold a JSON object");
    expect(() => loadConfig({ config: join(folder, "none.json") }, {})).to.throw(UserError, "none.json does not exist");
  });
});
