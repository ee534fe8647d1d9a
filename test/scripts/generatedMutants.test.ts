import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { startSolc } from "../../scripts/compile/solc.ts";
import { batchesOf } from "../../scripts/mutants/generated/batches.ts";
import { linked } from "../../scripts/mutants/generated/lab.ts";
import { createReach, testsOf } from "../../scripts/mutants/generated/reach.ts";
import {
  KILLERS_FILE,
  OPEN_FILE,
  REASONS_FILE,
  complaints,
  parseKiller,
  readRecord,
} from "../../scripts/mutants/generated/record.ts";
import { type Mutation, mutate } from "../../scripts/mutants/generated/sites.ts";
import { findMutants } from "../../scripts/mutants/generated/run.ts";
import { parse } from "../../scripts/mutants/generated/syntax.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATH = "contracts/libraries/A.sol";

async function mutants(...body: string[]): Promise<{ readonly ids: string[]; readonly text: string }> {
  const solc = startSolc();
  const source = `pragma solidity ^0.8.27;\ncontract A {\n${body.join("\n")}\n}\n`;
  try {
    const { sites, files } = mutate(await parse(new Map([[PATH, source]]), solc));
    return { ids: sites.map(({ id }) => id), text: files.get(PATH) ?? "" };
  } finally {
    await solc.close();
  }
}

