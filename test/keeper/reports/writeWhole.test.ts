import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { UserError } from "../../../sdk/userError.ts";
import { writeWhole } from "../../../keeper/reports/writeWhole.ts";

describe("A report's file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keel-report-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const failureOf = (path: string) =>
    writeWhole(path, "text").then(
      () => undefined,
      (error: unknown) => error,
    );

  it("takes the place of an older one, and leaves nothing beside it", async () => {
    const file = join(folder, "page.html");
    writeFileSync(file, "old");
    await writeWhole(file, "new");
    expect(readFileSync(file, "utf8")).to.equal("new");
    expect(readdirSync(folder)).to.deep.equal(["page.html"]);
  });

  it("never takes the place of what is not a file, as a folder or a device", async () => {
    const inside = join(folder, "pages");
    mkdirSync(inside);
    for (const path of [inside, "/dev/null"]) {
      const error = await failureOf(path);
      expect(error).to.be.instanceOf(UserError);
      expect(String(error)).to.include(`Cannot write ${path}: it is there, and is not a file.`);
    }
    expect(statSync(inside).isDirectory() && statSync("/dev/null").isCharacterDevice()).to.equal(true);
    expect(readdirSync(folder)).to.deep.equal(["pages"]);
  });

  it("is named when it cannot be written, wherever the path breaks off", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const path of [join(file, "page.html"), join(folder, "no-such", "page.html")]) {
      const error = await failureOf(path);
      expect(error).to.be.instanceOf(UserError);
      expect(String(error)).to.include(`Cannot write ${path}: E`);
    }
  });
});
