import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { DEV_ROLES, devAccount, devPrivateKey } from "../../simulator/chain/accounts.ts";
import { type DeployedDevnet, startDeployedDevnet } from "../keeper/support/deployedDevnet.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const [TRADER = 0] = DEV_ROLES.traders;

/** The TypeScript of a page, in its order. */
function examplesOf(page: string): string[] {
  const markdown = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? "");
}

describe("The examples in docs/traders.md and docs/integrators.md", () => {
  let world: DeployedDevnet;

  before(async () => {
    world = await startDeployedDevnet();
  });
  after(() => world.close());

  /** Runs code as if it stood in the project's folder, with the devnet of this test. */
  async function run(code: string): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, ["--no-warnings", "--input-type=module-typescript", "-"], {
      cwd: ROOT,
      env: { ...process.env, TRADER_KEY: devPrivateKey(TRADER) },
    });
    child.stdin.end(code.replaceAll('"deployments/devnet.json"', JSON.stringify(world.deploymentFile)));
    const [out, err, closed] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code: closed[0] as number, out, err };
  }

  it("run as they are, one after the other", async () => {
    const traders = examplesOf("traders.md");
    const exercise = traders.pop() ?? "";
    const permit = "await tradeWithPermit([{ id: near, quantity: parseEther('1') }], 500_000_000n);";
    const before = await run([...traders, permit, ...examplesOf("integrators.md")].join("\n"));
    expect(before.err).to.equal("");
    expect(before.code).to.equal(0);
    expect(before.out).to.match(/^NAV 2999\d{3}\.\d+, paused: false$|^NAV 300\d{4}\.\d+, paused: false$/m);
    expect(before.out).to.match(/^WETH-09JAN26-3000-C: bid \d+\.\d+, ask \d+\.\d+$/m);
    expect(before.out).to.match(/^(SeriesCapExceeded|ExpiryCapExceeded) \[/m);

    // Bought ten, sold four, rolled six, bought one with a permit: one is left to exercise, at 200 dollars.
    const { keel, call, expiries, market, clients } = world;
    await market.moveTo(3200, { at: Number(expiries[0]) + 60, forceRound: true });
    await keel.settle(expiries[0]);
    const purse = {
      ...keel.lens,
      functionName: "accountState",
      args: [devAccount(TRADER).address, [call(3000)]],
    } as const;
    const { holdings, usdc } = await clients.public.readContract(purse);
    expect(holdings[0]?.claimable).to.equal(200_000_000n);
    const functions = traders.slice(0, 1).join("\n");
    const after = await run(`${functions}\nconst near = ${call(3000)}n;\n${exercise}`);
    expect(after.err).to.equal("");
    expect((await clients.public.readContract(purse)).usdc - usdc).to.equal(200_000_000n);
  });
});
