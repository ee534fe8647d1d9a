import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { parseEther } from "viem";
import { KEEPER, TRADERS } from "../../helpers/keelWorld.ts";
import { freePort } from "../../helpers/processes.ts";
import { type Running, startKeel } from "../support/commandLine.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../support/deployedDevnet.ts";

const [ALICE] = TRADERS as [`0x${string}`];

describe("keel run", () => {
  let world: DeployedDevnet;
  let keeper: Running | undefined;
  before(async () => (world = await startDeployedDevnet()));
  afterEach(async () => {
    keeper?.process.kill("SIGKILL");
    await keeper?.finished;
    keeper = undefined;
  });
  after(() => world.close());

  function start(rpcUrl = world.url, more: Readonly<Record<string, string>> = {}): Running {
    const polling = { KEEL_POLLING_INTERVAL_MS: "20" };
    const env = { KEEL_DEPLOYMENT: world.deploymentFile, KEEL_RPC_URL: rpcUrl, ...polling, ...more };
    world.activate(env);
    keeper = startKeel(world.folder, ["run", "--log-format", "json"], { ...env, KEEL_PRIVATE_KEY: world.keeperKey });
    return keeper;
  }

  it("shows people in a browser how it is and what it did", async () => {
    const { keel, call } = world;
    const port = String(await freePort());
    const running = start(world.url, { KEEL_MONITORING_PORT: port });
    await running.event("tick", ({ settled }) => settled);
    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("20") }]);
    const hedge = await running.event("tick", ({ outcome, fill }) => outcome === "filled" && fill !== undefined);
    await running.event("tick", ({ settled, block }) => settled && block >= hedge.block);

    const page = await (await fetch(`http://127.0.0.1:${port}/?hours=1`)).text();
    expect(page).to.include("<h2>Ready</h2>").and.include("The last hour until");
    expect(page).to.include(`Hedges of ${hedge.market}`).and.include(hedge.tx);
    expect(page.match(/<svg/g)).to.have.length(4);
    running.process.kill("SIGTERM");
    await running.finished; // it gives its lease up
  });

  it("hedges what is traded and follows the market, until SIGTERM ends it with code 0", async () => {
    const { keel, market, call, clients } = world;
    const running = start();
    const started = await running.event("started");
    expect(started).to.include({ network: "devnet", chainId: 31337, keeper: KEEPER, dryRun: false });
    await running.event("tick", ({ settled }) => settled);

    await keel.trade(ALICE, [{ id: call(3000), quantity: parseEther("10") }]);
    const bought = await running.event("tick", ({ decision }) => decision === "hedge");
    expect(bought).to.include({ outcome: "filled", settled: false });
    const calm = await running.event("tick", ({ settled }) => settled);
    expect(calm).to.include({ block: bought.fill?.block, decision: "hold" });

    await market.moveTo(2900);
    const moved = Number(await clients.public.getBlockNumber());
    const after = await running.event("tick", ({ settled, block }) => settled && block >= moved);
    expect(Math.abs(after.netDelta)).to.be.at.most(after.band + 0.05);

    running.process.kill("SIGTERM");
    const { code, stderr } = await running.finished;
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    const stopped = await running.event("stopped");
    expect(stopped).to.include({ reason: "SIGTERM", hedges: 2 });
  });

  it("stops on Ctrl-C too", async () => {
    const running = start();
    await running.event("tick");
    running.process.kill("SIGINT");
    expect((await running.finished).code).to.equal(0);
  });

  it("reports a dead line, tries again, and goes on when it is back", async () => {
    const line = await openLine(world.url);
    const running = start(line.url);
    await running.event("tick");
    line.isUp = false;
    const failure = await running.event("error");
    expect(failure.message).to.equal("the node does not answer");
    expect(failure.retryInMs).to.be.at.least(20);
    line.isUp = true;
    await world.clients.test.mine({ blocks: 1 });
    const block = Number(await world.clients.public.getBlockNumber());
    await running.event("tick", (tick) => tick.block === block);
    line.server.close();
  });

  it("stops when nobody reads its log any more", async () => {
    const running = start();
    await running.event("tick");
    running.process.stdout?.destroy();
    await world.clients.test.mine({ blocks: 1 });
    await world.clients.test.mine({ blocks: 1 });
    expect((await running.finished).code).to.equal(0);
  });
});

interface Line {
  readonly url: string;
  readonly server: Server;
  isUp: boolean;
}

/** A line to a node that can be cut. */
async function openLine(target: string): Promise<Line> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (!line.isUp) return response.writeHead(503).end();
      const headers = { "content-type": "application/json" };
      const answer = await fetch(target, { method: "POST", headers, body: Buffer.concat(chunks) });
      response.writeHead(answer.status, headers).end(await answer.text());
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const line: Line = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, isUp: true };
  return line;
}