describe("The generated mutants", () => {
  let all: Mutation;
  const killers = readRecord(ROOT, KILLERS_FILE);
  const reasons = readRecord(ROOT, REASONS_FILE);

  before(async () => {
    all = await findMutants(ROOT);
  });

  it("are of every guard, each of which a test defends, a reason excuses or a list of what is to do names", () => {
    const guards = all.sites.filter(({ kind }) => kind !== "arithmetic").map(({ id }) => id);
    expect(new Set(guards).size).to.equal(guards.length);
    expect(complaints(guards, killers, reasons, readRecord(ROOT, OPEN_FILE))).to.deep.equal([]);
  });

  it("miss no revert and no require", () => {
    const code = all.sites.map(({ path }) => path);
    for (const path of new Set(code)) {
      const text = readFileSync(join(ROOT, path), "utf8").replace(/\/\/.*$/gm, "");
      const written = text.match(/\brevert\b(?! *\()|\brevert *\(|\brequire\(/g) ?? [];
      const found = all.sites.filter((site) => site.path === path && site.kind === "revert");
      expect(found, path).to.have.length(written.length);
    }
  });

  it("are killed by tests that are there", () => {
    const title = /\bit(?:\.\w+)?\(\s*(["`])(.*?)\1,|\bfunction ((?:test|invariant)\w*)\(/gs;
    const titles = new Map<string, RegExp[]>();
    const titlesOf = (file: string): RegExp[] => {
      const text = readFileSync(join(ROOT, file), "utf8");
      return [...text.matchAll(title)].map(([, , inText, fn]) => patternOf(inText ?? fn!));
    };
    for (const [id, killer] of killers) {
      const { file, title: name } = parseKiller(killer);
      if (!titles.has(file)) titles.set(file, titlesOf(file));
      expect(
        titles.get(file)!.some((pattern) => pattern.test(name)),
        `${id}: ${killer}`,
      ).to.equal(true);
    }
  });

  it("are excused in whole sentences", () => {
    for (const [id, reason] of reasons) expect(reason, id).to.match(/^[A-Z].{20,}\.$/);
  });

  it("take a guard out, whatever it stands in", async () => {
    const { ids, text } = await mutants(
      "error E(string what);",
      "function f(uint x) external { if (x > 1) revert E('x'); else x = 2; require(x < 9, E('y')); _check(x); }",
      "function g() external pure { revert E('z'); }",
      "function _check(uint x) private pure { if (x == 3) { revert E('w'); } }",
    );
    expect(ids).to.deep.equal(["A.f E(x)", "A.f E(y)", "A.f calls _check", "A.g E(z)", "A._check E(w)"]);
    expect(text).to.include('import {Mutants} from "../Mutants.sol";');
    expect(text).to.include("if (x > 1) { if (!Mutants.on(1)) revert E('x'); } else x = 2;");
    expect(text).to.include("require((x < 9) || Mutants.on(2), E('y'));");
    expect(text).to.include("{ if (!Mutants.on(3)) _check(x); }");
    expect(text).to.include("{ { if (!Mutants.on(4)) revert E('z'); } }");
  });

  it("take out each operand of a condition", async () => {
    const { ids, text } = await mutants(
      "error E();",
      "function f(uint x, bool y) external pure { if ((x > 1 && y) || x == 5 || x == 7) revert E(); }",
    );
    expect(ids).to.deep.equal([
      "A.f E without (x > 1 && y)",
      "A.f E without x > 1",
      "A.f E without y",
      "A.f E without x == 5",
      "A.f E without x == 7",
      "A.f E",
    ]);
    expect(text).to.include("((x == 5) && !Mutants.on(4)) || ((x == 7) && !Mutants.on(5))");
    expect(text).to.include("((x > 1) || Mutants.on(2)) && ((y) || Mutants.on(3))");
  });

  it("take out a modifier where it is used", async () => {
    const { ids, text } = await mutants(
      "error E();",
      "modifier only(uint x) { if (x == 1) revert E(); _; }",
      "function f(uint x) external only(x) {}",
    );
    expect(ids).to.deep.equal(["A.only E", "A.f is only"]);
    expect(text).to.include("modifier only(uint x, uint256 keelMutant) { if (!Mutants.on(keelMutant)) { if (x == 1)");
    expect(text).to.include("external only(x, 2) {}");
  });

  it("count guards of the same name, and know none by its line", async () => {
    const guard = "if (msg.value == 0) revert E();";
    const { ids } = await mutants("error E();", `function f() external payable { ${guard} ${guard} }`);
    expect(ids).to.deep.equal(["A.f E", "A.f E (2)"]);
  });

  it("are chosen by what is linked, to the same length", () => {
    const references = { "contracts/Mutants.sol": { MutantSwitch: [{ start: 1 }] }, "a.sol": { A: [{ start: 30 }] } };
    const code = `0x73${"_".repeat(40)}5b${"_".repeat(40)}`;
    const artifact = linked(
      { bytecode: code, deployedBytecode: code, linkReferences: references, deployedLinkReferences: references },
      258n,
    );
    expect(artifact.bytecode).to.equal(`0x73${"102".padStart(40, "0")}5b${"_".repeat(40)}`);
    expect(artifact.linkReferences).to.deep.equal({ "a.sol": references["a.sol"] });
  });

  it("are tried on the tests in which they make a difference", () => {
    const { listen, finish } = createReach((number) => (number === 3 ? "call" : "revert"));
    const begin = (title: string) =>
      listen(`test begins: ${JSON.stringify({ file: "a.test.ts", fullTitle: title, title })}`);
    begin("calls, and is not refused");
    listen("  7000000003");
    begin("is refused");
    for (const line of ["  7000000003", "unrelated", "  7000000008", "  7000000008"]) listen(line);
    const titles = (number: number) => testsOf(finish().values(), number).map(({ title }) => title);
    expect(titles(3)).to.deep.equal(["is refused"]);
    expect(titles(8)).to.deep.equal(["is refused"]);
    expect(titles(9)).to.deep.equal([]);
  });

  it("share a run where none would disturb the tests of another", () => {
    const test = (title: string, file = "a.test.ts") => ({ file, title, fullTitle: title });
    const plan = (number: number, ...tests: ReturnType<typeof test>[]) => ({
      site: { ...all.sites[0]!, number },
      tests,
    });
    const plans = [plan(1, test("x")), plan(2, test("y")), plan(3, test("z")), plan(4, test("w", "b.test.ts"))];
    const reaches = ({ number }: { number: number }, { title }: { title: string }) =>
      title === { 1: "x", 2: "y", 3: "z", 4: "w" }[number] || (number === 3 && title === "x");
    const numbers = batchesOf(plans, reaches, 10).map((batch) => batch.map(({ site }) => site.number));
    expect(numbers).to.deep.equal([[1, 2], [3], [4]]);
    expect(batchesOf(plans, reaches, 1)).to.have.length(4);
  });

  it("without a killer, with both a killer and a reason, or gone, are complained about", () => {
    const found = complaints(["a", "b", "c"], new Map([["a", "t"], ["x", "t"]]), new Map([["a", "r"], ["b", "r"], ["y", "r"]])); // prettier-ignore
    expect(found.map((sentence) => sentence.split(":")[0])).to.deep.equal(["c", "a", "x", "y"]);
  });
});

/** What a title in the source may be when it runs: `${…}` is anything. */
function patternOf(text: string): RegExp {
  const parts = text.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
