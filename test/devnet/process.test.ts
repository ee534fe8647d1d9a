import { expect } from "chai";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readDeployment, writeDeployment } from "../../keeper/chain/deploymentFile.ts";
import { clientsAt } from "../../simulator/chain/clients.ts";
import { createMarket } from "../../simulator/chain/market.ts";
import { expectClose } from "../helpers/numbers.ts";
import { type Result, type Running, freePort, occupyPort, runScript } from "../helpers/processes.ts";

const START_TIMEOUT_MS = 600_000;

describe("npm run devnet, as a process", function () {
  this.timeout(START_TIMEOUT_MS);
  let folder: string;
  let file: string;
  let running: Running | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keel-"));
    file = join(folder, "devnet.json");
  });
  afterEach(async () => {
    running?.child.kill("SIGKILL");
    await running?.result;
    running = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  /** A devnet that is ready, which is when it has written its addresses. */
  async function startOn(port: number, ...flags: string[]): Promise<Running> {
    running = runScript("devnet.ts", ["--port", String(port), "--deployment", file, ...flags]);
    const { child, result } = running;
    while (!existsSync(file)) {
      if (child.exitCode !== null) throw new Error(`The devnet stopped: ${(await result).err}`);
      await sleep(20);
    }
    return running;
  }
  const move = (...args: string[]): Promise<Result> =>
    runScript("devnet-move.ts", ["--deployment", file, ...args]).result;

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`serves until ${signal}, then ends well and frees its port`, async () => {
      const port = await freePort();
      const { child, result } = await startOn(port);
      const { chainId, protocols, rpcUrl } = readDeployment(file);
      const { public: client } = clientsAt(`http://127.0.0.1:${port}`);
      expect(rpcUrl).to.equal(`http://127.0.0.1:${port}`);
      expect(await client.getChainId()).to.equal(chainId);
      expect(await client.getCode({ address: protocols.aave.pool })).to.match(/^0x\w{100}/);

      // Neither an idle client nor a subscriber may keep it alive.
      const idle = connect(port, "127.0.0.1");
      const subscriber = new WebSocket(`ws://127.0.0.1:${port}`);
      await Promise.all([once(idle, "connect"), once(subscriber, "open")]);
      idle.on("error", () => undefined);

      child.kill(signal);
      const { code, out, err } = await result;
      expect({ code, err }).to.deep.equal({ code: 0, err: "" });
      expect(out).to.include(protocols.uniswap.pools["500"]).and.to.include("Ctrl-C stops the chain");
      await (await occupyPort(port)).free();
      expect(readdirSync(folder)).to.deep.equal(["devnet.json"]);
    });
  }

  it("refuses a busy port in one sentence and writes nothing", async () => {
    const busy = await occupyPort();
    const { code, out, err } = await runScript("devnet.ts", [
      "--port",
      String(busy.port),
      "--deployment",
      file,
      "--json",
    ]).result;
    await busy.free();
    expect({ code, out }).to.deep.equal({ code: 1, out: "" });
    expect(err.trim().split("\n")).to.have.length(1);
    expect(err).to.include(`Port ${busy.port} is already in use`).and.to.include("--port");
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("refuses flags that make no sense", async () => {
    for (const flags of [
      ["--port", "http"],
      ["--port", "70000"],
      ["--price", "0"],
      ["--price", "cheap"],
    ]) {
      const { code, err } = await runScript("devnet.ts", [...flags, "--deployment", file]).result;
      expect(code, flags.join(" ")).to.equal(1);
      expect(err).to.include(flags[1]).and.not.to.include("    at ");
    }
  });

  it("is moved by npm run devnet:move, at the price it was started with", async () => {
    const { result, child } = await startOn(await freePort(), "--price", "1800", "--json");
    const { rpcUrl = "", protocols } = readDeployment(file);
    const market = createMarket(clientsAt(rpcUrl), protocols);
    expectClose((await market.prices()).pools["500"], 1800, 0.01);

    const moved = await move("--price", "1500");
    expect(moved).to.include({ code: 0, err: "" });
    expect(moved.out).to.match(/pool 0\.05 %\s+\$1800\.00\s+\$1500\.00/);
    expect(moved.out).to.match(/oracle\s+\$1800\.00\s+\$1500\.00/);
    expect((await market.prices()).oracle).to.equal(1500);

    child.kill("SIGINT");
    expect(JSON.parse((await result).out)).to.deep.equal(readDeployment(file));
  });

  it("tells a trader what the chain refuses, and how a quantity is written", async () => {
    const { child, result } = await startOn(await freePort(), "--json");
    const trade = (...args: string[]): Promise<Result> =>
      runScript("devnet-trade.ts", ["--deployment", file, ...args]).result;
    const sold = await trade("WETH-09JAN26-3000-C", "1", "--sell");
    expect(sold.code).to.equal(1);
    expect(sold.err).to.match(/^devnet:trade: The chain at .* refused: ERC6909InsufficientBalance\(.*\n$/);
    for (const quantity of ["1e30", "0", "1e-19"]) {
      const { code, err } = await trade("WETH-09JAN26-3000-C", quantity);
      expect(code, quantity).to.equal(1);
      expect(err).to.include("It must be a positive number with at most 18 decimals");
    }
    expect(await trade("WETH-09JAN26-3000-C", "0.5")).to.include({ code: 0, err: "" });
    child.kill("SIGINT");
    await result;
  });

  it("cannot be moved when it is not there, was never started, or is another chain", async () => {
    const missing = await move("--price", "1500");
    expect(missing.code).to.equal(1);
    expect(missing.err).to.include("does not exist").and.not.to.include("    at ");

    const { child, result } = await startOn(await freePort(), "--json");
    const deployment = readDeployment(file);
    writeDeployment(file, { ...deployment, chainId: 1 });
    const other = await move("--price", "1500");
    expect(other.code).to.equal(1);
    expect(other.err).to.include("chain id 31337").and.not.to.include("    at ");

    child.kill("SIGINT");
    await result;
    const gone = await move("--price", "1500");
    expect(gone.code).to.equal(1);
    expect(gone.err).to.include("No Ethereum node answers").and.not.to.include("    at ");
  });
});
