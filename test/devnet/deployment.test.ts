import { expect } from "chai";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertChain } from "../../keeper/chain/connection.ts";
import type { Deployment } from "../../sdk/deployment.ts";
import { readDeployment, writeDeployment } from "../../keeper/chain/deploymentFile.ts";
import { UserError } from "../../sdk/userError.ts";
import { clientsAt } from "../../simulator/chain/clients.ts";
import { useFork } from "../helpers/localFork.ts";

const NOWHERE = "http://127.0.0.1:1"; // a port that nothing listens on

describe("A deployment file", () => {
  const world = useFork();
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keel-"));
    file = join(folder, "devnet.json");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const deployment = (): Deployment => ({
    network: "devnet",
    chainId: 31337,
    startedAtBlock: 7,
    protocols: world().protocols,
  });
  const failure = (action: () => unknown): unknown => {
    try {
      return action();
    } catch (error) {
      return error;
    }
  };

  it("reads back as it was written, and leaves no temporary file", () => {
    writeDeployment(file, deployment());
    expect(readDeployment(file)).to.deep.equal(deployment());
    expect(readdirSync(folder)).to.deep.equal(["devnet.json"]);
  });

  it("keeps keys that come later, known or not", () => {
    const later = { ...deployment(), contracts: { vault: world().protocols.feed }, parameters: { fee: 3 }, more: [1] };
    writeDeployment(file, later);
    expect(readDeployment(file)).to.deep.equal(later);
  });

  it("stays as it was when something wrong is written over it", () => {
    writeDeployment(file, deployment());
    const before = readFileSync(file, "utf8");
    const wrong = { ...deployment(), chainId: -1 };
    expect(failure(() => writeDeployment(file, wrong))).to.be.instanceOf(Error);
    expect(readFileSync(file, "utf8")).to.equal(before);
    expect(readdirSync(folder)).to.deep.equal(["devnet.json"]);
  });

  it("says what to do when it is missing, is no JSON, or misses an address", () => {
    const missing = failure(() => readDeployment(file));
    expect(missing).to.be.instanceOf(UserError);
    expect((missing as Error).message).to.match(/does not exist.*npm run devnet/);

    writeFileSync(file, "{");
    expect((failure(() => readDeployment(file)) as Error).message).to.match(/not valid JSON/);

    const { feed: _, ...protocols } = world().protocols;
    writeFileSync(file, JSON.stringify({ ...deployment(), protocols }));
    expect((failure(() => readDeployment(file)) as Error).message).to.include("protocols.feed");
  });

  it("is refused for a chain that does not answer, has another id, or does not hold its contracts", async () => {
    const { clients } = world();
    const refusal = async (client: typeof clients.public, expected: Deployment): Promise<string> => {
      const error: unknown = await assertChain(client, "the node", expected).catch((thrown: unknown) => thrown);
      return error instanceof UserError ? error.message : "accepted";
    };
    expect(await refusal(clients.public, deployment())).to.equal("accepted");
    expect(await refusal(clientsAt(NOWHERE).public, deployment())).to.include("No Ethereum node answers");
    expect(await refusal(clients.public, { ...deployment(), chainId: 1 })).to.include("chain id 31337");
    const elsewhere = { ...world().protocols, feed: "0x0000000000000000000000000000000000000bad" } as const;
    expect(await refusal(clients.public, { ...deployment(), protocols: elsewhere })).to.include("deploy again");
  });
});
