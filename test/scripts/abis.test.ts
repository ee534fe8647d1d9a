import { expect } from "chai";
import { runScript } from "../helpers/processes.ts";

describe("The generated ABIs", () => {
  it("are those of the contracts as they are", async () => {
    const { code, err } = await runScript("generate-abis.ts", ["--check"]).result;
    expect(err).to.equal("");
    expect(code).to.equal(0);
  });
});
