import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther } from "viem";
import { KEEPER, TRADERS } from "../../helpers/keelWorld.ts";
import { runKeel } from "../support/commandLine.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../support/deployedDevnet.ts";

const [ALICE] = TRADERS as [`0x${string}`];
const PASSWORD = "correct horse battery";

interface CheckLine {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
}

describe("From keel init to keel activate", () => {
  let world: DeployedDevnet;
  before(async () => (world = await startDeployedDevnet()));
  afterEach(() => {
    for (const name of ["keel.config.json", "keel-data"])
      rmSync(join(world.folder, name), { recursive: true, force: true });
  });
  after(() => world.close());

  const keel = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runKeel(world.folder, args, env);
  const init = (...more: string[]) => {
    const rpc = ["--rpc-url", world.url, world.url];
    return keel(["init", "--yes", "--deployment", world.deploymentFile, ...rpc, ...more]);
  };
  const config = () =>
    JSON.parse(readFileSync(join(world.folder, "keel.config.json"), "utf8")) as Record<string, unknown>;
  const imported = () =>
    keel(["keys", "import", "--json"], { KEEL_PRIVATE_KEY: world.keeperKey, KEEL_KEYSTORE_PASSWORD: PASSWORD });
  const doctor = async (env: Readonly<Record<string, string>>) => {
    const { code, stdout } = await keel(["doctor", "--json"], env);
    const checks = JSON.parse(stdout) as CheckLine[];
    const status = (name: string) => checks.find((check) => check.name.endsWith(name))?.status;
    return { code, checks, status };
  };

  it("leads with an encrypted key and several endpoints to a keeper that hedges", async function () {
    this.timeout(600_000); // a dozen processes, one after the other
    const { code, stdout } = await imported();
    expect(code).to.equal(0);
    const [{ address, path }] = JSON.parse(stdout) as [{ address: string; path: string }];
    expect(address).to.equal(KEEPER);
    expect(statSync(join(world.folder, path)).mode & 0o777).to.equal(0o600);

    const made = await init("--keystore", path);
    expect(made.stdout).to.include("Wrote keel.config.json. Next: keel doctor");
    expect(config()).to.deep.include({ rpcUrls: [world.url, world.url], signer: { kind: "keystore", file: path } });

    const env = { KEEL_KEYSTORE_PASSWORD: PASSWORD };
    const before = await doctor(env);
    expect(before.code, JSON.stringify(before.checks)).to.equal(0);
    for (const name of ["data folder", "kill switch", "rpc", "signer", "contracts", "keeper role", "balance", "mark"]) {
      expect(before.status(name), name).to.equal("ok");
    }
    expect(before.status("activation")).to.equal("warn");

    await world.keel.trade(ALICE, [{ id: world.call(3000), quantity: parseEther("10") }]);
    const rehearsed = await keel(["once"], env);
    expect(rehearsed.stdout).to.match(/buy \d\.\d{4} dry-run/);
    expect(rehearsed.stderr).to.include("has not been activated");

    const activated = await keel(["activate", "--yes", "--json"], env);
    expect(JSON.parse(activated.stdout)).to.deep.include({ activated: true, account: KEEPER });
    expect((await doctor(env)).status("activation")).to.equal("ok");
    const hedged = await keel(["once"], env);
    expect(hedged.stdout).to.match(/bought \d\.\d{4} at/);
    expect(hedged.stderr).to.equal("");

    // Any change of what it would do needs a person again; where it logs does not.
    expect((await doctor({ ...env, KEEL_LOG_FORMAT: "json" })).status("activation")).to.equal("ok");
    expect((await doctor({ ...env, KEEL_MAX_CLIP: "251" })).status("activation")).to.equal("warn");
    const off = await keel(["activate", "--off"], env);
    expect(off.stdout).to.equal("Not activated any more.");
    expect((await doctor(env)).status("activation")).to.equal("warn");
  });

  it("init writes what the configuration reads, never over a file, and no secret", async () => {
    const first = await init("--exchanges", "--monitoring-port", "9000", "--json");
    expect(JSON.parse(first.stdout)).to.deep.equal(config());
    expect(config()).to.deep.include({ monitoring: { port: 9000 }, dataFolder: "keel-data" });
    expect(config().feeds).to.have.property("deribit");
    const again = await init();
    expect(again.code).to.equal(1);
    expect(again.stderr).to.include("is there already. Choose another place with --out");
    expect((await init("--force")).code).to.equal(0);
    const wrong = await init("--force", "--monitoring-port", "many");
    expect(wrong.stderr).to.include("monitoring.port is not right");
  });

  it("init asks on a terminal, and says so where there is none", async () => {
    const { code, stderr } = await keel(["init"]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/There is no terminal to ask .* Use the flags instead/);
    expect(existsSync(join(world.folder, "keel.config.json"))).to.equal(false);
  });

  it("doctor looks at everything whatever it finds, and ends with code 1", async () => {
    await init();
    world.file("keel.config.json", { ...config(), rpcUrls: undefined, rpcUrl: "http://127.0.0.1:1" });
    const { code, checks, status } = await doctor({});
    expect(code).to.equal(1);
    expect(status("rpc")).to.equal("fail");
    expect(status("signer")).to.equal("fail");
    expect(status("contracts")).to.equal("fail");
    expect(status("keeper role")).to.equal("skip");
    expect(checks.find(({ name }) => name === "signer")?.detail).to.include("keel keys new");
    expect(status("data folder")).to.equal("ok");
    expect(existsSync(join(world.folder, "keel-data")), "it only looked").to.equal(false);
  });

  it("doctor tells a data folder that could not be made", async () => {
    await init();
    const { checks } = await doctor({ KEEL_DATA_FOLDER: join("keel.config.json", "data"), KEEL_RPC_URL: world.url });
    expect(checks.find(({ name }) => name === "data folder")).to.deep.equal({
      name: "data folder",
      status: "fail",
      detail: "keel.config.json/data cannot be made (ENOTDIR). Choose another one as dataFolder.",
    });
  });

  it("doctor tells that the kill switch is thrown, and by what", async () => {
    await init();
    mkdirSync(join(world.folder, "keel-data"));
    writeFileSync(join(world.folder, "keel-data", "STOP"), "drawdown of 12 %\n");
    const { checks } = await doctor({ KEEL_PRIVATE_KEY: world.keeperKey });
    expect(checks.find(({ name }) => name === "kill switch")).to.include({ status: "fail" });
    expect(checks.find(({ name }) => name === "kill switch")?.detail).to.include("drawdown of 12 %");
  });

  it("activates nothing for an account that could not hedge, nor without a yes", async () => {
    await init();
    const without = await keel(["activate", "--yes"]);
    expect(without.stderr).to.include("has no private key");
    const unasked = await keel(["activate"], { KEEL_PRIVATE_KEY: world.keeperKey });
    expect(unasked.code).to.equal(1);
    expect(existsSync(join(world.folder, "keel-data", "activated.json"))).to.equal(false);
  });

  it("keys are made, listed and named, and neither key nor password is ever printed", async () => {
    const env = { KEEL_KEYSTORE_PASSWORD: PASSWORD };
    expect((await keel(["keys", "list"])).stderr).to.include('There is no key yet. Make one with "keel keys new"');
    const made = await keel(["keys", "new", "--json"], env);
    const [{ address, path }] = JSON.parse(made.stdout) as [{ address: string; path: string }];
    const listed = await keel(["keys", "list"]);
    expect(listed.stdout).to.include(address).and.include(path);
    expect((await keel(["keys", "address", path])).stdout).to.equal(`${address}  ${path}`);
    const all = [made, listed, await imported()].map(({ stdout, stderr }) => stdout + stderr).join("");
    expect(all).not.to.include(PASSWORD).and.not.include(world.keeperKey.slice(2, 20));
    const refused = await keel(["keys", "import"], { KEEL_PRIVATE_KEY: "0xnotakey", KEEL_KEYSTORE_PASSWORD: PASSWORD });
    expect(refused.stderr).to.include("is not a private key").and.not.include("notakey");
    const noPassword = await keel(["keys", "new"]);
    expect(noPassword.stderr).to.include("set KEEL_KEYSTORE_PASSWORD");
  });

  it("explains every command with --help", async () => {
    for (const command of ["init", "doctor", "activate", "keys new", "keys import", "keys list", "keys address"]) {
      const { code, stdout } = await keel([...command.split(" "), "--help"]);
      expect(code, command).to.equal(0);
      expect(stdout).to.include(`Usage: keel ${command}`).and.include("--json");
    }
  });
});
