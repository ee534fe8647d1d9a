import { expect } from "chai";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What a library keeps is its `State`, and is written with the library's name. */
const QUALIFIED = new Set(["State"]);

describe("The contracts' words", () => {
  it("give every struct a name of its own", () => {
    const places = new Map<string, string[]>();
    for (const file of globSync("contracts/**/*.sol", { cwd: ROOT, exclude: ["contracts/devnet/**"] })) {
      for (const [, name = ""] of readFileSync(join(ROOT, file), "utf8").matchAll(/^\s*struct (\w+)/gm)) {
        if (!QUALIFIED.has(name)) places.set(name, [...(places.get(name) ?? []), file]);
      }
    }
    const twice = [...places].filter(([, files]) => files.length > 1);
    expect(twice).to.deep.equal([]);
    expect(places.size).to.be.above(40);
  });
});
