import { readFileSync } from "node:fs";
import { expect } from "chai";
import { FIGURES, FLAT, type Gas, growth } from "../../scripts/bench/gas/figures.ts";
import { gasPage } from "../../scripts/bench/gas/page.ts";

const baseline = JSON.parse(readFileSync(new URL("../fixtures/gas.json", import.meta.url), "utf8")) as Gas;

describe("The gas figures", () => {
  it("are in the baseline under the names that the benchmark has", () => {
    const ids: string[] = FIGURES.map(({ id }) => id);
    expect(Object.keys(baseline).filter((id) => !ids.includes(id))).to.deep.equal([]);
  });

  it("stand in docs/gas.md as in the baseline", async () => {
    const page = readFileSync(new URL("../../docs/gas.md", import.meta.url), "utf8");
    expect(await gasPage(baseline), "run npm run bench:gas").to.equal(page);
  });

  it("do not grow with listed series or LPs", () => {
    for (const { ids, share } of FLAT) expect(growth(baseline, ids), ids.join(", ")).to.be.at.most(share);
  });
});
