import { expect } from "chai";
import { DEV_ROLES, devPrivateKey } from "../../../simulator/chain/accounts.ts";
import { KEEPER } from "../../helpers/keelWorld.ts";
import { runKeel } from "../support/commandLine.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../support/deployedDevnet.ts";

const NOWHERE = "0x00000000000000000000000000000000000000fe";

describe("keel with bad input", () => {
  let world: DeployedDevnet;
  before(async () => (world = await startDeployedDevnet()));
  after(() => world.close());

  /** Runs `keel` and expects it to fail with exactly this kind of sentence. */
  async function expectSentence(args: readonly string[], env: Record<string, string>, sentence: RegExp): Promise<void> {
    const { code, stdout, stderr } = await runKeel(world.folder, args, env);
    expect(stderr).to.match(sentence);
    expect(stderr).to.match(/^keel: .*\n$/, "one line"); // `.` matches no line end
    expect(stderr).not.to.include("    at ");
    expect(stdout).to.equal("");
    expect(code).to.equal(1);
  }
  const good = (): Record<string, string> => ({
    KEEL_DEPLOYMENT: world.deploymentFile,
    KEEL_PRIVATE_KEY: world.keeperKey,
  });

  it("says which deployment is missing", () =>
    expectSentence(
      ["status"],
      { KEEL_DEPLOYMENT: "atlantis" },
      /atlantis\.json does not exist\. Start the local chain/,
    ));

  it("says what is wrong with a deployment", async () => {
    const broken = world.file("broken.json", "{ nonsense");
    await expectSentence(["status", "--deployment", broken], {}, /is not valid JSON .* Deploy again/);
    const partial = world.file("partial.json", { network: "devnet", chainId: 31337, startedAtBlock: 0 });
    await expectSentence(["status", "--deployment", partial], {}, /is not a deployment: protocols: Required/);
  });

  it("says when Keel is not in the deployment, or not on the chain", async () => {
    const { contracts, ...bare } = world.deployment;
    const without = world.file("without.json", bare);
    await expectSentence(
      ["once"],
      { ...good(), KEEL_DEPLOYMENT: without },
      /Keel is not deployed on devnet.*npm run deploy/,
    );
    const elsewhere = world.file("elsewhere.json", { ...bare, contracts: { ...contracts, optionVault: NOWHERE } });
    await expectSentence(
      ["once"],
      { ...good(), KEEL_DEPLOYMENT: elsewhere },
      /does not hold Keel's contracts.*deploy again/,
    );
  });

  it("says when it is the wrong chain", () => {
    const other = world.file("other.json", { ...world.deployment, chainId: 1 });
    return expectSentence(
      ["run"],
      { ...good(), KEEL_DEPLOYMENT: other },
      /has chain id 31337, but devnet is chain 1\./,
    );
  });

  it("says when no node answers", () =>
    expectSentence(
      ["run", "--rpc-url", "http://127.0.0.1:1"],
      good(),
      /No Ethereum node answers at http:\/\/127\.0\.0\.1:1\./,
    ));

  it("says when the key is missing or wrong, and never repeats it", async () => {
    const { KEEL_DEPLOYMENT = "" } = good();
    await expectSentence(["run"], { KEEL_DEPLOYMENT }, /no private key\. Set KEEL_PRIVATE_KEY/);
    await expectSentence(
      ["once"],
      { KEEL_DEPLOYMENT, KEEL_PRIVATE_KEY: "0xabc" },
      /privateKey \(KEEL_PRIVATE_KEY\) is not/,
    );
    const zero = `0x${"00".repeat(32)}`; // the right shape, but no key
    await expectSentence(["once"], { KEEL_DEPLOYMENT, KEEL_PRIVATE_KEY: zero }, /The private key .* is not valid/);
  });

  it("says when the account has no KEEPER role", () => {
    const trader = devPrivateKey(DEV_ROLES.traders[0]);
    return expectSentence(
      ["once"],
      { ...good(), KEEL_PRIVATE_KEY: trader },
      /has no KEEPER role on devnet\. Use the keeper's key/,
    );
  });

  it("says when the keeper cannot pay for gas", async () => {
    const { clients } = world;
    const value = await clients.public.getBalance({ address: KEEPER });
    await clients.test.setBalance({ address: KEEPER, value: 0n });
    await expectSentence(["run"], good(), /has no ether on devnet to pay for gas\. Send it some/);
    await clients.test.setBalance({ address: KEEPER, value });
  });

  it("says what is wrong with the configuration", async () => {
    await expectSentence(["status", "--config", "none.json"], good(), /configuration none\.json does not exist/);
    const config = world.file("config.json", { hedging: { slippageBps: 9000 } });
    await expectSentence(
      ["status", "--config", config],
      good(),
      /hedging\.slippageBps .* is 9000, but a whole number from 1/,
    );
  });

  it("says what a signer may be, and what an address is", async () => {
    const magic = world.file("magic.json", { signer: { kind: "magic" } });
    await expectSentence(
      ["status", "--config", magic],
      good(),
      /signer\.kind is "magic", but "keystore" or "remote" was/,
    );
    const address = KEEPER.replace("C", "c"); // no checksum any more
    const typo = world.file("typo.json", { signer: { kind: "remote", url: "http://127.0.0.1:1", address } });
    await expectSentence(
      ["status", "--config", typo],
      good(),
      /signer\.address is .* in mixed case they must be its check/,
    );
  });

  it("says which file or folder cannot be used", async () => {
    const file = world.file("file", "");
    const env = { ...good(), KEEL_DATA_FOLDER: `${file}/data` };
    await expectSentence(["activate", "--yes"], env, /file\/data cannot be used \(ENOTDIR\): a file is where a folder/);
    const out = `${world.folder}/none/config.json`;
    await expectSentence(
      ["init", "--yes", "--out", out],
      {},
      /config\.json cannot be used \(ENOENT\): .* Make the folder/,
    );
    await expectSentence(["keys", "list", "--folder", file], {}, /file cannot be used \(ENOTDIR\)/);
  });

  it("says what is wrong with a quantity, and how to use the command", async () => {
    const { code, stderr } = await runKeel(world.folder, ["quote", "WETH-1JAN30-3000-C", "many"], good());
    expect(code).to.equal(1);
    expect(stderr).to.include("It must be a positive number").and.include("run with --help for usage");
  });

  it("prints a stack trace only when asked", async () => {
    const { code, stderr } = await runKeel(world.folder, ["status", "--verbose"], { KEEL_DEPLOYMENT: "atlantis" });
    expect(code).to.equal(1);
    expect(stderr).to.include("    at ");
  });

  it("explains every command with --help, without a chain", async () => {
    for (const command of ["run", "once", "status", "quote"]) {
      const { code, stdout } = await runKeel(world.folder, [command, "--help"]);
      expect(code).to.equal(0);
      expect(stdout).to.include(`Usage: keel ${command}`).and.include("KEEL_RPC_URL");
    }
  });
});
