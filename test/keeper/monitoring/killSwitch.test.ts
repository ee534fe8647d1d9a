import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createKillSwitch } from "../../../keeper/monitoring/killSwitch.ts";

describe("Kill switch", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "keel-stop-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is off until somebody makes the file, by whatever means, and works at once", () => {
    const kill = createKillSwitch(folder);
    expect(kill.reason()).to.equal(undefined);
    writeFileSync(join(folder, "STOP"), "");
    expect(kill.reason()).to.equal(`somebody made ${join(folder, "STOP")}`);
    writeFileSync(join(folder, "STOP"), "maintenance\n");
    expect(kill.reason()).to.equal("maintenance");
  });

  it("is thrown by the keeper, outlives it, and keeps the first reason", () => {
    createKillSwitch(join(folder, "new")).trip("drawdown of 600 bp");
    const afterRestart = createKillSwitch(join(folder, "new"));
    afterRestart.trip("something that followed from it");
    expect(afterRestart.reason()).to.equal("drawdown of 600 bp");
  });

  it("is cleared by a person", () => {
    const kill = createKillSwitch(folder);
    kill.trip("x");
    expect(kill.clear()).to.equal(true);
    expect(kill.reason()).to.equal(undefined);
    expect(kill.clear()).to.equal(false);
  });

  it("counts as thrown when it cannot be read", () => {
    mkdirSync(join(folder, "STOP"));
    expect(createKillSwitch(folder).reason()).to.include("cannot be read (EISDIR)");
  });
});
