import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { build } from "esbuild";
import { DEV_ROLES, devAccount, devPrivateKey } from "../../simulator/chain/accounts.ts";
import { type Packed, buildPackage, packPackage } from "../../scripts/sdk/package.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../keeper/support/deployedDevnet.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = join(ROOT, "node_modules");
/** Of the whole sdk for a browser, gzipped, viem apart. */
const MOST_BYTES = 60_000;
const [TRADER = 0] = DEV_ROLES.traders;

/** Bundles what `code` uses of the sdk for a browser. */
async function bundle(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: ROOT, loader: "ts" },
    ...{ bundle: true, minify: true, write: false, platform: "browser", format: "esm", external: ["viem"] },
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

describe("The sdk in a browser", () => {
  it("needs nothing of Node.js, and is at most 60 kB gzipped with everything in it", async () => {
    const bytes = await bundle('export * from "./sdk/index.ts";');
    console.log(`      ${bytes} bytes gzipped, viem apart`);
    expect(bytes).to.be.at.most(MOST_BYTES);
  });

  it("costs a page only what it imports", async () => {
    expect(await bundle('import { seriesName } from "./sdk/index.ts"; console.log(seriesName);')).to.be.below(2_000);
  });
});

describe("The sdk as a package", function () {
  this.timeout(600_000);
  let folder: string;
  let packed: Packed;
  let world: DeployedDevnet;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "keel-sdk-"));
    buildPackage(join(folder, "built"));
    packed = packPackage(join(folder, "built"));
    // An empty folder, in which somebody has installed the packed file and viem.
    const modules = join(folder, "project", "node_modules");
    mkdirSync(join(modules, "keel-sdk"), { recursive: true });
    const unpacked = spawnSync("tar", ["-xzf", packed.file, "--strip-components=1", "-C", join(modules, "keel-sdk")]);
    expect(unpacked.status, String(unpacked.stderr)).to.equal(0);
    write("package.json", '{ "type": "module" }');
    for (const name of ["viem", "zod"]) symlinkSync(join(MODULES, name), join(modules, name));
    world = await startDeployedDevnet();
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  /** The TypeScript of the README, in its order. */
  const examples = (): string[] =>
    [...readFileSync(join(ROOT, "sdk/README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, code]) => code ?? "",
    );

  /** Writes a file into the project that has only the package. */
  function write(name: string, code: string): string {
    const path = join(folder, "project", name);
    writeFileSync(path, code);
    return path;
  }

  async function run(code: string): Promise<{ code: unknown; out: string; err: string }> {
    const env = { PATH: process.env.PATH, KEEL_DEPLOYMENT: world.deploymentFile, TRADER_KEY: devPrivateKey(TRADER) };
    const child = spawn(process.execPath, ["--no-warnings", write("example.ts", code)], {
      cwd: join(folder, "project"),
      env,
    });
    const [out, err, closed] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code: closed[0], out, err };
  }

  it("holds modules with types, ABIs as JSON, README and licence, and nothing else", () => {
    for (const file of [
      "package.json",
      "README.md",
      "LICENSE",
      "esm/index.js",
      "esm/index.d.ts",
      "abi/optionMarket.json",
    ])
      expect(packed.files).to.include(file);
    const others = packed.files.filter(
      (file) => !/^(package\.json|README\.md|LICENSE|esm\/.*\.(js|d\.ts)|abi\/\w+\.json)$/.test(file),
    );
    expect(others).to.deep.equal([]);
  });

  it("buys an option with the README's first lines, and says why more is refused", async () => {
    const [buy = "", refusal = "", deposit = ""] = examples();
    const before = await world.keel.quote([{ id: world.call(3000), quantity: 10n ** 18n }]);
    expect(before.total > 0n).to.equal(true);
    const whole = [buy, refusal, deposit.replace("await claimShares(lp);", "void claimShares;")].join("\n");
    const { code, out, err } = await run(whole);
    expect(err).to.equal("");
    expect(code).to.equal(0);
    const [, name = ""] = /^Bought one (WETH-\S+-C) for [\d.]+ USDC$/m.exec(out) ?? [];
    expect(name, out).not.to.equal("");
    expect(out).to.match(/^\w+Exceeded\(.*: the vault sells no more of this (series|expiry)$/m);
    const { clients, keel } = world;
    const who = devAccount(TRADER).address;
    const waiting = { ...keel.vault, functionName: "pendingDepositRequest", args: [0n, who] } as const;
    expect(await clients.public.readContract(waiting)).to.equal(1_000_000_000n);
  });

  it("has types that fit the README's examples under a strict compiler", () => {
    const code = examples()
      .map((code) => code)
      .join("\n");
    write("types.ts", code);
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--skipLibCheck"];
    const types = ["--typeRoots", join(MODULES, "@types"), "--types", "node"];
    const tsc = join(MODULES, "typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...types, "types.ts"], {
      cwd: join(folder, "project"),
      encoding: "utf8",
    });
    expect(status, stdout).to.equal(0);
  });
});
