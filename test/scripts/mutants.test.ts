import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { UserError } from "../../sdk/userError.ts";
import { affected, recompile, withoutIds } from "../../scripts/mutants/artifacts.ts";
import { defends, readMutants } from "../../scripts/mutants/patches.ts";
import { startSolc } from "../../scripts/compile/solc.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("The mutants", () => {
  const mutants = readMutants(join(ROOT, "test/mutants"));

  it("all name a test file that is there, and apply", function () {
    if (spawnSync("git", ["rev-parse"], { cwd: ROOT }).status !== 0) {
      console.log("      skipped: patches can only be checked in a git repository");
      this.skip();
    }
    for (const { name, path, test } of mutants) {
      expect(existsSync(join(ROOT, test)), `${name}: ${test}`).to.equal(true);
      const { status, stderr } = spawnSync("git", ["apply", "--check", "--recount", path], {
        cwd: ROOT,
        encoding: "utf8",
      });
      expect(status, `${name} no longer applies: ${stderr}`).to.equal(0);
    }
  });

  it("are killed only by tests whose title begins with their row", () => {
    expect(defends("T34: a sandwich", "T34")).to.equal(true);
    expect(defends("T22, T34: both", "T34")).to.equal(true);
    expect(defends("testFuzz_T34_Sandwich", "T34")).to.equal(true);
    expect(defends("invariant_T7_T34_Claims", "T34")).to.equal(true);
    expect(defends("T3: another", "T34")).to.equal(false);
    expect(defends("T340: another", "T34")).to.equal(false);
    expect(defends("testFuzz_T340_Another", "T34")).to.equal(false);
    expect(defends("mentions T34: later", "T34")).to.equal(false);
    expect(defends('"before all" hook in "T34"', "T34")).to.equal(false);
    expect(defends("refuses what it should", "refuses")).to.equal(true);
  });

  it("all name a row or a beginning that a title of their test has", () => {
    const title = /\bit(?:\.\w+)?\(\s*(["`])(.*?)\1|\bfunction (\w+)\(/gs;
    for (const { name, test, row } of mutants) {
      const titles = [...readFileSync(join(ROOT, test), "utf8").matchAll(title)].map(
        ([, , text, fn]) => text ?? fn ?? "",
      );
      expect(
        titles.some((text) => defends(text, row)),
        `${name}: ${row}`,
      ).to.equal(true);
    }
  });

  it("must say which test and row they are for", () => {
    const folder = mkdtempSync(join(tmpdir(), "keel-patches-"));
    try {
      writeFileSync(join(folder, "nameless.patch"), "# test: test/some.test.ts\n--- a/x\n+++ b/x\n");
      expect(() => readMutants(folder)).to.throw(UserError, "must begin with");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("change the contracts that their test deploys, and no others", () => {
    const names = (test: string, changed: string) =>
      affected(ROOT, test, [changed]).map(({ contractName }) => contractName);
    expect(names("test/contracts/priceOracle.test.ts", "contracts/PriceOracle.sol")).to.deep.equal(["PriceOracle"]);
    expect(names("test/contracts/asyncSharesQueue.test.ts", "contracts/libraries/EpochQueue.sol")).to.have.members([
      "EpochQueue",
      "QueueHarness",
    ]);
    expect(names("test/contracts/hedgeDesk.test.ts", "contracts/base/DeskRules.sol")).to.deep.equal(["HedgeDesk"]);
    expect(names("test/solidity/SqrtPrice.t.sol", "contracts/libraries/SqrtPrice.sol")).to.deep.equal([
      "SqrtPriceTest",
    ]);
    expect(names("test/solidity/SqrtPrice.t.sol", "contracts/PriceOracle.sol")).to.deep.equal([]);
  });

  it("all change something that their test uses", () => {
    for (const { name, test, changes } of mutants) {
      const contracts = changes.filter((file) => file.endsWith(".sol"));
      if (contracts.length > 0) expect(affected(ROOT, test, contracts), name).not.to.be.empty;
    }
  });

  it("stand beside their row on the threats page", () => {
    const page = readFileSync(join(ROOT, "docs/threats.md"), "utf8");
    const beside = new Map(
      [...page.matchAll(/^\| (T\d+) .*\| (.+?) +\|$/gm)].map(([, row = "", names]) => [row, names]),
    );
    const names = mutants.map(({ name }) => name.toUpperCase());
    for (const [row, cell = ""] of beside) {
      const patches = cell.split(", ").map((name) => `${row}-${name}`.toUpperCase());
      expect(patches, row).to.have.members(names.filter((name) => name.startsWith(`${row}-`)));
    }
  });

  it("leave alone what a moved line alone changes", () => {
    const code = (id: number, line: number, limit: number) =>
      `/// @src 3:${line}:99\nfun_cap_${id}(t_struct$_Limits_$${id + 1}_storage) { if gt(x, ${limit}) { fun_cap_${id}() } }\n` +
      `loadimmutable("${id}") data ".metadata" hex"${line}"`;
    expect(withoutIds(code(12, 5, 80))).to.equal(withoutIds(code(1200, 6, 80)));
    expect(withoutIds(code(12, 5, 80))).not.to.equal(withoutIds(code(12, 5, 81)));
    expect(withoutIds("fun_a_1() fun_a_2()")).not.to.equal(withoutIds("fun_a_1() fun_a_1()"));
  });

  it("are compiled like everything else: without a patch, to the same bytes", async () => {
    const compiled = join(ROOT, "artifacts");
    const folder = mkdtempSync(join(tmpdir(), "keel-artifacts-"));
    const solc = startSolc();
    try {
      const [token] = affected(ROOT, "test/contracts/asyncShares.test.ts", ["contracts/devnet/DevUSDC.sol"]);
      const copy = { ...token!, path: join(folder, "DevUSDC.json") };
      const artifact = JSON.parse(readFileSync(token!.path, "utf8")) as object;
      writeFileSync(copy.path, JSON.stringify({ ...artifact, bytecode: "0x", deployedBytecode: "0x" }));
      expect(await recompile({ root: ROOT, compiled }, [copy], solc, new Map())).to.deep.equal(["DevUSDC"]);
      expect(JSON.parse(readFileSync(copy.path, "utf8"))).to.deep.equal(artifact);
    } finally {
      await solc.close();
      rmSync(folder, { recursive: true });
    }
  });
});
