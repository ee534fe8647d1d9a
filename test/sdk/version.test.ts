import { expect } from "chai";
import { zeroAddress } from "viem";
import { VERSION, requireVersion } from "../../sdk/version.ts";
import { keelWorld } from "../helpers/keelWorld.ts";
import { useFork } from "../helpers/localFork.ts";

describe("The version that sdk and contracts share", () => {
  const world = useFork((fork) => keelWorld(fork));
  /** A chain whose vault says that it is of this version. */
  const speaking = (version: string) => ({ readContract: () => Promise.resolve(version) }) as never;

  it("is the contracts' own", async () => {
    const { clients, keel } = world();
    expect(await clients.public.readContract({ ...keel.vault, functionName: "version" })).to.equal(VERSION);
    await requireVersion(clients.public, keel.vault.address);
  });

  it("may differ in what was added, and not in what is meant", async () => {
    const [major = ""] = VERSION.split(".");
    await requireVersion(speaking(`${major}.99`), zeroAddress);
    const refusal = await requireVersion(speaking(`${Number(major) + 1}.0`), zeroAddress).catch(
      (error: Error) => error,
    );
    expect(refusal).to.have.property("message").that.includes("Use the release that was made for them");
  });
});
