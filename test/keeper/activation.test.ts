import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { activate, fingerprintOf, isActivated, readActivation, removeActivation } from "../../keeper/activation.ts";
import { writeDeployment } from "../../keeper/chain/deploymentFile.ts";
import { loadConfig } from "../../keeper/config.ts";

const ZERO = `0x${"00".repeat(20)}` as const;
const ACCOUNT = `0x${"00".repeat(19)}Aa`;
const DEPLOYMENT = {
  network: "test",
  chainId: 1,
  startedAtBlock: 0,
  protocols: {
    weth: ZERO,
    usdc: ZERO,
    feed: ZERO,
    feedAggregator: ZERO,
    uniswap: { factory: ZERO, positionManager: ZERO, router: ZERO, quoter: ZERO, pools: { "500": ZERO, "3000": ZERO } },
    aave: { addressesProvider: ZERO, pool: ZERO, dataProvider: ZERO, oracle: ZERO },
  },
};

describe("Activation", () => {
  let folder: string;
  let env: Record<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keel-activation-"));
    env = { KEEL_DEPLOYMENT: join(folder, "deployment.json"), KEEL_DATA_FOLDER: join(folder, "data") };
    writeDeployment(env.KEEL_DEPLOYMENT ?? "", DEPLOYMENT);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const config = (more: Readonly<Record<string, string>> = {}) => loadConfig({}, { ...env, ...more });

  it("holds for exactly what was activated, until it is taken back", () => {
    expect(isActivated(config(), ACCOUNT)).to.equal(false);
    activate(config(), ACCOUNT, "2026-12-01T08:00:00.000Z");
    expect(isActivated(config(), ACCOUNT)).to.equal(true);
    expect(readActivation(env.KEEL_DATA_FOLDER ?? "")?.at).to.equal("2026-12-01T08:00:00.000Z");
    expect(removeActivation(env.KEEL_DATA_FOLDER ?? "")).to.equal(true);
    expect(isActivated(config(), ACCOUNT)).to.equal(false);
  });

  it("does not hold for another policy, endpoint, account or deployment", () => {
    activate(config(), ACCOUNT, "");
    expect(isActivated(config({ KEEL_RISK_AVERSION: "0.01" }), ACCOUNT)).to.equal(false);
    expect(isActivated(config({ KEEL_RPC_URL: "http://other:1" }), ACCOUNT)).to.equal(false);
    expect(isActivated(config(), ZERO)).to.equal(false);
    writeDeployment(env.KEEL_DEPLOYMENT ?? "", { ...DEPLOYMENT, contracts: { hedgeDesk: ZERO } });
    expect(isActivated(config(), ACCOUNT)).to.equal(false);
  });

  it("does not depend on how things are written, logged or watched, nor on any secret", () => {
    const file = join(folder, "keel.json");
    const written = (text: string) => {
      writeFileSync(file, text);
      return fingerprintOf(loadConfig({ config: file }, env), ACCOUNT.toLowerCase());
    };
    const one = written('{ "hedging": { "minClip": 0.1, "maxClip": 9 }, "confirmations": 2 }');
    expect(written('{ "confirmations": 2, "hedging": { "maxClip": 9, "minClip": 0.1 } }')).to.equal(one);
    const same =
      '{ "log": { "level": "debug" }, "monitoring": { "port": 1 }, "hedging": { "maxClip": 9, "minClip": 0.1 },';
    expect(written(`${same} "confirmations": 2, "privateKey": "0x${"1f".repeat(32)}" }`)).to.equal(one);
  });

  it("does not hold when its file is damaged", () => {
    activate(config(), ACCOUNT, "");
    writeFileSync(join(env.KEEL_DATA_FOLDER ?? "", "activated.json"), "{");
    expect(isActivated(config(), ACCOUNT)).to.equal(false);
  });
});
